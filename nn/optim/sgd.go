package optim

import (
	"fmt"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
)

// SGD is stochastic gradient descent with momentum (Polyak's, or Nesterov's as formulated by
// Sutskever et al. 2013) and weight decay added to the gradient. For a gradient g:
//
//	d = g + WeightDecay*p
//	m = Momentum*m + d
//	p = p - lr*m                  or, with Nesterov, p - lr*(d + Momentum*m)
//
// Set the fields before the first Step and leave them.
type SGD struct {
	Params      []*autograd.Param
	Momentum    float64 // in [0, 1)
	Nesterov    bool    // needs Momentum
	WeightDecay float64

	slots *slots
}

// Step implements [Optimizer]. It panics when the fields make no sense together.
func (o *SGD) Step(lr float64) {
	o.init()
	for i, p := range o.slots.params {
		if p.Grad == nil {
			continue
		}
		var m *tensor.Tensor
		if o.Momentum != 0 {
			m = o.slots.values[0][i]
		}
		tensor.SGDStep(p.Value, p.Grad, m, float32(lr), float32(o.Momentum), decayOf(p, o.WeightDecay), o.Nesterov)
	}
}

// State implements [Optimizer]: "<parameter>.momentum_buffer" for each, nothing without momentum.
func (o *SGD) State() map[string]*tensor.Tensor {
	o.init()
	return o.slots.state()
}

// LoadState implements [Optimizer].
func (o *SGD) LoadState(state map[string]*tensor.Tensor) error { return load(o.State(), state) }

func (o *SGD) init() {
	if o.slots != nil {
		return
	}
	if !(o.Momentum >= 0 && o.Momentum < 1) || !(o.WeightDecay >= 0) || o.Nesterov && o.Momentum == 0 {
		panic(fmt.Sprintf("optim: SGD: Momentum %v, Nesterov %v, WeightDecay %v: want 0 <= Momentum < 1, "+
			"positive with Nesterov, and WeightDecay >= 0", o.Momentum, o.Nesterov, o.WeightDecay))
	}
	var kinds []string
	if o.Momentum != 0 {
		kinds = []string{"momentum_buffer"}
	}
	o.slots = newSlots("SGD", o.Params, kinds...)
}
