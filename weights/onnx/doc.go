// Package onnx reads networks from ONNX files (https://onnx.ai), what PyTorch, TensorFlow and others export:
// convolutional classifiers above all. [Save] writes them.
//
//	net, err := onnx.Load("resnet18.onnx")
//	logits := net.Forward(autograd.Const(images)) // [N, H, W, C], as everywhere here
//
// A [Net] is an [nn.Module] of its own. It computes the nodes of the file with the ops of package autograd, so it also
// trains, package graph can trace it, and its parameters have the names of the file's initializers.
//
// # Layout
//
// ONNX has images as [N, C, H, W], this library as [N, H, W, C]. A net is NHWC throughout: kernels of convolutions are
// turned when the file is loaded, axes of concatenations, means, softmaxes and the like are renumbered, and only what
// truly depends on the order, such as a Flatten of maps larger than 1x1, transposes.
//
// # Files are not trusted
//
// A file with a cycle, a missing input, an initializer of the wrong size, shapes that do not fit or an operator that is
// not known is an error that names the node and its operator. Memory is bounded by the length of the file and of the
// external data it names, which must lie in its folder; integers that a file computes of its shapes are at most 65536.
// What running a net takes at a time is bounded, too: 2^28 numbers for the input that the file describes, and for any
// input as much, or 256 times the numbers of that and the parameters together. [Net.Check] says whether an input is too large.
//
// Source: the ONNX specification, https://onnx.ai/onnx/operators, operator sets 6 to 28.
package onnx
