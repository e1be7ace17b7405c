// Package nn holds the layers that networks are made of.
//
// A layer is a [Module]: a Forward over [autograd.Var] and its parts, which are other modules, parameters and buffers.
// Names, such as "layer1.0.conv1.weight", belong to nobody: whoever walks over the parts of a model works them out,
// as [Params] and [State] do. Whether a layer trains
// or evaluates is decided by its input: on a tape in training mode it trains, on any other tape and
// for constants it evaluates. Evaluation changes nothing, so constants may go through one module in
// many goroutines at once.
//
// Images are [N, H, W, C]. Convolution weights are [R, S, C/groups, K] in memory (PyTorch's
// [K, C/groups, R, S] transposed), those of [Linear] are [out, in] as in PyTorch. Parts have
// the names that torchvision's state dicts give them.
package nn
