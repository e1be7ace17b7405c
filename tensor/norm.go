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
