package tensor

import (
	"math"

	"github.com/residuum-go/residuum/internal/kernel/pool"
)

// PoolSpec is a pooling window and how it goes over the image.
type PoolSpec struct {
	Size     HW // sides of the window
	Stride   HW // distances between windows; zero means Size, so that windows tile the image
	Pad      HW // padding at both ends of an axis, narrower than the window
	Dilation HW // distances between the pixels of a window, of [MaxPool2D] only; zero means 1

	MoreAtEnd  HW   // padding at the bottom and the right beyond Pad, down to -Pad
	Ceil       bool // round sizes up: what is left at the end gets a window too, if it begins before the padding there
	ExcludePad bool // an average is over the pixels of the image, not over padding too
}

// MaxPool2D takes the maximum over each window: [N,H,W,C] -> [N,OH,OW,C] with
//
//	OH = (H + 2 Pad.H + MoreAtEnd.H - Dilation.H (Size.H-1) - 1) / Stride.H + 1
//
// rounded down, or with Ceil up unless the last window would begin in the padding at the end; OW likewise. Padding
// never wins; NaN does. It also returns, for every element of the result, the flat index in x where it was found, the
// first of equals, of which -0 and +0 are two. idx is used for that when it is not nil and must have as many entries as
// the result.
func MaxPool2D(dst *Tensor, idx []int32, x *Tensor, spec PoolSpec) (*Tensor, []int32) {
	const op = "MaxPool2D"
	s := poolShape(op, x.shape, spec)
	if len(x.data) > math.MaxInt32 {
		fail(op, "too many elements for 32-bit indices", x.shape)
	}
	dst = out(op, dst, new(Shapes).ofPool(s))
	apart(op, dst, x)
	if idx == nil {
		idx = make([]int32, len(dst.data))
	}
	if len(idx) != len(dst.data) {
		fail(op, itoa(len(idx))+" indices", dst.shape)
	}
	if len(dst.data) > 0 {
		pool.Max(s, dst.data, idx, x.data)
	}
	return dst, idx
}

// MaxPool2DGrad is the gradient of [MaxPool2D] with respect to x of shape xShape = [N,H,W,C]: every element
// of the result sums those of g [N,OH,OW,C] whose idx, as MaxPool2D of the same spec returned it, names it.
func MaxPool2DGrad(dst, g *Tensor, idx []int32, xShape []int, spec PoolSpec) *Tensor {
	const op = "MaxPool2DGrad"
	s := poolShape(op, xShape, spec)
	mustBe(op, "g", g, new(Shapes).ofPool(s)...)
	if len(idx) != len(g.data) {
		fail(op, itoa(len(idx))+" indices", g.shape)
	}
	dst = out(op, dst, xShape)
	apart(op, dst, g)
	if len(dst.data) > 0 {
		pool.MaxGrad(s, dst.data, g.data, idx)
	}
	return dst
}

// MaxPool2DGather picks x[idx[i]] for every element i of the result [N,OH,OW,C]: what [MaxPool2D]
// did to the images that idx comes from, done to x [N,H,W,C]. It is the adjoint of [MaxPool2DGrad].
func MaxPool2DGather(dst, x *Tensor, idx []int32, outShape []int) *Tensor {
	const op = "MaxPool2DGather"
	checkIndices(op, idx, outShape, x.shape)
	dst = out(op, dst, outShape)
	apart(op, dst, x)
	pool.MaxGather(dst.data, x.data, idx)
	return dst
}

// checkIndices checks that every index of a pooling from images x to images y stays in its image.
func checkIndices(op string, idx []int32, y, x []int) {
	if len(x) != 4 || len(y) != 4 || x[0] != y[0] {
		fail(op, "want [N OH OW C] and [N H W C]", y, x)
	}
	if len(idx) != product(y) {
		fail(op, itoa(len(idx))+" indices", y)
	}
	in, out := product(x[1:]), product(y[1:])
	for n := range y[0] {
		for _, at := range idx[n*out : (n+1)*out] {
			if int(at) < n*in || int(at) >= (n+1)*in {
				fail(op, "index "+itoa(int(at))+" is not in image "+itoa(n), y, x)
			}
		}
	}
}

// AvgPool2D takes the mean over each window, [N,H,W,C] -> [N,OH,OW,C] with shapes as in
// [MaxPool2D]. Padding counts as zeros, unless spec.ExcludePad says that the divisor is the number of pixels of the
// image. What a last window of spec.Ceil covers beyond the padding never counts. Where the mean is in the range of
// float32, so are the sums on the way to it.
func AvgPool2D(dst, x *Tensor, spec PoolSpec) *Tensor {
	const op = "AvgPool2D"
	s := avgPoolShape(op, x.shape, spec)
	dst = out(op, dst, new(Shapes).ofPool(s))
	apart(op, dst, x)
	if len(dst.data) > 0 {
		pool.Avg(s, dst.data, x.data)
	}
	return dst
}

func avgPoolShape(op string, x []int, spec PoolSpec) pool.Shape {
	if spec.Dilation.or(Both(1)) != Both(1) {
		fail(op, "dilation "+spec.Dilation.String()+" of an average", x)
	}
	return poolShape(op, x, spec)
}

// AvgPool2DGrad is the gradient of [AvgPool2D] with respect to x, its adjoint: g has the shape of
// the pooled result, the result has shape xShape = [N,H,W,C].
func AvgPool2DGrad(dst, g *Tensor, xShape []int, spec PoolSpec) *Tensor {
	const op = "AvgPool2DGrad"
	s := avgPoolShape(op, xShape, spec)
	mustBe(op, "g", g, new(Shapes).ofPool(s)...)
	dst = out(op, dst, xShape)
	apart(op, dst, g)
	if len(dst.data) > 0 {
		pool.AvgGrad(s, dst.data, g.data)
	}
	return dst
}

// GlobalAvgPool takes the mean of every channel over the image: [N,H,W,C] -> [N,C].
func GlobalAvgPool(dst, x *Tensor) *Tensor {
	const op = "GlobalAvgPool"
	var s Shapes
	dst = out(op, dst, s.GlobalAvgPool(x.shape))
	apart(op, dst, x)
	pool.GlobalAvg(dst.data, x.data, x.shape[0], x.shape[1]*x.shape[2], x.shape[3])
	return dst
}

// GlobalAvgPoolGrad is the gradient of [GlobalAvgPool] with respect to x of shape xShape = [N,H,W,C], its
// adjoint: every pixel gets its share 1/(H*W) of g [N,C].
func GlobalAvgPoolGrad(dst, g *Tensor, xShape []int) *Tensor {
	const op = "GlobalAvgPoolGrad"
	checkPixels(op, xShape)
	mustBe(op, "g", g, xShape[0], xShape[3])
	dst = out(op, dst, xShape)
	apart(op, dst, g)
	pool.GlobalAvgGrad(dst.data, g.data, xShape[0], xShape[1]*xShape[2], xShape[3])
	return dst
}
