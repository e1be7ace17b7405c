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
		v, i := MaxIndex(a)
		wantV, wantI := MaxIndexRef(a)
		require.Equal(t, wantV, v)
		require.Equal(t, wantI, i)
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

func TestMaxIndexOfSpecials(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	kerneltest.EachLevel(t, func(t *testing.T) {
		long := make([]float32, 20000)
		long[9000], long[15000] = 5, 5
		longNaN := append([]float32(nil), long...)
		longNaN[12345], longNaN[19999] = nan, nan
		for _, a := range [][]float32{
			{0}, {nan}, {-inf, -inf}, {1, nan, 3, nan}, {1, 3, 3}, {inf, nan}, {-1, -0.5}, long, longNaN, longNaN[19990:],
		} {
			v, i := MaxIndex(a)
			wantV, wantI := MaxIndexRef(a)
			require.Equal(t, wantI, i)
			require.True(t, kerneltest.SameFloat(wantV, v))
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
