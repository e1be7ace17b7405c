// Package tensor is the numeric core of Residuum: n-dimensional arrays of float32 and the
// operations that neural networks are made of. It knows nothing of gradients; package autograd
// builds on it.
//
// A [Tensor] holds the numbers, and operations are functions of tensors. [ConvSpec] and [PoolSpec] say how windows
// move over images, with an [HW] for what differs between height and width. [Shapes] knows what shape a result will
// have.
//
//	x := tensor.From([]float32{1, 2, 3, 4, 5, 6}, 2, 3)
//	y := tensor.MatMul(nil, x, x, tensor.NT) // x xᵀ, in new memory
//	tensor.ReLU(y, y)                        // in place
//	z := tensor.Conv2D(nil, images, weights, tensor.ConvSpec{Stride: tensor.Both(2), Pad: tensor.HW{H: 1}})
//
// # Memory
//
// Every tensor is contiguous and row-major. [Tensor.Reshape] and [Tensor.Slice] share memory, all
// else copies. Images are NHWC: [batch, height, width, channels]. Convolution weights are
// [R, S, C/groups, K]: kernel height, kernel width, input channels, output channels.
//
// # Destinations
//
// An operation takes its destination first and returns it. With a nil dst the result is new memory;
// otherwise dst must have the shape of the result and is overwritten, and the call allocates
// nothing. In elementwise operations dst may be an input of the same shape; elsewhere a dst that
// shares memory with an input is a bug that panics.
//
// # Errors
//
// A wrong shape is a bug in the caller and panics, naming the operation, the shapes and the reason:
//
//	tensor: MatMul: [2 3] x [4 5]: inner dimensions differ
//
// # Numbers
//
// Axes of length zero behave as in NumPy: sums over nothing are 0, means are NaN, maxima panic. NaN
// and infinities propagate. Reductions add up in float64, matrix products and convolutions in float32. Results have
// the same bits whatever the number of CPUs, on one instruction-set level.
package tensor
