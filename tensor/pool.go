package tensor

import "math"

// PoolSpec is a square pooling window: its side, the distance between windows (zero means Size, so
// that windows tile the image) and the padding, at most half of Size.
type PoolSpec struct{ Size, Stride, Pad int }

type poolGeometry struct{ n, h, w, c, oh, ow, size, stride, pad int }

func poolGeometryOf(op string, x []int, spec PoolSpec) poolGeometry {
	if len(x) != 4 {
		fail(op, "want [N H W C]", x)
	}
	if spec.Stride == 0 {
		spec.Stride = spec.Size
	}
	if spec.Size < 1 || spec.Stride < 1 || spec.Pad < 0 || 2*spec.Pad > spec.Size {
		fail(op, "size "+itoa(spec.Size)+", stride "+itoa(spec.Stride)+", padding "+itoa(spec.Pad)+" make no window", x)
	}
	g := poolGeometry{n: x[0], h: x[1], w: x[2], c: x[3], size: spec.Size, stride: spec.Stride, pad: spec.Pad}
	spanH, spanW := g.h+2*g.pad-g.size, g.w+2*g.pad-g.size
	if spanH < 0 || spanW < 0 {
		fail(op, "the window of "+itoa(spec.Size)+" is larger than the padded image", x)
	}
	g.oh, g.ow = spanH/g.stride+1, spanW/g.stride+1
	return g
}

// walk calls f for every output element and every element of its window inside the image.
func (g poolGeometry) walk(f func(y, x int)) {
	for n := range g.n {
		for i := range g.oh {
			for j := range g.ow {
				for r := range g.size {
					for s := range g.size {
						yy, xx := i*g.stride+r-g.pad, j*g.stride+s-g.pad
						if yy < 0 || yy >= g.h || xx < 0 || xx >= g.w {
							continue
						}
						for c := range g.c {
							f(((n*g.oh+i)*g.ow+j)*g.c+c, ((n*g.h+yy)*g.w+xx)*g.c+c)
						}
					}
				}
			}
		}
	}
}

// MaxPool2D takes the maximum over each window: [N,H,W,C] -> [N,OH,OW,C] with
// OH = (H + 2 Pad - Size) / Stride + 1, rounded down. Padding never wins. It also returns, for every
// element of the result, the flat index in x where it was found (the first of equals, or of NaNs);
// idx is used for that when it is not nil and must have as many entries as the result.
func MaxPool2D(dst *Tensor, idx []int32, x *Tensor, spec PoolSpec) (*Tensor, []int32) {
	const op = "MaxPool2D"
	g := poolGeometryOf(op, x.shape, spec)
	dst = out(op, dst, []int{g.n, g.oh, g.ow, g.c})
	apart(op, dst, x)
	if len(x.data) > math.MaxInt32 {
		fail(op, "too many elements for 32-bit indices", x.shape)
	}
	if idx == nil {
		idx = make([]int32, len(dst.data))
	}
	checkIndex(op, idx, dst)
	for i := range idx {
		idx[i] = -1
	}
	g.walk(func(y, at int) {
		v := x.data[at]
		if idx[y] < 0 || v > dst.data[y] || v != v && dst.data[y] == dst.data[y] {
			dst.data[y], idx[y] = v, int32(at)
		}
	})
	return dst, idx
}

func checkIndex(op string, idx []int32, t *Tensor) {
	if len(idx) != len(t.data) {
		fail(op, itoa(len(idx))+" indices", t.shape)
	}
}

// MaxPool2DGrad is the gradient of [MaxPool2D] with respect to x: it adds every element of g to the
// element of a zero tensor of shape xShape that idx names.
func MaxPool2DGrad(dst, g *Tensor, idx []int32, xShape []int) *Tensor {
	const op = "MaxPool2DGrad"
	checkIndex(op, idx, g)
	dst = out(op, dst, xShape)
	apart(op, dst, g)
	dst.Zero()
	for i, at := range idx {
		dst.data[at] += g.data[i]
	}
	return dst
}

// MaxPool2DGather picks x[idx[i]] for every element i of the result, the adjoint of
// [MaxPool2DGrad]: a max pooling whose choice is already made.
func MaxPool2DGather(dst, x *Tensor, idx []int32, outShape []int) *Tensor {
	const op = "MaxPool2DGather"
	dst = out(op, dst, outShape)
	apart(op, dst, x)
	checkIndex(op, idx, dst)
	for i, at := range idx {
		dst.data[i] = x.data[at]
	}
	return dst
}

// AvgPool2D takes the mean over each window, [N,H,W,C] -> [N,OH,OW,C] with shapes as in
// [MaxPool2D]. Padding counts as zeros: the divisor is always Size*Size.
func AvgPool2D(dst, x *Tensor, spec PoolSpec) *Tensor {
	const op = "AvgPool2D"
	g := poolGeometryOf(op, x.shape, spec)
	dst = out(op, dst, []int{g.n, g.oh, g.ow, g.c})
	apart(op, dst, x)
	dst.Zero()
	g.walk(func(y, at int) { dst.data[y] += x.data[at] })
	return Scale(dst, dst, 1/float32(g.size*g.size))
}

// AvgPool2DGrad is the gradient of [AvgPool2D] with respect to x, its adjoint: g has the shape of
// the pooled result, dst the shape xShape = [N,H,W,C].
func AvgPool2DGrad(dst, g *Tensor, xShape []int, spec PoolSpec) *Tensor {
	const op = "AvgPool2DGrad"
	geo := poolGeometryOf(op, xShape, spec)
	mustBe(op, "g", g, geo.n, geo.oh, geo.ow, geo.c)
	dst = out(op, dst, xShape)
	apart(op, dst, g)
	dst.Zero()
	geo.walk(func(y, at int) { dst.data[at] += g.data[y] })
	return Scale(dst, dst, 1/float32(geo.size*geo.size))
}
