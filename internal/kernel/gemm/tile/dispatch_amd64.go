//go:build !purego

package tile

import "github.com/residuum-go/residuum/internal/cpu"

// Run computes the tile with the instructions of level l. B may have any LDB; a row of it is read in whole vectors, which
// at AVX512 are of 16 elements whatever [Whole] says.
func (t *Rows) Run(l cpu.Level) {
	switch {
	case l == cpu.AVX512 && t.Cols > 16:
		rowsAVX512(t)
	case l == cpu.AVX512:
		rowsNarrowAVX512(t)
	case l == cpu.AVX2 && t.Cols > 8:
		rowsAVX2(t)
	case l == cpu.AVX2:
		rowsNarrowAVX2(t)
	default:
		rowsGo(t)
	}
}

// RunPair computes the tile when Inner is even, Cols is at most PairCols and B has the paired layout
// of [PairColumn], rows LDB apart.
func (t *Rows) RunPair(l cpu.Level) {
	if l == cpu.AVX512 {
		rowsPairAVX512(t)
	} else {
		rowsPairAVX2(t)
	}
}

// Run computes the tile with the instructions of level l. B may have any LDB. At AVX2 a row of it is read in whole
// vectors, at AVX512 only its first Cols elements are touched.
func (t *Outer) Run(l cpu.Level) {
	switch {
	case l == cpu.AVX512 && t.Cols > 16:
		outerAVX512(t)
	case l == cpu.AVX512:
		outerNarrowAVX512(t)
	case l == cpu.AVX2 && t.Cols > 8:
		outerAVX2(t)
	case l == cpu.AVX2:
		outerNarrowAVX2(t)
	default:
		outerGo(t)
	}
}

// Run computes the strip with the instructions of level l, which touch nothing outside the columns.
func (s *Strip) Run(l cpu.Level) {
	_, wide := Size(l)
	switch {
	case l == cpu.AVX512 && s.Cols == wide:
		stripAVX512(s)
	case l == cpu.AVX512 && s.Cols > wide/2:
		stripTailAVX512(s)
	case l == cpu.AVX512:
		stripNarrowAVX512(s)
	case l == cpu.AVX2 && s.Cols == wide:
		stripAVX2(s)
	case l == cpu.AVX2 && s.Cols > wide/2:
		stripTailAVX2(s)
	case l == cpu.AVX2:
		stripNarrowAVX2(s)
	default:
		stripGo(s, l)
	}
}

// Run computes the dot products with the instructions of level l.
func (t *Dots) Run(l cpu.Level) {
	switch l {
	case cpu.AVX512:
		dotsAVX512(t)
	case cpu.AVX2:
		dotsAVX2(t)
	default:
		dotsGo(t)
	}
}

// Run computes the rows with the instructions of level l.
func (t *Combine) Run(l cpu.Level) {
	switch l {
	case cpu.AVX512:
		combineAVX512(t)
	case cpu.AVX2:
		combineAVX2(t)
	default:
		combineGo(t)
	}
}

// Peak runs n steps of multiply-adds that wait for nothing and returns how many floating-point
// operations that were: the yardstick of the benchmarks. It returns 0 at levels without one.
func Peak(l cpu.Level, n int) (flops float64) {
	switch l {
	case cpu.AVX512:
		peakAVX512(n)
		return 2 * 16 * 24 * float64(n)
	case cpu.AVX2:
		peakAVX2(n)
		return 2 * 8 * 12 * float64(n)
	}
	return 0
}

// lanes returns the floats in a vector of level l, 0 without vectors.
func lanes(l cpu.Level) int { return PairCols(l) }

// copyRows copies k whole rows of a panel, and reports whether level l can.
func copyRows(l cpu.Level, panel, b []float32, ldb, k int) bool {
	if k == 0 || lanes(l) == 0 {
		return k == 0
	}
	_ = b[(k-1)*ldb+2*lanes(l)-1]
	_ = panel[2*lanes(l)*k-1]
	if l == cpu.AVX512 {
		copyRowsAVX512(&panel[0], &b[0], ldb, k)
	} else {
		copyRowsAVX2(&panel[0], &b[0], ldb, k)
	}
	return true
}

// transpose transposes n = lanes(l) rows of squares*n elements of src.
func transpose(l cpu.Level, dst []float32, ldd int, src []float32, lds, squares int) {
	n := lanes(l)
	_ = src[(n-1)*lds+squares*n-1]
	_ = dst[(squares*n-1)*ldd+n-1]
	if l == cpu.AVX512 {
		transposeAVX512(&dst[0], ldd, &src[0], lds, squares)
	} else {
		transposeAVX2(&dst[0], ldd, &src[0], lds, squares)
	}
}
