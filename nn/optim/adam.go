package optim

import (
	"fmt"
	"math"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
)

// Adam scales each step by running means of the gradient and of its square, both corrected for
// their start at zero. With g the gradient plus WeightDecay*p, at step t:
//
//	m = Beta1*m + (1-Beta1)*g
//	v = Beta2*v + (1-Beta2)*g^2
//	p = p - lr * m/(1-Beta1^t) / (sqrt(v/(1-Beta2^t)) + Eps)
//
// Kingma and Ba 2015, algorithm 1. Set the fields before the first Step and leave them; a zero Beta1,
// Beta2 or Eps means the paper's 0.9, 0.999 and 1e-8.
type Adam struct {
	Params            []*autograd.Param
	Beta1, Beta2, Eps float64
	WeightDecay       float64

	slots *slots
	count *tensor.Tensor // of steps; above 2^24 it may stand still, when 1-Beta^t has long been 1
}

// AdamW is [Adam] with weight decay apart from the gradient: p = p - lr*WeightDecay*p before each
// step. Loshchilov and Hutter 2019, algorithm 2.
type AdamW Adam

// Step implements [Optimizer]. It panics when the fields make no sense.
func (o *Adam) Step(lr float64) { o.step(lr, false) }

// Step implements [Optimizer]. It panics when the fields make no sense.
func (o *AdamW) Step(lr float64) { (*Adam)(o).step(lr, true) }

// State implements [Optimizer]: "<parameter>.exp_avg" and "<parameter>.exp_avg_sq" for each
// parameter, and "step".
func (o *Adam) State() map[string]*tensor.Tensor {
	o.init()
	m := o.slots.state()
	m["step"] = o.count
	return m
}

// State implements [Optimizer], with the names that [Adam.State] has.
func (o *AdamW) State() map[string]*tensor.Tensor { return (*Adam)(o).State() }

// LoadState implements [Optimizer].
func (o *Adam) LoadState(state map[string]*tensor.Tensor) error {
	if t := state["step"]; t != nil && t.Len() == 1 {
		if n := float64(t.Item()); !(n >= 0 && n <= math.MaxInt32) || n != math.Trunc(n) {
			return fmt.Errorf("%w: step is %v", ErrState, n)
		}
	}
	return load(o.State(), state)
}

// LoadState implements [Optimizer].
func (o *AdamW) LoadState(state map[string]*tensor.Tensor) error { return (*Adam)(o).LoadState(state) }

func (o *Adam) step(lr float64, decoupled bool) {
	o.init()
	o.count.Data()[0]++
	t := int(o.count.Data()[0])
	for i, p := range o.slots.params {
		if p.Grad != nil {
			tensor.AdamStep(p.Value, p.Grad, o.slots.values[0][i], o.slots.values[1][i], float32(lr),
				float32(o.Beta1), float32(o.Beta2), float32(o.Eps), decayOf(p, o.WeightDecay), decoupled, t)
		}
	}
}

func (o *Adam) init() {
	if o.slots != nil {
		return
	}
	orElse(&o.Beta1, 0.9)
	orElse(&o.Beta2, 0.999)
	orElse(&o.Eps, 1e-8)
	if !(o.Beta1 > 0 && o.Beta1 < 1) || !(o.Beta2 > 0 && o.Beta2 < 1) || !(o.Eps > 0) || !(o.WeightDecay >= 0) {
		panic(fmt.Sprintf("optim: Adam: Beta1 %v, Beta2 %v, Eps %v, WeightDecay %v: want betas in (0, 1), "+
			"Eps > 0 and WeightDecay >= 0", o.Beta1, o.Beta2, o.Eps, o.WeightDecay))
	}
	o.slots = newSlots("Adam", o.Params, "exp_avg", "exp_avg_sq")
	o.count = tensor.New(1)
}

func orElse(v *float64, standard float64) {
	if *v == 0 {
		*v = standard
	}
}
