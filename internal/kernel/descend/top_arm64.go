//go:build !purego

package descend

// top goes down no levels: there is no loop for that.
func (f *Forest) top([]split, []int32, []float32, int) (levels int) { return 0 }

func (r *rowTop) top([]int32, []float32, int) (levels int) { return 0 }
