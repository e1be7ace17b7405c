package optim

import (
	"iter"
	"maps"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/internal/demand"
	"github.com/residuum-go/residuum/tensor"
)

// Adam scales each step by running means of the gradient and of its square, both corrected for
// their start at zero. With g the gradient plus WeightDecay*p, at the t-th step of a parameter:
//
//	m = Beta1*m + (1-Beta1)*g
//	v = Beta2*v + (1-Beta2)*g^2
//	p = p - lr * m/(1-Beta1^t) / (sqrt(v/(1-Beta2^t)) + Eps)
//
// Kingma and Ba 2015, algorithm 1. As AdamW, weight decay is apart from the gradient: p = p - lr*WeightDecay*p before
// each step. Loshchilov and Hutter 2019, algorithm 2.
type Adam struct {
	slots
	c         AdamConfig
	decoupled bool // AdamW
}

// AdamConfig are the options of [NewAdam] and [NewAdamW]. A zero Beta1, Beta2 or Eps means the paper's 0.9, 0.999 and 1e-8.
// Betas may be closer to 1 than float32 can tell; an Eps that is zero there would divide a gradient of zero by zero.
type AdamConfig struct {
	Beta1, Beta2, Eps float64
	WeightDecay       float64
	Groups            []Group
}

// NewAdam returns an optimiser of parameters, such as nn.Params of a model. It fails when there are none, when two have
// one name, and with a [*residuum.ConfigError].
func NewAdam(params iter.Seq2[string, *autograd.Param], c AdamConfig) (*Adam, error) {
	return newAdam("Adam", false, params, c)
}

// NewAdamW is [NewAdam] with weight decay apart from the gradient.
func NewAdamW(params iter.Seq2[string, *autograd.Param], c AdamConfig) (*Adam, error) {
	return newAdam("AdamW", true, params, c)
}

func newAdam(op string, decoupled bool, params iter.Seq2[string, *autograd.Param], c AdamConfig) (*Adam, error) {
	const of = "optim.AdamConfig"
	c.Beta1, c.Beta2, c.Eps = orElse(c.Beta1, 0.9), orElse(c.Beta2, 0.999), orElse(c.Eps, 1e-8)
	err := demand.All(of,
		demand.That(c.Beta1 > 0 && c.Beta1 < 1, "Beta1", c.Beta1, "want 0 < Beta1 < 1"),
		demand.That(c.Beta2 > 0 && c.Beta2 < 1, "Beta2", c.Beta2, "want 0 < Beta2 < 1"),
		demand.That(float32(c.Eps) > 0 && finite(c.Eps), "Eps", c.Eps, "want more than 0, and finite, in float32 too"),
		notNegative("WeightDecay", c.WeightDecay))
	if err != nil {
		return nil, err
	}
	k := kinds{op: op, values: []string{"exp_avg", "exp_avg_sq"}, steps: true}
	s, err := newSlots(of, k, params, c.Groups, c.WeightDecay)
	if err != nil {
		return nil, err
	}
	return &Adam{slots: s, c: c, decoupled: decoupled}, nil
}

// Step implements [Optimizer]. It panics when lr is negative or not finite.
func (o *Adam) Step(lr float64) {
	o.begin(lr)
	for i := range o.all {
		p := &o.all[i]
		if !p.moves() {
			continue
		}
		v := p.state(o.kinds)
		p.steps++
		tensor.AdamStep(p.Value, p.Grad, v[0], v[1], p.steps, tensor.AdamOptions{
			Rate: lr * p.rate, Beta1: o.c.Beta1, Beta2: o.c.Beta2, Eps: o.c.Eps, WeightDecay: p.decay, Decoupled: o.decoupled,
		})
	}
}

// LoadState implements [Optimizer]. It also takes a state of an older version, with one "step" for all parameters.
func (o *Adam) LoadState(m map[string]*tensor.Tensor) error {
	if all, ok := m[stepName]; ok {
		m = maps.Clone(m)
		delete(m, stepName)
		for _, p := range o.all {
			if o.kinds.any(p.name, m) {
				m[p.name+"."+stepName] = all
			}
		}
	}
	return o.slots.LoadState(m)
}
