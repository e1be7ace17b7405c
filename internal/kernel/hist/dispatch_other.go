//go:build (!amd64 && !arm64) || purego

package hist

func add(h []int64, columns, numbers int, words []uint64, sums []int64, rows []int32) {
	addRef(h, columns, numbers, words, sums, rows)
}

func subtract(a, b []int64) { subtractRef(a, b) }

func divide(rows, spare []int32, words []uint64, k int, goes *[Bins]uint8) int {
	return divideRef(rows, spare, words, k, goes)
}
