package autograd

import "github.com/residuum-go/residuum/tensor"

// Abs returns |a|. Its gradient at 0 is 0, as in PyTorch.
func Abs(a *Var) *Var {
	y := result("Abs", a)
	tensor.Abs(y.buffer(a.Shape()...), a.value)
	return y.returns(func(y, g *Var, d []*Var) {
		a := Detach(y.in[0])
		d[0] = Mul(g, Sub(step(a), step(Neg(a))))
	})
}

// Clip returns lo where a < lo and then hi where that is larger, else a. Its gradient at the bounds is 0, as in
// PyTorch.
func Clip(a *Var, lo, hi float32) *Var {
	y := result("Clip", a)
	*attr[clipped](y) = clipped{a.value, lo, hi}
	tensor.Clip(y.buffer(a.Shape()...), a.value, lo, hi)
	return y.returns(func(y, g *Var, d []*Var) { d[0] = clipGrad(g.lastUse(), *attr[clipped](y)) })
}

// clipped is what a Clip did.
type clipped struct {
	a      *tensor.Tensor
	lo, hi float32
}

// clipGrad returns g where what was clipped lay between the bounds, else 0. Nothing differentiable depends on where.
func clipGrad(g *Var, c clipped) *Var {
	y := result("clipGrad", g)
	*attr[clipped](y) = c
	tensor.ClipGrad(y.over(g), c.a, c.lo, c.hi, g.value)
	return y.returns(func(y, h *Var, d []*Var) { d[0] = clipGrad(h.lastUse(), *attr[clipped](y)) })
}

// Maximum returns max(a, b) elementwise, with NumPy broadcasting, by the rule of [tensor.Maximum]. Where both are equal,
// each gets half of the gradient, as in PyTorch.
func Maximum(a, b *Var) *Var {
	y := result("Maximum", a, b)
	if y.broadcasts(a, b) {
		tensor.Maximum(y.value, a.value, b.value)
	}
	return y.returns(func(y, g *Var, d []*Var) {
		a, b := Detach(y.in[0]), Detach(y.in[1])
		won := Sub(step(Sub(a, b)), step(Sub(b, a))) // 1 for a, -1 for b
		if y.needs(0) {
			d[0] = SumTo(Mul(g, AddScalar(Scale(won, 0.5), 0.5)), y.in[0].Shape()...)
		}
		if y.needs(1) {
			d[1] = SumTo(Mul(g, AddScalar(Scale(won, -0.5), 0.5)), y.in[1].Shape()...)
		}
	})
}

// Max returns the largest elements of a over the given axes, which are dropped, over all of them when none is given; see
// [tensor.Max]. Equals share the gradient evenly, as in PyTorch's amax.
func Max(a *Var, axes ...int) *Var {
	y := result("Max", a)
	tensor.Max(y.reduced(a, axes), a.value, axes...)
	return y.returns(maxVJP)
}

// MaxKeep is [Max], but the axes stay with length 1.
func MaxKeep(a *Var, axes ...int) *Var {
	y := result("MaxKeep", a)
	tensor.MaxKeep(y.buffer(y.kept(a, axes)...), a.value, axes...)
	return y.returns(maxVJP)
}

func maxVJP(y, g *Var, d []*Var) {
	shape := attr[kept](y).shape
	below := step(Sub(Reshape(Detach(y), shape...), Detach(y.in[0])))
	largest := AddScalar(Neg(below), 1)
	d[0] = Mul(Div(largest, SumTo(largest, shape...)), Reshape(g, shape...))
}

// step returns 1 where a > 0, else 0, of a detached a: it has no gradient.
func step(a *Var) *Var {
	y := result("step", a)
	tensor.Step(y.buffer(a.Shape()...), a.value)
	return y
}
