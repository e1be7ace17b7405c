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
// m is the row's maximum. That of the maximum has digits of its own, though the sum may be 1 in float32. A row
// that has NaN or +Inf, or nothing but -Inf, becomes NaN.
func LogSoftmaxRows(dst, x []float32, c int) {
	checkRows("LogSoftmaxRows", c, len(dst), len(x))
	t := newTask()
	t.dst, t.x, t.c, t.set = dst, x, c, active()
	t.run(len(x)/max(c, 1), max(1, grainMath/max(c, 1)), func(t *task, lo, hi int) {
		t.set.logSoftmax(t.dst[lo*t.c:hi*t.c], t.x[lo*t.c:hi*t.c], hi-lo, t.c)
	})
}

// LogSoftmaxVJPRows computes dst[r,c] = g[r,c] - p[r,c] * sum over j of g[r,j], where p is the softmax of
// row r of x: the product of g and the Jacobian of log softmax, which is I - 1 p^T. For x and g [rows, c].
// Every element has digits of its own: also where g and p times the sum are all but equal, for a loss that is
// sure of its label, since the element of the row's maximum is minus the sum of the others.
func LogSoftmaxVJPRows(dst, x, g []float32, c int) {
	checkRows("LogSoftmaxVJPRows", c, len(dst), len(x))
	check2("LogSoftmaxVJPRows", len(x), len(g))
	t := newTask()
	t.dst, t.x, t.g, t.c = dst, x, g, c
	t.runExp(func(t *task, lo, hi int) {
		LogSoftmaxVJPRowsRef(t.dst[lo*t.c:hi*t.c], t.x[lo*t.c:hi*t.c], t.g[lo*t.c:hi*t.c], t.c)
	})
}

// LogSoftmaxJVPRows computes dst[r,c] = h[r,c] - sum over j of p[r,j] * h[r,j], where p is the softmax of
// row r of x: the product of the Jacobian of log softmax, I - 1 p^T, and h. For x and h [rows, c]. Every
// element has digits of its own, also that of a p near 1.
func LogSoftmaxJVPRows(dst, x, h []float32, c int) {
	checkRows("LogSoftmaxJVPRows", c, len(dst), len(x))
	check2("LogSoftmaxJVPRows", len(x), len(h))
	t := newTask()
	t.dst, t.x, t.a, t.c = dst, x, h, c
	t.runExp(func(t *task, lo, hi int) {
		LogSoftmaxJVPRowsRef(t.dst[lo*t.c:hi*t.c], t.x[lo*t.c:hi*t.c], t.a[lo*t.c:hi*t.c], t.c)
	})
}

// CrossEntropyRows computes dst[r] = -sum over j of y[r,j] * log softmax(x[r])[j] for x and y
// [rows, c]. 0 times an infinite logarithm is 0. The gradient by x is the VJP of log softmax and -y.
func CrossEntropyRows(dst, x, y []float32, c int) {
	checkRows("CrossEntropyRows", c, len(x), len(y))
	check2("CrossEntropyRows", len(dst)*c, len(x))
	t := newTask()
	t.dst, t.x, t.y, t.c = dst, x, y, c
	t.runExp(func(t *task, lo, hi int) {
		CrossEntropyRowsRef(t.dst[lo:hi], t.x[lo*t.c:hi*t.c], t.y[lo*t.c:hi*t.c], t.c)
	})
}

// CrossEntropyMean returns the mean over the rows of x [rows, c] of their cross-entropy with the
// targets (1-smoothing)*onehot(labels[r]) + smoothing/c.
func CrossEntropyMean(x []float32, labels []int, smoothing float32, c int) float64 {
	check2("CrossEntropyMean", len(labels)*c, len(x))
	t := newTask()
	t.x, t.labels, t.s, t.c = x, labels, smoothing, c
	rows := t.floats64(len(labels))
	t.loopExp(func(t *task, lo, hi int) {
		for r := lo; r < hi; r++ {
			t.partial[r] = CrossEntropyMeanRef(t.x[r*t.c:(r+1)*t.c], t.labels[r:r+1], float64(t.s), t.c)
		}
	})
	mean := SumRef(rows) / float64(len(rows))
	t.free()
	return mean
}

// CrossEntropyMeanGrad computes the gradient of [CrossEntropyMean] by x, dst[r,c] = (p[r,c] - target) / rows,
// where p is the softmax of row r of x. Every element has digits of its own, see [LogSoftmaxVJPRows].
func CrossEntropyMeanGrad(dst, x []float32, labels []int, smoothing float32, c int) {
	check2("CrossEntropyMeanGrad", len(dst), len(x))
	check2("CrossEntropyMeanGrad", len(labels)*c, len(x))
	t := newTask()
	t.dst, t.x, t.labels, t.s, t.c = dst, x, labels, smoothing, c
	t.runExp(func(t *task, lo, hi int) {
		CrossEntropyMeanGradRef(t.dst[lo*t.c:hi*t.c], t.x[lo*t.c:hi*t.c], t.labels[lo:hi], float64(t.s), t.c, len(t.labels))
	})
}

// runExp executes body, which computes exponentials in float64, over the rows of x in parallel, and gives the task back.
func (t *task) runExp(body func(t *task, lo, hi int)) {
	t.loopExp(body)
	t.free()
}

func (t *task) loopExp(body func(t *task, lo, hi int)) {
	t.loop(len(t.x)/max(t.c, 1), max(1, grainExp/max(t.c, 1)), body)
}

// The generic kernels.

func softmax(dst, x []float32, _, c int)    { SoftmaxRowsRef(dst, x, c) }
func logSoftmax(dst, x []float32, _, c int) { LogSoftmaxRowsRef(dst, x, c) }
