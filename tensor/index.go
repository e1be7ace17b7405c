package tensor

import "slices"

// Transpose permutes the axes: axis i of the result is axis perm[i] of a. Without perm it reverses
// them.
func Transpose(dst, a *Tensor, perm ...int) *Tensor {
	const op = "Transpose"
	var permBuf, shapeBuf, strideBuf [8]int
	p := append(permBuf[:0], perm...)
	if len(perm) == 0 {
		for i := range a.shape {
			p = append(p, len(a.shape)-1-i)
		}
	}
	if !permutation(p, len(a.shape)) {
		fail(op, shapeString(p)+" is not a permutation of the axes", a.shape)
	}
	shape, stride := shapeBuf[:0], strideBuf[:0] // of the result, and how far its axes step in a
	for _, i := range p {
		shape = append(shape, a.shape[i])
		stride = append(stride, product(a.shape[i+1:]))
	}
	dst = out(op, dst, shape)
	apart(op, dst, a)
	if len(shape) == 0 || len(a.data) == 0 {
		copy(dst.data, a.data)
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

func permutation(p []int, n int) bool {
	for i := range n {
		if !slices.Contains(p, i) {
			return false
		}
	}
	return len(p) == n
}

// Concat joins tensors along an axis; all other axes must agree.
func Concat(dst *Tensor, axisIndex int, ts ...*Tensor) *Tensor {
	const op = "Concat"
	if len(ts) == 0 {
		panic("tensor: Concat: nothing to join")
	}
	at := axis(op, axisIndex, ts[0].shape)
	var buf [8]int
	shape := append(buf[:0], ts[0].shape...)
	for _, t := range ts[1:] {
		if len(t.shape) != len(shape) || !slices.Equal(t.shape[:at], shape[:at]) || !slices.Equal(t.shape[at+1:], shape[at+1:]) {
			fail(op, "shapes differ outside axis "+itoa(at), ts[0].shape, t.shape)
		}
		shape[at] += t.shape[at]
	}
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
	at := axis(op, axisIndex, a.shape)
	if lo < 0 || hi < lo || hi > a.shape[at] {
		fail(op, "range "+itoa(lo)+":"+itoa(hi)+" is outside axis "+itoa(at), a.shape)
	}
	var buf [8]int
	shape := append(buf[:0], a.shape...)
	shape[at] = hi - lo
	dst = out(op, dst, shape)
	apart(op, dst, a)
	inner := product(a.shape[at+1:])
	n, row := (hi-lo)*inner, a.shape[at]*inner
	if len(dst.data) > 0 {
		copyBlocks(dst.data, a.data[lo*inner:], n, [3]int{1, product(a.shape[:at]), 1}, [3]int{0, n, 0}, [3]int{0, row, 0})
	}
	return dst
}

// PadAxis puts zeros before and after a along an axis. It is the adjoint of [SliceAxis].
func PadAxis(dst, a *Tensor, axisIndex, before, after int) *Tensor {
	const op = "PadAxis"
	at := axis(op, axisIndex, a.shape)
	if before < 0 || after < 0 {
		fail(op, "negative padding", a.shape)
	}
	var buf [8]int
	shape := append(buf[:0], a.shape...)
	shape[at] += before + after
	dst = out(op, dst, shape)
	apart(op, dst, a)
	inner := product(a.shape[at+1:])
	n, row := a.shape[at]*inner, shape[at]*inner
	dst.Fill(0)
	if len(a.data) > 0 {
		copyBlocks(dst.data[before*inner:], a.data, n, [3]int{1, product(a.shape[:at]), 1}, [3]int{0, row, 0}, [3]int{0, n, 0})
	}
	return dst
}

// Gather copies entries of the leading axis: dst[i] = a[rows[i]].
func Gather(dst, a *Tensor, rows []int) *Tensor {
	const op = "Gather"
	n := checkRows(op, a, rows, -1)
	var buf [8]int
	shape := append(buf[:0], a.shape...)
	shape[0] = len(rows)
	dst = out(op, dst, shape)
	apart(op, dst, a)
	for i, r := range rows {
		copy(dst.data[i*n:(i+1)*n], a.data[r*n:])
	}
	return dst
}

// ScatterAdd is the adjoint of [Gather]: for a of shape [len(rows), ...] it returns a tensor of
// shape [n, ...] of zeros to which dst[rows[i]] += a[i] has been applied for every i in order, in float64.
func ScatterAdd(dst, a *Tensor, rows []int, n int) *Tensor {
	const op = "ScatterAdd"
	if n < 0 {
		fail(op, "negative number of rows", a.shape)
	}
	inner := checkRows(op, a, rows, n)
	var buf [8]int
	shape := append(buf[:0], a.shape...)
	shape[0] = n
	dst = out(op, dst, shape)
	apart(op, dst, a)
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

// checkRows checks row numbers against n, or against the leading axis of a if n is -1, and returns
// the number of elements in a row.
func checkRows(op string, a *Tensor, rows []int, n int) int {
	if len(a.shape) == 0 {
		fail(op, "rank 0 has no leading axis", a.shape)
	}
	if n < 0 {
		n = a.shape[0]
	} else if len(rows) != a.shape[0] {
		fail(op, itoa(len(rows))+" row numbers", a.shape)
	}
	for _, r := range rows {
		if r < 0 || r >= n {
			fail(op, "row "+itoa(r)+" of "+itoa(n), a.shape)
		}
	}
	return product(a.shape[1:])
}
