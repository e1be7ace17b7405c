//go:build !purego

package hist

import "github.com/residuum-go/residuum/internal/cpu"

func add(h *Group, words []uint64, sums []Sum, rows []int32) {
	if cpu.Active() >= cpu.AVX2 {
		addAVX2(&h[0][0][0], &words[0], &sums[0][0], &rows[0], len(rows))
		return
	}
	Ref(h, words, sums, rows)
}

func subtract(a, b *Group) {
	if cpu.Active() >= cpu.AVX2 {
		subtractAVX2(&a[0][0][0], &b[0][0][0], 2*Bins*Columns)
		return
	}
	subtractRef(a, b)
}
