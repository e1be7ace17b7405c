package tensor_test

import (
	"fmt"
	"testing"

	"github.com/residuum-go/residuum/internal/cpu"
	"github.com/residuum-go/residuum/tensor"
)

// BenchmarkAdd compares the patterns of broadcasting with the addition of equal shapes.
func BenchmarkAdd(b *testing.B) {
	for _, s := range [][]int{{3}, {64, 32, 32, 16}, {16}, {64, 1, 1, 1}, {64, 1, 1, 16}, {32, 1}} {
		a, c := tensor.New(64, 32, 32, 16), tensor.New(s...)
		if len(s) == 1 && s[0] == 3 {
			a = tensor.New(3)
		}
		dst := tensor.New(a.Shape()...)
		b.Run(fmt.Sprintf("a=%v/b=%v/impl=%v", a.Shape(), s, cpu.Active()), func(b *testing.B) {
			b.SetBytes(int64(4 * a.Len()))
			for b.Loop() {
				tensor.Add(dst, a, c)
			}
		})
	}
}

func BenchmarkSum(b *testing.B) {
	a := tensor.New(64, 32, 32, 16)
	for _, axes := range [][]int{{}, {3}, {0, 1, 2}, {1, 2}, {0, 2, 3}} {
		dst := tensor.Sum(nil, a, axes...)
		b.Run(fmt.Sprintf("shape=%v/axes=%v/impl=%v", a.Shape(), axes, cpu.Active()), func(b *testing.B) {
			b.SetBytes(int64(4 * a.Len()))
			for b.Loop() {
				tensor.Sum(dst, a, axes...)
			}
		})
	}
}

func BenchmarkTranspose(b *testing.B) {
	for _, c := range []struct{ shape, perm []int }{
		{[]int{1024, 1000}, []int{1, 0}},
		{[]int{64, 32, 32, 16}, []int{0, 3, 1, 2}},
		{[]int{256, 256, 3, 3}, []int{2, 3, 1, 0}},
	} {
		a := tensor.New(c.shape...)
		dst := tensor.Transpose(nil, a, c.perm...)
		b.Run(fmt.Sprintf("shape=%v/perm=%v", c.shape, c.perm), func(b *testing.B) {
			b.SetBytes(int64(4 * a.Len()))
			for b.Loop() {
				tensor.Transpose(dst, a, c.perm...)
			}
		})
	}
}
