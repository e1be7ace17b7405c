//go:build !purego

package descend

import "github.com/residuum-go/residuum/internal/cpu"

// top goes down the first topLevels of tree t with a multiple of Lanes rows, if there is a loop for that, and returns how
// many these are. splits are of complete trees, and numbers are those of the next level.
func (f *Forest) top(splits []split, at []int32, x []float32, t int) (levels int) {
	completeTopAVX2(&splits[0].column, f.trees, t, &at[0], len(at), &x[0])
	return topLevels
}

// top goes down the first rowLevels, if there is a loop for that, and returns how many these are. It sets at to the numbers
// of the next level.
func (r *rowTop) top(at []int32, x []float32, apart int) (levels int) {
	if len(r.cuts) == 0 || cpu.Active() < cpu.AVX512 {
		return 0
	}
	var row [rowWidth]float32
	for i := range r.width {
		row[i] = x[i*apart]
	}
	copy(at, r.trees)
	if r.width <= rowWidth/2 {
		row32AVX512(&r.columns[0], &r.cuts[0], &at[0], len(at), &row[0])
	} else {
		row64AVX512(&r.columns[0], &r.cuts[0], &at[0], len(at), &row[0])
	}
	return rowLevels
}
