//go:build !purego

package descend

import "github.com/residuum-go/residuum/internal/cpu"

// eights returns how many of n lanes the assembly takes.
func eights(n int) int {
	if cpu.Active() < cpu.AVX2 {
		return 0
	}
	return n &^ 7
}

func (f Forest) rows(at []int32, x []float32, depth int) {
	n := eights(len(at))
	if n > 0 {
		rowsAVX2(&f.Nodes[0].Column, &f.First[0], &at[0], n, &x[0], depth)
	}
	f.rowsRef(at[n:], x[n:], depth)
}

func (f Forest) trees(at []int32, x []float32, depth int) {
	n := eights(len(at))
	if n > 0 {
		treesAVX2(&f.Nodes[0].Column, &f.First[0], &at[0], n, &x[0], depth)
	}
	f.treesRef(at[n:], x, depth)
}
