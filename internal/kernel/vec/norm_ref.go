package vec

// StatsRowsRef is the reference of [StatsRows].
func StatsRowsRef[T Float](mean, variance, x []T, c int) {
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
		mean[j], variance[j] = T(s), T(q/rows)
	}
}

// BatchNormGradSumsRef is the reference of [BatchNormGradSums].
func BatchNormGradSumsRef[T Float](sumG, sumGX, x, g, mean, invstd []T) {
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

// BatchNormGradSumsReLURef is the reference of [BatchNormGradSumsReLU].
func BatchNormGradSumsReLURef[T Float](sumG, sumGX, x, g, mean, invstd, scale, shift []T) {
	BatchNormGradSumsRef(sumG, sumGX, x, passedRef(x, g, scale, shift), mean, invstd)
}

// BatchNormAddGradSumsRef is the reference of [BatchNormAddGradSums].
func BatchNormAddGradSumsRef[T Float](dst, sumG, sumGX, x, y, g, mean, invstd []T) {
	ReLUGradRef(dst, y, g)
	BatchNormGradSumsRef(sumG, sumGX, x, dst, mean, invstd)
}

// BatchNormInputGradRef is the reference of [BatchNormInputGrad].
func BatchNormInputGradRef[T Float](dst, x, g, mean, invstd, gamma, sumG, sumGX []T) {
	c := len(mean)
	rows := T(len(x) / max(c, 1))
	for i := range dst {
		j := i % c
		xhat := (x[i] - mean[j]) * invstd[j]
		dst[i] = gamma[j] * invstd[j] * (g[i] - sumG[j]/rows - xhat*sumGX[j]/rows)
	}
}

// BatchNormInputGradReLURef is the reference of [BatchNormInputGradReLU].
func BatchNormInputGradReLURef[T Float](dst, x, g, mean, invstd, gamma, sumG, sumGX, scale, shift []T) {
	BatchNormInputGradRef(dst, x, passedRef(x, g, scale, shift), mean, invstd, gamma, sumG, sumGX)
}

// passedRef returns the gradient g behind a ReLU as it is before it.
func passedRef[T Float](x, g, scale, shift []T) []T {
	y, passed := make([]T, len(x)), make([]T, len(x))
	ScaleShiftRowsRef(y, x, scale, shift, true)
	ReLUGradRef(passed, y, g)
	return passed
}
