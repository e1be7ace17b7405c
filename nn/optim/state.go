package optim

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
)

// ErrState is what LoadState returns, wrapped, for a state that belongs to other parameters or to
// another kind of optimiser, or that no optimiser can have had.
var ErrState = errors.New("optim: state does not fit")

// state is what an optimiser keeps between steps, for each parameter by itself: those that join late, or rest
// while they are Fixed or have no gradient, know nothing of the steps of others.
type state map[*autograd.Param]*kept

// kept is the state of one parameter.
type kept struct {
	values []*tensor.Tensor // one of each kind, zeros at first
	steps  int              // how many it has taken
}

// kinds says what an optimiser keeps for a parameter, by the names that PyTorch gives them.
type kinds struct {
	op     string   // the optimiser, for messages
	values []string // tensors of the parameter's shape
	steps  bool     // and the number of steps
}

// stepName is the kind of a parameter's number of steps.
const stepName = "step"

// of returns the state of p, which it makes if there is none.
func (s state) of(p *autograd.Param, k kinds) *kept {
	r := s[p]
	if r == nil {
		r = &kept{}
		s[p] = r
	}
	for len(r.values) < len(k.values) {
		r.values = append(r.values, tensor.New(p.Value.Shape()...))
	}
	return r
}

// named returns the parameters that have a state or may get one, by name. It panics if two have the same.
func (s state) named(params []*autograd.Param, k kinds) map[string]*autograd.Param {
	byName := map[string]*autograd.Param{}
	for _, p := range params {
		if p.Fixed && s[p] == nil {
			continue
		}
		if other := byName[p.Name]; other != nil && other != p {
			panic(fmt.Sprintf("optim: %s: two parameters are named %q: name their layers with nn.Named or nn.NewSequential", k.op, p.Name))
		}
		byName[p.Name] = p
	}
	return byName
}

// prepare makes the state of all parameters that are trainable before the first step, so that later ones
// allocate nothing.
func (s *state) prepare(params []*autograd.Param, k kinds) {
	if *s != nil {
		return
	}
	*s = state{}
	for _, p := range s.named(params, k) {
		s.of(p, k)
	}
}

// export names every tensor "<parameter>.<kind>". Every trainable parameter is there, so that a state that
// lacks one differs from a state in which it has not moved yet.
func (s *state) export(params []*autograd.Param, k kinds) map[string]*tensor.Tensor {
	s.prepare(params, k)
	m := map[string]*tensor.Tensor{}
	for name, p := range s.named(params, k) {
		r := s.of(p, k)
		for i, kind := range k.values {
			m[name+"."+kind] = r.values[i]
		}
		if k.steps {
			m[name+"."+stepName] = tensor.Full(float32(r.steps), 1) // rounded above 2^24, as PyTorch's
		}
	}
	return m
}

// load takes over what export has made, or changes nothing.
func (s *state) load(params []*autograd.Param, k kinds, m map[string]*tensor.Tensor) error {
	fresh, rest := state{}, maps.Clone(m)
	fresh.named(params, k) // panics if two have one name
	for _, p := range params {
		if fresh[p] != nil || p.Fixed && !k.any(p, m) {
			continue
		}
		if err := fresh.of(p, k).load(p.Name, k, rest); err != nil {
			return err
		}
	}
	if names := slices.Sorted(maps.Keys(rest)); len(names) > 0 {
		return fmt.Errorf("%w: %s belongs to no parameter", ErrState, names[0])
	}
	*s = fresh
	return nil
}

// load moves the tensors of the parameter of a name out of m.
func (r *kept) load(name string, k kinds, m map[string]*tensor.Tensor) error {
	for i, kind := range k.values {
		if err := take(m, name+"."+kind, r.values[i]); err != nil {
			return err
		}
	}
	if !k.steps {
		return nil
	}
	count := tensor.New(1)
	err := take(m, name+"."+stepName, count)
	r.steps = int(count.Item())
	return err
}

// any reports whether m holds something of p.
func (k kinds) any(p *autograd.Param, m map[string]*tensor.Tensor) bool {
	return slices.ContainsFunc(k.values, func(kind string) bool { return m[p.Name+"."+kind] != nil })
}

// take moves the tensor of a name out of m into dst.
func take(m map[string]*tensor.Tensor, name string, dst *tensor.Tensor) error {
	t := m[name]
	if t == nil {
		return fmt.Errorf("%w: %s is missing", ErrState, name)
	}
	if !slices.Equal(t.Shape(), dst.Shape()) {
		return fmt.Errorf("%w: %s is %v, want %v", ErrState, name, t.Shape(), dst.Shape())
	}
	for _, v := range t.Data() {
		if !possible(name, float64(v)) {
			return fmt.Errorf("%w: %s holds %v", ErrState, name, v)
		}
	}
	delete(m, name)
	tensor.Copy(dst, t)
	return nil
}

// possible reports whether v can be an element of a tensor of that name.
func possible(name string, v float64) bool {
	switch {
	case strings.HasSuffix(name, "."+stepName):
		return v >= 0 && v <= math.MaxInt32 && v == math.Trunc(v)
	case strings.HasSuffix(name, ".exp_avg_sq"):
		return v >= 0 && v <= math.MaxFloat32
	}
	return math.Abs(v) <= math.MaxFloat32
}
