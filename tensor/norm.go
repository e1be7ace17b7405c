package tensor

import "math"

// BatchNormStats computes the mean and the biased variance of every channel of x [..., C] over all
// other axes:
//
//	mean[c] = 1/n * sum over i of x[i,c]
//	variance[c] = 1/n * sum over i of (x[i,c] - mean[c])**2
//
// mean and variance are [C], new when nil. With no rows both are NaN.
func BatchNormStats(mean, variance, x *Tensor) (*Tensor, *Tensor) {
	const op = "BatchNormStats"
	n, c := rows(op, x)
	mean, variance = out(op, mean, []int{c}), out(op, variance, []int{c})
	apart(op, mean, x, variance)
	apart(op, variance, x)
	for j := range c {
		m, v := 0.0, 0.0
		for i := range n {
			m += float64(x.data[i*c+j])
		}
		m /= float64(n)
		for i := range n {
			d := float64(x.data[i*c+j]) - m
			v += d * d
		}
		mean.data[j], variance.data[j] = float32(m), float32(v/float64(n))
	}
	return mean, variance
}

// ScaleShift computes x*scale + shift for x [..., C] with scale and shift [C], followed by ReLU if
// relu is set: batch normalisation with known statistics.
func ScaleShift(dst, x, scale, shift *Tensor, relu bool) *Tensor {
	const op = "ScaleShift"
	_, c := rows(op, x)
	mustBe(op, "scale", scale, c)
	mustBe(op, "shift", shift, c)
	dst = out(op, dst, x.shape)
	for i, v := range x.data {
		v = v*scale.data[i%c] + shift.data[i%c]
		if relu {
			v = max(v, 0)
		}
		dst.data[i] = v
	}
	return dst
}

// BatchNormGradSums computes the two sums per channel that the gradient of batch normalisation
// needs, with xhat = (x - mean) * invstd. For x and g [..., C], mean and invstd [C], dst is [2, C]:
//
//	dst[0,c] = sum over i of g[i,c]             (the gradient of beta)
//	dst[1,c] = sum over i of g[i,c] * xhat[i,c] (the gradient of gamma)
func BatchNormGradSums(dst, x, mean, invstd, g *Tensor) *Tensor {
	const op = "BatchNormGradSums"
	n, c := rows(op, x)
	mustBe(op, "mean", mean, c)
	mustBe(op, "invstd", invstd, c)
	mustBe(op, "g", g, x.shape...)
	dst = out(op, dst, []int{2, c})
	apart(op, dst, x, mean, invstd, g)
	for j := range c {
		s, t := 0.0, 0.0
		for i := range n {
			d := float64(g.data[i*c+j])
			s += d
			t += d * (float64(x.data[i*c+j]) - float64(mean.data[j])) * float64(invstd.data[j])
		}
		dst.data[j], dst.data[c+j] = float32(s), float32(t)
	}
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
	n, c := rows(op, x)
	mustBe(op, "mean", mean, c)
	mustBe(op, "invstd", invstd, c)
	mustBe(op, "gamma", gamma, c)
	mustBe(op, "g", g, x.shape...)
	mustBe(op, "sums", sums, 2, c)
	dst = out(op, dst, x.shape)
	for i, v := range x.data {
		j := i % c
		xhat := (v - mean.data[j]) * invstd.data[j]
		dst.data[i] = gamma.data[j] * invstd.data[j] * (g.data[i] - (sums.data[j]+xhat*sums.data[c+j])/float32(n))
	}
	return dst
}

// Softmax computes e**a[i] / sum over j of e**a[j] along the last axis.
func Softmax(dst, a *Tensor) *Tensor {
	return Exp(dst, LogSoftmax(nil, a))
}

// LogSoftmax computes a[i] - log of the sum over j of e**a[j] along the last axis, without overflow.
func LogSoftmax(dst, a *Tensor) *Tensor {
	const op = "LogSoftmax"
	n, c := rows(op, a)
	dst = out(op, dst, a.shape)
	for r := range n {
		row := a.data[r*c : (r+1)*c]
		top := float32(math.Inf(-1))
		for _, v := range row {
			top = max(top, v)
		}
		s := 0.0
		for _, v := range row {
			s += math.Exp(float64(v - top))
		}
		lse := float64(top) + math.Log(s)
		for i, v := range row {
			dst.data[r*c+i] = float32(float64(v) - lse)
		}
	}
	return dst
}
