package autograd

import (
	"fmt"
	"slices"

	"github.com/residuum-go/residuum/tensor"
)

// MaxPool2D takes the maximum over each window of images [N,H,W,C]; see [tensor.MaxPool2D]. The
// gradient goes to the first of equal maxima.
func MaxPool2D(x *Var, spec tensor.PoolSpec) *Var {
	y := result("MaxPool2D", x)
	out := y.pooled(x, spec)
	idx := attr[maxPoolIndex](y)
	*idx = slices.Grow((*idx)[:0], out.Len())[:out.Len()]
	tensor.MaxPool2D(out, *idx, x.value, spec)
	return y.returns(func(y, g *Var, d []*Var) {
		d[0] = maxPool2DGrad(g, *attr[maxPoolIndex](y), y.in[0].Shape())
	})
}

// maxPoolIndex is the memory of a MaxPool2D's choice. The type keeps it apart from the references
// to it in maxPool2DGrad and maxPool2DGather, which must not be overwritten in another step.
type maxPoolIndex []int32

// maxPool2DGrad adds every element of g to the element of a zero tensor that idx names.
func maxPool2DGrad(g *Var, idx []int32, xShape []int) *Var {
	y := result("maxPool2DGrad", g)
	*attr[[]int32](y) = idx
	tensor.MaxPool2DGrad(y.buffer(xShape...), g.value, idx, xShape)
	return y.returns(func(y, h *Var, d []*Var) {
		d[0] = maxPool2DGather(h, *attr[[]int32](y), y.in[0].Shape())
	})
}

// maxPool2DGather is the adjoint of maxPool2DGrad: y[i] = x[idx[i]].
func maxPool2DGather(x *Var, idx []int32, shape []int) *Var {
	y := result("maxPool2DGather", x)
	*attr[[]int32](y) = idx
	tensor.MaxPool2DGather(y.buffer(shape...), x.value, idx, shape)
	return y.returns(func(y, g *Var, d []*Var) {
		d[0] = maxPool2DGrad(g, *attr[[]int32](y), y.in[0].Shape())
	})
}

// AvgPool2D takes the mean over each window of images [N,H,W,C], padding included; see
// [tensor.AvgPool2D].
func AvgPool2D(x *Var, spec tensor.PoolSpec) *Var {
	y := result("AvgPool2D", x)
	*attr[tensor.PoolSpec](y) = spec
	tensor.AvgPool2D(y.pooled(x, spec), x.value, spec)
	return y.returns(func(y, g *Var, d []*Var) {
		d[0] = avgPool2DGrad(g, y.in[0].Shape(), *attr[tensor.PoolSpec](y))
	})
}

// avgPool2DGrad is the adjoint of AvgPool2D on images of the given shape.
func avgPool2DGrad(g *Var, xShape []int, spec tensor.PoolSpec) *Var {
	y := result("avgPool2DGrad", g)
	*attr[tensor.PoolSpec](y) = spec
	tensor.AvgPool2DGrad(y.buffer(xShape...), g.value, xShape, spec)
	return y.returns(func(y, h *Var, d []*Var) { d[0] = AvgPool2D(h, *attr[tensor.PoolSpec](y)) })
}

// pooled returns the buffer for the result of pooling x.
func (v *Var) pooled(x *Var, spec tensor.PoolSpec) *tensor.Tensor {
	if spec.Stride == 0 {
		spec.Stride = spec.Size
	}
	stride := max(spec.Stride, 1)
	oh := outLength(dim(x, 1), spec.Pad, spec.Size, stride)
	ow := outLength(dim(x, 2), spec.Pad, spec.Size, stride)
	return v.buffer(dim(x, 0), oh, ow, dim(x, 3))
}

// GlobalAvgPool averages each channel over the image: [N,H,W,C] -> [N,C].
func GlobalAvgPool(x *Var) *Var {
	if len(x.Shape()) != 4 {
		panic(fmt.Sprintf("autograd: GlobalAvgPool: %v: want [N H W C]", x.Shape()))
	}
	return Mean(x, false, 1, 2)
}
