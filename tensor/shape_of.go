package tensor

import "slices"

// The functions XShape say what shape the result of X has, for operands of the given shapes. Nothing else
// knows: X itself asks them, and so does whoever makes room for a result before it is computed. They panic as
// X would. The result is in the memory of buf, if that has room, so that a call allocates nothing. Where
// several ops share a shape, op is the one that asks, for the message.

// BroadcastShape returns the shape that a and b have together by NumPy's rules: aligned at the last axis,
// where an axis that is missing or of length 1 repeats. It is that of [Add], [Mul] and the like.
func BroadcastShape(buf []int, op string, a, b []int) []int {
	buf = buf[:0]
	rank := max(len(a), len(b))
	for i := range rank {
		x, y := dimFromEnd(a, rank-i), dimFromEnd(b, rank-i)
		switch {
		case x == y || y == 1:
			buf = append(buf, x)
		case x == 1:
			buf = append(buf, y)
		default:
			fail(op, "shapes do not broadcast", a, b)
		}
	}
	return buf
}

// ReduceShape returns a without the given axes, or without all of them when none is given: the shape of [Sum],
// [Mean] and [Max].
func ReduceShape(buf []int, op string, a []int, axes ...int) []int {
	checkAxes(op, a, axes)
	buf = buf[:0]
	for i, d := range a {
		if !reduced(i, a, axes) {
			buf = append(buf, d)
		}
	}
	return buf
}

// ReduceKeepShape returns a with length 1 for the given axes, or for all of them when none is given: the shape of
// [SumKeep], [MeanKeep] and [MaxKeep].
func ReduceKeepShape(buf []int, op string, a []int, axes ...int) []int {
	checkAxes(op, a, axes)
	buf = buf[:0]
	for i, d := range a {
		if reduced(i, a, axes) {
			d = 1
		}
		buf = append(buf, d)
	}
	return buf
}

// reduced reports whether axis i of a is one of axes.
func reduced(i int, a, axes []int) bool {
	return len(axes) == 0 || slices.Contains(axes, i) || slices.Contains(axes, i-len(a))
}

func checkAxes(op string, a, axes []int) {
	for n, i := range axes {
		i = axis(op, i, a)
		if n > 0 && reduced(i, a, axes[:n]) {
			fail(op, "axis "+itoa(i)+" is named twice", a)
		}
	}
}

// MatMulShape returns the shape [m,n] of [MatMul].
func MatMulShape(buf []int, a, b []int, t Transposed) []int {
	if len(a) != 2 || len(b) != 2 {
		failMatMul(a, b, t, "both must be matrices")
	}
	m, k, kb, n := a[0], a[1], b[0], b[1]
	if t.a() {
		m, k = k, m
	}
	if t.b() {
		kb, n = n, kb
	}
	if k != kb {
		failMatMul(a, b, t, "inner dimensions differ")
	}
	return append(buf[:0], m, n)
}

func failMatMul(a, b []int, t Transposed, why string) {
	sa, sb := shapeString(a), shapeString(b)
	if t.a() {
		sa += "ᵀ"
	}
	if t.b() {
		sb += "ᵀ"
	}
	panic("tensor: MatMul: " + sa + " x " + sb + ": " + why)
}

// ReshapeShape returns shape with the length that -1 stands for in [Tensor.Reshape].
func ReshapeShape(buf []int, a []int, shape ...int) []int {
	fail := func(why string) {
		panic("tensor: Reshape: " + shapeString(a) + " to " + shapeString(shape) + ": " + why)
	}
	full := append(buf[:0], shape...)
	n, free, rest := product(a), -1, 1
	for i, d := range full {
		switch {
		case d != -1:
			rest *= d
		case free >= 0:
			fail("more than one -1")
		default:
			free = i
		}
	}
	if free >= 0 {
		if rest == 0 && n == 0 {
			fail("every length fits in place of -1")
		}
		if rest <= 0 || n%rest != 0 {
			fail("no length fits in place of -1")
		}
		full[free] = n / rest
	}
	if size("Reshape", full) != n {
		fail("sizes differ")
	}
	return full
}

// TransposeShape returns the axes of a in the order of perm, or reversed when there is none: the shape of
// [Transpose].
func TransposeShape(buf []int, a []int, perm ...int) []int {
	buf = append(buf[:0], a...)
	if len(perm) == 0 {
		slices.Reverse(buf)
		return buf
	}
	ok := len(perm) == len(a)
	for i := range a {
		ok = ok && slices.Contains(perm, i)
	}
	if !ok {
		fail("Transpose", shapeString(perm)+" is not a permutation of the axes", a)
	}
	for i, from := range perm {
		buf[i] = a[from]
	}
	return buf
}

// ConcatShape returns the shape of [Concat].
func ConcatShape(buf []int, axisIndex int, shapes ...[]int) []int {
	const op = "Concat"
	if len(shapes) == 0 {
		panic("tensor: Concat: nothing to join")
	}
	first := shapes[0]
	at := axis(op, axisIndex, first)
	shape := append(buf[:0], first...)
	for _, s := range shapes[1:] {
		if len(s) != len(first) || !slices.Equal(s[:at], first[:at]) || !slices.Equal(s[at+1:], first[at+1:]) {
			fail(op, "shapes differ outside axis "+itoa(at), first, s)
		}
		shape[at] += s[at]
	}
	return shape
}

// SliceAxisShape returns the shape of [SliceAxis].
func SliceAxisShape(buf []int, a []int, axisIndex, lo, hi int) []int {
	const op = "SliceAxis"
	at := axis(op, axisIndex, a)
	if lo < 0 || hi < lo || hi > a[at] {
		fail(op, "range "+itoa(lo)+":"+itoa(hi)+" is outside axis "+itoa(at), a)
	}
	return withAxis(buf, a, at, hi-lo)
}

// PadAxisShape returns the shape of [PadAxis].
func PadAxisShape(buf []int, a []int, axisIndex, before, after int) []int {
	const op = "PadAxis"
	at := axis(op, axisIndex, a)
	if before < 0 || after < 0 {
		fail(op, "negative padding", a)
	}
	return withAxis(buf, a, at, before+a[at]+after)
}

// RowsShape returns a with n entries along the leading axis: the shape of [Gather] and [ScatterAdd].
func RowsShape(buf []int, op string, a []int, n int) []int {
	if len(a) == 0 {
		fail(op, "rank 0 has no leading axis", a)
	}
	if n < 0 {
		fail(op, "negative number of rows", a)
	}
	return withAxis(buf, a, 0, n)
}

// withAxis returns a with length n for one axis.
func withAxis(buf []int, a []int, at, n int) []int {
	buf = append(buf[:0], a...)
	buf[at] = n
	return buf
}

// SoftCrossEntropyShape returns the shape [N] of [SoftCrossEntropy].
func SoftCrossEntropyShape(buf []int, logits, t []int) []int {
	const op = "SoftCrossEntropy"
	if len(logits) != 2 || !slices.Equal(logits, t) {
		fail(op, "want [N K] twice", logits, t)
	}
	return append(buf[:0], logits[0])
}
