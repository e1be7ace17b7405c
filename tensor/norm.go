package tensor

import (
	"math"

	"github.com/residuum-go/residuum/internal/kernel/vec"
)

// Moments are what batch normalisation by a batch knows of it, [C] each: the biased variance, and
//
//	xhat = (x - mean) * InvStd,  InvStd = 1 / sqrt(Variance + eps)
//
// The mean is Mean + MeanLow: when it is far larger than the spread, one float32 does not hold it well enough. Rows is
// the number of values in a channel that they are of.
//
// Scale and Shift are nil until [BatchNormAffine] sets them. For the functions of the gradient, those who have
// them are followed by a ReLU, which passes where [ScaleShift] by them is not 0 or less. So its result need not be kept.
type Moments struct {
	Mean, MeanLow, Variance, InvStd *Tensor
	Scale, Shift                    *Tensor
	Rows                            int
}

// Linear returns m without Scale and Shift: no ReLU follows.
func (m Moments) Linear() Moments {
	m.Scale, m.Shift = nil, nil
	return m
}

// Affine returns what batch normalisation does to x.
func (m Moments) Affine() Affine { return Affine{m.Mean, m.Scale, m.Shift} }

// kernel checks the shapes for images of c channels.
func (m *Moments) kernel(op string, c int) vec.Norm {
	mustBe(op, "mean", m.Mean, c)
	mustBe(op, "low part of the mean", m.MeanLow, c)
	mustBe(op, "invstd", m.InvStd, c)
	n := vec.Norm{Mean: m.Mean.data, MeanLow: m.MeanLow.data, InvStd: m.InvStd.data}
	if m.Scale != nil {
		mustBe(op, "scale", m.Scale, c)
		mustBe(op, "shift", m.Shift, c)
		n.Scale, n.Shift = m.Scale.data, m.Shift.data
	}
	return n
}

// apartFrom panics when dst shares memory with one of the moments.
func (m *Moments) apartFrom(op string, dst *Tensor) {
	apart(op, dst, m.Mean, m.MeanLow, m.InvStd)
	if m.Scale != nil {
		apart(op, dst, m.Scale, m.Shift)
	}
}

// BatchNormStats computes the moments of every channel of x [..., C] over all other axes:
//
//	mean[c] = 1/n * sum over i of x[i,c]
//	variance[c] = 1/n * sum over i of (x[i,c] - mean[c])**2
//
// in the tensors of m, new ones where those are nil. Scale and Shift stay as they are. With no rows all are NaN.
func BatchNormStats(m Moments, x *Tensor, eps float32) Moments {
	const op = "BatchNormStats"
	rows, c := lastAxis(op, x)
	shape := []int{c}
	m.Rows = rows
	m.Mean, m.MeanLow = out(op, m.Mean, shape), out(op, m.MeanLow, shape)
	m.Variance, m.InvStd = out(op, m.Variance, shape), out(op, m.InvStd, shape)
	apart(op, m.Mean, x, m.Variance, m.MeanLow, m.InvStd)
	apart(op, m.MeanLow, x, m.Variance, m.InvStd)
	apart(op, m.InvStd, x, m.Variance)
	apart(op, m.Variance, x)
	linear := m.Linear()
	vec.BatchNormStats(linear.kernel(op, c), m.Variance.data, x.data, eps)
	return m
}

// BatchNormAffine computes Scale = gamma*InvStd and Shift = beta - MeanLow*Scale for gamma and beta [C], with which
// gamma*xhat + beta = (x - Mean)*Scale + Shift, in the tensors of m, new ones where those are nil.
func BatchNormAffine(m Moments, gamma, beta *Tensor) Moments {
	const op = "BatchNormAffine"
	shape := m.InvStd.shape
	mustBe(op, "gamma", gamma, shape...)
	mustBe(op, "beta", beta, shape...)
	m.Scale, m.Shift = out(op, m.Scale, shape), out(op, m.Shift, shape)
	apart(op, m.Scale, beta, m.MeanLow, m.Shift)
	vec.Mul(m.Scale.data, gamma.data, m.InvStd.data)
	for i, s := range m.Scale.data {
		m.Shift.data[i] = float32(float64(beta.data[i]) - float64(m.MeanLow.data[i])*float64(s))
	}
	return m
}

// InvStd computes 1 / sqrt(variance + eps), in float64 until it is rounded.
func InvStd(dst, variance *Tensor, eps float32) *Tensor {
	dst = out("InvStd", dst, variance.shape)
	for i, v := range variance.data {
		dst.data[i] = float32(1 / math.Sqrt(float64(v)+float64(eps)))
	}
	return dst
}

// Affine maps channels, (x - Center)*Scale + Shift with [C] each: batch normalisation with known statistics. The
// center is taken off first because x*scale + shift would lose the digits of a channel whose mean is far larger than
// its spread.
type Affine struct{ Center, Scale, Shift *Tensor }

// Then says what follows a map of channels in the same pass over memory: first Add is added, of the shape of the
// result, if it is not nil; then ReLU.
type Then struct {
	Add  *Tensor
	ReLU bool
}

// ScaleShift computes (x - Center)*Scale + Shift for x [..., C], and what follows it.
func ScaleShift(dst, x *Tensor, by Affine, then Then) *Tensor {
	const op = "ScaleShift"
	_, c := lastAxis(op, x)
	mustBe(op, "center", by.Center, c)
	mustBe(op, "scale", by.Scale, c)
	mustBe(op, "shift", by.Shift, c)
	dst = out(op, dst, x.shape)
	apartOrSame(op, dst, x)
	apart(op, dst, by.Center, by.Scale, by.Shift)
	if then.Add == nil {
		vec.ScaleShiftRows(dst.data, x.data, by.Center.data, by.Scale.data, by.Shift.data, then.ReLU)
		return dst
	}
	mustBe(op, "what is added", then.Add, x.shape...)
	apartOrSame(op, dst, then.Add)
	vec.ScaleShiftAddRows(dst.data, x.data, by.Center.data, by.Scale.data, by.Shift.data, then.Add.data, then.ReLU)
	return dst
}

// BatchNormGradSums computes the two sums per channel that the gradient of batch normalisation
// needs. For x and g [..., C] dst is [2, C]:
//
//	dst[0,c] = sum over i of g[i,c]             (the gradient of beta)
//	dst[1,c] = sum over i of g[i,c] * xhat[i,c] (the gradient of gamma)
//
// If a ReLU follows the batch norm, g is the gradient behind it, and counts where the ReLU passes.
func BatchNormGradSums(dst, x *Tensor, m Moments, g *Tensor) *Tensor {
	const op = "BatchNormGradSums"
	_, c := lastAxis(op, x)
	n := m.kernel(op, c)
	mustBe(op, "g", g, x.shape...)
	dst = out(op, dst, []int{2, c})
	apart(op, dst, x, g)
	m.apartFrom(op, dst)
	vec.BatchNormGradSums(dst.data[:c], dst.data[c:], x.data, g.data, n)
	return dst
}

// BatchNormAddGradSums begins the gradient of y = relu(batchnorm(x) + residual), of shape [..., C] each:
// dst = [ReLUGrad] of y and g, which is the residual's gradient, and sums [2, C] = [BatchNormGradSums] of
// dst, in one pass over memory.
func BatchNormAddGradSums(dst, sums, x *Tensor, m Moments, y, g *Tensor) (*Tensor, *Tensor) {
	const op = "BatchNormAddGradSums"
	_, c := lastAxis(op, x)
	n := m.kernel(op, c)
	mustBe(op, "y", y, x.shape...)
	mustBe(op, "g", g, x.shape...)
	dst, sums = out(op, dst, x.shape), out(op, sums, []int{2, c})
	apartOrSame(op, dst, y, g)
	apart(op, dst, x, sums)
	apart(op, sums, x, y, g)
	m.apartFrom(op, dst)
	m.apartFrom(op, sums)
	vec.BatchNormAddGradSums(dst.data, sums.data[:c], sums.data[c:], x.data, y.data, g.data, n)
	return dst, sums
}

// BatchNormInputGrad computes the gradient of batch normalisation with respect to x, where the
// statistics depend on x too. With n rows and sums the result of [BatchNormGradSums], where g counts as it
// does there:
//
//	dst = gamma * invstd * (g - sums[0]/n - xhat * sums[1]/n)
//
// Source: Ioffe & Szegedy 2015, section 3, the gradient of equation 1 in closed form.
func BatchNormInputGrad(dst, x *Tensor, m Moments, gamma, g, sums *Tensor) *Tensor {
	const op = "BatchNormInputGrad"
	_, c := lastAxis(op, x)
	n := m.kernel(op, c)
	mustBe(op, "gamma", gamma, c)
	mustBe(op, "g", g, x.shape...)
	mustBe(op, "sums", sums, 2, c)
	dst = out(op, dst, x.shape)
	apartOrSame(op, dst, x, g)
	apart(op, dst, gamma, sums)
	m.apartFrom(op, dst)
	vec.BatchNormInputGrad(dst.data, x.data, g.data, n, gamma.data, sums.data[:c], sums.data[c:])
	return dst
}
