package vec

// SoftmaxRows computes dst[r,c] = e^(x[r,c]-m) / sum over j of e^(x[r,j]-m) for x [rows, c], where m
// is the row's maximum. A row that has NaN or +Inf, or nothing but -Inf, becomes NaN.
func SoftmaxRows(dst, x []float32, c int) {
	checkRows("SoftmaxRows", c, len(dst), len(x))
	t := newTask()
	t.dst, t.x, t.c, t.set = dst, x, c, active()
	t.run(len(x)/max(c, 1), max(1, grainMath/max(c, 1)), func(t *task, lo, hi int) {
		t.set.softmax(t.dst[lo*t.c:hi*t.c], t.x[lo*t.c:hi*t.c], hi-lo, t.c)
	})
}

// LogSoftmaxRows computes dst[r,c] = x[r,c] - m - ln(sum over j of e^(x[r,j]-m)) for x [rows, c], where
// m is the row's maximum. A row that has NaN or +Inf, or nothing but -Inf, becomes NaN.
func LogSoftmaxRows(dst, x []float32, c int) {
	checkRows("LogSoftmaxRows", c, len(dst), len(x))
	t := newTask()
	t.dst, t.x, t.c, t.set = dst, x, c, active()
	t.run(len(x)/max(c, 1), max(1, grainMath/max(c, 1)), func(t *task, lo, hi int) {
		t.set.logSoftmax(t.dst[lo*t.c:hi*t.c], t.x[lo*t.c:hi*t.c], hi-lo, t.c)
	})
}

// The generic kernels.

func softmax(dst, x []float32, _, c int)    { SoftmaxRowsRef(dst, x, c) }
func logSoftmax(dst, x []float32, _, c int) { LogSoftmaxRowsRef(dst, x, c) }
