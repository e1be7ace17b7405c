//go:build !amd64 || purego

package descend

func down(steps []Step, at []int32, rows []float32, stride, depth int) {
	Ref(steps, at, rows, stride, depth)
}
