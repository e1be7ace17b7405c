package tensor

import "github.com/residuum-go/residuum/internal/kernel/vec"

// Moments are what batch normalisation by a batch keeps of it, [C] each:
//
//	xhat = (x - mean) * InvStd,  InvStd = 1 / sqrt(variance + eps)
//
// The mean is Mean + MeanLow: when it is far larger than the spread, one float32 does not hold it well enough.
// If a ReLU follows, Scale and Shift say where it passes: where (x - Mean)*Scale + Shift, what [ScaleShift]
// computes, is not 0 or less. So its result need not be kept. Otherwise they are nil.
type Moments struct {
	Mean, MeanLow, InvStd *Tensor
	Scale, Shift          *Tensor
}

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

// BatchNormStats computes mean and 1/sqrt(variance + eps) of every channel of x [..., C], and its biased
// variance, over all other axes:
//
//	mean[c] = 1/n * sum over i of x[i,c]
//	variance[c] = 1/n * sum over i of (x[i,c] - mean[c])**2
//
// The results are [C], new when nil. With no rows all are NaN.
func BatchNormStats(m Moments, variance, x *Tensor, eps float32) (Moments, *Tensor) {
	const op = "BatchNormStats"
	_, c := lastAxis(op, x)
	variance = out(op, variance, []int{c})
	m = Moments{Mean: out(op, m.Mean, []int{c}), MeanLow: out(op, m.MeanLow, []int{c}), InvStd: out(op, m.InvStd, []int{c})}
	apart(op, m.Mean, x, variance, m.MeanLow, m.InvStd)
	apart(op, m.MeanLow, x, variance, m.InvStd)
	apart(op, m.InvStd, x, variance)
	apart(op, variance, x)
	vec.BatchNormStats(m.kernel(op, c), variance.data, x.data, eps)
	return m, variance
}

// ScaleShift computes (x - center)*scale + shift for x [..., C] with center, scale and shift [C], followed by
// ReLU if relu is set: batch normalisation with known statistics. The center is taken off first because
// x*scale + shift would lose the digits of a channel whose mean is far larger than its spread.
func ScaleShift(dst, x, center, scale, shift *Tensor, relu bool) *Tensor {
	const op = "ScaleShift"
	_, c := lastAxis(op, x)
	mustBe(op, "center", center, c)
	mustBe(op, "scale", scale, c)
	mustBe(op, "shift", shift, c)
	dst = out(op, dst, x.shape)
	apartOrSame(op, dst, x)
	apart(op, dst, center, scale, shift)
	vec.ScaleShiftRows(dst.data, x.data, center.data, scale.data, shift.data, relu)
	return dst
}

// ScaleShiftAdd computes (x - center)*scale + shift + residual for x and residual [..., C] with center, scale and
// shift [C], followed by ReLU if relu is set: the end of a residual block, batch norm with known statistics.
func ScaleShiftAdd(dst, x, center, scale, shift, residual *Tensor, relu bool) *Tensor {
	const op = "ScaleShiftAdd"
	_, c := lastAxis(op, x)
	mustBe(op, "center", center, c)
	mustBe(op, "scale", scale, c)
	mustBe(op, "shift", shift, c)
	mustBe(op, "residual", residual, x.shape...)
	dst = out(op, dst, x.shape)
	apartOrSame(op, dst, x, residual)
	apart(op, dst, center, scale, shift)
	vec.ScaleShiftAddRows(dst.data, x.data, center.data, scale.data, shift.data, residual.data, relu)
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
