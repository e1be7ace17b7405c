package tile

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/internal/cpu"
	"github.com/residuum-go/residuum/internal/kernel/kerneltest"
	"github.com/residuum-go/residuum/internal/portions"
)

// memory hands out slices that end, or start, at a guard page, filled with random numbers.
func memory(t *testing.T, rng *rand.Rand, n int, end bool) []float32 {
	s := kerneltest.GuardedStart
	if end {
		s = kerneltest.Guarded
	}
	v := s(t, n)
	for i := range v {
		v[i] = rng.Float32()*2 - 1
	}
	return v
}

// TestRowsEqualsItsLoop runs every number of rows and columns of a tile, for every level, with
// several taps, some rows outside the image, spaced rows of B and C, and all operands against
// guard pages.
func TestRowsEqualsItsLoop(t *testing.T) {
	const taps, inner, pitch = 3, 6, 9 // pixels are pitch apart
	for _, l := range cpu.Available() {
		maxRows, maxCols := Size(l)
		for _, end := range []bool{false, true} {
			t.Run(fmt.Sprintf("level=%v/end=%v", l, end), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(1, 2))
				pixels := maxRows + taps
				a := memory(t, rng, (pixels-1)*pitch+inner, end)
				zero := memory(t, rng, inner, end)
				clear(zero)
				for cols := 1; cols <= maxCols; cols++ {
					width := portions.RoundUp(cols, max(Whole(l), PairCols(l))) // PairCols is a vector
					ldb, ldc := width+2, cols+3
					b := memory(t, rng, (taps*inner-1)*ldb+width, end)
					c := memory(t, rng, (maxRows-1)*ldc+cols, end)
					bias, add := memory(t, rng, cols, end), memory(t, rng, len(c), end)
					for rows := 1; rows <= maxRows; rows++ {
						r := Rows{Rows: rows, Taps: taps, Inner: inner, A: a, Zero: zero, B: b, LDB: ldb, C: c, Cols: cols, Acc: (rows + cols) % 2}
						if rows%3 == 0 {
							r.Bias = bias
						}
						if rows%4 < 2 {
							r.Add = add
						}
						r.Bounds, r.Lo, r.Hi = (rows+cols)%3, -0.75, 0.5
						for tap := range taps {
							for i := range rows {
								off := int32((i + tap) * pitch)
								if rng.IntN(4) == 0 {
									off = -1
								}
								r.Off = append(r.Off, off)
							}
						}
						for i := range rows {
							r.Out = append(r.Out, int32((rows-1-i)*ldc))
						}
						checkRows(t, l, r, (*Rows).Run)
						if cols <= PairCols(l) {
							p := r
							p.B, p.LDB = pairs(l, r), 2*PairCols(l)
							checkRows(t, l, r, func(t *Rows, l cpu.Level) { p.RunPair(l) })
						}
					}
				}
			})
		}
	}
}

// A row has the same bits whatever other rows are in its tile.
func TestRowsHaveTheSameBitsInEveryTile(t *testing.T) {
	const taps, inner = 2, 23
	kerneltest.EachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		l := cpu.Active()
		tallest, wide := Size(l)
		a, b := memory(t, rng, tallest*taps*inner, true), memory(t, rng, taps*inner*wide, true)
		for cols := 1; cols <= wide; cols++ {
			var whole []float32
			for rows := tallest; rows >= 1; rows-- {
				r := Rows{Rows: rows, Taps: taps, Inner: inner, A: a, B: b, LDB: wide, C: make([]float32, rows*cols), Cols: cols}
				for tap := range taps {
					for i := range rows {
						r.Off = append(r.Off, int32((i*taps+tap)*inner))
					}
				}
				for i := range rows {
					r.Out = append(r.Out, int32(i*cols))
				}
				if r.Run(l); rows == tallest {
					whole = r.C
				}
				require.Equal(t, whole[:rows*cols], r.C, "rows %d, cols %d", rows, cols)
			}
		}
	})
}

// pairs returns B in the paired layout.
func pairs(l cpu.Level, r Rows) []float32 {
	w := 2 * PairCols(l)
	b := make([]float32, r.Taps*r.Inner/2*w)
	for p := range r.Taps * r.Inner {
		for j := range r.Cols {
			b[p/2*w+PairColumn(l, j)+p%2] = r.B[p*r.LDB+j]
		}
	}
	return b
}

func checkRows(t *testing.T, l cpu.Level, r Rows, run func(*Rows, cpu.Level)) {
	t.Helper()
	want, bound := toFloat64(r.C), make([]float64, len(r.C))
	for i := range r.Rows {
		for j := range r.Cols {
			var s, abs float64
			for tap := range r.Taps {
				for p := range r.Inner {
					v := float64(r.row(tap, i)[p]) * float64(r.B[(tap*r.Inner+p)*r.LDB+j])
					s += v
					abs += math.Abs(v)
				}
			}
			o := int(r.Out[i]) + j
			plus := func(v float64) {
				s += v
				abs += math.Abs(v)
			}
			if r.Acc != 0 {
				plus(want[o])
			}
			if r.Bias != nil {
				plus(float64(r.Bias[j]))
			}
			if r.Add != nil {
				plus(float64(r.Add[o]))
			}
			if r.Bounds >= 1 {
				s = max(s, float64(r.Lo))
			}
			if r.Bounds == 2 {
				s = min(s, float64(r.Hi))
			}
			want[o], bound[o] = s, abs
		}
	}
	run(&r, l)
	within(t, r.C, want, bound, fmt.Sprintf("rows %d cols %d", r.Rows, r.Cols))
}

// within checks |got - want| <= 20 eps bound, and bit equality where bound is 0: the elements that
// a tile must leave alone.
func within(t *testing.T, got []float32, want, bound []float64, what string) {
	t.Helper()
	for i, g := range got {
		if d := math.Abs(float64(g) - want[i]); !(d <= 20*0x1p-24*bound[i]) {
			require.Failf(t, "wrong", "%s element %d: %v, want %v within %v", what, i, g, want[i], bound[i])
		}
	}
}

func toFloat64(s []float32) []float64 {
	d := make([]float64, len(s))
	for i, v := range s {
		d[i] = float64(v)
	}
	return d
}

// TestOuterEqualsItsLoop does for Outer what TestRowsEqualsItsLoop does for Rows.
func TestOuterEqualsItsLoop(t *testing.T) {
	for _, l := range cpu.Available() {
		maxRows, maxCols := Size(l)
		for _, end := range []bool{false, true} {
			t.Run(fmt.Sprintf("level=%v/end=%v", l, end), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(1, 2))
				seg := []int32{0, 0, 2, 2, 3, 1, 1, 0, 3} // steps 0..3 of A, 0..3 of B
				for cols := 1; cols <= maxCols; cols++ {
					width, tallest := (cols+Whole(l)-1)/Whole(l)*Whole(l), maxRows
					if cols <= maxCols/2 {
						tallest = NarrowRows(l)
					}
					ldb, ldc := width+2, cols+3
					b := memory(t, rng, 3*ldb+width, end)
					for rows := 1; rows <= tallest; rows++ {
						lda := rows + 1
						o := Outer{Rows: rows, Segs: 3, Seg: append([]int32(nil), seg...), LDA: lda, LDB: ldb, LDC: ldc,
							Cols: cols, Acc: (rows + cols) % 2, B: b,
							A: memory(t, rng, 3*lda+rows, end), C: memory(t, rng, (rows-1)*ldc+cols, end)}
						for g := range 3 {
							o.Seg[3*g] *= int32(lda)
							o.Seg[3*g+1] *= int32(ldb)
						}
						checkOuter(t, l, o)
					}
				}
			})
		}
	}
}

func checkOuter(t *testing.T, l cpu.Level, o Outer) {
	t.Helper()
	want, bound := toFloat64(o.C), make([]float64, len(o.C))
	for i := range o.Rows {
		for j := range o.Cols {
			var s, abs float64
			for g := range o.Segs {
				for p := range int(o.Seg[3*g+2]) {
					v := float64(o.A[int(o.Seg[3*g])+p*o.LDA+i]) * float64(o.B[int(o.Seg[3*g+1])+p*o.LDB+j])
					s += v
					abs += math.Abs(v)
				}
			}
			if e := i*o.LDC + j; o.Acc == 0 {
				want[e], bound[e] = s, abs
			} else {
				want[e], bound[e] = want[e]+s, abs+math.Abs(want[e])
			}
		}
	}
	o.Run(l)
	within(t, o.C, want, bound, fmt.Sprintf("rows %d cols %d", o.Rows, o.Cols))
}

func TestTileWithoutStepsIsZero(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		c := []float32{5, 6, 7}
		(&Rows{Rows: 1, Out: []int32{0}, C: c, Cols: 2}).Run(cpu.Active())
		require.Equal(t, []float32{0, 0, 7}, c)
		c = []float32{5, 6, 7}
		(&Outer{Rows: 1, C: c, Cols: 2}).Run(cpu.Active())
		require.Equal(t, []float32{0, 0, 7}, c)
	})
}
