// Package infer compiles networks: a module becomes a program that gives its outputs faster, and nothing else.
//
//	program, err := infer.Compile(net, 8, 224, 224, 3)
//	logits, err := program.Run(ctx, nil, images)
//	fmt.Print(program) // what it does, step by step
//
// [Compile] runs the module once, as graph.Trace does, so any module will do: of package resnet, read from an ONNX file, a
// user's own. It computes beforehand what does not depend on the images, multiplies batch norms into the convolutions
// before them, computes biases, sums and activations with the convolution that they follow, packs or transforms weights
// once, and plans where each result lies in memory. Which algorithm is the fastest for a convolution, [Tune] measures.
//
// A [Program] is immutable and safe for any number of goroutines. Its results are the module's within the error of
// float32, about 1e-6 of the largest, and an image has the same bits in every batch and for any number of workers.
//
// [Quantize] is the same for layers that multiply bytes, which takes a quarter of the memory for weights and, where the
// processor has instructions for it, a half to a third of the time. [Sensitivity] says what that loses, layer by layer.
package infer
