package weights

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every binary16 against its definition, (-1)^sign * 2^(exponent-15) * (1 + fraction/1024).
func TestHalf(t *testing.T) {
	for h := range 1 << 16 {
		sign := 1 - 2*float64(h>>15)
		exponent, fraction := h>>10&31, float64(h&1023)/1024
		got := float64(half(uint16(h)))
		switch {
		case exponent == 31 && fraction != 0:
			require.True(t, math.IsNaN(got), "%#04x", h)
			continue
		case exponent == 31:
			require.True(t, math.IsInf(got, int(sign)), "%#04x", h)
		case exponent == 0:
			require.Equal(t, math.Ldexp(sign*fraction, -14), got, "%#04x", h)
		default:
			require.Equal(t, math.Ldexp(sign*(1+fraction), exponent-15), got, "%#04x", h)
		}
		require.Equal(t, sign < 0, math.Signbit(got), "%#04x", h)
	}
}
