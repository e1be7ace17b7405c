//go:build !amd64 || purego

package hist

func add(h *Group, words []uint64, sums []Sum, rows []int32) { Ref(h, words, sums, rows) }

func subtract(a, b *Group) { subtractRef(a, b) }
