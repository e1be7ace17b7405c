package unravel

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSpreadOf(t *testing.T) {
	s := SpreadOf([]float64{4, 1, 3, 2})
	require.Equal(t, 2.5, s.Mean)
	require.Equal(t, 2.5, s.Median)
	require.InDelta(t, 1.2909944, s.Std, 1e-6)
	require.InDelta(t, 2.5+3.1824463*1.2909944/2, s.High, 1e-5)
	require.Equal(t, Spread{Draws: 1, Mean: 2, Min: 2, Median: 2, Max: 2, Low: 2, High: 2}, SpreadOf([]float64{2}))
}

// TestMeanInterval: without skewness it is Student's, for the exponential distribution, where Student's interval for 20 draws
// holds the mean at a rate of 92 %, it keeps to 95 %.
func TestMeanInterval(t *testing.T) {
	low, high := meanInterval([]float64{4, 1, 3, 2}, 0.95)
	s := SpreadOf([]float64{4, 1, 3, 2})
	require.InDelta(t, s.Low, low, 1e-12)
	require.InDelta(t, s.High, high, 1e-12)
	low, high = meanInterval([]float64{3, 3, 3}, 0.95)
	require.Equal(t, []float64{3, 3}, []float64{low, high})
	rng := rand.New(rand.NewPCG(1, 1))
	const trials, draws = 4000, 20
	covered := 0.0
	for range trials {
		values := make([]float64, draws)
		for i := range values {
			values[i] = rng.ExpFloat64()
		}
		if low, high := meanInterval(values, 0.95); low <= 1 && 1 <= high {
			covered += 1.0 / trials
		}
	}
	require.InDelta(t, 0.95, covered, 3*math.Sqrt(0.95*0.05/trials))
}
