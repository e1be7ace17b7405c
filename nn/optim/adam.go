package optim

import (
	"maps"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
)

// Adam scales each step by running means of the gradient and of its square, both corrected for
// their start at zero. With g the gradient plus WeightDecay*p, at the t-th step of a parameter:
//
//	m = Beta1*m + (1-Beta1)*g
//	v = Beta2*v + (1-Beta2)*g^2
//	p = p - lr * m/(1-Beta1^t) / (sqrt(v/(1-Beta2^t)) + Eps)
//
// Kingma and Ba 2015, algorithm 1. Set the fields before the first Step and leave them; a zero Beta1,
// Beta2 or Eps means the paper's 0.9, 0.999 and 1e-8. Betas may be closer to 1 than float32 can tell; an Eps
// that is zero there would divide a gradient of zero by zero, and is a panic.
type Adam struct {
	Params            []*autograd.Param
	Beta1, Beta2, Eps float64
	WeightDecay       float64

	state state
}

// AdamW is [Adam] with weight decay apart from the gradient: p = p - lr*WeightDecay*p before each
// step. Loshchilov and Hutter 2019, algorithm 2.
type AdamW Adam

// Step implements [Optimizer]. It panics when a field or lr makes no sense.
func (o *Adam) Step(lr float64) { o.step(moments("Adam"), lr, false) }

// Step implements [Optimizer]. It panics when a field or lr makes no sense.
func (o *AdamW) Step(lr float64) { (*Adam)(o).step(moments("AdamW"), lr, true) }

// State implements [Optimizer]: "<parameter>.exp_avg", "<parameter>.exp_avg_sq" and "<parameter>.step" for
// each parameter.
func (o *Adam) State() map[string]*tensor.Tensor { return o.state.export(o.Params, moments("Adam")) }

// State implements [Optimizer], with the names that [Adam.State] has.
func (o *AdamW) State() map[string]*tensor.Tensor { return o.state.export(o.Params, moments("AdamW")) }

// LoadState implements [Optimizer]. It also takes a state of before, with one "step" for all parameters.
func (o *Adam) LoadState(m map[string]*tensor.Tensor) error { return o.load(moments("Adam"), m) }

// LoadState implements [Optimizer]. It also takes a state of before, with one "step" for all parameters.
func (o *AdamW) LoadState(m map[string]*tensor.Tensor) error {
	return (*Adam)(o).load(moments("AdamW"), m)
}

// moments is what Adam and AdamW keep.
func moments(op string) kinds { return kinds{op: op, values: meanAndSquare, steps: true} }

var meanAndSquare = []string{"exp_avg", "exp_avg_sq"}

func (o *Adam) step(k kinds, lr float64, decoupled bool) {
	begin(k.op, o.Params, lr, o.WeightDecay)
	b1, b2, eps := orElse(o.Beta1, 0.9), orElse(o.Beta2, 0.999), orElse(o.Eps, 1e-8)
	want(b1 > 0 && b1 < 1, k.op, "Beta1", b1, "0 < Beta1 < 1")
	want(b2 > 0 && b2 < 1, k.op, "Beta2", b2, "0 < Beta2 < 1")
	want(float32(eps) > 0 && finite(eps), k.op, "Eps", eps, "more than 0, and finite, in float32 too")
	o.state.prepare(o.Params, k)
	moving := movingOf(o.Params)
	defer moving.done()
	for _, p := range moving.params {
		r := o.state.of(p, k)
		r.steps++
		tensor.AdamStep(p.Value, p.Grad, r.values[0], r.values[1], r.steps, tensor.AdamOptions{
			Rate: lr, Beta1: b1, Beta2: b2, Eps: eps, WeightDecay: decayOf(p, o.WeightDecay), Decoupled: decoupled,
		})
	}
}

// load gives every parameter the number of steps of a state that has but one.
func (o *Adam) load(k kinds, m map[string]*tensor.Tensor) error {
	if all, ok := m[stepName]; ok {
		m = maps.Clone(m)
		delete(m, stepName)
		for _, p := range o.Params {
			if k.any(p, m) {
				m[p.Name+"."+stepName] = all
			}
		}
	}
	return o.state.load(o.Params, k, m)
}

func orElse(v, standard float64) float64 {
	if v == 0 {
		return standard
	}
	return v
}
