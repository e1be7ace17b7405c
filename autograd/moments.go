package autograd

import "github.com/residuum-go/residuum/tensor"

// The ops below share the moments of a batch x to save work, and are nonetheless functions of x through them too.
// With xhat = (x - mean) * invstd and sums over the n rows of x, they are
//
//	standardise(x, a, b) = a*xhat + b
//	normSums(x, g)       = [sum(g), sum(g*xhat)]
//	normGrad(x, a, g)    = a * invstd * (g - sum(g)/n - xhat*sum(g*xhat)/n)
//	invStd(x)            = invstd
//
// and closed under differentiation: normGrad is the gradient of <a*g, xhat> by x.
//
// If a ReLU follows the batch norm, normSums and normGrad take g as it is behind the ReLU, and count it only
// where the ReLU passes.

// passedBy returns g where the ReLU behind m passes, if there is one.
func passedBy(m tensor.Moments, x, g *Var) *Var {
	if m.Scale == nil {
		return g
	}
	z := result("reluGrad", g)
	return z.gated(tensor.ScaleShift(z.scratch(x.Shape()...), x.value, m.Affine(), tensor.Then{ReLU: true}), g)
}

func standardise(x, a, b *Var, m tensor.Moments) *Var {
	y := result("standardise", x, a, b)
	m.Scale, m.Shift = y.scratch(channels(x)), y.scratch(channels(x))
	m = tensor.BatchNormAffine(m, a.value, b.value)
	tensor.ScaleShift(y.buffer(x.Shape()...), x.value, m.Affine(), tensor.Then{})
	*attr[normed](y) = normed{m: m.Linear()}
	return y.returns(batchNormVJP)
}

// row returns row i of a matrix as a vector.
func row(a *Var, i int) *Var { return Reshape(SliceAxis(a, 0, i, i+1), -1) }

func normSums(x, g *Var, m tensor.Moments) *Var {
	y := result("normSums", x, g)
	*attr[tensor.Moments](y) = m
	tensor.BatchNormGradSums(y.buffer(2, channels(x)), x.value, m, g.value)
	return y.returns(normSumsVJP)
}

func normSumsVJP(y, h *Var, d []*Var) {
	x, g, m := y.in[0], y.in[1], *attr[tensor.Moments](y)
	if y.needs(0) {
		d[0] = normGrad(x, row(h, 1), g, y.value, m)
	}
	if y.needs(1) {
		d[1] = passedBy(m, x, standardise(x, row(h, 1), row(h, 0), m))
	}
}

// reluGradSums returns passed = reluGrad(r, g) and normSums(x, passed), computed together, for a VJP, which
// passed belongs to.
func reluGradSums(r *tensor.Tensor, x, g *Var, m tensor.Moments) (passed, sums *Var) {
	passed = result("reluGrad", g)
	*attr[*tensor.Tensor](passed) = r
	passed.over(g)
	passed.temporary()
	sums = result("normSums", x, passed)
	*attr[tensor.Moments](sums) = m
	tensor.BatchNormAddGradSums(passed.value, sums.buffer(2, channels(x)), x.value, m, r, g.value)
	return passed.returns(reluGradVJP), sums.returns(normSumsVJP)
}

// normGrad is given the value of normSums(x, g) as sums.
func normGrad(x, a, g *Var, sums *tensor.Tensor, m tensor.Moments) *Var {
	y := result("normGrad", x, a, g)
	*attr[tensor.Moments](y) = m
	tensor.BatchNormInputGrad(y.over(g), x.value, m, a.value, g.value, sums)
	return y.returns(normGradVJP)
}

// normGradVJP follows from y = a*r*Pg with r = invstd and P the projection onto what is orthogonal
// to 1 and, up to eps, to xhat in every channel. P is symmetric, and by x the derivatives are
//
//	of <h, xhat>: r*Ph                  of r: -r^2*xhat/n
//	of <h, Pg>: -r/n * (sum(g*xhat)*Ph + sum(h*xhat)*Pg)
func normGradVJP(y, h *Var, d []*Var) {
	x, a, behind := y.in[0], y.in[1], *attr[tensor.Moments](y)
	g, m := passedBy(behind, x, y.in[2]), behind.Linear()
	hSums, gSums := normSums(x, h, m), normSums(x, g, m)
	if y.needs(2) {
		d[2] = passedBy(behind, x, normGrad(x, a, h, hSums.value, m))
	}
	if !y.needs(0) && !y.needs(1) {
		return
	}
	one := filled(y.tape, "ones", 1, channels(x))
	e := SumTo(Mul(h, normGrad(x, one, g, gSums.value, m)), a.Shape()...) // r*<h, Pg>
	if y.needs(1) {
		d[1] = e
	}
	if y.needs(0) {
		n := x.value.Len() / channels(x)
		ar := Scale(Mul(a, invStd(x, m)), -1/float32(n))
		zero := filled(y.tape, "zeros", 0, channels(x))
		d[0] = Add(standardise(x, Mul(ar, e), zero, m),
			Add(normGrad(x, Mul(ar, row(gSums, 1)), h, hSums.value, m),
				normGrad(x, Mul(ar, row(hSums, 1)), g, gSums.value, m)))
	}
}

func invStd(x *Var, m tensor.Moments) *Var {
	y := result("invStd", x)
	*attr[tensor.Moments](y) = m.Linear()
	tensor.Copy(y.buffer(channels(x)), m.InvStd)
	return y.returns(func(y, h *Var, d []*Var) {
		x, m := y.in[0], *attr[tensor.Moments](y)
		n := x.value.Len() / channels(x)
		zero := filled(y.tape, "zeros", 0, channels(x))
		d[0] = standardise(x, Scale(Mul(h, Square(y)), -1/float32(n)), zero, m)
	})
}
