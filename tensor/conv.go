package tensor

import "github.com/residuum-go/residuum/internal/kernel/conv"

// ConvSpec says how a two-dimensional convolution walks over its input: the same stride, zero
// padding and dilation for height and width, and the number of groups that the channels are split
// into. A zero Stride, Dilation or Groups means 1.
type ConvSpec struct{ Stride, Pad, Dilation, Groups int }

// Conv2D convolves (in the sense of deep learning: without flipping the kernel)
//
//	y[n,i,j,k] = sum over r,s,c of x[n, i*Stride+r*Dilation-Pad, j*Stride+s*Dilation-Pad, g*C/G+c] * w[r,s,c,k]
//
// where g is the group of output channel k and x is zero outside the image. Shapes: x [N,H,W,C],
// w [R,S,C/G,K], y [N,OH,OW,K] with OH = (H + 2 Pad - Dilation (R-1) - 1) / Stride + 1, rounded
// down; OW likewise.
func Conv2D(dst, x, w *Tensor, spec ConvSpec) *Tensor {
	const op = "Conv2D"
	s := convShape(op, x.shape, w.shape, spec)
	var buf [4]int
	dst = out(op, dst, convOut(buf[:], s))
	apart(op, dst, x, w)
	conv.Forward(s, dst.data, x.data, w.data)
	return dst
}

// Conv2DInputGrad computes the gradient of [Conv2D] with respect to x from dy, the gradient with
// respect to its result: the adjoint of the convolution as a linear map of x. Shapes: dy
// [N,OH,OW,K], w [R,S,C/G,K], result xShape = [N,H,W,C].
func Conv2DInputGrad(dst, dy, w *Tensor, xShape []int, spec ConvSpec) *Tensor {
	const op = "Conv2DInputGrad"
	s := convShape(op, xShape, w.shape, spec)
	var buf [4]int
	mustBe(op, "dy", dy, convOut(buf[:], s)...)
	dst = out(op, dst, xShape)
	apart(op, dst, dy, w)
	conv.InputGrad(s, dst.data, dy.data, w.data)
	return dst
}

// Conv2DWeightGrad computes the gradient of [Conv2D] with respect to w from dy, the gradient with
// respect to its result. Shapes: x [N,H,W,C], dy [N,OH,OW,K], result wShape = [R,S,C/G,K].
func Conv2DWeightGrad(dst, x, dy *Tensor, wShape []int, spec ConvSpec) *Tensor {
	const op = "Conv2DWeightGrad"
	s := convShape(op, x.shape, wShape, spec)
	var buf [4]int
	mustBe(op, "dy", dy, convOut(buf[:], s)...)
	dst = out(op, dst, wShape)
	apart(op, dst, x, dy)
	conv.WeightGrad(s, dst.data, x.data, dy.data)
	return dst
}
