package vec

import "math"

// SoftmaxRowsRef is the reference of [SoftmaxRows].
func SoftmaxRowsRef[T Float](dst, x []T, c int) {
	for lo := 0; lo < len(x); lo += c {
		s := softmaxOf(x[lo : lo+c])
		for i := lo; i < lo+c; i++ {
			dst[i] = T(s.p(float64(x[i])))
		}
	}
}

// LogSoftmaxRowsRef is the reference of [LogSoftmaxRows].
func LogSoftmaxRowsRef[T Float](dst, x []T, c int) {
	for lo := 0; lo < len(x); lo += c {
		s := softmaxOf(x[lo : lo+c])
		for i := lo; i < lo+c; i++ {
			dst[i] = T(s.logp(float64(x[i])))
		}
	}
}

// LogSoftmaxVJPRowsRef is the reference of [LogSoftmaxVJPRows].
func LogSoftmaxVJPRowsRef[T Float](dst, x, g []T, c int) {
	for lo := 0; lo < len(x); lo += c {
		logSoftmaxVJP(dst[lo:lo+c], x[lo:lo+c], rowOf[T]{all: g[lo : lo+c]})
	}
}

// logSoftmaxVJP is LogSoftmaxVJPRows for one row. The result sums to zero: its element where the probability is
// largest, which may be 1 to the last digit, is minus the sum of the others.
func logSoftmaxVJP[T Float](dst, x []T, g rowOf[T]) {
	s, total, top := softmaxOf(x), 0.0, 0.0
	for j := range x {
		total += g.at(j)
	}
	for j, v := range x {
		if j != s.top {
			d := g.at(j) - s.p(float64(v))*total
			dst[j] = T(d)
			top -= d
		}
	}
	dst[s.top] = T(top)
}

// LogSoftmaxJVPRowsRef is the reference of [LogSoftmaxJVPRows].
func LogSoftmaxJVPRowsRef[T Float](dst, x, h []T, c int) {
	for lo := 0; lo < len(x); lo += c {
		x, h, dst := x[lo:lo+c], h[lo:lo+c], dst[lo:lo+c]
		s, mean := softmaxOf(x), 0.0
		top := float64(h[s.top])
		for j, v := range x {
			if j != s.top {
				mean += s.p(float64(v)) * (float64(h[j]) - top)
			}
		}
		for j, v := range h {
			dst[j] = T(float64(v) - top - mean)
		}
	}
}

// CrossEntropyRowsRef is the reference of [CrossEntropyRows].
func CrossEntropyRowsRef[T Float](dst, x, y []T, c int) {
	for r := range dst {
		dst[r] = T(crossEntropy(x[r*c:(r+1)*c], rowOf[T]{all: y[r*c : (r+1)*c]}))
	}
}

// CrossEntropyMeanRef is the reference of [CrossEntropyMean].
func CrossEntropyMeanRef[T Float](x []T, labels []int, smoothing float64, c int) float64 {
	sum := 0.0
	for r, label := range labels {
		sum += crossEntropy(x[r*c:(r+1)*c], smoothed[T](label, smoothing, c, 1))
	}
	return sum / float64(len(labels))
}

// CrossEntropyMeanGradRef is the reference of [CrossEntropyMeanGrad].
func CrossEntropyMeanGradRef[T Float](dst, x []T, labels []int, smoothing float64, c, rows int) {
	for r, label := range labels {
		lo, hi := r*c, (r+1)*c
		logSoftmaxVJP(dst[lo:hi], x[lo:hi], smoothed[T](label, smoothing, c, -1/float64(rows)))
	}
}

// crossEntropy returns -sum over j of t[j] * log softmax(x)[j].
func crossEntropy[T Float](x []T, t rowOf[T]) float64 {
	s, sum := softmaxOf(x), 0.0
	for j, v := range x {
		if w := t.at(j); w != 0 { // 0 times an infinite logarithm is 0
			sum -= w * s.logp(float64(v))
		}
	}
	return sum
}

// rowOf is a row of numbers: all of them, or, as float64, one at label and another elsewhere.
type rowOf[T Float] struct {
	all           []T
	label         int
	on, elsewhere float64
}

// smoothed returns scale * ((1-smoothing)*onehot(label) + smoothing/c).
func smoothed[T Float](label int, smoothing float64, c int, scale float64) rowOf[T] {
	rest := smoothing / float64(c)
	return rowOf[T]{label: label, on: scale * (1 - smoothing + rest), elsewhere: scale * rest}
}

func (r rowOf[T]) at(j int) float64 {
	switch {
	case r.all != nil:
		return float64(r.all[j])
	case j == r.label:
		return r.on
	}
	return r.elsewhere
}

// softmaxRow is what softmax and log softmax of a row x need, in float64. Where one element dominates, its
// probability is 1 to the last digit, and all that a loss and its gradients consist of is the sum of the
// others: log softmax takes it from there.
type softmaxRow struct {
	top      int     // where the largest element is
	max      float64 // the largest element
	sum, log float64 // sum over j of e^(x[j]-max), and its logarithm
}

func softmaxOf[T Float](x []T) softmaxRow {
	top := 0
	for j, v := range x {
		if v > x[top] {
			top = j
		}
	}
	s, others := softmaxRow{top: top, max: float64(x[top])}, 0.0
	for j, v := range x {
		if j != top {
			others += math.Exp(float64(v) - s.max)
		}
	}
	bad := s.max - s.max // NaN for an infinite maximum, else 0
	s.sum, s.log = 1+others+bad, math.Log1p(others)+bad
	return s
}

// p returns softmax(x)[j] for v = x[j].
func (s *softmaxRow) p(v float64) float64 { return math.Exp(v-s.max) / s.sum }

// logp returns log softmax(x)[j] for v = x[j].
func (s *softmaxRow) logp(v float64) float64 { return v - s.max - s.log }
