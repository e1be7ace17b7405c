// Package residuum is a deep learning library for residual networks, in Go without cgo. It holds what all
// packages share: the error of configurations, and the settings of the process. This page says which package to
// import for what.
//
// To train a net and use it:
//
//   - [github.com/residuum-go/residuum/resnet] builds residual networks, and plain and VGG-like ones to compare them with.
//   - [github.com/residuum-go/residuum/data] reads image sets and makes batches of them;
//     [github.com/residuum-go/residuum/data/image] reads pictures.
//   - [github.com/residuum-go/residuum/train] is the training loop, with checkpoints and exact resuming.
//   - [github.com/residuum-go/residuum/weights] reads files of safetensors, PyTorch and NumPy, and writes safetensors.
//
// To take it apart:
//
//   - [github.com/residuum-go/residuum/unravel] sees a net of n blocks as the 2^n paths through it (Veit et al. 2016): lesions,
//     re-ordering, and the gradient that each path length carries.
//   - [github.com/residuum-go/residuum/boost] fits ensembles by gradient boosting, which the same studies take apart.
//
// To build something new:
//
//   - [github.com/residuum-go/residuum/nn] has layers, [github.com/residuum-go/residuum/nn/optim] optimisers and schedules.
//   - [github.com/residuum-go/residuum/autograd] differentiates, to any order, what is made of operations on tensors.
//   - [github.com/residuum-go/residuum/tensor] has the n-dimensional arrays of float32 that all compute with.
//
// A first program is examples/quickstart; docs/design.md says how the parts hang together.
//
// # Settings
//
// How a process computes is set for the whole of it, by the environment when it starts or by these functions, which are
// called while nothing is being computed:
//
//	RESIDUUM_CPU=avx2      SetLevel("avx2")     instruction set, one of Levels()
//	GOMAXPROCS=4           SetWorkers(4)        goroutines that compute
//	RESIDUUM_WINOGRAD=off  SetWinograd(false)   sum every convolution directly
//
// A process whose RESIDUUM_CPU or RESIDUUM_WINOGRAD holds anything else does not start: it says what may stand there and
// ends with status 2 before main, so that nothing is computed in another way than was asked for.
package residuum
