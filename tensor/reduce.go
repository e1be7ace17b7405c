package tensor

import (
	"math"
	"slices"
)

// Sum adds up a over the given axes, over all of them when none is given. With keepDims the summed
// axes stay with length 1, otherwise they are dropped. A sum over nothing is 0.
func Sum(dst, a *Tensor, keepDims bool, axes ...int) *Tensor {
	return reduce("Sum", dst, a, keepDims, axes, false)
}

// Mean averages a over the given axes, over all of them when none is given, as [Sum] does. A mean
// over nothing is NaN.
func Mean(dst, a *Tensor, keepDims bool, axes ...int) *Tensor {
	return reduce("Mean", dst, a, keepDims, axes, true)
}

func reduce(op string, dst, a *Tensor, keepDims bool, axes []int, mean bool) *Tensor {
	var sumBuf [8]bool
	var keptBuf, shapeBuf [8]int
	sum := append(sumBuf[:0], make([]bool, len(a.shape))...)
	for _, i := range axes {
		i := axis(op, i, a.shape)
		if sum[i] {
			fail(op, "axis "+itoa(i)+" is named twice", a.shape)
		}
		sum[i] = true
	}
	kept, shape, n := keptBuf[:0], shapeBuf[:0], 1
	for i, d := range a.shape {
		sum[i] = sum[i] || len(axes) == 0
		switch {
		case !sum[i]:
			kept, shape = append(kept, d), append(shape, d)
			continue
		case keepDims:
			shape = append(shape, 1)
		}
		kept = append(kept, 1)
		n *= d
	}
	dst = out(op, dst, shape)
	apart(op, dst, a)
	scale := 1.0
	if mean {
		scale = 1 / float64(n)
	}
	sumInto(dst.data, a, kept, scale)
	return dst
}

// SumTo is the adjoint of [BroadcastTo]: it sums a over the axes that broadcasting a tensor of the
// given shape to the shape of a would repeat.
func SumTo(dst, a *Tensor, shape ...int) *Tensor {
	const op = "SumTo"
	if len(shape) > len(a.shape) {
		failSumTo(a, shape)
	}
	var buf [8]int
	kept := buf[:0]
	for i := len(a.shape); i > 0; i-- {
		d := dimFromEnd(shape, i)
		if d != 1 && d != dimFromEnd(a.shape, i) {
			failSumTo(a, shape)
		}
		kept = append(kept, d)
	}
	dst = out(op, dst, shape)
	apart(op, dst, a)
	sumInto(dst.data, a, kept, 1)
	return dst
}

func failSumTo(a *Tensor, shape []int) {
	panic("tensor: SumTo: " + shapeString(a.shape) + " to " + shapeString(shape) + ": shapes do not broadcast")
}

// sumInto sums a over the axes where kept, which has the rank of a, is 1.
func sumInto(dst []float32, a *Tensor, kept []int, scale float64) {
	if len(dst) == 0 {
		return
	}
	acc := make([]float64, len(dst))
	var w broadcast
	w.plan(a.shape, a.shape, kept)
	last := len(w.dims) - 1
	n := w.dims[last]
	if len(a.data) > 0 {
		for r := range len(a.data) / n {
			_, at := w.offsets(r)
			for i, x := range a.data[r*n : (r+1)*n] {
				acc[at+i*w.b[last]] += float64(x)
			}
		}
	}
	for i, s := range acc {
		if math.IsInf(scale, 0) {
			dst[i] = float32(math.NaN())
		} else {
			dst[i] = float32(s * scale)
		}
	}
}

// Max returns the largest elements of a along one axis; NaN where there is one. With keepDims the
// axis stays with length 1, otherwise it is dropped. The maximum of nothing panics.
func Max(dst, a *Tensor, keepDims bool, axisIndex int) *Tensor {
	const op = "Max"
	at := axis(op, axisIndex, a.shape)
	var buf [8]int
	shape := append(append(buf[:0], a.shape[:at]...), a.shape[at+1:]...)
	if keepDims {
		shape = slices.Insert(shape, at, 1)
	}
	dst = out(op, dst, shape)
	apart(op, dst, a)
	if len(dst.data) == 0 {
		return dst
	}
	n, inner := a.shape[at], product(a.shape[at+1:])
	if n == 0 {
		fail(op, "maximum of nothing", a.shape)
	}
	for o := range len(dst.data) / inner {
		d := dst.data[o*inner : (o+1)*inner]
		src := a.data[o*n*inner : (o+1)*n*inner]
		copy(d, src)
		for r := 1; r < n; r++ {
			for i, x := range src[r*inner : (r+1)*inner] {
				d[i] = max(d[i], x)
			}
		}
	}
	return dst
}

// ArgMax returns, for each row of the last axis, the index of its largest element: the first one
// of equals, and of NaNs if there are any. The result has one entry per row, in row-major order.
func ArgMax(a *Tensor) []int {
	n, c := rows("ArgMax", a)
	if n > 0 && c == 0 {
		fail("ArgMax", "maximum of nothing", a.shape)
	}
	best := make([]int, n)
	for r := range best {
		row := a.data[r*c : (r+1)*c]
		for i, x := range row {
			if x > row[best[r]] {
				best[r] = i
			}
			if x != x {
				best[r] = i
				break
			}
		}
	}
	return best
}

// Dot returns the sum of a*b over all elements of two tensors of equal shape.
func Dot(a, b *Tensor) float64 {
	sameShape("Dot", a, b)
	s := 0.0
	for i, x := range a.data {
		s += float64(x) * float64(b.data[i])
	}
	return s
}

// Norm returns the Euclidean norm of a: the square root of the sum of its squares.
func Norm(a *Tensor) float64 { return math.Sqrt(Dot(a, a)) }
