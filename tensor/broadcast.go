package tensor

import "slices"

// A broadcast is the loops over the elements of an operation on two inputs, one of which may repeat
// along some axes (NumPy's rules: shapes are aligned at the last axis; a missing axis or one of
// length 1 repeats).
//
// Neighbouring axes along which both inputs behave alike are merged. What models do then has few
// axes: equal shapes [n]; a number [n]; a bias or a per-channel scale [rows, C], where one input
// repeats along the first axis; a value per row [rows, C], where it repeats along the second; a
// value per image and channel [N, pixels, C], where it repeats along the second.
type broadcast struct {
	dims         []int // lengths after merging, outermost first; at least one
	a, b         []int // element strides of the inputs along dims; 0 where the input repeats
	bufD, bA, bB [8]int
}

// dimFromEnd returns the i-th length from the end (the last is 1), or 1 where shape has no axis.
func dimFromEnd(shape []int, i int) int {
	if i > len(shape) {
		return 1
	}
	return shape[len(shape)-i]
}

// plan fills w with the loops over shape that read a and b, whose shapes broadcast to it.
func (w *broadcast) plan(shape, a, b []int) {
	w.dims, w.a, w.b = w.bufD[:0], w.bA[:0], w.bB[:0]
	// From the last axis to the first; reversed at the end.
	sa, sb := 1, 1
	for i := 1; i <= len(shape); i++ {
		d, da, db := dimFromEnd(shape, i), dimFromEnd(a, i), dimFromEnd(b, i)
		if d == 1 {
			continue
		}
		ta, tb := sa, sb
		if da == 1 {
			ta = 0
		}
		if db == 1 {
			tb = 0
		}
		if n := len(w.dims) - 1; n >= 0 && ta == w.a[n]*w.dims[n] && tb == w.b[n]*w.dims[n] {
			w.dims[n] *= d
		} else {
			w.dims, w.a, w.b = append(w.dims, d), append(w.a, ta), append(w.b, tb)
		}
		sa, sb = sa*da, sb*db
	}
	if len(w.dims) == 0 {
		w.dims, w.a, w.b = append(w.dims, 1), append(w.a, 1), append(w.b, 1)
	}
	slices.Reverse(w.dims)
	slices.Reverse(w.a)
	slices.Reverse(w.b)
}

// offsets returns where entry r of the first axes, taken as one, starts in a and b.
func (w *broadcast) offsets(r, axes int) (a, b int) {
	for i := axes - 1; i >= 0; i-- {
		at := r % w.dims[i]
		r /= w.dims[i]
		a += at * w.a[i]
		b += at * w.b[i]
	}
	return a, b
}

// broadcasts reports whether a tensor of shape a can be repeated to the shape of to.
func broadcasts(a, to []int) bool {
	for i := 1; i <= len(a); i++ {
		if d := dimFromEnd(a, i); i > len(to) || d != 1 && d != dimFromEnd(to, i) {
			return false
		}
	}
	return true
}
