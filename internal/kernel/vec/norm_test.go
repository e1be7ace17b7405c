package vec

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/internal/kernel/kerneltest"
)

func TestStatsRows(t *testing.T) {
	eachMatrix(t, func(t *testing.T, rows, c int) {
		if rows == 0 {
			return
		}
		x := guardedNormal(t, 1, rows*c)
		center := normal(random(2), c)
		for i := range x {
			x[i] += 100 * center[i%c] // columns of different means
		}
		mean, variance := make([]float64, c), make([]float64, c)
		StatsRowsRef(mean, variance, float64s(x), c)
		kerneltest.SameBitsForWorkers(t, func() []float32 {
			gotMean, gotVariance := make([]float32, c), make([]float32, c)
			StatsRows(gotMean, gotVariance, x, c)
			requireClose(t, mean, gotMean, func(i int) float64 { return math.Abs(mean[i]) + 1 }, eps)
			requireClose(t, variance, gotVariance, func(i int) float64 { return variance[i] + 1e-9 }, 8*eps)
			return append(gotMean, gotVariance...)
		})
	})
}

func TestStatsRowsFarFromZero(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		const rows, c = 5000, 3
		x := normal(random(1), rows*c)
		for i := range x {
			x[i] += 1e4
			if i < 30*c {
				x[i] = 0 // the first rows mislead about the mean
			}
		}
		mean, variance := make([]float64, c), make([]float64, c)
		StatsRowsRef(mean, variance, float64s(x), c)
		gotMean, gotVariance := make([]float32, c), make([]float32, c)
		StatsRows(gotMean, gotVariance, x, c)
		requireClose(t, mean, gotMean, func(i int) float64 { return mean[i] }, eps)
		requireClose(t, variance, gotVariance, func(i int) float64 { return variance[i] }, 8*eps)
	})
}

func TestStatsRowsOfConstantsAndSpecials(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	kerneltest.EachLevel(t, func(t *testing.T) {
		x := make([]float32, 1000*5)
		for i := range x {
			x[i] = []float32{7.3, nan, inf, 1, -1e-30}[i%5]
		}
		x[3*5+3], x[4*5+3] = inf, -inf
		mean, variance := make([]float32, 5), make([]float32, 5)
		wantMean, wantVariance := make([]float32, 5), make([]float32, 5)
		StatsRows(mean, variance, x, 5)
		StatsRowsRef(wantMean, wantVariance, x, 5)
		for j := range mean {
			require.True(t, kerneltest.SameFloat(wantMean[j], mean[j]), "mean %d: %v, want %v", j, mean[j], wantMean[j])
			require.True(t, kerneltest.SameFloat(wantVariance[j], variance[j]) || math.Abs(float64(variance[j]-wantVariance[j])) < 1e-12,
				"variance %d: %v, want %v", j, variance[j], wantVariance[j])
		}
		StatsRows(mean, variance, nil, 5)
		for j := range mean {
			require.True(t, mean[j] != mean[j] && variance[j] != variance[j])
		}
	})
}

func TestBatchNormGrad(t *testing.T) {
	eachMatrix(t, func(t *testing.T, rows, c int) {
		if rows == 0 {
			return
		}
		x, g := guardedNormal(t, 1, rows*c), guardedNormal(t, 3, rows*c)
		mean, invstd, gamma := guardedNormal(t, 4, c), guardedNormal(t, 5, c), guardedNormal(t, 6, c)
		Abs(invstd, invstd)
		x64, g64, mean64, invstd64, gamma64 := float64s(x), float64s(g), float64s(mean), float64s(invstd), float64s(gamma)
		sumG, sumGX := make([]float64, c), make([]float64, c)
		want := make([]float64, len(x))
		sizeG := columnSums(g, c, math.Abs)
		var gotG, gotGX []float32
		check := func(sums func(), grad func(dst []float32)) {
			t.Helper()
			kerneltest.SameBitsForWorkers(t, func() []float32 {
				gotG, gotGX = make([]float32, c), make([]float32, c)
				sums()
				return append(append([]float32{}, gotG...), gotGX...)
			})
			requireClose(t, sumG, gotG, func(i int) float64 { return sizeG[i] }, 2*eps)
			requireClose(t, sumGX, gotGX, func(i int) float64 { return 8 * invstd64[i] * sizeG[i] }, 2*eps)
			var dst []float32
			kerneltest.SameBitsForWorkers(t, func() []float32 {
				dst = kerneltest.Guarded(t, len(x))
				grad(dst)
				return dst
			})
			requireClose(t, want, dst, func(i int) float64 {
				j := i % c
				xhat := (math.Abs(x64[i]) + math.Abs(mean64[j])) * invstd64[j]
				n := float64(rows)
				return math.Abs(gamma64[j]*invstd64[j]) * (math.Abs(g64[i]) + math.Abs(sumG[j])/n + xhat*math.Abs(sumGX[j])/n)
			}, 4*eps)
		}
		asFloat32 := func() (g, gx []float32) {
			g, gx = make([]float32, c), make([]float32, c)
			for j := range g {
				g[j], gx[j] = float32(sumG[j]), float32(sumGX[j])
			}
			return g, gx
		}

		BatchNormGradSumsRef(sumG, sumGX, x64, g64, mean64, invstd64)
		BatchNormInputGradRef(want, x64, g64, mean64, invstd64, gamma64, sumG, sumGX)
		check(func() { BatchNormGradSums(gotG, gotGX, x, g, mean, invstd) }, func(dst []float32) {
			g32, gx32 := asFloat32()
			BatchNormInputGrad(dst, x, g, mean, invstd, gamma, g32, gx32)
		})

		// The shift is such that every column has an output that rounding alone takes off zero.
		scale, shift := guardedNormal(t, 7, c), kerneltest.Guarded(t, c)
		for j := range shift {
			shift[j] = -x[j] * scale[j]
		}
		scale64, shift64 := float64s(scale), float64s(shift)
		BatchNormGradSumsReLURef(sumG, sumGX, x64, g64, mean64, invstd64, scale64, shift64)
		BatchNormInputGradReLURef(want, x64, g64, mean64, invstd64, gamma64, sumG, sumGX, scale64, shift64)
		y, passed := make([]float32, len(x)), make([]float32, len(x))
		ScaleShiftRows(y, x, scale, shift, true)
		ReLUGrad(passed, y, g)
		sameSigns := true // as in float64
		for i := range y {
			sameSigns = sameSigns && (y[i] > 0) == (x64[i]*scale64[i%c]+shift64[i%c] > 0)
		}
		if sameSigns {
			check(func() { BatchNormGradSumsReLU(gotG, gotGX, x, g, mean, invstd, scale, shift) }, func(dst []float32) {
				g32, gx32 := asFloat32()
				copy(dst, g)
				BatchNormInputGradReLU(dst, x, dst, mean, invstd, gamma, g32, gx32, scale, shift) // in place
			})
		}
		requireSameAs := func(want, got []float32) {
			t.Helper()
			for i := range want {
				require.True(t, kerneltest.SameFloat(want[i], got[i]), "element %d: %v, want %v", i, got[i], want[i])
			}
		}
		wantG, wantGX := make([]float32, c), make([]float32, c)
		BatchNormGradSums(wantG, wantGX, x, passed, mean, invstd)
		BatchNormGradSumsReLU(gotG, gotGX, x, g, mean, invstd, scale, shift)
		requireSameAs(wantG, gotG)
		requireSameAs(wantGX, gotGX)
		wantDst, dst := make([]float32, len(x)), make([]float32, len(x))
		BatchNormInputGrad(wantDst, x, passed, mean, invstd, gamma, wantG, wantGX)
		BatchNormInputGradReLU(dst, x, g, mean, invstd, gamma, wantG, wantGX, scale, shift)
		requireSameAs(wantDst, dst)
	})
}

// What BatchNormAddGradSums does in one pass must be the bits of what it does.
func TestBatchNormAddGradSums(t *testing.T) {
	eachMatrix(t, func(t *testing.T, rows, c int) {
		x, y, g := guardedNormal(t, 1, rows*c), guardedNormal(t, 2, rows*c), guardedNormal(t, 3, rows*c)
		mean, invstd := guardedNormal(t, 4, c), guardedNormal(t, 5, c)
		passed := make([]float32, len(g))
		ReLUGradRef(passed, y, g)
		want := make([]float32, 2*c)
		BatchNormGradSums(want[:c], want[c:], x, passed, mean, invstd)
		kerneltest.SameBitsForWorkers(t, func() []float32 {
			dst, sums := kerneltest.Guarded(t, len(g)), make([]float32, 2*c)
			BatchNormAddGradSums(dst, sums[:c], sums[c:], x, y, g, mean, invstd)
			require.Equal(t, passed, append([]float32{}, dst...))
			require.Equal(t, want, sums)
			return sums
		})
		sums := make([]float32, 2*c)
		BatchNormAddGradSums(g, sums[:c], sums[c:], x, y, g, mean, invstd) // in place
		require.Equal(t, passed, append([]float32{}, g...))
		require.Equal(t, want, sums)
	})
}
