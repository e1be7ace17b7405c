package conv

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/internal/cpu"
	"github.com/residuum-go/residuum/internal/kernel/kerneltest"
)

// TestTransformsEqualTheirReference at every level, on memory whose neighbouring pages fault, with pixels that
// are outside the image or dropped.
func TestTransformsEqualTheirReference(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		for _, memory := range []func(testing.TB, int) []float32{kerneltest.Guarded, kerneltest.GuardedStart} {
			for _, n := range []int{16, 48} {
				rng := rand.New(rand.NewPCG(1, 2))
				numbers := func(k int) []float32 {
					s := memory(t, k)
					for i := range s {
						s[i] = rng.Float32()*2 - 1
					}
					return s
				}
				offsets := func(k int) []int32 { // pixels n apart, in any order, some not there
					off := make([]int32, k)
					for i, p := range rng.Perm(k) {
						if off[i] = int32(p * n); p%5 == 0 {
							off[i] = -1
						}
					}
					return off
				}
				pitch, l := n+8, cpu.Active()
				scratch := memory(t, scratchPerChannel*n)

				x, off, got, want := numbers(36*n), offsets(36), numbers(35*pitch+n), make([]float64, 35*pitch+n)
				copy(want, widen(got, false)) // what lies between the parts stays
				tileInputRef(want, pitch, widen(x, false), off, n)
				tileInput(l, got, pitch, x, memory(t, n), off, scratch, n)
				requireNear(t, want, got, 2e-5)
				squares, wantSquares := [8]float32{}, tileSquaresRef(widen(x, false), off, n)
				for i := range 36 {
					clear(got[i*pitch:][:n])
				}
				tileInputSquares(l, got, pitch, x, memory(t, n), off, scratch, n, &squares)
				requireNear(t, want, got, 2e-5)
				squares[4] += squares[5] + squares[6] + squares[7]
				requireNear(t, wantSquares[:5], squares[:5], 1e-4)

				w := numbers(9 * n)
				tileWeightsRef(want, pitch, widen(w, false), n)
				tileWeights(l, got, pitch, w, n)
				requireNear(t, want, got, 2e-5)

				m, off, y, wantY := numbers(35*pitch+n), offsets(16), numbers(16*n), make([]float64, 16*n)
				copy(wantY, widen(y, false))
				require.True(t, tileOutputRef(wantY, off, widen(m, false), pitch, n))
				require.True(t, tileOutput(l, y, off, m, pitch, scratch, n))
				requireNear(t, wantY, y, 1e-4)
				for _, v := range []float64{math.Inf(-1), math.NaN(), math.MaxFloat32} { // the last one overflows
					kept := m[21*pitch+n-1]
					m[21*pitch+n-1] = float32(v)
					require.False(t, tileOutput(l, y, off, m, pitch, scratch, n), "%v", v)
					m[21*pitch+n-1] = kept
				}

				y, bias, add := numbers(16*n), numbers(n), numbers(16*n)
				y[n+3] = float32(math.NaN())
				for _, add := range [][]float32{nil, add} {
					got, want := memory(t, 16*n), slices.Clone(y)
					copy(got, y)
					bounds := &[2]float32{-0.75, 0.5}
					tileAfterRef(want, off, bias, add, bounds)
					tileAfter(l, got, off, bias, add, bounds)
					for i, w := range want {
						require.True(t, kerneltest.SameFloat(got[i], w), "element %d: %v, want %v", i, got[i], w)
					}
				}
			}
		}
	})
}

func requireNear(t *testing.T, want []float64, got []float32, tolerance float64) {
	t.Helper()
	for i, g := range got {
		if !(math.Abs(float64(g)-want[i]) <= tolerance) {
			t.Fatalf("element %d: %v, want %v", i, g, want[i])
		}
	}
}
