package autograd

import "github.com/residuum-go/residuum/tensor"

// Conv2D convolves images x [N,H,W,C] with weights w [R,S,C/groups,K], giving [N,OH,OW,K]; see
// [tensor.Conv2D].
func Conv2D(x, w *Var, spec tensor.ConvSpec) *Var {
	y := result("Conv2D", x, w)
	*attr[tensor.ConvSpec](y) = spec
	shape := y.shapes.Conv2D(x.Shape(), w.Shape(), spec)
	if y.computes(shape...) {
		tensor.Conv2D(y.value, x.value, w.value, spec)
	}
	return y.returns(func(y, g *Var, d []*Var) {
		x, w, spec := y.in[0], y.in[1], *attr[tensor.ConvSpec](y)
		if y.needs(0) {
			d[0] = conv2DInputGrad(g, w, x.Shape(), spec)
		}
		if y.needs(1) {
			d[1] = conv2DWeightGrad(x, g, w.Shape(), spec)
		}
	})
}

// conv2DInputGrad is the adjoint of Conv2D as a linear map of images of the given shape.
func conv2DInputGrad(dy, w *Var, xShape []int, spec tensor.ConvSpec) *Var {
	y := result("conv2DInputGrad", dy, w)
	*attr[tensor.ConvSpec](y) = spec
	tensor.Conv2DInputGrad(y.buffer(xShape...), dy.value, w.value, xShape, spec)
	return y.returns(func(y, h *Var, d []*Var) {
		dy, w, spec := y.in[0], y.in[1], *attr[tensor.ConvSpec](y)
		if y.needs(0) {
			d[0] = Conv2D(h, w, spec)
		}
		if y.needs(1) {
			d[1] = conv2DWeightGrad(h, dy, w.Shape(), spec)
		}
	})
}

// conv2DWeightGrad is the adjoint of Conv2D as a linear map of weights of the given shape.
func conv2DWeightGrad(x, dy *Var, wShape []int, spec tensor.ConvSpec) *Var {
	y := result("conv2DWeightGrad", x, dy)
	*attr[tensor.ConvSpec](y) = spec
	tensor.Conv2DWeightGrad(y.buffer(wShape...), x.value, dy.value, wShape, spec)
	return y.returns(func(y, h *Var, d []*Var) {
		x, dy, spec := y.in[0], y.in[1], *attr[tensor.ConvSpec](y)
		if y.needs(0) {
			d[0] = conv2DInputGrad(dy, h, x.Shape(), spec)
		}
		if y.needs(1) {
			d[1] = Conv2D(x, h, spec)
		}
	})
}
