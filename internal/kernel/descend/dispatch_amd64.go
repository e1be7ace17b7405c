//go:build !purego

package descend

import "github.com/residuum-go/residuum/internal/cpu"

func down(steps []Step, at []int32, rows []float32, stride, depth int) {
	fours := len(at) &^ 3
	if cpu.Active() < cpu.AVX2 {
		fours = 0
	}
	if fours > 0 {
		downAVX2(&steps[0].Column, &at[0], fours, &rows[0], 4*stride, depth)
	}
	if fours < len(at) {
		Ref(steps, at[fours:], rows[fours*stride:], stride, depth)
	}
}
