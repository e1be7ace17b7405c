package tensor

import (
	"github.com/residuum-go/residuum/internal/kernel/conv"
	"github.com/residuum-go/residuum/internal/kernel/pool"
	"github.com/residuum-go/residuum/internal/portions"
)

// Conv2D returns the shape [N,OH,OW,K] of [Conv2D].
func (s *Shapes) Conv2D(x, w []int, spec ConvSpec) []int {
	return s.ofConv(convShape("Conv2D", x, w, spec))
}

func (s *Shapes) ofConv(c conv.Shape) []int { return append(s.buf[:0], c.N, c.OutH(), c.OutW(), c.K) }

// convShape checks a convolution and describes it to the kernels.
func convShape(op string, x, w []int, spec ConvSpec) conv.Shape {
	if len(x) != 4 || len(w) != 4 {
		fail(op, "want x [N H W C] and w [R S C/groups K]", x, w)
	}
	stride, pad, dilation, groups := spec.Stride.or(Both(1)), spec.Pad, spec.Dilation.or(Both(1)), spec.Groups
	more := spec.MoreAtEnd
	if groups == 0 {
		groups = 1
	}
	if !stride.within(1, maxStep) || !paddingWithin(pad, more, maxStep) || !dilation.within(1, maxStep) || groups < 1 {
		fail(op, "stride "+stride.String()+", "+padding(pad, more)+", dilation "+dilation.String()+", groups "+itoa(groups), x, w)
	}
	if x[3]%groups != 0 || x[3]/groups != w[2] {
		fail(op, itoa(x[3])+" input channels, weights for "+itoa(w[2])+" in each of "+itoa(groups)+" groups", x, w)
	}
	if w[3]%groups != 0 {
		fail(op, itoa(w[3])+" output channels do not split into "+itoa(groups)+" groups", x, w)
	}
	if w[0] < 1 || w[1] < 1 {
		fail(op, "empty kernel", x, w)
	}
	s := conv.Shape{
		N: x[0], H: x[1], W: x[2], C: x[3],
		K: w[3], R: w[0], S: w[1],
		StrideH: stride.H, StrideW: stride.W, PadH: pad.H, PadW: pad.W, MoreH: more.H, MoreW: more.W,
		DilationH: dilation.H, DilationW: dilation.W, Groups: groups,
	}
	if s.OutH() == 0 || s.OutW() == 0 {
		fail(op, "the dilated kernel is larger than the padded image", x, w)
	}
	return s
}

// paddingWithin reports whether the padding at both ends lies in [0, hi].
func paddingWithin(pad, more HW, hi int) bool {
	return pad.within(0, hi) && more.within(-hi, hi) && pad.plus(more).within(0, hi)
}

// Pool returns the shape [N,OH,OW,C] of [MaxPool2D] and [AvgPool2D].
func (s *Shapes) Pool(op string, x []int, spec PoolSpec) []int {
	return s.ofPool(poolShape(op, x, spec))
}

func (s *Shapes) ofPool(p pool.Shape) []int { return append(s.buf[:0], p.N, p.OutH(), p.OutW(), p.C) }

// poolShape checks a pooling and describes it to the kernels.
func poolShape(op string, x []int, spec PoolSpec) pool.Shape {
	checkPixels(op, x)
	size, stride, pad, more, dilation := spec.Size, spec.Stride.or(spec.Size), spec.Pad, spec.MoreAtEnd, spec.Dilation.or(Both(1))
	ok := size.within(1, maxStep) && stride.within(1, maxStep) && paddingWithin(pad, more, maxStep) && dilation.within(1, maxStep) &&
		(size.H-1) <= maxStep/dilation.H && (size.W-1) <= maxStep/dilation.W
	reach := HW{(size.H-1)*dilation.H + 1, (size.W-1)*dilation.W + 1}
	if !ok || max(pad.H, pad.H+more.H) >= reach.H || max(pad.W, pad.W+more.W) >= reach.W {
		why := "size " + size.String() + ", stride " + stride.String() + ", " + padding(pad, more)
		if dilation != Both(1) {
			why += ", dilation " + dilation.String()
		}
		fail(op, why+" make no window", x)
	}
	if x[1]+2*pad.H+more.H < reach.H || x[2]+2*pad.W+more.W < reach.W {
		fail(op, "the window of "+reach.String()+" is larger than the padded image", x)
	}
	s := pool.Shape{
		N: x[0], H: x[1], W: x[2], C: x[3],
		SizeH: size.H, SizeW: size.W, StrideH: stride.H, StrideW: stride.W,
		PadH: pad.H, PadW: pad.W, MoreH: more.H, MoreW: more.W, DilationH: dilation.H, DilationW: dilation.W,
		Ceil: spec.Ceil, ExcludePad: spec.ExcludePad,
	}
	if !s.Fits() {
		fail(op, "a window of "+size.String()+" with dilation "+dilation.String()+" holds no pixel", x)
	}
	return s
}

// GlobalAvgPool returns the shape [N,C] of [GlobalAvgPool].
func (s *Shapes) GlobalAvgPool(x []int) []int {
	checkPixels("GlobalAvgPool", x)
	return append(s.buf[:0], x[0], x[3])
}

// Resize returns the shape [N,size.H,size.W,C] of [Resize].
func (s *Shapes) Resize(x []int, size HW) []int {
	const op = "Resize"
	checkPixels(op, x)
	if !size.within(1, maxStep) {
		fail(op, "to "+size.String()+" pixels", x)
	}
	return append(s.buf[:0], x[0], size.H, size.W, x[3])
}

func checkPixels(op string, x []int) {
	if len(x) != 4 || x[1] < 1 || x[2] < 1 {
		fail(op, "want [N H W C] with pixels", x)
	}
}

// SubsampleHW returns the shape [N,OH,OW,C] of [SubsampleHW].
func (s *Shapes) SubsampleHW(x []int, stride int) []int {
	oh, ow := subsampled("SubsampleHW", x, stride)
	return append(s.buf[:0], x[0], oh, ow, x[3])
}

func subsampled(op string, x []int, stride int) (oh, ow int) {
	if len(x) != 4 {
		fail(op, "want [N H W C]", x)
	}
	if stride < 1 || stride > maxStep {
		fail(op, "stride "+itoa(stride), x)
	}
	return portions.Ceil(x[1], stride), portions.Ceil(x[2], stride)
}
