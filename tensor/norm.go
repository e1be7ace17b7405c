package tensor

import "github.com/residuum-go/residuum/internal/kernel/vec"

// BatchNormStats computes the mean and the biased variance of every channel of x [..., C] over all
// other axes:
//
//	mean[c] = 1/n * sum over i of x[i,c]
//	variance[c] = 1/n * sum over i of (x[i,c] - mean[c])**2
//
// mean and variance are [C], new when nil. With no rows both are NaN.
func BatchNormStats(mean, variance, x *Tensor) (*Tensor, *Tensor) {
	const op = "BatchNormStats"
	_, c := lastAxis(op, x)
	mean, variance = out(op, mean, []int{c}), out(op, variance, []int{c})
	apart(op, mean, x, variance)
	apart(op, variance, x)
	vec.StatsRows(mean.data, variance.data, x.data, c)
	return mean, variance
}

// ScaleShift computes x*scale + shift for x [..., C] with scale and shift [C], followed by ReLU if
// relu is set: batch normalisation with known statistics.
func ScaleShift(dst, x, scale, shift *Tensor, relu bool) *Tensor {
	const op = "ScaleShift"
	_, c := lastAxis(op, x)
	mustBe(op, "scale", scale, c)
	mustBe(op, "shift", shift, c)
	dst = out(op, dst, x.shape)
	apartOrSame(op, dst, x)
	apart(op, dst, scale, shift)
	vec.ScaleShiftRows(dst.data, x.data, scale.data, shift.data, relu)
	return dst
}

// ScaleShiftAdd computes x*scale + shift + residual for x and residual [..., C] with scale and shift [C],
// followed by ReLU if relu is set: the end of a residual block, batch norm with known statistics.
func ScaleShiftAdd(dst, x, scale, shift, residual *Tensor, relu bool) *Tensor {
	const op = "ScaleShiftAdd"
	_, c := lastAxis(op, x)
	mustBe(op, "scale", scale, c)
	mustBe(op, "shift", shift, c)
	mustBe(op, "residual", residual, x.shape...)
	dst = out(op, dst, x.shape)
	apartOrSame(op, dst, x, residual)
	apart(op, dst, scale, shift)
	vec.ScaleShiftAddRows(dst.data, x.data, scale.data, shift.data, residual.data, relu)
	return dst
}

// BatchNormGradSums computes the two sums per channel that the gradient of batch normalisation
// needs, with xhat = (x - mean) * invstd. For x and g [..., C], mean and invstd [C], dst is [2, C]:
//
//	dst[0,c] = sum over i of g[i,c]             (the gradient of beta)
//	dst[1,c] = sum over i of g[i,c] * xhat[i,c] (the gradient of gamma)
func BatchNormGradSums(dst, x, mean, invstd, g *Tensor) *Tensor {
	const op = "BatchNormGradSums"
	_, c := lastAxis(op, x)
	mustBe(op, "mean", mean, c)
	mustBe(op, "invstd", invstd, c)
	mustBe(op, "g", g, x.shape...)
	dst = out(op, dst, []int{2, c})
	apart(op, dst, x, mean, invstd, g)
	vec.BatchNormGradSums(dst.data[:c], dst.data[c:], x.data, g.data, mean.data, invstd.data)
	return dst
}

// BatchNormGradSumsReLU is [BatchNormGradSums] for a batch norm with a ReLU behind it: g counts only where
// y = x*scale + shift > 0, rounded as [ScaleShift] rounds it.
func BatchNormGradSumsReLU(dst, x, mean, invstd, scale, shift, g *Tensor) *Tensor {
	const op = "BatchNormGradSumsReLU"
	_, c := lastAxis(op, x)
	mustBe(op, "mean", mean, c)
	mustBe(op, "invstd", invstd, c)
	mustBe(op, "scale", scale, c)
	mustBe(op, "shift", shift, c)
	mustBe(op, "g", g, x.shape...)
	dst = out(op, dst, []int{2, c})
	apart(op, dst, x, mean, invstd, scale, shift, g)
	vec.BatchNormGradSumsReLU(dst.data[:c], dst.data[c:], x.data, g.data, mean.data, invstd.data, scale.data, shift.data)
	return dst
}

// BatchNormAddGradSums begins the gradient of y = relu(batchnorm(x) + residual), of shape [..., C] each:
// dst = [ReLUGrad] of y and g, which is the residual's gradient, and sums [2, C] = [BatchNormGradSums] of
// dst, in one pass over memory.
func BatchNormAddGradSums(dst, sums, x, mean, invstd, y, g *Tensor) (*Tensor, *Tensor) {
	const op = "BatchNormAddGradSums"
	_, c := lastAxis(op, x)
	mustBe(op, "mean", mean, c)
	mustBe(op, "invstd", invstd, c)
	mustBe(op, "y", y, x.shape...)
	mustBe(op, "g", g, x.shape...)
	dst, sums = out(op, dst, x.shape), out(op, sums, []int{2, c})
	apartOrSame(op, dst, y, g)
	apart(op, dst, x, mean, invstd, sums)
	apart(op, sums, x, mean, invstd, y, g)
	vec.BatchNormAddGradSums(dst.data, sums.data[:c], sums.data[c:], x.data, y.data, g.data, mean.data, invstd.data)
	return dst, sums
}

// BatchNormInputGrad computes the gradient of batch normalisation with respect to x, where the
// statistics depend on x too. With n rows, xhat as in [BatchNormGradSums] and sums its result:
//
//	dst = gamma * invstd * (g - sums[0]/n - xhat * sums[1]/n)
//
// Source: Ioffe & Szegedy 2015, section 3, the gradient of equation 1 in closed form.
func BatchNormInputGrad(dst, x, mean, invstd, gamma, g, sums *Tensor) *Tensor {
	const op = "BatchNormInputGrad"
	_, c := lastAxis(op, x)
	mustBe(op, "mean", mean, c)
	mustBe(op, "invstd", invstd, c)
	mustBe(op, "gamma", gamma, c)
	mustBe(op, "g", g, x.shape...)
	mustBe(op, "sums", sums, 2, c)
	dst = out(op, dst, x.shape)
	apartOrSame(op, dst, x, g)
	apart(op, dst, mean, invstd, gamma, sums)
	vec.BatchNormInputGrad(dst.data, x.data, g.data, mean.data, invstd.data, gamma.data, sums.data[:c], sums.data[c:])
	return dst
}

// BatchNormInputGradReLU is [BatchNormInputGrad] for a batch norm with a ReLU behind it: g counts only where
// x*scale + shift > 0, as in [BatchNormGradSumsReLU], whose result sums is.
func BatchNormInputGradReLU(dst, x, mean, invstd, gamma, scale, shift, g, sums *Tensor) *Tensor {
	const op = "BatchNormInputGradReLU"
	_, c := lastAxis(op, x)
	mustBe(op, "mean", mean, c)
	mustBe(op, "invstd", invstd, c)
	mustBe(op, "gamma", gamma, c)
	mustBe(op, "scale", scale, c)
	mustBe(op, "shift", shift, c)
	mustBe(op, "g", g, x.shape...)
	mustBe(op, "sums", sums, 2, c)
	dst = out(op, dst, x.shape)
	apartOrSame(op, dst, x, g)
	apart(op, dst, mean, invstd, gamma, scale, shift, sums)
	vec.BatchNormInputGradReLU(dst.data, x.data, g.data, mean.data, invstd.data, gamma.data, sums.data[:c], sums.data[c:], scale.data, shift.data)
	return dst
}
