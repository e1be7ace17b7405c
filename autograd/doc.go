// Package autograd differentiates programs made of tensor operations, in reverse mode.
//
// A [Var] is a tensor with a history. A [Tape] is where that history is written: it is explicit,
// belongs to one goroutine, and lasts one step of training. A [Param] is a weight, which outlives steps, and its
// gradient:
//
//	tape := autograd.NewTape(seed)
//	for batch := range batches {
//		tape.Reset()
//		logits := model.Forward(tape.Input(batch.X))
//		loss := autograd.CrossEntropy(logits, batch.Labels, 0)
//		autograd.ZeroGrad(params)
//		tape.Backward(loss) // adds d loss / d p to p.Grad of every parameter p in use
//		optimiser.Step(rate)
//	}
//
// A constant ([Const]) carries no tape, so a forward pass over constants records nothing, allocates
// from the heap and may run in many goroutines at once on the same parameters.
//
// # Gradients are made of ops
//
// Each op's vector-Jacobian product is written with the ops of this package, so gradients can be
// differentiated again to any order: [Grad] records what it computes, [VJP] and [Tape.Backward] do not.
// One op is one function, in one file with its relatives, and one row of the table in op_test.go.
//
// # Memory
//
// Every tensor that an op on a tape produces belongs to the tape and is valid until Reset, which
// recycles it for the next step: after the first step a loop over equal shapes allocates nothing
// that grows with the batch. Clone what must outlive the step. Backward recycles the gradients of
// intermediate results as soon as they are consumed, and leaves the values of the forward pass.
package autograd
