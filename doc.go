// Package residuum is a deep learning library for residual networks, in Go without cgo. It holds what all
// packages share, the error of configurations; this page says which package to import for what.
//
// To train a net and use it:
//
//   - [github.com/residuum-go/residuum/resnet] builds residual networks, and plain and VGG-like ones to compare them with.
//   - [github.com/residuum-go/residuum/data] reads image sets and makes batches of them.
//   - [github.com/residuum-go/residuum/train] is the training loop, with checkpoints and exact resuming.
//   - [github.com/residuum-go/residuum/weights] reads and writes safetensors files.
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
//   - [github.com/residuum-go/residuum/autograd] differentiates, to any order, what is computed with
//   - [github.com/residuum-go/residuum/tensor], n-dimensional arrays of float32.
//
// A first program is examples/quickstart; docs/design.md says how the parts hang together.
package residuum
