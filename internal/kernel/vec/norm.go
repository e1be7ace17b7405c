package vec

import "math"

// StatsRows computes for x [rows, c] each column's
//
//	mean[c]     = sum over r of x[r,c] / rows
//	variance[c] = sum over r of (x[r,c] - mean[c])^2 / rows
//
// in one pass. It sums the distances from an estimate of the mean taken from sampled rows, so
// that the variance is right for columns whose mean is far larger than their spread. No rows give
// NaN.
func StatsRows(mean, variance, x []float32, c int) {
	checkColumns("StatsRows", c, len(x), len(mean), len(variance))
	t := newTask()
	t.x, t.set = x, active()
	sampleMeans(mean, x)
	t.repeat(len(x), blockPeriod, mean)
	t.reduceRows(c, 2, func(t *task, sum, square []float64, b block) {
		t.set.statsRows(sum, square, t.x[b.lo:b.hi], t.row[0][b.col:][:b.width], b.rows, b.stride)
	})
	rows := float64(len(x) / max(c, 1))
	for j, center := range mean {
		d := t.partial[j] / rows
		mean[j] = float32(float64(center) + d)
		variance[j] = float32(max(0, t.partial[c+j]/rows-d*d))
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
		AddScaled(center, center, 1/float32(n), x[i*rows/n*c:][:c])
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
//	sumGX[c] = sum over r of g[r,c] * (x[r,c] - mean[c]) * invstd[c]
func BatchNormGradSums(sumG, sumGX, x, g, mean, invstd []float32) {
	c := len(mean)
	checkColumns("BatchNormGradSums", c, len(x), len(sumG), len(sumGX), len(invstd))
	check2("BatchNormGradSums", len(x), len(g))
	t := newTask()
	t.x, t.g, t.set = x, g, active()
	t.repeat(len(x), blockPeriod, mean)
	t.reduceRows(c, 2, func(t *task, sumG, sumGX []float64, b block) {
		t.set.normGradSums(sumG, sumGX, t.x[b.lo:b.hi], t.g[b.lo:b.hi], t.row[0][b.col:][:b.width], b.rows, b.stride)
	})
	t.gradSums(sumG, sumGX, invstd)
}

// BatchNormGradSumsReLU is [BatchNormGradSums] for a batch norm with a ReLU behind it: g counts only
// where y = x*scale[c] + shift[c] > 0, rounded as [ScaleShiftRows] rounds it. So x tells where the ReLU
// passed, and its output need not be read.
func BatchNormGradSumsReLU(sumG, sumGX, x, g, mean, invstd, scale, shift []float32) {
	c := len(mean)
	checkColumns("BatchNormGradSumsReLU", c, len(x), len(sumG), len(sumGX), len(invstd), len(scale), len(shift))
	check2("BatchNormGradSumsReLU", len(x), len(g))
	t := newTask()
	t.x, t.g, t.set = x, g, active()
	t.repeat(len(x), blockPeriod, mean, scale, shift)
	t.reduceRows(c, 2, func(t *task, sumG, sumGX []float64, b block) {
		t.set.normGradSumsReLU(sumG, sumGX, t.x[b.lo:b.hi], t.g[b.lo:b.hi],
			t.row[0][b.col:][:b.width], t.row[1][b.col:][:b.width], t.row[2][b.col:][:b.width], b.rows, b.stride)
	})
	t.gradSums(sumG, sumGX, invstd)
}

// BatchNormAddGradSums begins the gradient of y = relu(batchnorm(x) + residual): it computes
//
//	dst[r,c] = g[r,c] where y[r,c] > 0, else 0
//
// which is the residual's gradient, and the [BatchNormGradSums] of dst, a few rows after the other, so that
// dst is summed while it is in the cache. dst may be g or y.
func BatchNormAddGradSums(dst, sumG, sumGX, x, y, g, mean, invstd []float32) {
	c := len(mean)
	checkColumns("BatchNormAddGradSums", c, len(x), len(sumG), len(sumGX), len(invstd))
	check3("BatchNormAddGradSums", len(x), len(y), len(g))
	check2("BatchNormAddGradSums", len(dst), len(x))
	t := newTask()
	t.dst, t.x, t.y, t.g, t.set = dst, x, y, g, active()
	t.repeat(len(x), blockPeriod, mean)
	t.reduceRows(c, 2, (*task).addGradSums)
	t.gradSums(sumG, sumGX, invstd)
}

// addGradSums takes so many rows at a time that what they read and write fits in the first-level cache
// twice. It is a multiple of the rows that a kernel sums in float32, so that the bits are those of
// BatchNormGradSums.
func (t *task) addGradSums(sumG, sumGX []float64, b block) {
	const elements, together = 1 << 10, 4
	step := max(together, elements/b.width/together*together)
	for r := 0; r < b.rows; r += step {
		n := min(step, b.rows-r)
		lo := b.lo + r*b.stride
		hi := lo + (n-1)*b.stride + b.width
		if b.width == b.stride {
			t.set.reluGrad(t.dst[lo:hi], t.y[lo:hi], t.g[lo:hi])
		} else {
			for at := lo; at < hi; at += b.stride {
				t.set.reluGrad(t.dst[at:at+b.width], t.y[at:at+b.width], t.g[at:at+b.width])
			}
		}
		t.set.normGradSums(sumG, sumGX, t.x[lo:hi], t.dst[lo:hi], t.row[0][b.col:][:b.width], n, b.stride)
	}
}

func (t *task) gradSums(sumG, sumGX, invstd []float32) {
	c := len(sumG)
	for j := range sumG {
		sumG[j] = float32(t.partial[j])
		sumGX[j] = float32(t.partial[c+j] * float64(invstd[j]))
	}
	t.free()
}

// BatchNormInputGrad computes the gradient of batch normalisation with respect to its input,
//
//	xhat[r,c] = (x[r,c] - mean[c]) * invstd[c]
//	dst[r,c]  = gamma[c]*invstd[c] * (g[r,c] - sumG[c]/rows - xhat[r,c]*sumGX[c]/rows)
//
// from the sums of [BatchNormGradSums] (Ioffe and Szegedy 2015, section 3). dst may be g or x.
func BatchNormInputGrad(dst, x, g, mean, invstd, gamma, sumG, sumGX []float32) {
	checkColumns("BatchNormInputGrad", len(mean), len(x), len(invstd), len(gamma), len(sumG), len(sumGX))
	check3("BatchNormInputGrad", len(dst), len(x), len(g))
	t := newTask()
	t.dst, t.x, t.g, t.set = dst, x, g, kernelsFor(dst, x, g)
	t.normGradRows(mean, invstd, gamma, sumG, sumGX)
	t.runRows(func(t *task, lo, hi int) {
		t.set.normGrad(t.dst[lo:hi], t.x[lo:hi], t.g[lo:hi], t.row[0], t.row[1], t.row[2], t.row[3])
	})
}

// BatchNormInputGradReLU is [BatchNormInputGrad] for a batch norm with a ReLU behind it: g counts only
// where x*scale[c] + shift[c] > 0, as in [BatchNormGradSumsReLU].
func BatchNormInputGradReLU(dst, x, g, mean, invstd, gamma, sumG, sumGX, scale, shift []float32) {
	checkColumns("BatchNormInputGradReLU", len(mean), len(x), len(invstd), len(gamma), len(sumG), len(sumGX), len(scale), len(shift))
	check3("BatchNormInputGradReLU", len(dst), len(x), len(g))
	t := newTask()
	t.dst, t.x, t.g, t.set = dst, x, g, kernelsFor(dst, x, g)
	t.normGradRows(mean, invstd, gamma, sumG, sumGX, scale, shift)
	t.runRows(func(t *task, lo, hi int) {
		r := &t.row
		t.set.normGradReLU(t.dst[lo:hi], t.x[lo:hi], t.g[lo:hi], r[0], r[1], r[2], r[3], r[4], r[5])
	})
}

// normGradRows sets the row vectors of dst = g*ag + (x - mean)*ax + c, and more behind them. Folding the
// mean into c as well would save a subtraction and lose the digits that a large mean cancels.
func (t *task) normGradRows(mean, invstd, gamma, sumG, sumGX []float32, more ...[]float32) {
	c := len(mean)
	rows := float64(len(t.x) / max(c, 1))
	t.coef = append(t.coef[:0], make([]float32, 3*c)...)
	ag, ax, constant := t.coef[:c], t.coef[c:2*c], t.coef[2*c:]
	for j := range c {
		s := float64(gamma[j]) * float64(invstd[j])
		ag[j] = float32(s)
		ax[j] = float32(-s * float64(invstd[j]) * float64(sumGX[j]) / rows)
		constant[j] = float32(-s * float64(sumG[j]) / rows)
	}
	vectors := [6][]float32{ag, ax, mean, constant}
	n := 4 + copy(vectors[4:], more)
	t.repeat(len(t.x), period, vectors[:n]...)
}
