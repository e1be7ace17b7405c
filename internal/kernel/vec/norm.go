package vec

import "math"

// Norm describes a batch normalisation, and a ReLU if one follows it, by vectors with a number for each column:
//
//	xhat[r,c] = (x[r,c] - mean[c]) * invstd[c]
//
// The mean is Mean + MeanLow: of a column far from 0, one float32 does not hold it well enough. Where a ReLU
// follows, it is given (x - Mean)*Scale + Shift, rounded as [ScaleShiftRows] rounds it; otherwise these two are nil.
// So x tells where the ReLU passed, and its output need not be read.
type Norm struct {
	Mean, MeanLow, InvStd []float32
	Scale, Shift          []float32
}

func (n *Norm) relu() bool { return n.Scale != nil }

// check panics unless all vectors have c elements, as x [rows, c] has columns.
func (n *Norm) check(op string, x int) (c int) {
	c = len(n.Mean)
	checkColumns(op, c, x, len(n.MeanLow), len(n.InvStd))
	if n.relu() {
		checkColumns(op, c, x, len(n.Scale), len(n.Shift))
	}
	return c
}

// BatchNormStats computes for x [rows, c] each column's
//
//	mean[c]     = sum over r of x[r,c] / rows
//	variance[c] = sum over r of (x[r,c] - mean[c])^2 / rows
//	invstd[c]   = 1 / sqrt(variance[c] + eps)
//
// in one pass. It sums the distances from an estimate of the mean taken from sampled rows, so
// that the variance is right for columns whose mean is far larger than their spread. No rows give
// NaN.
func BatchNormStats(n Norm, variance, x []float32, eps float32) {
	c := n.check("BatchNormStats", len(x))
	checkColumns("BatchNormStats", c, len(x), len(variance))
	t := newTask()
	t.x, t.set = x, active()
	sampleMeans(n.Mean, x)
	t.repeat(len(x), piecePeriod, n.Mean)
	t.reduceRows(c, 2, func(t *task, set *kernels, sum, square []float64, b piece) {
		set.statsRows(sum, square, t.x[b.lo:b.hi], t.row[0][b.col:][:b.width], b.rows, b.stride)
	})
	rows := float64(len(x) / max(c, 1))
	for j, center := range n.Mean {
		d := t.partial[j] / rows
		mean := float64(center) + d
		v := max(0, t.partial[c+j]/rows-d*d)
		n.Mean[j] = float32(mean)
		n.MeanLow[j] = float32(mean - float64(n.Mean[j]))
		variance[j] = float32(v)
		n.InvStd[j] = float32(1 / math.Sqrt(v+float64(eps)))
	}
	t.free()
}

// sampleMeans sets center to the column means of at most 64 evenly spaced rows of x, 0 where that
// is not finite.
//
// With rows rows of which 64 are sampled, a center that is off by D means that those 64 rows alone
// are responsible for a variance of about 64 D^2/rows. So D^2 is at most rows/64 variances even if
// the rows are chosen against us, and a typical D^2 is 1/64 of one: nothing cancels in float64.
func sampleMeans(center, x []float32) {
	clear(center)
	c := len(center)
	if len(x) == 0 {
		return
	}
	rows := len(x) / c
	n := min(rows, 64)
	for i := range n {
		row := rows/n*i + rows%n*i/n // i*rows/n, without a product that an int of 32 bits cannot hold
		AddScaled(center, center, 1/float32(n), x[row*c:][:c])
	}
	for j, v := range center {
		if math.IsInf(float64(v), 0) || v != v {
			center[j] = 0
		}
	}
}

// BatchNormGradSums computes for x and g [rows, c] the sums that the gradient of batch
// normalisation needs; they are also the gradients of its shift and of its scale:
//
//	sumG[c]  = sum over r of g[r,c]
//	sumGX[c] = sum over r of g[r,c] * xhat[r,c]
//
// If a ReLU follows the batch norm, g is the gradient behind it, and counts where the ReLU passed.
func BatchNormGradSums(sumG, sumGX, x, g []float32, n Norm) {
	c := n.check("BatchNormGradSums", len(x))
	checkColumns("BatchNormGradSums", c, len(x), len(sumG), len(sumGX))
	check2("BatchNormGradSums", len(x), len(g))
	t := newTask()
	t.x, t.g, t.set = x, g, active()
	if n.relu() {
		t.repeat(len(x), piecePeriod, n.Mean, n.Scale, n.Shift)
		t.reduceRows(c, 2, func(t *task, set *kernels, sumG, sumGX []float64, b piece) {
			set.normGradSumsReLU(sumG, sumGX, t.x[b.lo:b.hi], t.g[b.lo:b.hi],
				t.row[0][b.col:][:b.width], t.row[1][b.col:][:b.width], t.row[2][b.col:][:b.width], b.rows, b.stride)
		})
	} else {
		t.repeat(len(x), piecePeriod, n.Mean)
		t.reduceRows(c, 2, func(t *task, set *kernels, sumG, sumGX []float64, b piece) {
			set.normGradSums(sumG, sumGX, t.x[b.lo:b.hi], t.g[b.lo:b.hi], t.row[0][b.col:][:b.width], b.rows, b.stride)
		})
	}
	t.gradSums(sumG, sumGX, n)
}

// BatchNormAddGradSums begins the gradient of y = relu(batchnorm(x) + residual): it computes
//
//	dst[r,c] = 0 where y[r,c] <= 0, else g[r,c]
//
// which is the residual's gradient, and the [BatchNormGradSums] of dst, a few rows after the other, so that
// dst is summed while it is in the cache. dst may be g or y.
func BatchNormAddGradSums(dst, sumG, sumGX, x, y, g []float32, n Norm) {
	c := n.check("BatchNormAddGradSums", len(x))
	checkColumns("BatchNormAddGradSums", c, len(x), len(sumG), len(sumGX))
	check3("BatchNormAddGradSums", len(x), len(y), len(g))
	check2("BatchNormAddGradSums", len(dst), len(x))
	t := newTask()
	t.dst, t.x, t.y, t.g, t.set = dst, x, y, g, active()
	t.repeat(len(x), piecePeriod, n.Mean)
	t.reduceRows(c, 2, (*task).addGradSums)
	t.gradSums(sumG, sumGX, n)
}

// addGradSums takes so many rows at a time that what they read and write fits in the first-level cache
// twice. It is a multiple of the rows that a kernel sums in float32, so that the bits are those of
// BatchNormGradSums.
func (t *task) addGradSums(set *kernels, sumG, sumGX []float64, b piece) {
	const elements, together = 1 << 10, 4
	step := max(together, elements/b.width/together*together)
	for r := 0; r < b.rows; r += step {
		n := min(step, b.rows-r)
		lo := b.lo + r*b.stride
		hi := lo + (n-1)*b.stride + b.width
		switch {
		case set != t.set: // summed again: dst is there, and y or g may be gone
		case b.width == b.stride:
			set.reluGrad(t.dst[lo:hi], t.y[lo:hi], t.g[lo:hi])
		default:
			for at := lo; at < hi; at += b.stride {
				set.reluGrad(t.dst[at:at+b.width], t.y[at:at+b.width], t.g[at:at+b.width])
			}
		}
		set.normGradSums(sumG, sumGX, t.x[lo:hi], t.dst[lo:hi], t.row[0][b.col:][:b.width], n, b.stride)
	}
}

// gradSums finishes the sums of g and of g*(x - Mean).
func (t *task) gradSums(sumG, sumGX []float32, n Norm) {
	c := len(sumG)
	for j := range sumG {
		g := t.partial[j]
		sumG[j] = float32(g)
		sumGX[j] = float32((t.partial[c+j] - g*float64(n.MeanLow[j])) * float64(n.InvStd[j]))
	}
	t.free()
}

// BatchNormInputGrad computes the gradient of batch normalisation with respect to its input,
//
//	dst[r,c] = gamma[c]*invstd[c] * (g[r,c] - sumG[c]/rows - xhat[r,c]*sumGX[c]/rows)
//
// from the sums of [BatchNormGradSums], where g counts as it does there (Ioffe and Szegedy 2015, section 3).
// dst may be g or x.
func BatchNormInputGrad(dst, x, g []float32, n Norm, gamma, sumG, sumGX []float32) {
	c := n.check("BatchNormInputGrad", len(x))
	checkColumns("BatchNormInputGrad", c, len(x), len(gamma), len(sumG), len(sumGX))
	check3("BatchNormInputGrad", len(dst), len(x), len(g))
	t := newTask()
	t.dst, t.x, t.g, t.set = dst, x, g, kernelsFor(dst, x, g)
	t.normGradRows(n, gamma, sumG, sumGX)
	if n.relu() {
		t.runRows(func(t *task, lo, hi int) {
			r := &t.row
			t.set.normGradReLU(t.dst[lo:hi], t.x[lo:hi], t.g[lo:hi], r[0], r[1], r[2], r[3], r[4], r[5])
		})
	} else {
		t.runRows(func(t *task, lo, hi int) {
			t.set.normGrad(t.dst[lo:hi], t.x[lo:hi], t.g[lo:hi], t.row[0], t.row[1], t.row[2], t.row[3])
		})
	}
}

// normGradRows sets the row vectors of dst = g*ag + (x - mean)*ax + c, and those of the ReLU behind them. Folding
// the mean into c as well would save a subtraction and lose the digits that a large mean cancels.
func (t *task) normGradRows(n Norm, gamma, sumG, sumGX []float32) {
	c := len(gamma)
	rows := float64(len(t.x) / max(c, 1))
	t.coef = append(t.coef[:0], make([]float32, 3*c)...)
	ag, ax, constant := t.coef[:c], t.coef[c:2*c], t.coef[2*c:]
	for j := range c {
		s := float64(gamma[j]) * float64(n.InvStd[j])
		slope := -s * float64(n.InvStd[j]) * float64(sumGX[j]) / rows
		ag[j], ax[j] = float32(s), float32(slope)
		constant[j] = float32(-s*float64(sumG[j])/rows - slope*float64(n.MeanLow[j]))
	}
	if n.relu() {
		t.repeat(len(t.x), period, ag, ax, n.Mean, constant, n.Scale, n.Shift)
	} else {
		t.repeat(len(t.x), period, ag, ax, n.Mean, constant)
	}
}
