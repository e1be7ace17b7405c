package vec

import "math"

// AddRef is the reference of [Add].
func AddRef[T Float](dst, a, b []T) {
	for i := range dst {
		dst[i] = a[i] + b[i]
	}
}

// SubRef is the reference of [Sub].
func SubRef[T Float](dst, a, b []T) {
	for i := range dst {
		dst[i] = a[i] - b[i]
	}
}

// MulRef is the reference of [Mul].
func MulRef[T Float](dst, a, b []T) {
	for i := range dst {
		dst[i] = a[i] * b[i]
	}
}

// DivRef is the reference of [Div].
func DivRef[T Float](dst, a, b []T) {
	for i := range dst {
		dst[i] = a[i] / b[i]
	}
}

// MaxRef is the reference of [Max].
func MaxRef[T Float](dst, a, b []T) {
	for i := range dst {
		dst[i] = max(a[i], b[i])
	}
}

// AddReLURef is the reference of [AddReLU].
func AddReLURef[T Float](dst, a, b []T) {
	for i := range dst {
		dst[i] = relu(a[i] + b[i])
	}
}

// ReLUGradRef is the reference of [ReLUGrad].
func ReLUGradRef[T Float](dst, y, g []T) {
	for i := range dst {
		dst[i] = gate(y[i], g[i])
	}
}

// AddScaledRef is the reference of [AddScaled].
func AddScaledRef[T Float](dst, a []T, s T, b []T) {
	for i := range dst {
		dst[i] = a[i] + s*b[i]
	}
}

// AddScalarRef is the reference of [AddScalar].
func AddScalarRef[T Float](dst, a []T, s T) {
	for i := range dst {
		dst[i] = a[i] + s
	}
}

// ScaleRef is the reference of [Scale].
func ScaleRef[T Float](dst, a []T, s T) {
	for i := range dst {
		dst[i] = a[i] * s
	}
}

// FillRef is the reference of [Fill].
func FillRef[T Float](dst []T, v T) {
	for i := range dst {
		dst[i] = v
	}
}

// AbsRef is the reference of [Abs].
func AbsRef[T Float](dst, a []T) { apply(dst, a, math.Abs) }

// SqrtRef is the reference of [Sqrt].
func SqrtRef[T Float](dst, a []T) { apply(dst, a, math.Sqrt) }

// ExpRef is the reference of [Exp].
func ExpRef[T Float](dst, a []T) { apply(dst, a, math.Exp) }

// LogRef is the reference of [Log].
func LogRef[T Float](dst, a []T) { apply(dst, a, math.Log) }

// TanhRef is the reference of [Tanh].
func TanhRef[T Float](dst, a []T) { apply(dst, a, math.Tanh) }

// SigmoidRef is the reference of [Sigmoid].
func SigmoidRef[T Float](dst, a []T) {
	apply(dst, a, func(x float64) float64 {
		if x < 0 { // so that exp does not overflow where the result is tiny, not zero
			e := math.Exp(x)
			return e / (1 + e)
		}
		return 1 / (1 + math.Exp(-x))
	})
}

// SoftplusRef is the reference of [Softplus].
func SoftplusRef[T Float](dst, a []T) {
	apply(dst, a, func(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) })
}

// SiLURef is the reference of [SiLU].
func SiLURef[T Float](dst, a []T) {
	apply(dst, a, func(x float64) float64 {
		x = max(x, -1e3) // from there on it is -0, also where -Inf/Inf would not be
		return x / (1 + math.Exp(-x))
	})
}

// ReLURef is the reference of [ReLU].
func ReLURef[T Float](dst, a []T) {
	for i, v := range a {
		dst[i] = relu(v)
	}
}

// StepRef is the reference of [Step].
func StepRef[T Float](dst, a []T) {
	for i, v := range a {
		dst[i] = 0
		if v > 0 {
			dst[i] = 1
		}
	}
}

func apply[T Float](dst, a []T, f func(float64) float64) {
	for i, v := range a {
		dst[i] = T(f(float64(v)))
	}
}

// relu lets NaN and -0 through.
func relu[T Float](v T) T {
	if v < 0 {
		return 0
	}
	return v
}

// gate lets g through where y is NaN, as PyTorch does: there the forward pass let the NaN through, and a
// gradient of 0 would hide it.
func gate[T Float](y, g T) T {
	if y <= 0 {
		return 0
	}
	return g
}
