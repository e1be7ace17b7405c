package optim

import (
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

	state state
}

// Step implements [Optimizer]. It panics when a field or lr makes no sense.
func (o *SGD) Step(lr float64) {
	const op = "SGD"
	begin(op, o.Params, lr, o.WeightDecay)
	want(o.Momentum >= 0 && o.Momentum < 1, op, "Momentum", o.Momentum, "0 <= Momentum < 1")
	want(o.Momentum > 0 || !o.Nesterov, op, "Momentum", o.Momentum, "more than 0 with Nesterov")
	k := o.kinds()
	o.state.prepare(o.Params, k)
	moving := movingOf(o.Params)
	defer moving.done()
	for _, p := range moving.params {
		var m *tensor.Tensor
		if o.Momentum != 0 {
			m = o.state.of(p, k).values[0]
		}
		tensor.SGDStep(p.Value, p.Grad, m, tensor.SGDOptions{
			Rate: lr, Momentum: o.Momentum, WeightDecay: decayOf(p, o.WeightDecay), Nesterov: o.Nesterov,
		})
	}
}

// State implements [Optimizer]: "<parameter>.momentum_buffer" for each, nothing without momentum.
func (o *SGD) State() map[string]*tensor.Tensor {
	return o.state.export(o.Params, o.kinds())
}

// LoadState implements [Optimizer].
func (o *SGD) LoadState(m map[string]*tensor.Tensor) error {
	return o.state.load(o.Params, o.kinds(), m)
}

func (o *SGD) kinds() kinds {
	if o.Momentum == 0 {
		return kinds{op: "SGD"}
	}
	return kinds{op: "SGD", values: velocity}
}

var velocity = []string{"momentum_buffer"}
