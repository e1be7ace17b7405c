//go:build !purego

package descend

// top goes down the first levels of tree t with a multiple of Lanes rows, if there is a loop for that, and returns how many.
func (f *Forest) top(at []int32, x []float32, t int) (levels int) {
	const levelsOfTop = 3
	if f.depth < levelsOfTop {
		return 0
	}
	completeTopAVX2(&f.splits[0].column, f.trees, t, &at[0], len(at), &x[0])
	return levelsOfTop
}
