package autograd

import (
	"slices"

	"github.com/residuum-go/residuum/tensor"
)

// MaxPool2D takes the maximum over each window of images [N,H,W,C]; see [tensor.MaxPool2D]. The
// gradient goes to the first of equal maxima.
func MaxPool2D(x *Var, spec tensor.PoolSpec) *Var {
	y := result("MaxPool2D", x)
	own := attr[ownChoice](y)
	own.spec = spec
	if y.computes(y.shapes.Pool(y.op, x.Shape(), spec)...) {
		own.maxima(y.value, x.value)
	}
	return y.returns(func(y, g *Var, d []*Var) {
		d[0] = maxPool2DGrad(g, choice(*attr[ownChoice](y)), y.in[0].Shape())
	})
}

// choice is what a MaxPool2D chose from each window.
type choice struct {
	idx  []int32
	spec tensor.PoolSpec
}

// ownChoice is the memory of a MaxPool2D's choice. The type keeps it apart from the references to it in
// maxPool2DGrad and maxPool2DGather, which must not be overwritten in another step.
type ownChoice choice

// maxima pools x and remembers what it chose.
func (own *ownChoice) maxima(y, x *tensor.Tensor) {
	own.idx = slices.Grow(own.idx[:0], y.Len())[:y.Len()]
	tensor.MaxPool2D(y, own.idx, x, own.spec)
}

// maxPool2DGrad adds every element of g to the element of a zero tensor that the choice names.
func maxPool2DGrad(g *Var, c choice, xShape []int) *Var {
	y := result("maxPool2DGrad", g)
	*attr[choice](y) = c
	tensor.MaxPool2DGrad(y.buffer(xShape...), g.value, c.idx, xShape, c.spec)
	return y.returns(func(y, h *Var, d []*Var) {
		d[0] = maxPool2DGather(h, *attr[choice](y), y.in[0].Shape())
	})
}

// maxPool2DGather is the adjoint of maxPool2DGrad: y[i] = x[idx[i]].
func maxPool2DGather(x *Var, c choice, shape []int) *Var {
	y := result("maxPool2DGather", x)
	*attr[choice](y) = c
	tensor.MaxPool2DGather(y.buffer(shape...), x.value, c.idx, shape)
	return y.returns(func(y, g *Var, d []*Var) {
		d[0] = maxPool2DGrad(g, *attr[choice](y), y.in[0].Shape())
	})
}

// AvgPool2D takes the mean over each window of images [N,H,W,C], padding included unless the spec says otherwise;
// see [tensor.AvgPool2D].
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
	return v.buffer(v.shapes.Pool(v.op, x.Shape(), spec)...)
}

// GlobalAvgPool averages each channel over the image: [N,H,W,C] -> [N,C].
func GlobalAvgPool(x *Var) *Var {
	y := result("GlobalAvgPool", x)
	tensor.GlobalAvgPool(y.buffer(y.shapes.GlobalAvgPool(x.Shape())...), x.value)
	return y.returns(func(y, g *Var, d []*Var) { d[0] = globalAvgPoolGrad(g, y.in[0].Shape()) })
}

// globalAvgPoolGrad is the adjoint of GlobalAvgPool on images of the given shape.
func globalAvgPoolGrad(g *Var, xShape []int) *Var {
	y := result("globalAvgPoolGrad", g)
	tensor.GlobalAvgPoolGrad(y.buffer(xShape...), g.value, xShape)
	return y.returns(func(y, h *Var, d []*Var) { d[0] = GlobalAvgPool(h) })
}
