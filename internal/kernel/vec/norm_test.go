package vec

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/internal/kernel/kerneltest"
)

// guardedNorm is a batch norm of c columns without a ReLU, its vectors guarded.
func guardedNorm(t *testing.T, c int) Norm {
	return Norm{Mean: kerneltest.Guarded(t, c), MeanLow: kerneltest.Guarded(t, c), InvStd: kerneltest.Guarded(t, c)}
}

// statsOf computes the statistics of x and compares them with the reference in float64; the variance is allowed
// an error of floor beside its own rounding.
func statsOf(t *testing.T, x []float32, c int, floor float64) (n Norm, variance []float32) {
	t.Helper()
	const e = 1e-5
	mean, invstd, square := make([]float64, c), make([]float64, c), make([]float64, c)
	BatchNormStatsRef(mean, invstd, square, float64s(x), e)
	kerneltest.SameBitsForWorkers(t, func() []float32 {
		n, variance = guardedNorm(t, c), kerneltest.Guarded(t, c)
		BatchNormStats(n, variance, x, e)
		return slices.Concat(n.Mean, n.MeanLow, n.InvStd, variance)
	})
	deviation := func(i int) float64 { return math.Sqrt(square[i]) + floor }
	for j := range n.Mean {
		require.Equal(t, float32(float64(n.Mean[j])+float64(n.MeanLow[j])), n.Mean[j], "Mean is the sum rounded")
	}
	requireClose(t, mean, n.Mean, func(i int) float64 { return math.Abs(mean[i]) + deviation(i) }, eps)
	low := make([]float64, c)
	for j := range low {
		low[j] = mean[j] - float64(n.Mean[j])
	}
	requireClose(t, low, n.MeanLow, deviation, 2*eps)
	requireClose(t, square, variance, func(i int) float64 { return square[i] + floor }, 8*eps)
	requireClose(t, invstd, n.InvStd, func(i int) float64 { return invstd[i] }, 8*eps)
	return n, variance
}

func TestBatchNormStats(t *testing.T) {
	eachMatrix(t, func(t *testing.T, rows, c int) {
		if rows == 0 {
			return
		}
		x := guardedNormal(t, 1, rows*c)
		center := normal(random(2), c)
		for i := range x {
			x[i] += 100 * center[i%c] // columns of different means
		}
		statsOf(t, x, c, 1e-9)
	})
}

func TestBatchNormStatsFarFromZero(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		const rows, c = 5000, 3
		x := normal(random(1), rows*c)
		for i := range x {
			x[i] += 1e4
			if i < 30*c {
				x[i] = 0 // the first rows mislead about the mean
			}
		}
		statsOf(t, x, c, 0)
	})
}

// The number of rows times that of those sampled, 64, is beyond an int of 32 bits.
func TestBatchNormStatsOfManyRows(t *testing.T) {
	if strconv.IntSize > 32 {
		t.Skip("an int of 64 bits holds the product")
	}
	x := make([]float32, 35<<20)
	Fill(x, 3)
	n, variance := guardedNorm(t, 1), make([]float32, 1)
	BatchNormStats(n, variance, x, 0)
	require.Equal(t, []float32{3, 0}, []float32{n.Mean[0], variance[0]})
}

func TestBatchNormStatsOfConstantsAndSpecials(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	kerneltest.EachLevel(t, func(t *testing.T) {
		x := make([]float32, 1000*5)
		for i := range x {
			x[i] = []float32{7.3, nan, inf, 1, -1e-30}[i%5]
		}
		x[3*5+3], x[4*5+3] = inf, -inf
		n, variance := guardedNorm(t, 5), make([]float32, 5)
		wantMean, wantInv, wantVariance := make([]float32, 5), make([]float32, 5), make([]float32, 5)
		BatchNormStats(n, variance, x, 1)
		BatchNormStatsRef(wantMean, wantInv, wantVariance, x, 1)
		for j := range n.Mean {
			require.True(t, kerneltest.SameFloat(wantMean[j], n.Mean[j]), "mean %d: %v, want %v", j, n.Mean[j], wantMean[j])
			require.True(t, kerneltest.SameFloat(wantVariance[j], variance[j]) || math.Abs(float64(variance[j]-wantVariance[j])) < 1e-12,
				"variance %d: %v, want %v", j, variance[j], wantVariance[j])
		}
		BatchNormStats(n, variance, nil, 1)
		for j := range n.Mean {
			require.True(t, n.Mean[j] != n.Mean[j] && variance[j] != variance[j] && n.InvStd[j] != n.InvStd[j])
		}
	})
}

// farColumns are what batch norm must not lose digits of: rows whose mean is far larger than their spread, and rows
// whose sums and squares leave the range of float32 on the way.
func farColumns(c int) map[string][]float32 {
	column := func(rows int, f func(r int) float64) []float32 {
		x := make([]float32, rows*c)
		for i := range x {
			x[i] = float32(f(i / c))
		}
		return x
	}
	sign := func(r int) float64 { return float64(1 - 2*(r%2)) }
	noise := normal(random(9), 1000)
	return map[string][]float32{
		"constant 1e4":        column(10, func(int) float64 { return 1e4 }),
		"1e4 + i/1000":        column(10, func(r int) float64 { return 1e4 + float64(r)/1000 }),
		"2e7 and 2e7+2":       column(2, func(r int) float64 { return 2e7 + 2*float64(r) }),
		"1000 ± .01":          column(1000, func(r int) float64 { return 1000 + .01*float64(noise[r]) }),
		"±1e19":               column(32, func(r int) float64 { return 1e19 * sign(r) }),
		"±2e38":               column(64, func(r int) float64 { return 2e38 * sign(r) }),
		"all 3e38":            column(9, func(int) float64 { return 3e38 }),
		"one 1e20 among ones": column(33, func(r int) float64 { return max(1, 1e20*float64(max(0, r-31))) }),
	}
}

// A whole batch norm, its ReLU and its gradients on such columns, against the definition in float64.
func TestBatchNormOfFarColumns(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		for _, c := range []int{1, 3, 16, 70} {
			for name, x := range farColumns(c) {
				t.Run(fmt.Sprintf("%s/c=%d", name, c), func(t *testing.T) { testFarColumns(t, x, c) })
			}
		}
	})
}

func testFarColumns(t *testing.T, x []float32, c int) {
	const e = 1e-5
	mean, invstd, variance := make([]float64, c), make([]float64, c), make([]float64, c)
	BatchNormStatsRef(mean, invstd, variance, float64s(x), e)
	n, v := guardedNorm(t, c), make([]float32, c)
	BatchNormStats(n, v, x, e)
	gamma, beta, ones := normal(random(3), c), normal(random(4), c), make([]float64, c)
	for j := range ones {
		ones[j] = 1
	}
	scale, shift := make([]float32, c), make([]float32, c)
	beta64, scale64 := float64s(beta), make([]float64, c)
	for j := range scale {
		scale[j] = gamma[j] * n.InvStd[j]
		shift[j] = float32(float64(beta[j]) - float64(n.MeanLow[j])*float64(scale[j]))
		scale64[j] = float64(gamma[j]) * invstd[j]
	}
	want, got := make([]float64, len(x)), make([]float32, len(x))
	ScaleShiftRowsRef(want, float64s(x), mean, scale64, beta64, false)
	ScaleShiftRows(got, x, n.Mean, scale, shift, false)
	xhat := make([]float64, len(x))
	ScaleShiftRowsRef(xhat, float64s(x), mean, invstd, make([]float64, c), false)
	requireClose(t, want, got, func(i int) float64 { return math.Abs(xhat[i]) + 1 }, 16*eps)

	g := normal(random(5), len(x))
	for _, relu := range []bool{false, true} {
		var scaleG, shiftG []float64
		if relu {
			n.Scale, n.Shift, scaleG, shiftG = scale, shift, scale64, beta64
		}
		sumG, sumGX := make([]float64, c), make([]float64, c)
		gotG, gotGX := make([]float32, c), make([]float32, c)
		BatchNormGradSumsRef(sumG, sumGX, float64s(x), float64s(g), mean, invstd, scaleG, shiftG)
		BatchNormGradSums(gotG, gotGX, x, g, n)
		size := columnSums(g, c, math.Abs)
		requireClose(t, sumG, gotG, func(i int) float64 { return size[i] }, 2*eps)
		requireClose(t, sumGX, gotGX, func(i int) float64 { return 6 * size[i] }, 8*eps)

		dx, gotDx := make([]float64, len(x)), make([]float32, len(x))
		BatchNormInputGradRef(dx, float64s(x), float64s(g), mean, invstd, scaleG, shiftG, float64s(gamma), sumG, sumGX)
		BatchNormInputGrad(gotDx, x, g, n, gamma, gotG, gotGX)
		// At ±2e38 the square of invstd is too small for a float32, and the gradient itself nearly so.
		const subnormal = 1e-32
		requireClose(t, dx, gotDx, func(i int) float64 {
			j := i % c
			return math.Abs(scale64[j])*(math.Abs(float64(g[i]))+(1+math.Abs(xhat[i]))*size[j]) + subnormal
		}, 16*eps)
	}
}

func TestReLUGradPassesWhereNaN(t *testing.T) {
	nan := float32(math.NaN())
	kerneltest.EachLevel(t, func(t *testing.T) {
		for _, c := range []int{1, 7, 40} {
			y, g := make([]float32, c), make([]float32, c)
			FillRef(y, nan)
			FillRef(g, 1)
			dst := make([]float32, c)
			ReLUGrad(dst, y, g)
			require.Equal(t, g, dst)

			n := Norm{Mean: make([]float32, c), MeanLow: make([]float32, c), InvStd: g, Scale: g, Shift: make([]float32, c)}
			sumG, sumGX := make([]float32, c), make([]float32, c)
			BatchNormGradSums(sumG, sumGX, y, g, n)
			require.Equal(t, g, sumG)
			BatchNormAddGradSums(dst, sumG, sumGX, g, y, g, Norm{Mean: n.Mean, MeanLow: n.MeanLow, InvStd: g})
			require.Equal(t, g, sumG)
			require.Equal(t, g, dst)
			zero := make([]float32, c)
			BatchNormInputGrad(dst, y, g, n, g, zero, zero) // 1 + 0*NaN
			require.True(t, dst[c-1] != dst[c-1])
		}
	})
}

func TestBatchNormGrad(t *testing.T) {
	eachMatrix(t, func(t *testing.T, rows, c int) {
		if rows == 0 {
			return
		}
		x, g := guardedNormal(t, 1, rows*c), guardedNormal(t, 3, rows*c)
		n, gamma := Norm{Mean: guardedNormal(t, 4, c), MeanLow: kerneltest.Guarded(t, c), InvStd: guardedNormal(t, 5, c)}, guardedNormal(t, 6, c)
		Abs(n.InvStd, n.InvStd)
		x64, g64, mean64, invstd64, gamma64 := float64s(x), float64s(g), float64s(n.Mean), float64s(n.InvStd), float64s(gamma)
		sumG, sumGX := make([]float64, c), make([]float64, c)
		want := make([]float64, len(x))
		sizeG := columnSums(g, c, math.Abs)
		var gotG, gotGX []float32
		check := func(n Norm, grad func(dst, sumG, sumGX []float32)) {
			t.Helper()
			kerneltest.SameBitsForWorkers(t, func() []float32 {
				gotG, gotGX = make([]float32, c), make([]float32, c)
				BatchNormGradSums(gotG, gotGX, x, g, n)
				return slices.Concat(gotG, gotGX)
			})
			requireClose(t, sumG, gotG, func(i int) float64 { return sizeG[i] }, 2*eps)
			requireClose(t, sumGX, gotGX, func(i int) float64 { return 8 * invstd64[i] * sizeG[i] }, 2*eps)
			var dst []float32
			g32, gx32 := make([]float32, c), make([]float32, c)
			for j := range g32 {
				g32[j], gx32[j] = float32(sumG[j]), float32(sumGX[j])
			}
			kerneltest.SameBitsForWorkers(t, func() []float32 {
				dst = kerneltest.Guarded(t, len(x))
				grad(dst, g32, gx32)
				return dst
			})
			requireClose(t, want, dst, func(i int) float64 {
				j := i % c
				xhat := (math.Abs(x64[i]) + math.Abs(mean64[j])) * invstd64[j]
				n := float64(rows)
				return math.Abs(gamma64[j]*invstd64[j]) * (math.Abs(g64[i]) + math.Abs(sumG[j])/n + xhat*math.Abs(sumGX[j])/n)
			}, 4*eps)
		}

		BatchNormGradSumsRef(sumG, sumGX, x64, g64, mean64, invstd64, nil, nil)
		BatchNormInputGradRef(want, x64, g64, mean64, invstd64, nil, nil, gamma64, sumG, sumGX)
		check(n, func(dst, sumG, sumGX []float32) { BatchNormInputGrad(dst, x, g, n, gamma, sumG, sumGX) })

		// The shift is such that every column has an output that rounding alone takes off zero.
		withReLU := n
		withReLU.Scale, withReLU.Shift = guardedNormal(t, 7, c), kerneltest.Guarded(t, c)
		for j := range c {
			withReLU.Shift[j] = -(x[j] - n.Mean[j]) * withReLU.Scale[j]
		}
		scale64, shift64 := float64s(withReLU.Scale), float64s(withReLU.Shift)
		BatchNormGradSumsRef(sumG, sumGX, x64, g64, mean64, invstd64, scale64, shift64)
		BatchNormInputGradRef(want, x64, g64, mean64, invstd64, scale64, shift64, gamma64, sumG, sumGX)
		y, passed := make([]float32, len(x)), make([]float32, len(x))
		ScaleShiftRows(y, x, n.Mean, withReLU.Scale, withReLU.Shift, true)
		ReLUGrad(passed, y, g)
		sameSigns := true // as in float64
		for i := range y {
			sameSigns = sameSigns && (y[i] > 0) == ((x64[i]-mean64[i%c])*scale64[i%c]+shift64[i%c] > 0)
		}
		if sameSigns {
			check(withReLU, func(dst, sumG, sumGX []float32) {
				copy(dst, g)
				BatchNormInputGrad(dst, x, dst, withReLU, gamma, sumG, sumGX) // in place
			})
		}
		requireSameAs := func(want, got []float32) {
			t.Helper()
			for i := range want {
				require.True(t, kerneltest.SameFloat(want[i], got[i]), "element %d: %v, want %v", i, got[i], want[i])
			}
		}
		gotG, gotGX = make([]float32, c), make([]float32, c)
		wantG, wantGX := make([]float32, c), make([]float32, c)
		BatchNormGradSums(wantG, wantGX, x, passed, n)
		BatchNormGradSums(gotG, gotGX, x, g, withReLU)
		requireSameAs(wantG, gotG)
		requireSameAs(wantGX, gotGX)
		wantDst, dst := make([]float32, len(x)), make([]float32, len(x))
		BatchNormInputGrad(wantDst, x, passed, n, gamma, wantG, wantGX)
		BatchNormInputGrad(dst, x, g, withReLU, gamma, wantG, wantGX)
		requireSameAs(wantDst, dst)
	})
}

// What BatchNormAddGradSums does in one pass must be the bits of what it does.
func TestBatchNormAddGradSums(t *testing.T) {
	eachMatrix(t, func(t *testing.T, rows, c int) {
		x, y, g := guardedNormal(t, 1, rows*c), guardedNormal(t, 2, rows*c), guardedNormal(t, 3, rows*c)
		norm := Norm{Mean: guardedNormal(t, 4, c), MeanLow: guardedNormal(t, 6, c), InvStd: guardedNormal(t, 5, c)}
		passed := make([]float32, len(g))
		ReLUGradRef(passed, y, g)
		want := make([]float32, 2*c)
		BatchNormGradSums(want[:c], want[c:], x, passed, norm)
		kerneltest.SameBitsForWorkers(t, func() []float32 {
			dst, sums := kerneltest.Guarded(t, len(g)), make([]float32, 2*c)
			BatchNormAddGradSums(dst, sums[:c], sums[c:], x, y, g, norm)
			require.Equal(t, passed, append([]float32{}, dst...))
			require.Equal(t, want, sums)
			return sums
		})
		sums := make([]float32, 2*c)
		BatchNormAddGradSums(g, sums[:c], sums[c:], x, y, g, norm) // in place
		require.Equal(t, passed, append([]float32{}, g...))
		require.Equal(t, want, sums)
	})
}

// Sums that leave float32 on the way are summed a second time, when an operand in place is gone already.
func TestBatchNormAddGradSumsOfLargeNumbers(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		for _, c := range []int{1, 16, 600} {
			rows := 4
			x, y, g := make([]float32, rows*c), make([]float32, rows*c), make([]float32, rows*c)
			for i := range x {
				x[i], y[i], g[i] = 1, float32(i%3-1), float32(2e38*float64(1-2*(i/c%2)))
			}
			n := Norm{Mean: make([]float32, c), MeanLow: make([]float32, c), InvStd: make([]float32, c)}
			passed, sumG, sumGX := make([]float32, len(x)), make([]float32, c), make([]float32, c)
			wantG, wantGX := make([]float32, c), make([]float32, c)
			BatchNormAddGradSumsRef(passed, wantG, wantGX, x, y, g, n.Mean, n.InvStd)
			for _, dst := range [][]float32{make([]float32, len(x)), slices.Clone(g), slices.Clone(y)} {
				in := [2][]float32{y, g}
				if dst[0] == g[0] {
					in[1] = dst
				} else if dst[0] == y[0] {
					in[0] = dst
				}
				BatchNormAddGradSums(dst, sumG, sumGX, x, in[0], in[1], n)
				require.Equal(t, passed, dst)
				require.Equal(t, wantG, sumG)
			}
		}
	})
}
