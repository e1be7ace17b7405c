package optim

import (
	"errors"
	"fmt"
	"iter"

	"github.com/residuum-go/residuum"
	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/internal/demand"
	"github.com/residuum-go/residuum/tensor"
)

// Group gives the parameters that Match picks a learning rate and a weight decay of their own. A parameter belongs to
// the first group that picks it. To spare biases and batch norms the weight decay, as is usual:
//
//	optim.Group{Match: func(_ string, p *autograd.Param) bool { return p.Value.Rank() < 2 }}
type Group struct {
	Match       func(name string, p *autograd.Param) bool
	Rate        float64 // what the learning rate is multiplied by; 0 means 1
	WeightDecay float64 // in place of that of all
}

// slot is a parameter of an optimiser with its options, and what is kept for it between steps: those that join late,
// or rest while they are Frozen or have no gradient, know nothing of the steps of others.
type slot struct {
	*autograd.Param
	name        string
	rate, decay float64

	values []*tensor.Tensor // one of each kind, zeros at first; nil before there is a state
	steps  int              // how many it has taken
}

// slots are the parameters of an optimiser.
type slots struct {
	all    []slot
	params []*autograd.Param
	kinds  kinds

	prepared bool
}

// Params implements [Optimizer].
func (s *slots) Params() []*autograd.Param { return s.params }

// newSlots checks what parameters and groups an optimiser is made of.
func newSlots(config string, k kinds, params iter.Seq2[string, *autograd.Param], groups []Group, decay float64) (slots, error) {
	for i, g := range groups {
		field := fmt.Sprintf("Groups[%d]", i)
		err := demand.All(config,
			demand.That(g.Match != nil, field+".Match", nil, "want a function"),
			notNegative(field+".Rate", g.Rate),
			notNegative(field+".WeightDecay", g.WeightDecay))
		if err != nil {
			return slots{}, err
		}
	}
	s, byName, of := slots{kinds: k}, map[string]*autograd.Param{}, make([]int, len(groups))
	for name, p := range params {
		switch {
		case p == nil || p.Value == nil:
			return slots{}, fmt.Errorf("optim: New%s: parameter %q is nil", k.op, name)
		case byName[name] == p:
			continue
		case byName[name] != nil:
			return slots{}, fmt.Errorf("optim: New%s: two parameters are named %q", k.op, name)
		}
		byName[name] = p
		c := slot{Param: p, name: name, rate: 1, decay: decay}
		for i, g := range groups {
			if g.Match(name, p) {
				c.rate, c.decay = orElse(g.Rate, 1), g.WeightDecay
				of[i]++
				break
			}
		}
		s.all, s.params = append(s.all, c), append(s.params, p)
	}
	if len(s.all) == 0 {
		return slots{}, errors.New("optim: New" + k.op + ": no parameters to train: pass nn.Params of the model")
	}
	for i, n := range of {
		if n == 0 {
			return slots{}, &residuum.ConfigError{Struct: config, Field: fmt.Sprintf("Groups[%d].Match", i), Value: "true of no parameter",
				Reason: "want one that picks some that no earlier group has"}
		}
	}
	return s, nil
}

// moves reports whether a step moves the parameter.
func (s *slot) moves() bool { return s.Grad != nil && !s.Frozen }

func orElse(v, standard float64) float64 {
	if v == 0 {
		return standard
	}
	return v
}
