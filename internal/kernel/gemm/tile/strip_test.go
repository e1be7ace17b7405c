package tile

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/residuum-go/residuum/internal/cpu"
)

// TestStripEqualsItsLoop runs every number of rows and columns with both orders of A, spaced rows of B
// and C, and all operands against guard pages.
func TestStripEqualsItsLoop(t *testing.T) {
	for _, l := range cpu.Available() {
		_, wide := Size(l)
		for _, end := range []bool{false, true} {
			t.Run(fmt.Sprintf("level=%v/end=%v", l, end), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(1, 2))
				for cols := 1; cols <= wide; cols++ {
					const k = 3
					ldb, ldc := cols+2, cols+3
					b := memory(t, rng, (k-1)*ldb+cols, end)
					for rows := 1; rows <= StripRows(l, cols); rows++ {
						m := rows
						if rng.IntN(2) == 0 {
							m += 1 + rng.IntN(2*rows)
						}
						for _, trans := range []bool{false, true} {
							s := Strip{M: m, Rows: rows, K: k, RowA: k + 2, StepA: 1, B: b, LDB: ldb, LDC: ldc, Cols: cols, Acc: (rows + cols) % 2}
							if trans {
								s.RowA, s.StepA = 1, m+1
							}
							s.A = memory(t, rng, (m-1)*s.RowA+(k-1)*s.StepA+1, end)
							s.C = memory(t, rng, (m-1)*ldc+cols, end)
							checkStrip(t, l, s)
						}
					}
				}
			})
		}
	}
}

func checkStrip(t *testing.T, l cpu.Level, s Strip) {
	t.Helper()
	want, bound := toFloat64(s.C), make([]float64, len(s.C))
	for i := range s.M {
		for j := range s.Cols {
			var sum, abs float64
			for p := range s.K {
				v := float64(s.A[i*s.RowA+p*s.StepA]) * float64(s.B[p*s.LDB+j])
				sum += v
				abs += math.Abs(v)
			}
			if e := i*s.LDC + j; s.Acc == 0 {
				want[e], bound[e] = sum, abs
			} else {
				want[e], bound[e] = want[e]+sum, abs+math.Abs(want[e])
			}
		}
	}
	s.Run(l)
	within(t, s.C, want, bound, fmt.Sprintf("strip of %d rows, %d a tile, %d columns", s.M, s.Rows, s.Cols))
}
