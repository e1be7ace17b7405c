package vec

// SoftmaxRows computes dst[r,c] = e^(x[r,c]-m) / sum over j of e^(x[r,j]-m) for x [rows, c], where m
// is the row's maximum. A row that has NaN or +Inf, or nothing but -Inf, becomes NaN.
func SoftmaxRows(dst, x []float32, c int) {
	checkRows("SoftmaxRows", c, len(dst), len(x))
	t := newTask()
	t.dst, t.x, t.c, t.unary = dst, x, c, active().softmax
	t.runEachRow()
}

// LogSoftmaxRows computes dst[r,c] = x[r,c] - m - ln(sum over j of e^(x[r,j]-m)) for x [rows, c], where
// m is the row's maximum. A row that has NaN or +Inf, or nothing but -Inf, becomes NaN.
func LogSoftmaxRows(dst, x []float32, c int) {
	checkRows("LogSoftmaxRows", c, len(dst), len(x))
	t := newTask()
	t.dst, t.x, t.c, t.unary = dst, x, c, active().logSoftmax
	t.runEachRow()
}

func (t *task) runEachRow() {
	c := max(t.c, 1)
	t.run(len(t.x)/c, max(1, grainMath/c), func(t *task, lo, hi int) {
		for r := lo; r < hi; r++ {
			t.unary(t.dst[r*t.c:(r+1)*t.c], t.x[r*t.c:(r+1)*t.c])
		}
	})
}

// The generic kernels: one row.

func softmax(dst, x []float32)    { SoftmaxRowsRef(dst, x, len(x)) }
func logSoftmax(dst, x []float32) { LogSoftmaxRowsRef(dst, x, len(x)) }
