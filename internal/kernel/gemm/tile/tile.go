package tile

import "github.com/residuum-go/residuum/internal/cpu"

// Size returns the largest tile of level l: rows and columns of [Rows] and [Outer].
func Size(l cpu.Level) (rows, cols int) {
	switch l {
	case cpu.AVX512:
		return 12, 32
	case cpu.AVX2, cpu.NEON:
		return 6, 16
	default:
		return 4, 4
	}
}

// NarrowRows returns how many rows an [Outer] tile may have when it has at most half the columns.
func NarrowRows(l cpu.Level) int {
	rows, _ := Size(l)
	if l != cpu.Generic {
		return 2 * rows
	}
	return rows
}

// Whole returns of how many elements the vectors are in which level l reads a row of B: up to a multiple
// of them the row must be there, whatever Cols is.
func Whole(l cpu.Level) int {
	switch l {
	case cpu.AVX2:
		return 8
	case cpu.NEON:
		return 4
	default:
		return 1
	}
}

// PairCols returns the most columns of [Rows.RunPair], 0 when level l has no such kernel.
func PairCols(l cpu.Level) int {
	if l == cpu.AVX512 || l == cpu.AVX2 {
		_, cols := Size(l)
		return cols / 2
	}
	return 0
}

// PairColumn returns where in a row of the paired layout the two elements of column j begin.
//
// [Rows.RunPair] multiplies steps 2p and 2p+1 of the reduction in one go. Its B has a row for each
// such pair; the elements (2p, j) and (2p+1, j) are neighbours, and the columns are ordered so that
// one shuffle within 128-bit lanes brings the sums into order: a lane of the first vector holds
// columns 4i and 4i+1, the same lane of the second 4i+2 and 4i+3.
func PairColumn(l cpu.Level, j int) int { return j/4*4 + j%4/2*PairCols(l) + j%2*2 }
