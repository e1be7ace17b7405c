package kerneltest

import (
	"math"
	"testing"

	"github.com/residuum-go/residuum/internal/cpu"
	"github.com/residuum-go/residuum/internal/parallel"
)

// EachLevel runs f as a subtest `level=avx2` for every instruction-set level of this machine, with
// the kernels switched to it.
func EachLevel(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	for _, l := range cpu.Available() {
		t.Run("level="+l.String(), func(t *testing.T) {
			defer cpu.Set(l)()
			f(t)
		})
	}
}

// SameBitsForWorkers calls f with 1, 2 and 5 workers and fails unless the results are the same
// bit for bit.
func SameBitsForWorkers(t *testing.T, f func() []float32) {
	t.Helper()
	var first []float32
	for _, w := range []int{1, 2, 5} {
		restore := parallel.SetWorkers(w)
		got := f()
		restore()
		if first == nil {
			first = got
			continue
		}
		for i := range got {
			if math.Float32bits(got[i]) != math.Float32bits(first[i]) {
				t.Fatalf("element %d: %v with %d workers, %v with 1", i, got[i], w, first[i])
			}
		}
	}
}

// SameFloat reports whether got is want bit for bit, where every NaN equals every other.
func SameFloat(got, want float32) bool {
	return math.Float32bits(got) == math.Float32bits(want) || got != got && want != want
}

// ULPs returns how many float32 steps got is from the exact value want, the error in units of the
// float32 spacing at want. Equal infinities and two NaNs are 0 apart; what cannot be compared is
// +Inf apart. A want beyond the largest float32 counts as the infinity it rounds to.
func ULPs(got float32, want float64) float64 {
	w := float32(want)
	switch {
	case got != got || w != w:
		if got != got && w != w {
			return 0
		}
		return math.Inf(1)
	case got == w:
		if math.IsInf(want, 0) || math.IsInf(float64(w), 0) {
			return 0
		}
	case math.IsInf(float64(got), 0) || math.IsInf(float64(w), 0):
		return math.Inf(1)
	}
	return math.Abs(float64(got)-want) / spacing(want)
}

// spacing returns the distance between neighbouring float32 values around v.
func spacing(v float64) float64 {
	if v == 0 {
		return 0x1p-149
	}
	_, e := math.Frexp(v)
	return math.Ldexp(1, max(e-24, -149))
}

// Specials are the values on which kernels most often disagree with their reference.
func Specials() []float32 {
	inf := float32(math.Inf(1))
	return []float32{
		0, float32(math.Copysign(0, -1)), 1, -1, inf, -inf, float32(math.NaN()),
		math.SmallestNonzeroFloat32, -math.SmallestNonzeroFloat32, 0x1p-127, -0x1p-127, 0x1p-126,
		math.MaxFloat32, -math.MaxFloat32, 0.5, -0.5, 1e-10, 1e10, 88.7, -87.4, 104, -104,
	}
}
