package tensor

// SubsampleHW keeps every stride-th pixel in height and width, starting with the first:
// y[n,i,j,c] = x[n,i*stride,j*stride,c]. [N,H,W,C] -> [N,OH,OW,C] with OH = H/stride rounded up. It
// is the shortcut of option A in He et al. 2016, section 4.2, before the channels are padded.
func SubsampleHW(dst, x *Tensor, stride int) *Tensor {
	const op = "SubsampleHW"
	var s Shapes
	dst = out(op, dst, s.SubsampleHW(x.shape, stride))
	apart(op, dst, x)
	h, w := x.shape[1], x.shape[2]
	n, oh, ow, c := dst.shape[0], dst.shape[1], dst.shape[2], dst.shape[3]
	line := w * c
	copyGrid(dst.data, x.data, c, [3]int{n, oh, ow}, [3]int{oh * ow * c, ow * c, c}, [3]int{h * line, stride * line, stride * c})
	return dst
}

// SubsampleHWGrad is the adjoint of [SubsampleHW]: it spreads g [N,OH,OW,C] over a tensor of zeros
// of shape xShape = [N,H,W,C].
func SubsampleHWGrad(dst, g *Tensor, xShape []int, stride int) *Tensor {
	const op = "SubsampleHWGrad"
	oh, ow := subsampled(op, xShape, stride)
	n, h, w, c := xShape[0], xShape[1], xShape[2], xShape[3]
	mustBe(op, "g", g, n, oh, ow, c)
	dst = out(op, dst, xShape)
	apart(op, dst, g)
	dst.Fill(0)
	line := w * c
	copyGrid(dst.data, g.data, c, [3]int{n, oh, ow}, [3]int{h * line, stride * line, stride * c}, [3]int{oh * ow * c, ow * c, c})
	return dst
}
