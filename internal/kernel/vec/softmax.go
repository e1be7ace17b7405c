package vec

import "math"

// SoftmaxRows computes dst[r,c] = e^(x[r,c]-m) / sum over j of e^(x[r,j]-m) for x [rows, c], where m
// is the row's maximum. A row that has NaN or +Inf, or nothing but -Inf, becomes NaN.
func SoftmaxRows(dst, x []float32, c int) {
	checkRows("SoftmaxRows", c, len(dst), len(x))
	t := newTask()
	t.dst, t.x, t.c, t.set = dst, x, c, active()
	t.run(len(x)/max(c, 1), max(1, grainMath/max(c, 1)), func(t *task, lo, hi int) {
		for i := lo * t.c; i < hi*t.c; i += t.c {
			dst, x := t.dst[i:i+t.c], t.x[i:i+t.c]
			sum := t.set.expSum(dst, x, t.set.maxOf(x))
			t.set.scale(dst, dst, float32(1/sum))
		}
	})
}

// LogSoftmaxRows computes dst[r,c] = x[r,c] - m - ln(sum over j of e^(x[r,j]-m)) for x [rows, c], where
// m is the row's maximum. A row that has NaN or +Inf, or nothing but -Inf, becomes NaN.
func LogSoftmaxRows(dst, x []float32, c int) {
	checkRows("LogSoftmaxRows", c, len(dst), len(x))
	t := newTask()
	t.dst, t.x, t.c, t.set = dst, x, c, active()
	t.run(len(x)/max(c, 1), max(1, grainMath/max(c, 1)), func(t *task, lo, hi int) {
		for i := lo * t.c; i < hi*t.c; i += t.c {
			x := t.x[i : i+t.c]
			m := t.set.maxOf(x)
			// Two steps: m + ln(sum) in one number would lose the digits of a large m.
			t.set.addScalars(t.dst[i:i+t.c], x, -m, float32(-math.Log(t.set.sumExp(x, m))))
		}
	})
}

// The generic kernels.

func sumExp(x []float32, m float32) float64 {
	var sum float64
	for _, v := range x {
		sum += math.Exp(float64(v - m))
	}
	return sum
}

func expSum(dst, x []float32, m float32) float64 {
	var sum float64
	for i, v := range x {
		e := math.Exp(float64(v - m))
		dst[i] = float32(e)
		sum += e
	}
	return sum
}

func addScalars(dst, a []float32, s, t float32) {
	for i, v := range a {
		dst[i] = v + s + t
	}
}
