//go:build !purego

package descend

import "github.com/residuum-go/residuum/internal/cpu"

// vectored returns how many of n rows or trees the assembly takes.
func vectored(n int) int {
	if cpu.Active() < cpu.AVX2 {
		return 0
	}
	return n - n%Lanes
}

func (f Forest) rows(at []int32, x []float32, depth int) {
	n := vectored(len(at))
	if n > 0 {
		rowsAVX2(&f.Nodes[0].Column, &f.First[0], &at[0], n, &x[0], depth)
	}
	f.rowsRef(at[n:], x[n:], depth)
}

func (f Forest) trees(at []int32, x []float32, depth int) {
	n := vectored(len(at))
	if n > 0 {
		treesAVX2(&f.Nodes[0].Column, &f.First[0], &at[0], n, &x[0], depth)
	}
	f.treesRef(at[n:], x, depth)
}
