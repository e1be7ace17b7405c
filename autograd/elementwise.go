package autograd

import "github.com/residuum-go/residuum/tensor"

// Add returns a + b elementwise, with NumPy broadcasting.
func Add(a, b *Var) *Var {
	y := result("Add", a, b)
	if y.broadcasts(a, b) {
		tensor.Add(y.value, a.value, b.value)
	}
	return y.returns(func(y, g *Var, d []*Var) {
		if y.needs(0) {
			d[0] = SumTo(g, y.in[0].Shape()...)
		}
		if y.needs(1) {
			d[1] = SumTo(g, y.in[1].Shape()...)
		}
	})
}

// AddReLU returns max(a + b, 0) elementwise, with NumPy broadcasting, in one pass: a bias with its
// activation, or the end of a residual block.
func AddReLU(a, b *Var) *Var {
	y := result("AddReLU", a, b)
	if y.broadcasts(a, b) {
		tensor.AddReLU(y.value, a.value, b.value)
	}
	return y.returns(func(y, g *Var, d []*Var) {
		g = reluGrad(y.value, g.lastUse())
		if y.needs(0) {
			d[0] = SumTo(g, y.in[0].Shape()...)
		}
		if y.needs(1) {
			d[1] = SumTo(g, y.in[1].Shape()...)
		}
	})
}

// Sub returns a - b elementwise, with NumPy broadcasting.
func Sub(a, b *Var) *Var {
	y := result("Sub", a, b)
	if y.broadcasts(a, b) {
		tensor.Sub(y.value, a.value, b.value)
	}
	return y.returns(func(y, g *Var, d []*Var) {
		if y.needs(0) {
			d[0] = SumTo(g, y.in[0].Shape()...)
		}
		if y.needs(1) {
			d[1] = Neg(SumTo(g, y.in[1].Shape()...))
		}
	})
}

// Mul returns a * b elementwise, with NumPy broadcasting.
func Mul(a, b *Var) *Var {
	y := result("Mul", a, b)
	if y.broadcasts(a, b) {
		tensor.Mul(y.value, a.value, b.value)
	}
	return y.returns(func(y, g *Var, d []*Var) {
		a, b := y.in[0], y.in[1]
		if y.needs(0) {
			d[0] = SumTo(Mul(g, b), a.Shape()...)
		}
		if y.needs(1) {
			d[1] = SumTo(Mul(g, a), b.Shape()...)
		}
	})
}

// Div returns a / b elementwise, with NumPy broadcasting.
func Div(a, b *Var) *Var {
	y := result("Div", a, b)
	if y.broadcasts(a, b) {
		tensor.Div(y.value, a.value, b.value)
	}
	return y.returns(func(y, g *Var, d []*Var) {
		a, b := y.in[0], y.in[1]
		q := Div(g, b)
		if y.needs(0) {
			d[0] = SumTo(q, a.Shape()...)
		}
		if y.needs(1) {
			d[1] = Neg(SumTo(Mul(q, y), b.Shape()...))
		}
	})
}

// broadcasts is computes for an elementwise op on a and b.
func (y *Var) broadcasts(a, b *Var) bool {
	return y.computes(y.shapes.Broadcast(y.op, a.Shape(), b.Shape())...)
}

// Neg returns -a.
func Neg(a *Var) *Var {
	y := result("Neg", a)
	tensor.Neg(y.buffer(a.Shape()...), a.value)
	return y.returns(func(y, g *Var, d []*Var) { d[0] = Neg(g) })
}

// Scale returns s * a.
func Scale(a *Var, s float32) *Var {
	y := result("Scale", a)
	*attr[float32](y) = s
	tensor.Scale(y.buffer(a.Shape()...), a.value, s)
	return y.returns(func(y, g *Var, d []*Var) { d[0] = Scale(g, *attr[float32](y)) })
}

// AddScalar returns a + s.
func AddScalar(a *Var, s float32) *Var {
	y := result("AddScalar", a)
	*attr[float32](y) = s
	tensor.AddScalar(y.buffer(a.Shape()...), a.value, s)
	return y.returns(func(y, g *Var, d []*Var) { d[0] = g })
}

// Exp returns e^a.
func Exp(a *Var) *Var {
	y := result("Exp", a)
	tensor.Exp(y.buffer(a.Shape()...), a.value)
	return y.returns(func(y, g *Var, d []*Var) { d[0] = Mul(g, y) })
}

// Log returns the natural logarithm of a.
func Log(a *Var) *Var {
	y := result("Log", a)
	tensor.Log(y.buffer(a.Shape()...), a.value)
	return y.returns(func(y, g *Var, d []*Var) { d[0] = Div(g, y.in[0]) })
}

// Sqrt returns the square root of a.
func Sqrt(a *Var) *Var {
	y := result("Sqrt", a)
	tensor.Sqrt(y.buffer(a.Shape()...), a.value)
	return y.returns(func(y, g *Var, d []*Var) { d[0] = Scale(Div(g, y), 0.5) })
}

// Square returns a^2.
func Square(a *Var) *Var {
	y := result("Square", a)
	tensor.Square(y.buffer(a.Shape()...), a.value)
	return y.returns(func(y, g *Var, d []*Var) { d[0] = Scale(Mul(g, y.in[0]), 2) })
}

// Tanh returns the hyperbolic tangent of a.
func Tanh(a *Var) *Var {
	y := result("Tanh", a)
	tensor.Tanh(y.buffer(a.Shape()...), a.value)
	return y.returns(func(y, g *Var, d []*Var) { d[0] = Mul(g, slope(y.in[0], 2)) })
}

// Sigmoid returns 1 / (1 + e^-a).
func Sigmoid(a *Var) *Var {
	y := result("Sigmoid", a)
	tensor.Sigmoid(y.buffer(a.Shape()...), a.value)
	return y.returns(func(y, g *Var, d []*Var) { d[0] = Mul(g, slope(y.in[0], 1)) })
}

// Softplus returns ln(1 + e^a).
func Softplus(a *Var) *Var {
	y := result("Softplus", a)
	tensor.Softplus(y.buffer(a.Shape()...), a.value)
	return y.returns(func(y, g *Var, d []*Var) { d[0] = Mul(g, Sigmoid(y.in[0])) })
}

// SiLU returns a / (1 + e^-a), the sigmoid linear unit, also called swish. Hendrycks and Gimpel 2016, Ramachandran et
// al. 2017.
func SiLU(a *Var) *Var {
	y := result("SiLU", a)
	tensor.SiLU(y.buffer(a.Shape()...), a.value)
	return y.returns(func(y, g *Var, d []*Var) {
		a := y.in[0]
		d[0] = Mul(g, Add(Sigmoid(a), Mul(a, slope(a, 1))))
	})
}

// slope returns k^2 s(ka) s(-ka) for the sigmoid s: its derivative for k = 1, that of tanh for k = 2. Made from
// their results, as y (1-y) and 1 - y^2, they would be 0 where y rounds to 1.
func slope(a *Var, k float32) *Var {
	y := result("slope", a)
	*attr[float32](y) = k
	up, down := y.buffer(a.Shape()...), y.scratch(a.Shape()...)
	tensor.Sigmoid(up, tensor.Scale(up, a.value, k))
	tensor.Sigmoid(down, tensor.Scale(down, a.value, -k))
	tensor.Scale(up, tensor.Mul(up, up, down), k*k)
	y.dropScratch()
	return y.returns(func(y, g *Var, d []*Var) {
		k := *attr[float32](y)
		d[0] = Mul(g, Scale(Mul(y, Tanh(Scale(y.in[0], k/2))), -k))
	})
}

// ReLU returns max(a, 0). Its gradient at 0 is 0, and at NaN 1, as in PyTorch.
func ReLU(a *Var) *Var {
	y := result("ReLU", a)
	if y.computes(a.Shape()...) {
		tensor.ReLU(y.value, a.value)
	}
	return y.returns(func(y, g *Var, d []*Var) { d[0] = reluGrad(y.value, g.lastUse()) })
}

// reluGrad returns 0 where y <= 0, else g. y is the output of a ReLU; the result depends on it only
// through its sign, hence not differentiably.
func reluGrad(y *tensor.Tensor, g *Var) *Var {
	return result("reluGrad", g).gated(y, g)
}

// gated completes z = reluGrad(y, g).
func (z *Var) gated(y *tensor.Tensor, g *Var) *Var {
	*attr[*tensor.Tensor](z) = y
	tensor.ReLUGrad(z.over(g), y, g.value)
	return z.returns(reluGradVJP)
}

func reluGradVJP(z, h *Var, d []*Var) { d[0] = reluGrad(*attr[*tensor.Tensor](z), h.lastUse()) }
