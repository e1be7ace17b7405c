// Package nn holds the layers that networks are made of.
//
// A layer, like a whole network, is a [Module]: it has a Forward over [autograd.Var], and lists each [Part] that it is
// made of, other modules, parameters and buffers. [Sequential] puts modules in a row:
//
//	net := nn.Sequential{
//		nn.NewConv2D(1, 8, tensor.Both(3), tensor.ConvSpec{Pad: tensor.Both(1)}, rng),
//		nn.NewBatchNorm2D(8), nn.ReLU{}, nn.GlobalAvgPool{}, nn.NewLinear(8, 10, rng),
//	}
//	logits := net.Forward(autograd.Const(images))   // evaluates
//	logits = net.Forward(tape.Input(images))        // trains, and can be differentiated
//
// Whether a layer trains or evaluates is decided by its input: on a tape in training mode it trains, on any other tape
// and for constants it evaluates. Evaluation changes nothing, so constants may go through one module in many
// goroutines at once.
//
// Names, such as "layer1.0.conv1.weight", are not written anywhere: whoever walks over the parts of a model works them
// out. [Params] is for optimisers, [State] for files, [Modules] for finding layers; [Freeze] keeps a part of a model as it
// is. Parts have the names that torchvision's state dicts give them.
//
// Images are [N, H, W, C]. Convolution weights are [R, S, C/groups, K] in memory (PyTorch's
// [K, C/groups, R, S] transposed), those of [Linear] are [out, in] as in PyTorch.
package nn
