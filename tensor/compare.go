package tensor

import (
	"math"
	"slices"
)

// Equal reports whether a and b have the same shape and the same bits: a NaN equals a NaN of the
// same bits, and 0 differs from -0.
func Equal(a, b *Tensor) bool {
	if !slices.Equal(a.shape, b.shape) {
		return false
	}
	for i, x := range a.data {
		if math.Float32bits(x) != math.Float32bits(b.data[i]) {
			return false
		}
	}
	return true
}

// AllClose reports whether a and b have the same shape and |a-b| <= atol + rtol*|b| for every
// element. Infinities are close to themselves, NaN to nothing.
func AllClose(a, b *Tensor, rtol, atol float64) bool {
	if !slices.Equal(a.shape, b.shape) {
		return false
	}
	for i, x := range a.data {
		x, y := float64(x), float64(b.data[i])
		if x == y {
			continue
		}
		if math.IsInf(x, 0) || math.IsInf(y, 0) || !(math.Abs(x-y) <= atol+rtol*math.Abs(y)) {
			return false
		}
	}
	return true
}
