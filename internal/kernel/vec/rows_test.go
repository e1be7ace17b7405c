package vec

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/internal/kernel/kerneltest"
)

// matrices are shapes with narrow and wide, even and odd rows, and more than one chunk.
var matrices = []struct{ rows, c int }{
	{0, 3}, {1, 1}, {5, 1}, {1, 7}, {3, 10}, {17, 16}, {40, 13}, {9, 64}, {2, 200}, {7, 257}, {3, 1000},
	{4, 5001}, {1031, 33}, {50000, 3}, {70, 2048},
}

func eachMatrix(t *testing.T, f func(t *testing.T, rows, c int)) {
	eachVariant(t, func(t *testing.T) {
		for _, s := range matrices {
			if testing.Short() && s.rows*s.c > 100_000 {
				continue // an emulated CPU takes minutes for them
			}
			t.Run(fmt.Sprintf("shape=%dx%d", s.rows, s.c), func(t *testing.T) { f(t, s.rows, s.c) })
		}
	})
}

// guardedNormal returns normal numbers whose end is guarded.
func guardedNormal(t *testing.T, seed uint64, n int) []float32 {
	s := kerneltest.Guarded(t, n)
	copy(s, normal(random(seed), n))
	return s
}

// requireClose fails unless |got - want| <= tol*size for every element.
func requireClose(t *testing.T, want []float64, got []float32, size func(i int) float64, tol float64) {
	t.Helper()
	for i, g := range got {
		if d := math.Abs(float64(g) - want[i]); !(d <= tol*size(i)) {
			t.Fatalf("element %d: %v, want %v, off by %.3g of %.3g", i, g, want[i], d, size(i))
		}
	}
}

const eps = 0x1p-23

func TestRowVectors(t *testing.T) {
	eachMatrix(t, func(t *testing.T, rows, c int) {
		x, residual := guardedNormal(t, 1, rows*c), guardedNormal(t, 2, rows*c)
		scale, shift, center := guardedNormal(t, 3, c), guardedNormal(t, 4, c), guardedNormal(t, 5, c)
		want32, want := make([]float32, len(x)), make([]float64, len(x))
		x64, residual64, scale64, shift64, center64 := float64s(x), float64s(residual), float64s(scale), float64s(shift), float64s(center)
		size := func(i int) float64 {
			return math.Abs((x64[i]-center64[i%c])*scale64[i%c]) + math.Abs(shift64[i%c]) + math.Abs(residual64[i])
		}
		same := func(f func() []float32) []float32 {
			var got []float32
			kerneltest.SameBitsForWorkers(t, func() []float32 { got = f(); return got })
			return got
		}
		dst := func() []float32 { return kerneltest.Guarded(t, len(x)) }

		AddRowRef(want32, x, scale)
		require.Equal(t, want32, append([]float32{}, same(func() []float32 { d := dst(); AddRow(d, x, scale); return d })...))
		AddRowReLURef(want32, x, scale)
		require.Equal(t, want32, append([]float32{}, same(func() []float32 { d := dst(); AddRowReLU(d, x, scale); return d })...))
		MulRowRef(want32, x, scale)
		require.Equal(t, want32, append([]float32{}, same(func() []float32 { d := dst(); MulRow(d, x, scale); return d })...))
		for _, relu := range []bool{false, true} {
			ScaleShiftRowsRef(want, x64, center64, scale64, shift64, relu)
			got := same(func() []float32 { d := dst(); ScaleShiftRows(d, x, center, scale, shift, relu); return d })
			requireClose(t, want, got, size, 1.5*eps)

			ScaleShiftAddRowsRef(want, x64, center64, scale64, shift64, residual64, relu)
			got = same(func() []float32 { d := dst(); ScaleShiftAddRows(d, x, center, scale, shift, residual, relu); return d })
			requireClose(t, want, got, size, 2*eps)

			inPlace := append([]float32(nil), x...)
			ScaleShiftAddRows(inPlace, inPlace, center, scale, shift, residual, relu)
			require.Equal(t, append([]float32(nil), got...), inPlace)
		}
	})
}

func TestRowVectorsPassNaNAndInfinity(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		nan, inf := float32(math.NaN()), float32(math.Inf(1))
		x := []float32{nan, inf, -inf, 0, 1, nan, inf, -inf}
		got := make([]float32, 8)
		ScaleShiftRows(got, x, []float32{0, 0}, []float32{1, 1}, []float32{0, 0}, true)
		for i, w := range []float32{nan, inf, 0, 0, 1, nan, inf, 0} {
			require.True(t, kerneltest.SameFloat(got[i], w), "element %d: %v", i, got[i])
		}
	})
}

func TestSumRows(t *testing.T) {
	eachMatrix(t, func(t *testing.T, rows, c int) {
		x := guardedNormal(t, 1, rows*c)
		want, size := make([]float64, c), columnSums(x, c, math.Abs)
		SumRowsRef(want, float64s(x), c, 0.75)
		kerneltest.SameBitsForWorkers(t, func() []float32 {
			dst := make([]float32, c)
			SumRows(dst, x, c, 0.75)
			requireClose(t, want, dst, func(i int) float64 { return size[i] }, 2*eps)
			return dst
		})
	})
}

func columnSums(x []float32, c int, f func(float64) float64) []float64 {
	s := make([]float64, c)
	for i, v := range x {
		s[i%c] += f(float64(v))
	}
	return s
}

func TestSoftmaxRows(t *testing.T) {
	eachMatrix(t, func(t *testing.T, rows, c int) {
		x := guardedNormal(t, 1, rows*c)
		want, dst := make([]float64, len(x)), kerneltest.Guarded(t, len(x))
		Scale(x, x, 5)
		SoftmaxRowsRef(want, float64s(x), c)
		kerneltest.SameBitsForWorkers(t, func() []float32 { SoftmaxRows(dst, x, c); return append([]float32{}, dst...) })
		// The exponent is off by up to half a step of x - max, whose size is -ln of the result.
		requireClose(t, want, dst, func(i int) float64 { return want[i]*(3-math.Log(want[i])) + 1e-38 }, eps)

		LogSoftmaxRowsRef(want, float64s(x), c)
		kerneltest.SameBitsForWorkers(t, func() []float32 { LogSoftmaxRows(dst, x, c); return append([]float32{}, dst...) })
		requireClose(t, want, dst, func(i int) float64 { return 10 - want[i] }, eps)
		SoftmaxRows(x, x, c) // in place
		LogSoftmaxRows(x, x, c)
	})
}

func TestLogSoftmaxOfRowsThatOneElementRules(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		for _, c := range []int{2, 3, 7, 8, 16, 31, 64, 65, 200} {
			for _, lead := range []float32{3, 15, 20, 60, 80, 95} {
				for at := range c {
					x := guardedNormal(t, uint64(at), c)
					x[at] += lead
					if at%3 == 2 {
						x[at/2] = x[at] // two maxima
					}
					want, got := make([]float64, c), kerneltest.Guarded(t, c)
					LogSoftmaxRowsRef(want, float64s(x), c)
					LogSoftmaxRows(got, x, c)
					// The exponent is off by up to half a step of what it is, down to -90.
					requireClose(t, want, got, func(i int) float64 { return math.Abs(want[i])*(4+float64(lead)) + 1e-37 }, eps)
				}
			}
		}
	})
}

func TestLossesOfRows(t *testing.T) {
	eachMatrix(t, func(t *testing.T, rows, c int) {
		x, g := guardedNormal(t, 1, rows*c), guardedNormal(t, 2, rows*c)
		Scale(x, x, 5)
		want, dst, labels := make([]float64, len(x)), kerneltest.Guarded(t, len(x)), make([]int, rows)
		for r := range labels {
			labels[r] = (7*r + 1) % c
		}
		ownSize := func(i int) float64 { return math.Abs(want[i]) + 1e-38 }
		check := func(f func(dst []float32)) {
			t.Helper()
			kerneltest.SameBitsForWorkers(t, func() []float32 { f(dst); return append([]float32{}, dst...) })
			requireClose(t, want, dst, ownSize, eps)
		}
		LogSoftmaxVJPRowsRef(want, float64s(x), float64s(g), c)
		check(func(dst []float32) { LogSoftmaxVJPRows(dst, x, g, c) })
		check(func(dst []float32) { copy(dst, g); LogSoftmaxVJPRows(dst, x, dst, c) }) // in place
		LogSoftmaxJVPRowsRef(want, float64s(x), float64s(g), c)
		check(func(dst []float32) { LogSoftmaxJVPRows(dst, x, g, c) })
		CrossEntropyMeanGradRef(want, float64s(x), labels, 0.25, c, rows)
		check(func(dst []float32) { CrossEntropyMeanGrad(dst, x, labels, 0.25, c) })

		want, dst = make([]float64, rows), kerneltest.Guarded(t, rows)
		CrossEntropyRowsRef(want, float64s(x), float64s(g), c)
		check(func(dst []float32) { CrossEntropyRows(dst, x, g, c) })
		want, dst = []float64{CrossEntropyMeanRef(float64s(x), labels, 0.25, c)}, make([]float32, 1)
		if rows > 0 {
			check(func(dst []float32) { dst[0] = float32(CrossEntropyMean(x, labels, 0.25, c)) })
		}
	})
}

func TestSoftmaxOfSpecialRows(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	kerneltest.EachLevel(t, func(t *testing.T) {
		for _, x := range [][]float32{
			{1, nan, 2}, {1, inf, 2}, {-inf, -inf, -inf}, {-inf, 3, 3}, {1e30, 1e30, -1e30}, {1000.5, 1000, -1000},
			{-3e38, 3e38, 0}, {nan}, {7},
		} {
			got, want := make([]float32, len(x)), make([]float32, len(x))
			SoftmaxRows(got, x, len(x))
			SoftmaxRowsRef(want, x, len(x))
			for i := range x {
				require.True(t, kerneltest.ULPs(got[i], float64(want[i])) <= 4, "softmax(%v) = %v, want %v", x, got, want)
			}
			LogSoftmaxRows(got, x, len(x))
			LogSoftmaxRowsRef(want, x, len(x))
			for i := range x {
				require.True(t, kerneltest.ULPs(got[i], float64(want[i])) <= 4, "log softmax(%v) = %v, want %v", x, got, want)
			}
		}
	})
}
