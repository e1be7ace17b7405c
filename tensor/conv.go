package tensor

import "github.com/residuum-go/residuum/internal/kernel/conv"

// ConvSpec says how a two-dimensional convolution goes over its input: with which strides, zero padding and
// dilation, and how many groups the channels are split into. Zero strides, dilations and Groups mean 1. An image is
// padded by Pad at both ends of an axis, and by MoreAtEnd more at the bottom and the right, which may be negative, down to
// -Pad: what TensorFlow calls SAME pads an odd number so, and ONNX gives all four.
type ConvSpec struct {
	Stride, Pad, Dilation HW
	MoreAtEnd             HW
	Groups                int
}

// Conv2D convolves (in the sense of deep learning: without flipping the kernel)
//
//	y[n,i,j,k] = sum over r,s,c of x[n,h,v,g*C/G+c] * w[r,s,c,k]
//	h = i*Stride.H + r*Dilation.H - Pad.H
//	v = j*Stride.W + s*Dilation.W - Pad.W
//
// where g is the group of output channel k and x is zero outside the image. Shapes: x [N,H,W,C],
// w [R,S,C/G,K], y [N,OH,OW,K] with OH = (H + 2 Pad.H + MoreAtEnd.H - Dilation.H (R-1) - 1) / Stride.H + 1,
// rounded down; OW likewise.
func Conv2D(dst, x, w *Tensor, spec ConvSpec) *Tensor {
	const op = "Conv2D"
	s := convShape(op, x.shape, w.shape, spec)
	dst = out(op, dst, new(Shapes).ofConv(s))
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
	mustBe(op, "dy", dy, new(Shapes).ofConv(s)...)
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
	mustBe(op, "dy", dy, new(Shapes).ofConv(s)...)
	dst = out(op, dst, wShape)
	apart(op, dst, x, dy)
	conv.WeightGrad(s, dst.data, x.data, dy.data)
	return dst
}
