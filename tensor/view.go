package tensor

// Reshape returns a view of the same elements, in the same order, with another shape. One length
// may be -1 and is then worked out from the others. Writing to the view writes to t.
func (t *Tensor) Reshape(shape ...int) *Tensor {
	var buf [8]int
	full := append(buf[:0], shape...)
	free, rest := -1, 1
	for i, d := range full {
		switch {
		case d != -1:
			rest *= d
		case free >= 0:
			failReshape(t, shape, "more than one -1")
		default:
			free = i
		}
	}
	if free >= 0 {
		if rest == 0 && len(t.data) == 0 {
			failReshape(t, shape, "every length fits in place of -1")
		}
		if rest <= 0 || len(t.data)%rest != 0 {
			failReshape(t, shape, "no length fits in place of -1")
		}
		full[free] = len(t.data) / rest
	}
	if size("Reshape", full) != len(t.data) {
		failReshape(t, shape, "sizes differ")
	}
	return wrap(t.data, full)
}

func failReshape(t *Tensor, shape []int, why string) {
	panic("tensor: Reshape: " + shapeString(t.shape) + " to " + shapeString(shape) + ": " + why)
}

// Slice returns a view of the entries lo up to but not including hi along the leading axis, of
// shape [hi-lo, ...]. Writing to the view writes to t.
func (t *Tensor) Slice(lo, hi int) *Tensor {
	if len(t.shape) == 0 {
		fail("Slice", "rank 0 has no leading axis", t.shape)
	}
	if lo < 0 || hi < lo || hi > t.shape[0] {
		fail("Slice", "range "+itoa(lo)+":"+itoa(hi)+" is outside", t.shape)
	}
	row := product(t.shape[1:])
	v := wrap(t.data[lo*row:hi*row:hi*row], t.shape)
	v.shape[0] = hi - lo
	return v
}
