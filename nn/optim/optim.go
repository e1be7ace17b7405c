// Package optim holds optimisers, learning-rate schedules and gradient clipping.
//
// An [Optimizer], such as [SGD], is made for parameters, usually those of a model, and options. It owns no learning rate:
// each Step is told it, usually by a [Schedule], which knows where in the run the step is. A [Group] gives some of the
// parameters a rate or a weight decay of their own.
//
//	sgd, err := optim.NewSGD(nn.Params(net), optim.SGDConfig{Momentum: 0.9, Nesterov: true, WeightDecay: 1e-4})
//	...
//	schedule := optim.Cosine{Peak: 0.1, Warmup: 0.05}
//	for step := range steps {
//		tape.Reset()
//		loss := autograd.CrossEntropy(net.Forward(tape.Input(images)), labels, 0)
//		autograd.ZeroGrad(sgd.Params())
//		tape.Backward(loss)
//		optim.ClipNorm(sgd.Params(), 1)
//		sgd.Step(schedule.Rate(step, steps))
//	}
//
// Conventions are PyTorch's, and the tests compare with it. Each parameter has a state of its own, momenta
// and a number of steps. A step leaves alone, state included, what has no gradient and what is Frozen, also for a
// while: Frozen is looked at in every step. A parameter that comes twice, because a net uses its layer twice, is one.
package optim

import (
	"github.com/residuum-go/residuum/autograd"
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
