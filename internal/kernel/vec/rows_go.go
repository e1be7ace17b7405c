package vec

// The generic kernels of rows.go. Row vectors repeat with their length as the period; dst may end
// inside one.

func addRow(dst, x, row []float32) {
	for len(dst) > 0 {
		n := min(len(row), len(dst))
		AddRef(dst[:n], x[:n], row[:n])
		dst, x = dst[n:], x[n:]
	}
}

func addRowReLU(dst, x, row []float32) {
	addRow(dst, x, row)
	ReLURef(dst, dst)
}

func mulRow(dst, x, row []float32) {
	for len(dst) > 0 {
		n := min(len(row), len(dst))
		MulRef(dst[:n], x[:n], row[:n])
		dst, x = dst[n:], x[n:]
	}
}

func scaleShift(dst, x, center, scale, shift []float32) {
	for len(dst) > 0 {
		n := min(len(scale), len(dst))
		for i := range n {
			dst[i] = affine(x[i]-center[i], scale[i], shift[i])
		}
		dst, x = dst[n:], x[n:]
	}
}

// affine is x*scale + shift with the product rounded on every platform: whoever computes it again sees
// the same sign.
func affine[T Float](x, scale, shift T) T { return T(x*scale) + shift }

func scaleShiftReLU(dst, x, center, scale, shift []float32) {
	scaleShift(dst, x, center, scale, shift)
	ReLURef(dst, dst)
}

func scaleShiftAdd(dst, x, residual, center, scale, shift []float32) {
	for len(dst) > 0 {
		n := min(len(scale), len(dst))
		for i := range n {
			dst[i] = affine(x[i]-center[i], scale[i], shift[i]) + residual[i]
		}
		dst, x, residual = dst[n:], x[n:], residual[n:]
	}
}

func scaleShiftAddReLU(dst, x, residual, center, scale, shift []float32) {
	scaleShiftAdd(dst, x, residual, center, scale, shift)
	ReLURef(dst, dst)
}
