package tensor

import "slices"

// Shapes knows the ops by their shapes. A method takes those of the operands, and returns that of the op's result
// or panics as the op would. The ops themselves ask it, and so does whoever makes room for a result before it is
// computed; nothing else works out shapes. Where several ops share a method, op is the one that asks, for the message.
//
// The zero value is ready. What a method returns is valid until the next one is called, and takes no memory up to rank 8.
type Shapes struct{ buf [8]int }

// Broadcast returns the shape that a and b have together by NumPy's rules: aligned at the last axis,
// where an axis that is missing or of length 1 repeats. It is that of [Add], [Mul] and the like.
func (s *Shapes) Broadcast(op string, a, b []int) []int {
	shape, ok := s.together(a, b)
	if !ok {
		fail(op, "shapes do not broadcast", a, b)
	}
	return shape
}

// together returns the shape that a and b have together, if they broadcast.
func (s *Shapes) together(a, b []int) (shape []int, ok bool) {
	shape = s.buf[:0]
	for i := max(len(a), len(b)); i > 0; i-- {
		x, y := dimFromEnd(a, i), dimFromEnd(b, i)
		if x != y && x != 1 && y != 1 {
			return nil, false
		}
		if x == 1 {
			x = y
		}
		shape = append(shape, x)
	}
	return shape, true
}

// Reduce returns a without the given axes, or without all of them when none is given: the shape of [Sum],
// [Mean] and [Max].
func (s *Shapes) Reduce(op string, a []int, axes ...int) []int {
	checkAxes(op, a, axes)
	buf := s.buf[:0]
	for i, d := range a {
		if !reduced(i, a, axes) {
			buf = append(buf, d)
		}
	}
	return buf
}

// ReduceKeep returns a with length 1 for the given axes, or for all of them when none is given: the shape of
// [SumKeep], [MeanKeep] and [MaxKeep].
func (s *Shapes) ReduceKeep(op string, a []int, axes ...int) []int {
	checkAxes(op, a, axes)
	buf := s.buf[:0]
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

// MatMul returns the shape [..., m,n] of [MatMul].
func (s *Shapes) MatMul(a, b []int, t Transposed) []int {
	if len(a) < 2 || len(b) < 2 {
		failMatMul(a, b, t, "both must be matrices, or stacks of them")
	}
	lead, ok := s.together(a[:len(a)-2], b[:len(b)-2])
	if !ok {
		failMatMul(a, b, t, "leading axes do not broadcast")
	}
	m, k, kb, n := a[len(a)-2], a[len(a)-1], b[len(b)-2], b[len(b)-1]
	if t.a() {
		m, k = k, m
	}
	if t.b() {
		kb, n = n, kb
	}
	if k != kb {
		failMatMul(a, b, t, "inner dimensions differ")
	}
	return append(lead, m, n)
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

// Reshape returns shape with the length that -1 stands for in [Tensor.Reshape].
func (s *Shapes) Reshape(a []int, shape ...int) []int {
	fail := func(why string) {
		panic("tensor: Reshape: " + shapeString(a) + " to " + shapeString(shape) + ": " + why)
	}
	full := append(s.buf[:0], shape...)
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

// Transpose returns the axes of a in the order of perm, or reversed when there is none: the shape of
// [Transpose].
func (s *Shapes) Transpose(a []int, perm ...int) []int {
	buf := append(s.buf[:0], a...)
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

// Concat returns the shape of [Concat].
func (s *Shapes) Concat(axisIndex int, shapes ...[]int) []int {
	const op = "Concat"
	if len(shapes) == 0 {
		panic("tensor: Concat: nothing to join")
	}
	first := shapes[0]
	at := axis(op, axisIndex, first)
	shape := append(s.buf[:0], first...)
	for _, next := range shapes[1:] {
		if len(next) != len(first) || !slices.Equal(next[:at], first[:at]) || !slices.Equal(next[at+1:], first[at+1:]) {
			fail(op, "shapes differ outside axis "+itoa(at), first, next)
		}
		shape[at] += next[at]
	}
	return shape
}

// SliceAxis returns the shape of [SliceAxis].
func (s *Shapes) SliceAxis(a []int, axisIndex, lo, hi int) []int {
	const op = "SliceAxis"
	at := axis(op, axisIndex, a)
	if lo < 0 || hi < lo || hi > a[at] {
		fail(op, "range "+itoa(lo)+":"+itoa(hi)+" is outside axis "+itoa(at), a)
	}
	return s.withAxis(a, at, hi-lo)
}

// PadAxis returns the shape of [PadAxis].
func (s *Shapes) PadAxis(a []int, axisIndex, before, after int) []int {
	const op = "PadAxis"
	at := axis(op, axisIndex, a)
	if before < 0 || after < 0 {
		fail(op, "negative padding", a)
	}
	return s.withAxis(a, at, before+a[at]+after)
}

// Rows returns a with n entries along the leading axis: the shape of [Gather] and [ScatterAdd].
func (s *Shapes) Rows(op string, a []int, n int) []int {
	if len(a) == 0 {
		fail(op, "rank 0 has no leading axis", a)
	}
	if n < 0 {
		fail(op, "negative number of rows", a)
	}
	return s.withAxis(a, 0, n)
}

// withAxis returns a with length n for one axis.
func (s *Shapes) withAxis(a []int, at, n int) []int {
	buf := append(s.buf[:0], a...)
	buf[at] = n
	return buf
}

// SoftCrossEntropy returns the shape [N] of [SoftCrossEntropy].
func (s *Shapes) SoftCrossEntropy(logits, t []int) []int {
	const op = "SoftCrossEntropy"
	if len(logits) != 2 || !slices.Equal(logits, t) {
		fail(op, "want [N K] twice", logits, t)
	}
	return append(s.buf[:0], logits[0])
}
