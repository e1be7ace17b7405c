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
// Conventions are PyTorch's, and the tests compare with it. Each parameter has a state of its own, momenta
// and a number of steps. A step leaves alone, state included, what has no gradient and what is Fixed: running
// statistics, and layers that a program freezes for a while, for Fixed is looked at in every step. A parameter
// listed twice, because a net uses its layer twice, is one parameter. Weight decay spares those marked
// NoDecay.
//
// Fields, learning rates and arguments of schedules that make no sense are a panic that names them.
package optim

import (
	"fmt"
	"math"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
)

// Optimizer changes parameters by their gradients.
type Optimizer interface {
	// Step moves every parameter that has a gradient and is not Fixed by one step at learning rate lr.
	Step(lr float64)
	// State returns what must be saved to go on later, by parameter name and PyTorch's name for the
	// quantity: for every parameter that is not Fixed, and for those that were not once. The tensors are
	// the optimiser's own: save or clone them before the next Step. Two parameters of one name are a
	// panic.
	State() map[string]*tensor.Tensor
	// LoadState takes over a State, by copying. Parameters that were Fixed when it was made must be so
	// now, and may be set free afterwards. On error, which is an [ErrState], nothing has changed.
	LoadState(state map[string]*tensor.Tensor) error
}

// begin checks what every Step is given.
func begin(op string, params []*autograd.Param, lr, weightDecay float64) {
	if len(params) == 0 {
		panic("optim: " + op + ": no parameters to train: set Params, usually to the Params() of the model")
	}
	checkRate(op, lr)
	want(weightDecay >= 0 && finite(weightDecay), op, "WeightDecay", weightDecay, "at least 0, and finite in float32")
}

// checkRate panics if a learning rate makes no sense.
func checkRate(op string, rate float64) {
	want(rate >= 0 && finite(rate), op, "learning rate", rate, "at least 0, and finite in float32")
}

// want panics with the name of a number that is not good.
func want(good bool, op, name string, v float64, what string) {
	if !good {
		panic(fmt.Sprintf("optim: %s: %s %v: want %s", op, name, v, what))
	}
}

// finite reports whether v is a number in float32, in which steps are taken.
func finite(v float64) bool { return math.Abs(v) <= math.MaxFloat32 }

// decayOf returns the weight decay of one parameter.
func decayOf(p *autograd.Param, decay float64) float64 {
	if p.NoDecay {
		return 0
	}
	return decay
}
