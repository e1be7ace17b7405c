//go:build (amd64 || arm64) && !purego

package hist

import (
	"unsafe"

	"github.com/residuum-go/residuum/internal/cpu"
)

func add(h []int64, columns, numbers int, words []uint64, sums []int64, rows []int32) {
	switch {
	case cpu.Active() == cpu.Generic:
		addRef(h, columns, numbers, words, sums, rows)
	case numbers == 1:
		addNumber(&h[0], columns, &words[0], &sums[0], &rows[0], len(rows))
	default:
		addPair(&h[0], columns, &words[0], &sums[0], &rows[0], len(rows))
	}
}

func subtract(a, b []int64) {
	if cpu.Active() == cpu.Generic {
		subtractRef(a, b)
		return
	}
	subtractVectors(&a[0], &b[0], len(a))
}

func divide(rows, spare []int32, words []uint64, k int, goes *[Bins]uint8) int {
	if cpu.Active() == cpu.Generic {
		return divideRef(rows, spare, words, k, goes)
	}
	return divideColumn(&rows[0], &spare[0], &(*[8]uint8)(unsafe.Pointer(&words[0]))[k], &goes[0], len(rows))
}
