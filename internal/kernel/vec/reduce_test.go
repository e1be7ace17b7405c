package vec

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/internal/kernel/kerneltest"
)

func TestSumDotMaxAllLengths(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		for _, slice := range ends(t, 2) {
			r := random(1)
			for n := range longest + 1 {
				a, b := slice(0, n), slice(1, n)
				copy(a, normal(r, n))
				copy(b, normal(r, n))
				requireReductions(t, a, b)
				if n > 0 {
					Sub(a, a, make([]float32, n))
					AddScalar(a, a, -100) // no element above the zeros that a masked load leaves
					requireReductions(t, a, b)
				}
			}
		}
	})
}

func requireReductions(t *testing.T, a, b []float32) {
	t.Helper()
	require.InDelta(t, SumRef(a), Sum(a), 1e-12*float64(len(a))*101, "length %d", len(a))
	require.InDelta(t, DotRef(a, b), Dot(a, b), 1e-12*float64(len(a))*101, "length %d", len(a))
	if len(a) > 0 {
		require.Equal(t, MaxOfRef(a), MaxOf(a))
		require.Equal(t, MaxIndexRef(a), MaxIndex(a))
	}
}

func TestSumOfManyIsAccurate(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		a := make([]float32, 5_000_003)
		Fill(a, 0.1)
		kerneltest.SameBitsForWorkers(t, func() []float32 {
			s, d := Sum(a), Dot(a, a)
			require.InEpsilon(t, float64(len(a))*float64(float32(0.1)), s, 1e-11)
			require.InEpsilon(t, float64(len(a))*float64(float32(0.1))*float64(float32(0.1)), d, 1e-11)
			bits := math.Float64bits(s)
			return []float32{math.Float32frombits(uint32(bits)), math.Float32frombits(uint32(bits >> 32))}
		})
		Fill(a, 1e30) // squares beyond float32
		require.InEpsilon(t, 1e30*math.Sqrt(float64(len(a))), math.Sqrt(Dot(a, a)), 1e-6)
	})
}

func TestMaximumOfSpecials(t *testing.T) {
	nan, inf, minus := float32(math.NaN()), float32(math.Inf(1)), float32(math.Copysign(0, -1))
	kerneltest.EachLevel(t, func(t *testing.T) {
		long := make([]float32, 20000)
		long[9000], long[15000] = 5, 5
		longNaN := append([]float32(nil), long...)
		longNaN[12345], longNaN[19999] = nan, nan
		minuses := make([]float32, 20000)
		Fill(minuses, minus)
		zero := append([]float32(nil), minuses...)
		zero[17000] = 0
		for _, a := range [][]float32{
			{minus, 0, -1}, {0, minus}, {minus, minus}, {-1, minus, -2}, minuses, zero,
			{0}, {nan}, {-inf, -inf}, {1, nan, 3, nan}, {1, 3, 3}, {inf, nan}, {-1, -0.5}, long, longNaN, longNaN[19990:],
		} {
			require.Equal(t, MaxIndexRef(a), MaxIndex(a))
			require.True(t, kerneltest.SameFloat(MaxOf(a), MaxOfRef(a)))
		}
	})
}

func TestSumPropagatesSpecials(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		for _, n := range []int{1, 17, 100} {
			a := make([]float32, n)
			a[n-1] = float32(math.Inf(1))
			require.True(t, math.IsInf(Sum(a), 1))
			a[0] = float32(math.NaN())
			require.True(t, math.IsNaN(Sum(a)))
			require.True(t, math.IsNaN(Dot(a, a)))
		}
	})
}

// TestSumsThatOverflowOnTheWay: rows of equal signs are neighbours, so that groups of a few overflow.
func TestSumsThatOverflowOnTheWay(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	kerneltest.EachLevel(t, func(t *testing.T) {
		for _, s := range []struct{ rows, c int }{{64, 1}, {64, 7}, {66, 16}, {64, 48}, {10, 700}, {5000, 33}} {
			x := make([]float32, s.rows*s.c)
			for i := range x {
				x[i] = 2e38
				if i/s.c >= s.rows/2 {
					x[i] = -2e38
				}
			}
			sum, mean := make([]float32, s.c), make([]float32, s.c)
			requireAll := func(want float32, got []float32) {
				t.Helper()
				for i, v := range got {
					require.True(t, kerneltest.SameFloat(v, want), "%d rows, column %d of %d: %v, want %v", s.rows, i, s.c, v, want)
				}
			}
			SumRows(sum, x, s.c, 1)
			MeanGroups(mean, x, 1, s.rows, s.c)
			requireAll(0, sum)
			requireAll(0, mean)
			require.Zero(t, Sum(x))

			Abs(x, x)
			SumRows(sum, x, s.c, 1/float64(s.rows))
			MeanGroups(mean, x, 1, s.rows, s.c)
			requireAll(2e38, sum)
			requireAll(2e38, mean)
			kerneltest.SameBitsForWorkers(t, func() []float32 { SumRows(sum, x, s.c, 1); return sum })
			requireAll(inf, sum)

			x[len(x)-1] = -inf
			x[0] = inf
			SumRows(sum, x, s.c, 0.001)
			require.Equal(t, s.c > 1, math.IsInf(float64(sum[0]), 1))
			require.Equal(t, s.c > 1, math.IsInf(float64(sum[s.c-1]), -1))
			x[0] = nan
			MeanGroups(mean, x, 1, s.rows, s.c)
			require.True(t, mean[0] != mean[0])
		}
	})
}
