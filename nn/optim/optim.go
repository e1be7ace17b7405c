// Package optim holds optimisers, learning-rate schedules and gradient clipping.
//
// An optimiser is a struct: set Params and what else matters, call Step after each Backward. It
// owns no learning rate; each Step is told it, usually by a [Schedule]:
//
//	sgd := &optim.SGD{Params: net.Params(), Momentum: 0.9, Nesterov: true, WeightDecay: 1e-4}
//	rate := optim.Cosine(0.1, 100, steps)
//	for step := range steps {
//		... Backward ...
//		sgd.Step(rate(step))
//		autograd.ZeroGrad(sgd.Params)
//	}
//
// Conventions are PyTorch's, and the tests compare with it. Fixed parameters (running statistics) are
// left alone; so are parameters without a gradient. Weight decay spares those marked NoDecay.
package optim

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
)

// Optimizer changes parameters by their gradients.
type Optimizer interface {
	// Step moves every parameter that has a gradient by one step at learning rate lr.
	Step(lr float64)
	// State returns what must be saved to go on later, by parameter name and PyTorch's name for the
	// quantity. The tensors are the optimiser's own: save or clone them before the next Step.
	State() map[string]*tensor.Tensor
	// LoadState takes over a State, by copying. On error, which is an [ErrState], nothing has changed.
	LoadState(state map[string]*tensor.Tensor) error
}

// ErrState is what LoadState returns, wrapped, for a state that belongs to other parameters or to
// another kind of optimiser.
var ErrState = errors.New("optim: state does not fit")

// slots are tensors kept for each trainable parameter, such as momenta: slots[k][i] belongs to the
// i-th one.
type slots struct {
	params []*autograd.Param
	values [][]*tensor.Tensor
	kinds  []string
}

// newSlots makes one zero tensor of each kind for each trainable parameter.
func newSlots(op string, all []*autograd.Param, kinds ...string) *slots {
	s := &slots{kinds: kinds, values: make([][]*tensor.Tensor, len(kinds))}
	seen := map[string]bool{}
	for _, p := range all {
		if p.Fixed {
			continue
		}
		if seen[p.Name] {
			panic(fmt.Sprintf("optim: %s: two parameters named %q", op, p.Name))
		}
		seen[p.Name] = true
		s.params = append(s.params, p)
		for k := range kinds {
			s.values[k] = append(s.values[k], tensor.New(p.Value.Shape()...))
		}
	}
	return s
}

// state names every slot "<parameter>.<kind>".
func (s *slots) state() map[string]*tensor.Tensor {
	m := map[string]*tensor.Tensor{}
	for k, kind := range s.kinds {
		for i, p := range s.params {
			m[p.Name+"."+kind] = s.values[k][i]
		}
	}
	return m
}

// load copies state into own, if names and shapes are the same.
func load(own, state map[string]*tensor.Tensor) error {
	for _, name := range slices.Sorted(maps.Keys(own)) {
		switch got, ok := state[name]; {
		case !ok || got == nil:
			return fmt.Errorf("%w: %s is missing", ErrState, name)
		case !slices.Equal(got.Shape(), own[name].Shape()):
			return fmt.Errorf("%w: %s is %v, want %v", ErrState, name, got.Shape(), own[name].Shape())
		}
	}
	for _, name := range slices.Sorted(maps.Keys(state)) {
		if own[name] == nil {
			return fmt.Errorf("%w: %s belongs to no parameter", ErrState, name)
		}
	}
	for name, t := range own {
		tensor.Copy(t, state[name])
	}
	return nil
}

// decayOf returns the weight decay of one parameter.
func decayOf(p *autograd.Param, decay float64) float32 {
	if p.NoDecay {
		return 0
	}
	return float32(decay)
}
