package vec

// AddRowRef is the reference of [AddRow].
func AddRowRef[T Float](dst, x, row []T) {
	for i := range dst {
		dst[i] = x[i] + row[i%len(row)]
	}
}

// AddRowReLURef is the reference of [AddRowReLU].
func AddRowReLURef[T Float](dst, x, row []T) {
	AddRowRef(dst, x, row)
	ReLURef(dst, dst)
}

// MulRowRef is the reference of [MulRow].
func MulRowRef[T Float](dst, x, row []T) {
	for i := range dst {
		dst[i] = x[i] * row[i%len(row)]
	}
}

// ScaleShiftRowsRef is the reference of [ScaleShiftRows].
func ScaleShiftRowsRef[T Float](dst, x, center, scale, shift []T, reluAfter bool) {
	for i := range dst {
		c := i % len(scale)
		dst[i] = reluIf(reluAfter, (x[i]-center[c])*scale[c]+shift[c])
	}
}

// ScaleShiftAddRowsRef is the reference of [ScaleShiftAddRows].
func ScaleShiftAddRowsRef[T Float](dst, x, center, scale, shift, residual []T, reluAfter bool) {
	for i := range dst {
		c := i % len(scale)
		dst[i] = reluIf(reluAfter, (x[i]-center[c])*scale[c]+shift[c]+residual[i])
	}
}

func reluIf[T Float](on bool, v T) T {
	if on {
		return relu(v)
	}
	return v
}
