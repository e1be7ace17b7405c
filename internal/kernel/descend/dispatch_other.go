//go:build !amd64 || purego

package descend

func (f Forest) rows(at []int32, x []float32, depth int)  { f.rowsRef(at, x, depth) }
func (f Forest) trees(at []int32, x []float32, depth int) { f.treesRef(at, x, depth) }
