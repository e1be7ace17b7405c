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
		Transpose(l, panel, width, b, ldb, cols, k)
	case cols < width || !copyRows(l, panel, b, ldb, k):
		for p := range k {
			copy(panel[p*width:p*width+cols], b[p*ldb:])
		}
	}
}

// Transpose writes the transpose of a [rows, cols] matrix: dst[j*ldd+i] = src[i*lds+j]. It goes by
// squares of vectors; where those do not come out even, the last one overlaps the one before.
func Transpose(l cpu.Level, dst []float32, ldd int, src []float32, lds, rows, cols int) {
	n := lanes(l)
	if n == 0 || rows < n || cols < n {
		for i := range rows {
			for j, v := range src[i*lds : i*lds+cols] {
				dst[j*ldd+i] = v
			}
		}
		return
	}
	for done := 0; done < rows; done += n {
		i, last := min(done, rows-n), cols-n
		transpose(l, dst[i:], ldd, src[i*lds:], lds, cols/n)
		if cols%n != 0 {
			transpose(l, dst[last*ldd+i:], ldd, src[i*lds+last:], lds, 1)
		}
	}
}

// PackPair is Pack into the paired layout of [PairColumn], for even k and at most PairCols columns.
func PackPair(l cpu.Level, panel, b []float32, ldb int, trans bool, k, cols int) {
	width := 2 * PairCols(l)
	if panel = panel[:k/2*width]; k == 0 {
		return
	}
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
