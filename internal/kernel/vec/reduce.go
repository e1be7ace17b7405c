package vec

import (
	"fmt"
	"math"

	"github.com/residuum-go/residuum/internal/portions"
)

// sumChunk is how many elements of a whole-slice reduction are summed on their own; the chunks'
// sums are added in order.
const sumChunk = 64 << 10

// Sum returns the sum of a, accumulated in float64. An empty sum is 0.
func Sum(a []float32) float64 {
	if len(a) <= sumChunk {
		return active().sum(a)
	}
	t := newTask()
	t.a, t.set = a, active()
	t.floats64(portions.Ceil(len(a), sumChunk))
	t.loop(len(a), sumChunk, func(t *task, lo, hi int) { t.partial[lo/sumChunk] = t.set.sum(t.a[lo:hi]) })
	s := SumRef(t.partial)
	t.free()
	return s
}

// Dot returns the sum of a[i]*b[i], multiplied and accumulated in float64.
func Dot(a, b []float32) float64 {
	check2("Dot", len(a), len(b))
	if len(a) <= sumChunk {
		return active().dot(a, b)
	}
	t := newTask()
	t.a, t.b, t.set = a, b, active()
	t.floats64(portions.Ceil(len(a), sumChunk))
	t.loop(len(a), sumChunk, func(t *task, lo, hi int) { t.partial[lo/sumChunk] = t.set.dot(t.a[lo:hi], t.b[lo:hi]) })
	s := SumRef(t.partial)
	t.free()
	return s
}

// MaxOf returns the largest element of a by the rule of [Max]: NaN if there is one, and +0 is larger
// than -0. It panics when a is empty.
func MaxOf(a []float32) float32 {
	if len(a) == 0 {
		panic("vec: MaxOf: no elements")
	}
	best := active().maxOf(a)
	if best != 0 {
		return best
	}
	for _, v := range a { // the kernels do not tell the zeros apart
		if math.Float32bits(v) == 0 {
			return 0
		}
	}
	return float32(math.Copysign(0, -1))
}

// MaxIndex returns the first index of the largest element of a, where -0 equals +0. NaN counts as
// larger than everything. It panics when a is empty.
func MaxIndex(a []float32) int {
	if len(a) == 0 {
		panic("vec: MaxIndex: no elements")
	}
	const piece = 4 << 10 // only the piece that has the maximum is read a second time
	k, at := active().maxOf, 0
	best := k(a[:min(piece, len(a))])
	for lo := piece; lo < len(a) && best == best; lo += piece {
		if v := k(a[lo:min(lo+piece, len(a))]); v > best || v != v {
			best, at = v, lo
		}
	}
	for a[at] != best && !(a[at] != a[at] && best != best) {
		at++
	}
	return at
}

// maxOf returns the largest element, a zero of any sign if that is 0, or NaN when there is one.
func maxOf(a []float32) float32 {
	m := float32(math.Inf(-1))
	for _, v := range a {
		if v > m || v != v {
			m = v
		}
		if m != m {
			break
		}
	}
	return m
}

// SumRows computes dst[c] = scale * sum over r of x[r,c] for x [rows, c], accumulated in float64 with
// groups of at most four rows summed first where they stay in range.
func SumRows(dst, x []float32, c int, scale float64) {
	checkColumns("SumRows", c, len(x), len(dst))
	t := newTask()
	t.x, t.set = x, active()
	t.reduceRows(c, 1, func(t *task, set *kernels, sum, _ []float64, b piece) {
		set.sumRows(sum, t.x[b.lo:b.hi], b.rows, b.stride)
	})
	for j := range dst {
		dst[j] = float32(t.partial[j] * scale)
	}
	t.free()
}

// MeanGroups computes dst[g,c] = sum over r of x[g,r,c] / rows for x [groups, rows, c], accumulated
// like [SumRows]. A group is summed by one worker.
func MeanGroups(dst, x []float32, groups, rows, c int) {
	if len(dst) != groups*c || len(x) != groups*rows*c {
		panic(fmt.Sprintf("vec: MeanGroups: [%d %d %d]: has %d elements and a result of %d", groups, rows, c, len(x), len(dst)))
	}
	t := newTask()
	t.dst, t.x, t.c, t.cut.rows, t.set = dst, x, c, rows, active()
	t.run(groups, max(1, grain/max(1, rows*c)), func(t *task, lo, hi int) {
		acc := accumulators.Get()
		for g := lo; g < hi; g++ {
			for col := 0; col < t.c; col += pieceColumns {
				t.meanGroup(acc, g, col)
			}
		}
		accumulators.Put(acc)
	})
}

func (t *task) meanGroup(acc *[2 * pieceColumns]float64, g, col int) {
	rows := t.cut.rows
	sum := acc[:min(pieceColumns, t.c-col)]
	clear(sum)
	t.set.sumRows(sum, t.x[g*rows*t.c+col:], rows, t.c)
	if !finite(sum) { // summed again in float64 throughout, see reduceRows
		clear(sum)
		sumRows(sum, t.x[g*rows*t.c+col:], rows, t.c)
	}
	for i, v := range sum {
		t.dst[g*t.c+col+i] = float32(v / float64(rows))
	}
}

func checkColumns(op string, c, x int, vectors ...int) {
	for _, v := range vectors {
		if v != c || c == 0 && x != 0 || c != 0 && x%c != 0 {
			panic(fmt.Sprintf("vec: %s: %d elements with %d columns and a vector of %d", op, x, c, v))
		}
	}
}
