package vec

import "math"

// SoftmaxRowsRef is the reference of [SoftmaxRows].
func SoftmaxRowsRef[T Float](dst, x []T, c int) {
	for lo := 0; lo < len(x); lo += c {
		m, sum := rowLogSum(x[lo : lo+c])
		for i := lo; i < lo+c; i++ {
			dst[i] = T(math.Exp(float64(x[i])-m) / sum)
		}
	}
}

// LogSoftmaxRowsRef is the reference of [LogSoftmaxRows].
func LogSoftmaxRowsRef[T Float](dst, x []T, c int) {
	for lo := 0; lo < len(x); lo += c {
		m, sum := rowLogSum(x[lo : lo+c])
		for i := lo; i < lo+c; i++ {
			dst[i] = T(float64(x[i]) - m - math.Log(sum))
		}
	}
}

// rowLogSum returns the maximum m of x and the sum of exp(x - m).
func rowLogSum[T Float](x []T) (m, sum float64) {
	m = float64(MaxOfRef(x))
	for _, v := range x {
		sum += math.Exp(float64(v) - m)
	}
	return m, sum
}
