package autograd

import "github.com/residuum-go/residuum/tensor"

// Resize makes images of another size, [N,H,W,C] -> [N,size.H,size.W,C]; see [tensor.Resize].
func Resize(x *Var, size tensor.HW, by tensor.Interpolation) *Var {
	y := result("Resize", x)
	*attr[tensor.Interpolation](y) = by
	tensor.Resize(y.buffer(y.shapes.Resize(x.Shape(), size)...), x.value, size, by)
	return y.returns(func(y, g *Var, d []*Var) {
		d[0] = resizeGrad(g, y.in[0].Shape(), *attr[tensor.Interpolation](y))
	})
}

// resizeGrad is the adjoint of Resize on images of the given shape.
func resizeGrad(g *Var, xShape []int, by tensor.Interpolation) *Var {
	y := result("resizeGrad", g)
	*attr[tensor.Interpolation](y) = by
	tensor.ResizeGrad(y.buffer(xShape...), g.value, xShape, by)
	return y.returns(func(y, h *Var, d []*Var) {
		s := y.in[0].Shape()
		d[0] = Resize(h, tensor.HW{H: s[1], W: s[2]}, *attr[tensor.Interpolation](y))
	})
}

// AdaptiveAvgPool2D averages images [N,H,W,C] to [N,size.H,size.W,C]: output row i is the mean of rows i*H/size.H,
// rounded down, to (i+1)*H/size.H, rounded up, and columns likewise. To their own size they stay what they are.
func AdaptiveAvgPool2D(x *Var, size tensor.HW) *Var {
	switch s := x.Shape(); {
	case len(s) == 4 && size == tensor.HW{H: s[1], W: s[2]}:
		return x
	case len(s) == 4 && size == tensor.Both(1): // whose sum is long
		return Reshape(GlobalAvgPool(x), s[0], 1, 1, s[3])
	}
	return Resize(x, size, tensor.Area)
}
