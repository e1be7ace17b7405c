package autograd

import (
	"fmt"
	"slices"

	"github.com/residuum-go/residuum/tensor"
)

// BatchNorm normalises every channel of x [..., C] by its mean and biased variance over all other
// axes, then scales and shifts it by gamma and beta [C]:
//
//	y = gamma * (x - mean) / sqrt(variance + eps) + beta
//
// followed by ReLU if relu is set. It also returns the statistics, valid until the tape's Reset.
// Beside its result it keeps x and a few numbers per channel. Source: Ioffe & Szegedy 2015,
// algorithm 1.
func BatchNorm(x, gamma, beta *Var, eps float32, relu bool) (y *Var, mean, variance *tensor.Tensor) {
	y = result("BatchNorm", x, gamma, beta)
	m, variance := y.batchMoments(x, eps)
	return y.standardised(x, gamma, beta, m, relu), m.Mean, variance
}

// BatchNormAddReLU returns max(batchnorm(x) + residual, 0), the end of a residual block (He et al. 2016a,
// figure 2), and the statistics: [BatchNorm], [Add] and [ReLU] in fewer passes over memory, with the same
// bits.
func BatchNormAddReLU(x, gamma, beta, residual *Var, eps float32) (y *Var, mean, variance *tensor.Tensor) {
	y = result("BatchNormAddReLU", x, gamma, beta, residual)
	m, variance := y.batchMoments(x, eps)
	*attr[moments](y) = m
	scale, shift := y.affine(x, gamma, beta, m)
	tensor.ScaleShiftAdd(y.buffer(x.Shape()...), x.value, m.Mean, scale, shift, residual.value, true)
	return y.returns(func(y, g *Var, d []*Var) {
		m := *attr[moments](y)
		passed, sums := reluGradSums(y.value, y.in[0], g.lastUse(), m)
		normVJP(y, 0, passed, sums, m, d)
		if y.needs(3) {
			d[3] = passed
		}
	}), m.Mean, variance
}

// Normed is batchnorm(X) with the scale Gamma and the shift Beta, for an op to compute; see [BatchNorm].
type Normed struct {
	X, Gamma, Beta *Var
	Eps            float32
}

// BatchStats are the mean and the biased variance of every channel of a batch, valid until the tape's Reset.
type BatchStats struct{ Mean, Variance *tensor.Tensor }

// BatchNormsAddReLU returns max(batchnorm(a) + batchnorm(b), 0), the end of a residual block whose shortcut
// is a projection with a batch norm (He et al. 2016a, option B), and the statistics of both:
// [BatchNormAddReLU] without memory for the second batch norm's result, with the same bits.
func BatchNormsAddReLU(a, b Normed) (y *Var, ofA, ofB BatchStats) {
	y = result("BatchNormsAddReLU", a.X, a.Gamma, a.Beta, b.X, b.Gamma, b.Beta)
	ma, varianceA := y.batchMoments(a.X, a.Eps)
	mb, varianceB := y.batchMoments(b.X, b.Eps)
	*attr[[2]moments](y) = [2]moments{ma, mb}
	scaleA, shiftA := y.affine(a.X, a.Gamma, a.Beta, ma)
	scaleB, shiftB := y.affine(b.X, b.Gamma, b.Beta, mb)
	sum := y.buffer(a.X.Shape()...)
	tensor.ScaleShift(sum, b.X.value, mb.Mean, scaleB, shiftB, false)
	tensor.ScaleShiftAdd(sum, a.X.value, ma.Mean, scaleA, shiftA, sum, true)
	return y.returns(func(y, g *Var, d []*Var) {
		m := *attr[[2]moments](y)
		passed, sumsA := reluGradSums(y.value, y.in[0], g.lastUse(), m[0])
		sumsB := normSums(y.in[3], passed, m[1])
		normVJP(y, 0, passed, sumsA, m[0], d)
		normVJP(y, 3, passed.lastUse(), sumsB, m[1], d)
	}), BatchStats{ma.Mean, varianceA}, BatchStats{mb.Mean, varianceB}
}

// moments are the mean and 1/sqrt(variance + eps) of every channel of a batch x. The ops below
// share them to save work, and are nonetheless functions of x through them too. With
// xhat = (x - mean) * invstd and sums over the n rows of x, they are
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
type moments struct{ tensor.Moments }

// passed returns g where the ReLU passes, if there is one.
func (m moments) passed(x, g *Var) *Var {
	if m.Scale == nil {
		return g
	}
	z := result("reluGrad", g)
	return z.gated(tensor.ScaleShift(z.scratch(x.Shape()...), x.value, m.Mean, m.Scale, m.Shift, true), g)
}

// linear returns m without the ReLU.
func (m moments) linear() moments {
	m.Scale, m.Shift = nil, nil
	return m
}

// channels returns the length of the last axis.
func channels(x *Var) int {
	if len(x.Shape()) == 0 {
		return 0 // the op on the tensors says that there is no last axis
	}
	return x.value.Dim(-1)
}

// batchMoments computes the moments of x, and the variance, in memory of y.
func (y *Var) batchMoments(x *Var, eps float32) (m moments, variance *tensor.Tensor) {
	c := channels(x)
	m.Mean, m.MeanLow, m.InvStd = y.scratch(c), y.scratch(c), y.scratch(c)
	_, variance = tensor.BatchNormStats(m.Moments, y.scratch(c), x.value, eps)
	return m, variance
}

// affine computes scale and shift of a*xhat + b = (x - Mean)*scale + shift, in memory of y.
func (y *Var) affine(x, a, b *Var, m moments) (scale, shift *tensor.Tensor) {
	c := channels(x)
	if !isVector(a, c) || !isVector(b, c) {
		panic(fmt.Sprintf("autograd: %s: %v x %v x %v: want the second and third of shape [%d]", y.op, x.Shape(), a.Shape(), b.Shape(), c))
	}
	scale, shift = y.scratch(c), y.scratch(c)
	tensor.Mul(scale, a.value, m.InvStd)
	for i, s := range scale.Data() {
		shift.Data()[i] = float32(float64(b.value.Data()[i]) - float64(m.MeanLow.Data()[i])*float64(s))
	}
	return scale, shift
}

func standardise(x, a, b *Var, m moments) *Var {
	return result("standardise", x, a, b).standardised(x, a, b, m.linear(), false)
}

// standardised completes y = a*xhat + b, clipped at 0 if relu is set.
func (y *Var) standardised(x, a, b *Var, m moments, relu bool) *Var {
	scale, shift := y.affine(x, a, b, m)
	tensor.ScaleShift(y.buffer(x.Shape()...), x.value, m.Mean, scale, shift, relu)
	if relu {
		m.Scale, m.Shift = scale, shift
	}
	*attr[moments](y) = m
	return y.returns(func(y, g *Var, d []*Var) {
		m := *attr[moments](y)
		sums := normSums(y.in[0], g, m)
		normVJP(y, 0, g.lastUse(), sums, m, d)
	})
}

// normVJP sets the gradients of a*xhat + b by x, a and b, y's inputs from i on, given sums = normSums(x, g).
func normVJP(y *Var, i int, g, sums *Var, m moments, d []*Var) {
	if y.needs(i) {
		d[i] = normGrad(y.in[i], y.in[i+1], g, sums.value, m)
	}
	if y.needs(i + 1) {
		d[i+1] = row(sums, 1)
	}
	if y.needs(i + 2) {
		d[i+2] = row(sums, 0)
	}
}

func isVector(v *Var, n int) bool { return slices.Equal(v.Shape(), []int{n}) }

// row returns row i of a matrix as a vector.
func row(a *Var, i int) *Var { return Reshape(SliceAxis(a, 0, i, i+1), -1) }

func normSums(x, g *Var, m moments) *Var {
	y := result("normSums", x, g)
	*attr[moments](y) = m
	tensor.BatchNormGradSums(y.buffer(2, channels(x)), x.value, m.Moments, g.value)
	return y.returns(normSumsVJP)
}

func normSumsVJP(y, h *Var, d []*Var) {
	x, g, m := y.in[0], y.in[1], *attr[moments](y)
	if y.needs(0) {
		d[0] = normGrad(x, row(h, 1), g, y.value, m)
	}
	if y.needs(1) {
		d[1] = m.passed(x, standardise(x, row(h, 1), row(h, 0), m))
	}
}

// reluGradSums returns passed = reluGrad(r, g) and normSums(x, passed), computed together, for a VJP, which
// passed belongs to.
func reluGradSums(r *tensor.Tensor, x, g *Var, m moments) (passed, sums *Var) {
	passed = result("reluGrad", g)
	*attr[*tensor.Tensor](passed) = r
	passed.over(g)
	passed.temporary()
	sums = result("normSums", x, passed)
	*attr[moments](sums) = m
	tensor.BatchNormAddGradSums(passed.value, sums.buffer(2, channels(x)), x.value, m.Moments, r, g.value)
	return passed.returns(reluGradVJP), sums.returns(normSumsVJP)
}

// normGrad is given the value of normSums(x, g) as sums.
func normGrad(x, a, g *Var, sums *tensor.Tensor, m moments) *Var {
	y := result("normGrad", x, a, g)
	*attr[moments](y) = m
	tensor.BatchNormInputGrad(y.over(g), x.value, m.Moments, a.value, g.value, sums)
	return y.returns(normGradVJP)
}

// normGradVJP follows from y = a*r*Pg with r = invstd and P the projection onto what is orthogonal
// to 1 and, up to eps, to xhat in every channel. P is symmetric, and by x the derivatives are
//
//	of <h, xhat>: r*Ph                  of r: -r^2*xhat/n
//	of <h, Pg>: -r/n * (sum(g*xhat)*Ph + sum(h*xhat)*Pg)
func normGradVJP(y, h *Var, d []*Var) {
	x, a, behind := y.in[0], y.in[1], *attr[moments](y)
	g, m := behind.passed(x, y.in[2]), behind.linear()
	hSums, gSums := normSums(x, h, m), normSums(x, g, m)
	if y.needs(2) {
		d[2] = behind.passed(x, normGrad(x, a, h, hSums.value, m))
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

func invStd(x *Var, m moments) *Var {
	y := result("invStd", x)
	*attr[moments](y) = m.linear()
	tensor.Copy(y.buffer(channels(x)), m.InvStd)
	return y.returns(func(y, h *Var, d []*Var) {
		x, m := y.in[0], *attr[moments](y)
		n := x.value.Len() / channels(x)
		zero := filled(y.tape, "zeros", 0, channels(x))
		d[0] = standardise(x, Scale(Mul(h, Square(y)), -1/float32(n)), zero, m)
	})
}

// ScaleShift returns (x - center)*scale + shift for x [..., C] with center, scale and shift [C], followed by ReLU
// if relu is set: batch normalisation with known statistics.
func ScaleShift(x, center, scale, shift *Var, relu bool) *Var {
	y := result("ScaleShift", x, center, scale, shift)
	*attr[bool](y) = relu
	tensor.ScaleShift(y.buffer(x.Shape()...), x.value, center.value, scale.value, shift.value, relu)
	return y.returns(func(y, g *Var, d []*Var) {
		if *attr[bool](y) {
			g = reluGrad(y.value, g.lastUse())
		}
		scaleShiftVJP(y, g, d)
	})
}

// ScaleShiftAddReLU returns max((x - center)*scale + shift + residual, 0): [BatchNormAddReLU] with known statistics.
func ScaleShiftAddReLU(x, center, scale, shift, residual *Var) *Var {
	y := result("ScaleShiftAddReLU", x, center, scale, shift, residual)
	tensor.ScaleShiftAdd(y.buffer(x.Shape()...), x.value, center.value, scale.value, shift.value, residual.value, true)
	return y.returns(func(y, g *Var, d []*Var) {
		g = reluGrad(y.value, g.lastUse())
		scaleShiftVJP(y, g, d)
		if y.needs(4) {
			d[4] = g
		}
	})
}

// scaleShiftVJP sets the gradients of (x - center)*scale + shift by its four inputs.
func scaleShiftVJP(y, g *Var, d []*Var) {
	x, center, scale := y.in[0], y.in[1], y.in[2]
	if y.needs(0) {
		d[0] = Mul(g, scale)
	}
	if y.needs(1) {
		d[1] = Neg(Mul(SumTo(g, scale.Shape()...), scale))
	}
	if y.needs(2) {
		d[2] = SumTo(Mul(g, Sub(x, center)), scale.Shape()...)
	}
	if y.needs(3) {
		d[3] = SumTo(g, scale.Shape()...)
	}
}
