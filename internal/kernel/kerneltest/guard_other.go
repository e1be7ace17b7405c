//go:build !unix

package kerneltest

import (
	"math"
	"testing"
)

const (
	canaryLen  = 64
	canaryBits = 0x7fa5a5a5 // a NaN, so that a stray read shows as well
)

func guarded(t testing.TB, n int, _ bool) []float32 {
	t.Helper()
	all := make([]float32, n+2*canaryLen)
	for i := range all {
		all[i] = math.Float32frombits(canaryBits)
	}
	t.Cleanup(func() {
		for i, v := range all {
			if inside := i >= canaryLen && i < canaryLen+n; !inside && math.Float32bits(v) != canaryBits {
				t.Errorf("kerneltest: element %d of a slice of %d was overwritten", i-canaryLen, n)
			}
		}
	})
	return all[canaryLen : canaryLen+n : canaryLen+n]
}
