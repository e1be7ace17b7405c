//go:build (!amd64 && !arm64) || purego

package descend

func (f *Forest) listRows(at []int32, x []float32, t int)     { f.listRowsRef(at, x, f.depths[t]) }
func (f *Forest) listTrees(at []int32, x []float32)           { f.listTreesRef(at, x, f.depth) }
func (f *Forest) completeRows(at []int32, x []float32, _ int) { f.completeRowsRef(at, x) }
func (f *Forest) completeTrees(at []int32, x []float32)       { f.completeTreesRef(at, x) }
