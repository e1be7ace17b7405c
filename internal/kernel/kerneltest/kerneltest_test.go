package kerneltest

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGuardedMemoryIsWritableInsideOnly(t *testing.T) {
	for _, n := range []int{0, 1, 7, 1024, 5000} {
		for name, f := range map[string]func(testing.TB, int) []float32{"end": Guarded, "start": GuardedStart} {
			s := f(t, n)
			require.Len(t, s, n, name)
			for i := range s {
				s[i] = float32(i)
			}
		}
	}
}

func TestULPs(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct {
		got  float32
		want float64
		ulps float64
	}{
		{1, 1, 0},
		{1 + 0x1p-23, 1, 1},
		{1, 1 + 0x1p-24, 0.5},
		{0, 0x1p-149, 1},
		{float32(inf), inf, 0},
		{float32(inf), 1e300, 0},
		{float32(nan), nan, 0},
		{1, nan, inf},
		{float32(inf), 1, inf},
		{float32(inf), -inf, inf},
	} {
		require.InDelta(t, 0, min(ULPs(c.got, c.want), 1e9)-min(c.ulps, 1e9), 1e-9, "%v", c)
	}
}
