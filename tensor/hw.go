package tensor

// HW is a number for each of the two axes of an image: the sides of a window, or how it moves.
type HW struct{ H, W int }

// Both returns the same number for both axes: Both(3) are the sides of a 3x3 window.
func Both(n int) HW { return HW{n, n} }

// String returns H x W, "3x5".
func (s HW) String() string { return itoa(s.H) + "x" + itoa(s.W) }

// or returns s with the numbers of other where its own are zero.
func (s HW) or(other HW) HW {
	if s.H == 0 {
		s.H = other.H
	}
	if s.W == 0 {
		s.W = other.W
	}
	return s
}

// plus returns the sums of the numbers.
func (s HW) plus(other HW) HW { return HW{s.H + other.H, s.W + other.W} }

// padding is how errors show Pad and MoreAtEnd.
func padding(pad, more HW) string {
	if more == (HW{}) {
		return "padding " + pad.String()
	}
	return "padding " + pad.String() + " and " + pad.plus(more).String() + " at the end"
}

// within reports whether both numbers lie in [lo, hi].
func (s HW) within(lo, hi int) bool { return min(s.H, s.W) >= lo && max(s.H, s.W) <= hi }
