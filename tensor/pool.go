package tensor

import (
	"math"
	"sync"

	"github.com/residuum-go/residuum/internal/kernel/pool"
	"github.com/residuum-go/residuum/internal/parallel"
)

// PoolSpec is a square pooling window: its side, the distance between windows (zero means Size, so
// that windows tile the image) and the padding, at most half of Size.
type PoolSpec struct{ Size, Stride, Pad int }

// MaxPool2D takes the maximum over each window: [N,H,W,C] -> [N,OH,OW,C] with
// OH = (H + 2 Pad - Size) / Stride + 1, rounded down; OW likewise. Padding never wins; NaN does. It
// also returns, for every element of the result, the flat index in x where it was found, the first
// of equals. idx is used for that when it is not nil and must have as many entries as the result.
func MaxPool2D(dst *Tensor, idx []int32, x *Tensor, spec PoolSpec) (*Tensor, []int32) {
	const op = "MaxPool2D"
	s := poolShape(op, x.shape, spec)
	if len(x.data) > math.MaxInt32 {
		fail(op, "too many elements for 32-bit indices", x.shape)
	}
	dst = out(op, dst, []int{s.N, s.OutH(), s.OutW(), s.C})
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

// MaxPool2DGrad is the gradient of [MaxPool2D] with respect to x: it adds every element of g
// [N,OH,OW,C] to the element of a zero tensor of shape xShape = [N,H,W,C] that idx names.
func MaxPool2DGrad(dst, g *Tensor, idx []int32, xShape []int) *Tensor {
	const op = "MaxPool2DGrad"
	checkIndices(op, idx, g.shape, xShape)
	dst = out(op, dst, xShape)
	apart(op, dst, g)
	s := scatters.Get().(*scatter)
	s.dst, s.g, s.idx, s.images = dst.data, g.data, idx, xShape[0]
	parallel.For(s.images, 1, s.body)
	s.dst, s.g, s.idx = nil, nil, nil
	scatters.Put(s)
	return dst
}

// A scatter is one call of MaxPool2DGrad. It lives in a pool so that a call allocates nothing.
type scatter struct {
	dst, g []float32
	idx    []int32
	images int
	body   func(lo, hi int) // s.scatter, bound once
}

var scatters = sync.Pool{New: func() any {
	s := new(scatter)
	s.body = s.scatter
	return s
}}

// scatter adds up images lo to hi.
func (s *scatter) scatter(lo, hi int) {
	in, out := len(s.dst)/s.images, len(s.g)/s.images
	clear(s.dst[lo*in : hi*in])
	for i := lo * out; i < hi*out; i++ {
		s.dst[s.idx[i]] += s.g[i]
	}
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
// [MaxPool2D]. Padding counts as zeros: the divisor is always Size*Size.
func AvgPool2D(dst, x *Tensor, spec PoolSpec) *Tensor {
	const op = "AvgPool2D"
	s := poolShape(op, x.shape, spec)
	dst = out(op, dst, []int{s.N, s.OutH(), s.OutW(), s.C})
	apart(op, dst, x)
	if len(dst.data) > 0 {
		pool.Avg(s, dst.data, x.data)
	}
	return dst
}

// AvgPool2DGrad is the gradient of [AvgPool2D] with respect to x, its adjoint: g has the shape of
// the pooled result, the result has shape xShape = [N,H,W,C].
func AvgPool2DGrad(dst, g *Tensor, xShape []int, spec PoolSpec) *Tensor {
	const op = "AvgPool2DGrad"
	s := poolShape(op, xShape, spec)
	mustBe(op, "g", g, s.N, s.OutH(), s.OutW(), s.C)
	dst = out(op, dst, xShape)
	apart(op, dst, g)
	if len(dst.data) > 0 {
		pool.AvgGrad(s, dst.data, g.data)
	}
	return dst
}

// poolShape checks a pooling and describes it to the kernels.
func poolShape(op string, x []int, spec PoolSpec) pool.Shape {
	if len(x) != 4 || x[1] < 1 || x[2] < 1 {
		fail(op, "want [N H W C] with pixels", x)
	}
	if spec.Stride == 0 {
		spec.Stride = spec.Size
	}
	if spec.Size < 1 || spec.Stride < 1 || spec.Pad < 0 || spec.Pad > spec.Size/2 {
		fail(op, "size "+itoa(spec.Size)+", stride "+itoa(spec.Stride)+", padding "+itoa(spec.Pad)+" make no window", x)
	}
	if min(x[1], x[2])+2*spec.Pad < spec.Size {
		fail(op, "the window of "+itoa(spec.Size)+" is larger than the padded image", x)
	}
	return pool.Shape{
		N: x[0], H: x[1], W: x[2], C: x[3],
		SizeH: spec.Size, SizeW: spec.Size, StrideH: spec.Stride, StrideW: spec.Stride,
		PadH: spec.Pad, PadW: spec.Pad,
	}
}
