package tile

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/residuum-go/residuum/internal/cpu"
)

// TestDotsEqualsItsLoop runs every number of rows and columns and lengths around the vectors and
// unrolled steps of all levels, against guard pages.
func TestDotsEqualsItsLoop(t *testing.T) {
	for _, l := range cpu.Available() {
		for _, end := range []bool{false, true} {
			t.Run(fmt.Sprintf("level=%v/end=%v", l, end), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(1, 2))
				for k := 1; k <= 300; k += 1 + k/40*7 {
					d := Dots{K: k, LDA: k + 1, LDB: k + 2}
					a, b := memory(t, rng, 2*d.LDA+k, end), memory(t, rng, 3*d.LDB+k, end)
					for d.Rows = 1; d.Rows <= DotRows; d.Rows++ {
						for d.Cols = 1; d.Cols <= DotCols; d.Cols++ {
							// The last rows, so that they end where the memory does.
							d.A, d.B = a[(DotRows-d.Rows)*d.LDA:], b[(DotCols-d.Cols)*d.LDB:]
							checkDots(t, l, d)
						}
					}
				}
			})
		}
	}
}

func checkDots(t *testing.T, l cpu.Level, d Dots) {
	t.Helper()
	d.Run(l)
	for i := range d.Rows {
		want, bound := make([]float64, d.Cols), make([]float64, d.Cols)
		for j := range d.Cols {
			for p := range d.K {
				v := float64(d.A[i*d.LDA+p]) * float64(d.B[j*d.LDB+p])
				want[j] += v
				bound[j] += math.Abs(v) * float64(d.K+20) / 20
			}
		}
		within(t, d.Sums[i][:d.Cols], want, bound, fmt.Sprintf("row %d of %d, %d columns, k %d", i, d.Rows, d.Cols, d.K))
	}
}

// TestCombineEqualsItsLoop does for Combine what TestDotsEqualsItsLoop does for Dots. Without Acc, C
// holds NaN, which must not be read.
func TestCombineEqualsItsLoop(t *testing.T) {
	for _, l := range cpu.Available() {
		for _, end := range []bool{false, true} {
			t.Run(fmt.Sprintf("level=%v/end=%v", l, end), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(1, 2))
				for n := 1; n <= 150; n += 1 + n/40*7 {
					const m = 2
					ldb, ldc := n+1, n+2
					b := memory(t, rng, (CombineRows-1)*ldb+n, end)
					for k := 1; k <= CombineRows; k++ {
						for acc := range 2 {
							s := Combine{M: m, N: n, K: k, LDB: ldb, B: b[(CombineRows-k)*ldb:], LDC: ldc, Acc: acc, RowA: k + 1, StepA: 1}
							if rng.IntN(2) == 0 {
								s.RowA, s.StepA = 1, m+1
							}
							s.A = memory(t, rng, (m-1)*s.RowA+(k-1)*s.StepA+1, end)
							s.C = memory(t, rng, (m-1)*ldc+n, end)
							checkCombine(t, l, s)
						}
					}
				}
			})
		}
	}
}

func checkCombine(t *testing.T, l cpu.Level, s Combine) {
	t.Helper()
	want, bound := toFloat64(s.C), make([]float64, len(s.C))
	for i := range s.M {
		for j := range s.N {
			e := i*s.LDC + j
			if s.Acc == 0 {
				want[e], s.C[e] = 0, float32(math.NaN())
			}
			bound[e] = math.Abs(want[e])
			for p := range s.K {
				v := float64(s.A[i*s.RowA+p*s.StepA]) * float64(s.B[p*s.LDB+j])
				want[e] += v
				bound[e] += math.Abs(v)
			}
		}
	}
	s.Run(l)
	within(t, s.C, want, bound, fmt.Sprintf("combination of %d rows of %d, acc %d", s.K, s.N, s.Acc))
}
