package tensor_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/internal/kernel/kerneltest"
	"github.com/residuum-go/residuum/tensor"
)

func TestMatMul(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		r := source(t)
		for _, s := range [][3]int{{1, 1, 1}, {2, 3, 4}, {5, 1, 7}, {1, 33, 17}, {17, 40, 70}, {65, 10, 129}, {3, 4, 0}, {0, 3, 2}, {2, 0, 3}} {
			m, n, k := s[0], s[1], s[2]
			for trans := tensor.NN; trans <= tensor.TT; trans++ {
				a, b := normal(r, m, k), normal(r, k, n)
				want := make([]float64, m*n)
				for i := range m {
					for j := range n {
						for p := range k {
							want[i*n+j] += float64(a.At(i, p)) * float64(b.At(p, j))
						}
					}
				}
				if trans == tensor.TN || trans == tensor.TT {
					a = tensor.Transpose(nil, a)
				}
				if trans == tensor.NT || trans == tensor.TT {
					b = tensor.Transpose(nil, b)
				}
				what := fmt.Sprintf("m, n, k = %v, trans = %v", s, trans)
				requireNear(t, want, tensor.MatMul(nil, a, b, trans), 2e-5, what)
				got := tensor.MatMul(garbage(m, n), a, b, trans)
				require.Equal(t, []int{m, n}, got.Shape())
				requireNear(t, want, got, 2e-5, what)
			}
		}
	})
}

func TestMatMulPropagatesNaN(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		for _, bad := range []float64{math.NaN(), math.Inf(1)} {
			a, b := tensor.New(20, 30), tensor.New(30, 40)
			a.Set(float32(bad), 7, 11) // times zero is NaN
			got := tensor.MatMul(nil, a, b, tensor.NN)
			for i := range 20 {
				for j := range 40 {
					require.Equal(t, i == 7, math.IsNaN(float64(got.At(i, j))), "%d %d", i, j)
				}
			}
		}
	})
}
