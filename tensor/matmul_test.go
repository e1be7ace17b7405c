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

// TestStacksOfMatrices compares with products of one matrix at a time.
func TestStacksOfMatrices(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		r := source(t)
		a, b := normal(r, 5, 1, 40, 30), normal(r, 7, 30, 50)
		want := tensor.New(5, 7, 40, 50)
		for i := range 5 {
			for j := range 7 {
				tensor.MatMul(want.Slice(i, i+1).Reshape(7, 40, 50).Slice(j, j+1).Reshape(40, 50), a.Slice(i, i+1).Reshape(40, 30),
					b.Slice(j, j+1).Reshape(30, 50), tensor.NN)
			}
		}
		kerneltest.SameBitsForWorkers(t, func() []float32 {
			y := tensor.MatMul(garbage(5, 7, 40, 50), a, b, tensor.NN)
			require.True(t, tensor.Equal(want, y))
			return y.Data()
		})
		require.Equal(t, []int{0, 2, 4}, tensor.MatMul(nil, tensor.New(0, 2, 3), tensor.New(1, 3, 4), tensor.NN).Shape())
		zero := tensor.MatMul(garbage(2, 2, 4), tensor.New(2, 2, 0), tensor.New(0, 4), tensor.NN) // sums of nothing
		require.True(t, tensor.Equal(tensor.New(2, 2, 4), zero))
	})
}
