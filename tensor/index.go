package tensor

import (
	"github.com/residuum-go/residuum/internal/cpu"
	"github.com/residuum-go/residuum/internal/kernel/gemm/tile"
)

// Transpose permutes the axes: axis i of the result is axis perm[i] of a. Without perm it reverses
// them.
func Transpose(dst, a *Tensor, perm ...int) *Tensor {
	const op = "Transpose"
	var s Shapes
	var buf [8]int
	shape, stride := s.Transpose(a.shape, perm...), buf[:0] // how far its axes step in a
	for i := range shape {
		from := len(shape) - 1 - i
		if len(perm) > 0 {
			from = perm[i]
		}
		stride = append(stride, product(a.shape[from+1:]))
	}
	dst = out(op, dst, shape)
	apart(op, dst, a)
	if len(shape) == 0 || len(a.data) == 0 {
		copy(dst.data, a.data)
		return dst
	}
	if len(shape) == 2 && stride[0] == 1 {
		tile.Transpose(cpu.Active(), dst.data, shape[1], a.data, shape[0], shape[1], shape[0])
		return dst
	}
	last := len(shape) - 1
	n, step := shape[last], stride[last]
	for r := range len(dst.data) / n {
		at, rest := 0, r
		for i := last - 1; i >= 0; i-- {
			at += rest % shape[i] * stride[i]
			rest /= shape[i]
		}
		run := dst.data[r*n : (r+1)*n]
		if step == 1 {
			copy(run, a.data[at:])
			continue
		}
		for i := range run {
			run[i] = a.data[at]
			at += step
		}
	}
	return dst
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
