package tensor

// Reshape returns a view of the same elements, in the same order, with another shape. One length
// may be -1 and is then worked out from the others. Writing to the view writes to t.
func (t *Tensor) Reshape(shape ...int) *Tensor {
	var s Shapes
	return wrap(t.data, s.Reshape(t.shape, shape...))
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
