package tensor

import (
	"iter"
	"slices"

	"github.com/residuum-go/residuum/internal/cpu"
	"github.com/residuum-go/residuum/internal/kernel/gemm/tile"
)

// Transpose permutes the axes: axis i of the result is axis perm[i] of a. Without perm it reverses
// them.
func Transpose(dst, a *Tensor, perm ...int) *Tensor {
	const op = "Transpose"
	var s Shapes
	dst = out(op, dst, s.Transpose(a.shape, perm...))
	apart(op, dst, a)
	var buf [8]step
	steps := stepsOf(buf[:0], dst.shape, a.shape, perm)
	if len(steps) == 0 || len(a.data) == 0 {
		copy(dst.data, a.data)
		return dst
	}
	last := steps[len(steps)-1]
	if last.from == 1 {
		for at := range places(steps[:len(steps)-1]) {
			copy(dst.data[at.to:][:last.n], a.data[at.from:])
		}
		return dst
	}
	u := slices.IndexFunc(steps, func(s step) bool { return s.from == 1 }) // rows of a become columns
	unit := steps[u]
	if next := slices.IndexFunc(steps[:len(steps)-1], func(s step) bool { return s.from == unit.n }); unit.n < fewColumns && next >= 0 {
		transposeShort(dst.data, a.data, unit, steps[next], last, without(steps[:len(steps)-1], u, next))
		return dst
	}
	for at := range places(slices.Delete(steps[:len(steps)-1], u, u+1)) {
		to, from := dst.data[at.to:], a.data[at.from:]
		if unit.n >= fewColumns {
			tile.Transpose(cpu.Active(), to, unit.to, from, last.from, last.n, unit.n)
			continue
		}
		for j := range unit.n {
			run := to[j*unit.to:][:last.n]
			for i, at := 0, j; i < len(run); i, at = i+1, at+last.from {
				run[i] = from[at]
			}
		}
	}
	return dst
}

// fewColumns is how many contiguous elements of a make writing them side by side worth it. Fewer, such as the 9 taps of a
// window, lie too far apart in the result, often by a power of two, which caches keep few of.
const fewColumns = 16

// transposeShort is Transpose where few elements of a, those of unit, become columns, next is the axis around them in a, and
// rest are the axes but for these and the last. As many of next as have shortColumns elements are transposed together into
// memory that stays in the cache, and go to their places from there by rows.
func transposeShort(dst, a []float32, unit, next, last step, rest []step) {
	const shortColumns = 64
	most := min(next.n, (shortColumns-1)/unit.n+1)
	buf := make([]float32, most*unit.n*last.n)
	for at := range places(rest) {
		for first := 0; first < next.n; first += most {
			n := min(most, next.n-first) * unit.n
			tile.Transpose(cpu.Active(), buf, last.n, a[at.from+first*next.from:], last.from, last.n, n)
			for i := range n {
				copy(dst[at.to+(first+i/unit.n)*next.to+i%unit.n*unit.to:][:last.n], buf[i*last.n:])
			}
		}
	}
}

// without returns the steps but for two.
func without(steps []step, i, j int) []step {
	rest := slices.Delete(slices.Clone(steps), max(i, j), max(i, j)+1)
	return slices.Delete(rest, min(i, j), min(i, j)+1)
}

// step is an axis of a transposed tensor, or several that follow each other in both tensors: its length, and how far it
// steps in the one and in the other.
type step struct{ n, from, to int }

// stepsOf appends those of the result of a permutation. Axes of length 1 have none.
func stepsOf(steps []step, shape, from []int, perm []int) []step {
	for i, n := range shape {
		at := len(shape) - 1 - i
		if len(perm) > 0 {
			at = perm[i]
		}
		s := step{n, product(from[at+1:]), product(shape[i+1:])}
		if n == 1 {
			continue
		}
		if last := len(steps) - 1; last >= 0 && steps[last].from == s.n*s.from {
			s.n *= steps[last].n
			steps = steps[:last]
		}
		steps = append(steps, s)
	}
	return steps
}

// places yields where each combination of steps begins.
func places(steps []step) iter.Seq[step] {
	return func(yield func(step) bool) {
		total := 1
		for _, s := range steps {
			total *= s.n
		}
		for r := range total {
			at := step{}
			for i := len(steps) - 1; i >= 0; i-- {
				at.from += r % steps[i].n * steps[i].from
				at.to += r % steps[i].n * steps[i].to
				r /= steps[i].n
			}
			if !yield(at) {
				return
			}
		}
	}
}

// Concat joins tensors along an axis; all other axes must agree.
func Concat(dst *Tensor, axisIndex int, ts ...*Tensor) *Tensor {
	const op = "Concat"
	var buf [8][]int
	shapes := buf[:0]
	for _, t := range ts {
		shapes = append(shapes, t.shape)
	}
	var s Shapes
	shape := s.Concat(axisIndex, shapes...)
	at := axis(op, axisIndex, shape)
	dst = out(op, dst, shape)
	apart(op, dst, ts...)
	row := product(shape[at:])
	to := 0
	for _, t := range ts {
		n := product(t.shape[at:])
		for o := range product(shape[:at]) {
			copy(dst.data[o*row+to:][:n], t.data[o*n:])
		}
		to += n
	}
	return dst
}

// SliceAxis copies the entries lo up to but not including hi along an axis.
func SliceAxis(dst, a *Tensor, axisIndex, lo, hi int) *Tensor {
	const op = "SliceAxis"
	var s Shapes
	dst = out(op, dst, s.SliceAxis(a.shape, axisIndex, lo, hi))
	apart(op, dst, a)
	at := axis(op, axisIndex, a.shape)
	inner := product(a.shape[at+1:])
	n, row := (hi-lo)*inner, a.shape[at]*inner
	if len(dst.data) > 0 {
		copyGrid(dst.data, a.data[lo*inner:], n, [3]int{1, product(a.shape[:at]), 1}, [3]int{0, n, 0}, [3]int{0, row, 0})
	}
	return dst
}

// PadAxis puts zeros before and after a along an axis. It is the adjoint of [SliceAxis].
func PadAxis(dst, a *Tensor, axisIndex, before, after int) *Tensor {
	const op = "PadAxis"
	var s Shapes
	shape := s.PadAxis(a.shape, axisIndex, before, after)
	dst = out(op, dst, shape)
	apart(op, dst, a)
	at := axis(op, axisIndex, shape)
	inner := product(a.shape[at+1:])
	n, row := a.shape[at]*inner, shape[at]*inner
	dst.Fill(0)
	if len(a.data) > 0 {
		copyGrid(dst.data[before*inner:], a.data, n, [3]int{1, product(a.shape[:at]), 1}, [3]int{0, row, 0}, [3]int{0, n, 0})
	}
	return dst
}

// Gather copies entries of the leading axis: dst[i] = a[rows[i]].
func Gather(dst, a *Tensor, rows []int) *Tensor {
	const op = "Gather"
	var s Shapes
	shape := s.Rows(op, a.shape, len(rows))
	checkRows(op, a.shape, rows, a.shape[0])
	dst = out(op, dst, shape)
	apart(op, dst, a)
	n := product(a.shape[1:])
	for i, r := range rows {
		copy(dst.data[i*n:(i+1)*n], a.data[r*n:])
	}
	return dst
}

// ScatterAdd is the adjoint of [Gather]: for a of shape [len(rows), ...] it returns a tensor of
// shape [n, ...] of zeros to which dst[rows[i]] += a[i] has been applied for every i in order, in float64.
func ScatterAdd(dst, a *Tensor, rows []int, n int) *Tensor {
	const op = "ScatterAdd"
	var shapes Shapes
	shape := shapes.Rows(op, a.shape, n)
	if len(rows) != a.shape[0] {
		fail(op, itoa(len(rows))+" row numbers", a.shape)
	}
	checkRows(op, a.shape, rows, n)
	dst = out(op, dst, shape)
	apart(op, dst, a)
	inner := product(a.shape[1:])
	s := summations.Get()
	s.begin(len(dst.data))
	for i, r := range rows {
		sums := s.partial[r*inner : (r+1)*inner]
		for j, v := range a.data[i*inner : (i+1)*inner] {
			sums[j] += float64(v)
		}
	}
	s.finish(dst.data, 1)
	summations.Put(s)
	return dst
}

// checkRows checks row numbers against n.
func checkRows(op string, a, rows []int, n int) {
	for _, r := range rows {
		if r < 0 || r >= n {
			fail(op, "row "+itoa(r)+" of "+itoa(n), a)
		}
	}
}
