//go:build !purego

package descend

// top goes down the first topLevels of tree t with a multiple of Lanes rows, if there is a loop for that, and returns how
// many these are. splits are of complete trees, and numbers are those of the next level.
func (f *Forest) top(splits []split, at []int32, x []float32, t int) (levels int) {
	completeTopAVX2(&splits[0].column, f.trees, t, &at[0], len(at), &x[0])
	return topLevels
}
