package half

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every binary16 against its definition, (-1)^sign * 2^(exponent-15) * (1 + fraction/1024).
func TestFloat32(t *testing.T) {
	for h := range 1 << 16 {
		sign := 1 - 2*float64(h>>15)
		exponent, fraction := h>>10&31, float64(h&1023)/1024
		var want float64
		switch {
		case exponent == 31 && fraction != 0:
			want = math.NaN()
		case exponent == 31:
			want = math.Inf(int(sign))
		case exponent == 0:
			want = math.Ldexp(sign*fraction, -14)
		default:
			want = math.Ldexp(sign*(1+fraction), exponent-15)
		}
		got := float64(Float32(uint16(h)))
		same := got == want && math.Signbit(got) == math.Signbit(want) || math.IsNaN(got) && math.IsNaN(want)
		if !same {
			require.Equal(t, want, got, "%#04x", h)
		}
	}
}
