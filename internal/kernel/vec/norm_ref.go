package vec

import "math"

// The references work in one number type throughout, so they know no MeanLow: in float64 it is not needed.

// BatchNormStatsRef is the reference of [BatchNormStats].
func BatchNormStatsRef[T Float](mean, invstd, variance, x []T, eps T) {
	c := len(mean)
	rows := float64(len(x) / max(c, 1))
	for j := range c {
		var s, q float64
		for i := j; i < len(x); i += c {
			s += float64(x[i])
		}
		s /= rows
		for i := j; i < len(x); i += c {
			d := float64(x[i]) - s
			q += d * d
		}
		mean[j], variance[j], invstd[j] = T(s), T(q/rows), T(1/math.Sqrt(q/rows+float64(eps)))
	}
}

// BatchNormGradSumsRef is the reference of [BatchNormGradSums]; scale and shift are nil if no ReLU follows.
func BatchNormGradSumsRef[T Float](sumG, sumGX, x, g, mean, invstd, scale, shift []T) {
	g = passedRef(x, g, mean, scale, shift)
	c := len(mean)
	for j := range c {
		var s, q float64
		for i := j; i < len(x); i += c {
			s += float64(g[i])
			q += float64(g[i]) * (float64(x[i]) - float64(mean[j]))
		}
		sumG[j], sumGX[j] = T(s), T(q*float64(invstd[j]))
	}
}

// BatchNormAddGradSumsRef is the reference of [BatchNormAddGradSums].
func BatchNormAddGradSumsRef[T Float](dst, sumG, sumGX, x, y, g, mean, invstd []T) {
	ReLUGradRef(dst, y, g)
	BatchNormGradSumsRef(sumG, sumGX, x, dst, mean, invstd, nil, nil)
}

// BatchNormInputGradRef is the reference of [BatchNormInputGrad]; scale and shift are nil if no ReLU follows.
func BatchNormInputGradRef[T Float](dst, x, g, mean, invstd, scale, shift, gamma, sumG, sumGX []T) {
	g = passedRef(x, g, mean, scale, shift)
	c := len(mean)
	rows := T(len(x) / max(c, 1))
	for i := range dst {
		j := i % c
		xhat := (x[i] - mean[j]) * invstd[j]
		dst[i] = gamma[j] * invstd[j] * (g[i] - sumG[j]/rows - xhat*sumGX[j]/rows)
	}
}

// passedRef returns the gradient g behind a ReLU, if there is one, as it is before it.
func passedRef[T Float](x, g, mean, scale, shift []T) []T {
	if scale == nil {
		return g
	}
	y, passed := make([]T, len(x)), make([]T, len(x))
	ScaleShiftRowsRef(y, x, mean, scale, shift, true)
	ReLUGradRef(passed, y, g)
	return passed
}
