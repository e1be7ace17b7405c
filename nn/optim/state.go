package optim

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/residuum-go/residuum/tensor"
)

// ErrState is what LoadState returns, wrapped, for a state that belongs to other parameters or to
// another kind of optimiser, or that no optimiser can have had.
var ErrState = errors.New("optim: state does not fit")

// kinds says what an optimiser keeps for a parameter, by the names that PyTorch gives them.
type kinds struct {
	op     string   // the optimiser, for messages
	values []string // tensors of the parameter's shape
	steps  bool     // and the number of steps
}

// stepName is the kind of a parameter's number of steps.
const stepName = "step"

// state returns the tensors that are kept for the parameter, which it makes if there are none.
func (s *slot) state(k kinds) []*tensor.Tensor {
	if s.values == nil {
		s.values = make([]*tensor.Tensor, len(k.values))
		for i := range s.values {
			s.values[i] = tensor.New(s.Value.Shape()...)
		}
	}
	return s.values
}

// begin is the beginning of every step.
func (s *slots) begin(lr float64) {
	if len(s.all) == 0 {
		panic("optim: Step of an optimiser that has not been made by NewSGD, NewAdam or NewAdamW")
	}
	want(lr >= 0 && finite(lr), s.kinds.op, "learning rate", lr, "at least 0, and finite in float32")
	s.prepare()
}

// prepare makes, once, the state of all parameters that are trainable now, so that later steps allocate nothing.
func (s *slots) prepare() {
	if s.prepared {
		return
	}
	s.prepared = true
	for i := range s.all {
		if p := &s.all[i]; !p.Frozen {
			p.state(s.kinds)
		}
	}
}

// State implements [Optimizer]: "<parameter>.<kind>", with the kinds "momentum_buffer" of [SGD] with momentum, and
// "exp_avg", "exp_avg_sq" and "step" of [Adam]. Every trainable parameter is there, so that a state that
// lacks one differs from a state in which it has not moved yet.
func (s *slots) State() map[string]*tensor.Tensor {
	s.prepare()
	m := map[string]*tensor.Tensor{}
	for i := range s.all {
		p := &s.all[i]
		if p.Frozen && p.values == nil {
			continue
		}
		for i, v := range p.state(s.kinds) {
			m[p.name+"."+s.kinds.values[i]] = v
		}
		if s.kinds.steps {
			m[p.name+"."+stepName] = tensor.Full(float32(p.steps), 1) // rounded above 2^24, as PyTorch's
		}
	}
	return m
}

// LoadState implements [Optimizer].
func (s *slots) LoadState(m map[string]*tensor.Tensor) error {
	fresh, rest := slices.Clone(s.all), maps.Clone(m)
	for i := range fresh {
		p := &fresh[i]
		p.values, p.steps = nil, 0
		if p.Frozen && !s.kinds.any(p.name, m) {
			continue
		}
		if err := p.load(s.kinds, rest); err != nil {
			return err
		}
	}
	if names := slices.Sorted(maps.Keys(rest)); len(names) > 0 {
		return fmt.Errorf("%w: %s belongs to no parameter", ErrState, names[0])
	}
	s.all, s.prepared = fresh, true
	return nil
}

// load moves the tensors of the parameter out of m.
func (s *slot) load(k kinds, m map[string]*tensor.Tensor) error {
	for i, v := range s.state(k) {
		if err := take(m, s.name+"."+k.values[i], v); err != nil {
			return err
		}
	}
	if !k.steps {
		return nil
	}
	count := tensor.New(1)
	err := take(m, s.name+"."+stepName, count)
	s.steps = int(count.Item())
	return err
}

// any reports whether m holds something of the parameter of a name.
func (k kinds) any(name string, m map[string]*tensor.Tensor) bool {
	return slices.ContainsFunc(k.values, func(kind string) bool { return m[name+"."+kind] != nil })
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
