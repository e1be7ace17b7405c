package optim

import (
	"iter"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/internal/demand"
	"github.com/residuum-go/residuum/tensor"
)

// SGD is stochastic gradient descent with momentum (Polyak's, or Nesterov's as formulated by
// Sutskever et al. 2013) and weight decay added to the gradient. For a gradient g:
//
//	d = g + WeightDecay*p
//	m = Momentum*m + d
//	p = p - lr*m                  or, with Nesterov, p - lr*(d + Momentum*m)
type SGD struct {
	slots
	c SGDConfig
}

// SGDConfig are the options of [NewSGD].
type SGDConfig struct {
	Momentum    float64 // in [0, 1)
	Nesterov    bool    // needs Momentum
	WeightDecay float64
	Groups      []Group
}

// NewSGD returns an optimiser of parameters, such as nn.Params of a model. It fails when there are none, when two have
// one name, and with a [*residuum.ConfigError].
func NewSGD(params iter.Seq2[string, *autograd.Param], c SGDConfig) (*SGD, error) {
	const of = "optim.SGDConfig"
	err := demand.All(of,
		demand.That(c.Momentum >= 0 && c.Momentum < 1, "Momentum", c.Momentum, "want 0 <= Momentum < 1"),
		demand.That(c.Momentum > 0 || !c.Nesterov, "Momentum", c.Momentum, "want more than 0 with Nesterov"),
		notNegative("WeightDecay", c.WeightDecay))
	if err != nil {
		return nil, err
	}
	k := kinds{op: "SGD"}
	if c.Momentum != 0 {
		k.values = []string{"momentum_buffer"}
	}
	s, err := newSlots(of, k, params, c.Groups, c.WeightDecay)
	if err != nil {
		return nil, err
	}
	return &SGD{slots: s, c: c}, nil
}

// Step implements [Optimizer]. It panics when lr is negative or not finite.
func (o *SGD) Step(lr float64) {
	o.begin(lr)
	for i := range o.all {
		p := &o.all[i]
		if !p.moves() {
			continue
		}
		var m *tensor.Tensor
		if o.c.Momentum != 0 {
			m = p.state(o.kinds)[0]
		}
		tensor.SGDStep(p.Value, p.Grad, m, tensor.SGDOptions{
			Rate: lr * p.rate, Momentum: o.c.Momentum, WeightDecay: p.decay, Nesterov: o.c.Nesterov,
		})
	}
}
