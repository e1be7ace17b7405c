package tile

import "github.com/residuum-go/residuum/internal/cpu"

// Pack copies cols columns of a [k, ...] matrix into a panel [k, Cols] of level l, padded with zeros.
// The matrix begins at b[0] and has rows ldb apart; with trans it is stored [cols, k].
func Pack(l cpu.Level, panel, b []float32, ldb int, trans bool, k, cols int) {
	_, width := Size(l)
	panel = panel[:k*width]
	if cols < width {
		clear(panel)
	}
	switch {
	case trans:
		packTransposed(panel, width, b, ldb, k, cols)
	case cols == 32:
		for p := range k {
			*(*[32]float32)(panel[p*32:]) = *(*[32]float32)(b[p*ldb:])
		}
	case cols == 16 && width == 16:
		for p := range k {
			*(*[16]float32)(panel[p*16:]) = *(*[16]float32)(b[p*ldb:])
		}
	default:
		for p := range k {
			copy(panel[p*width:p*width+cols], b[p*ldb:])
		}
	}
}

// packTransposed goes down the columns in blocks of steps that keep the panel in the first cache.
func packTransposed(panel []float32, width int, b []float32, ldb, k, cols int) {
	const block = 64
	for lo := 0; lo < k; lo += block {
		hi := min(lo+block, k)
		for j := range cols {
			dst := panel[lo*width+j:]
			for p, v := range b[j*ldb+lo : j*ldb+hi] {
				dst[p*width] = v
			}
		}
	}
}

// PackPair is Pack into the paired layout of [PairColumn], for even k and at most PairCols columns.
func PackPair(l cpu.Level, panel, b []float32, ldb int, trans bool, k, cols int) {
	width := 2 * PairCols(l)
	panel = panel[:k/2*width]
	if cols < PairCols(l) {
		clear(panel)
	}
	for j := range cols {
		dst := panel[PairColumn(l, j):]
		step, first := ldb, j
		if trans {
			step, first = 1, j*ldb
		}
		for p := 0; p < k; p += 2 {
			dst[p/2*width] = b[first+p*step]
			dst[p/2*width+1] = b[first+(p+1)*step]
		}
	}
}
