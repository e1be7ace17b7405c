// Package optim holds optimisers, learning-rate schedules and gradient clipping.
//
// An optimiser is made for parameters, usually those of a model, and options. Call Step after each Backward. It
// owns no learning rate; each Step is told it, usually by a [Schedule]:
//
//	sgd, err := optim.NewSGD(nn.Params(net), optim.SGDConfig{Momentum: 0.9, Nesterov: true, WeightDecay: 1e-4})
//	...
//	rate := optim.Cosine{Peak: 0.1, Warmup: 0.05}
//	for step := range steps {
//		... Backward ...
//		sgd.Step(rate.Rate(step, steps))
//		autograd.ZeroGrad(sgd.Params())
//	}
//
// A [Group] gives some of the parameters a learning rate or a weight decay of their own.
//
// Conventions are PyTorch's, and the tests compare with it. Each parameter has a state of its own, momenta
// and a number of steps. A step leaves alone, state included, what has no gradient and what is Frozen, also for a
// while: Frozen is looked at in every step. A parameter that comes twice, because a net uses its layer twice, is one.
package optim

import (
	"fmt"
	"math"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/internal/demand"
	"github.com/residuum-go/residuum/tensor"
)

// Optimizer changes parameters by their gradients.
type Optimizer interface {
	// Params returns the parameters that it was made for, each once. The caller must not change the slice.
	Params() []*autograd.Param
	// Step moves every parameter that has a gradient and is not Frozen by one step at learning rate lr.
	Step(lr float64)
	// State returns what must be saved to go on later, by parameter name and PyTorch's name for the
	// quantity: for every parameter that is not Frozen, and for those that were not once. The tensors are
	// the optimiser's own: save or clone them before the next Step.
	State() map[string]*tensor.Tensor
	// LoadState takes over a State, by copying. Parameters that were Frozen when it was made must be so
	// now, and may be set free afterwards. On error, which is an [ErrState], nothing has changed.
	LoadState(state map[string]*tensor.Tensor) error
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

func decayCheck(decay float64) demand.Demand {
	return demand.That(decay >= 0 && finite(decay), "WeightDecay", decay, "want at least 0, and finite in float32")
}

// finite reports whether v is a number in float32, in which steps are taken.
func finite(v float64) bool { return math.Abs(v) <= math.MaxFloat32 }
