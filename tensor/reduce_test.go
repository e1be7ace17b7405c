package tensor_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/internal/kernel/kerneltest"
	"github.com/residuum-go/residuum/tensor"
)

// sums adds up a over the axes marked, in float64; kept has length 1 there.
func sums(a *tensor.Tensor, summed []bool) (want []float64, kept []int) {
	kept = append(kept, a.Shape()...)
	for i, s := range summed {
		if s {
			kept[i] = 1
		}
	}
	n := 1
	for _, d := range kept {
		n *= d
	}
	want = make([]float64, n)
	indices(a.Shape(), func(index []int) {
		at := 0
		for i, d := range kept {
			at *= d
			if d > 1 {
				at += index[i]
			}
		}
		want[at] += float64(a.At(index...))
	})
	return want, kept
}

func checkReduction(t *testing.T, r *rand.Rand, shape []int, summed []bool) {
	t.Helper()
	a := normal(r, shape...)
	want, kept := sums(a, summed)
	var axes, dropped []int
	n := 1
	for i, s := range summed {
		if s {
			axes = append(axes, i-r.IntN(2)*len(shape)) // sometimes counted from the end
			n *= shape[i]
		} else {
			dropped = append(dropped, shape[i])
		}
	}
	requireNear(t, want, tensor.SumTo(garbage(kept...), a, kept...), 1e-5, shape, "to", kept)
	if len(axes) == 0 {
		return
	}
	got := tensor.SumKeep(nil, a, axes...)
	require.Equal(t, kept, got.Shape())
	requireNear(t, want, got, 1e-5, shape, axes)
	requireNear(t, want, tensor.Sum(garbage(dropped...), a, axes...), 1e-5, shape, axes)
	for i := range want {
		want[i] /= float64(n)
	}
	requireNear(t, want, tensor.Mean(nil, a, axes...), 1e-5, shape, axes)
}

func TestSumMeanSumTo(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		r := source(t)
		for range 300 {
			shape := randomShape(r)
			summed := make([]bool, len(shape))
			for i := range summed {
				summed[i] = r.IntN(2) == 0
			}
			checkReduction(t, r, shape, summed)
		}
	})
}

// What models ask for: everything, the last axis, all but the last, pixels of an image; and NCHW.
func TestReductionPatterns(t *testing.T) {
	const x, o = true, false
	kerneltest.EachLevel(t, func(t *testing.T) {
		r := source(t)
		for _, c := range []struct {
			shape  []int
			summed []bool
		}{
			{[]int{70001}, []bool{x}},
			{[]int{33, 67}, []bool{o, x}},
			{[]int{33, 67}, []bool{x, o}},
			{[]int{5, 9, 9, 35}, []bool{x, x, x, o}},
			{[]int{5, 9, 9, 35}, []bool{o, x, x, o}},
			{[]int{5, 7, 9, 3}, []bool{x, o, x, x}},
			{[]int{5, 7, 9, 3}, []bool{o, x, o, x}},
			{[]int{2, 1, 3, 1}, []bool{o, x, o, o}},
			{[]int{700, 64}, []bool{x, o}},
			{[]int{2, 2, 2, 2, 2, 2, 2, 2, 2, 2}, []bool{x, o, x, o, x, o, x, o, x, o}},
		} {
			checkReduction(t, r, c.shape, c.summed)
		}
	})
}

func TestSumToDropsMissingAxes(t *testing.T) {
	a := normal(source(t), 2, 3, 4)
	want, _ := sums(a, []bool{true, true, false})
	requireNear(t, want, tensor.SumTo(nil, a, 4), 1e-6)
	want, _ = sums(a, []bool{true, true, true})
	requireNear(t, want, tensor.SumTo(nil, a), 1e-6)
	require.True(t, tensor.Equal(a, tensor.SumTo(nil, a, 2, 3, 4)))
}

func TestReductionsOverNothing(t *testing.T) {
	a := tensor.New(2, 0, 3)
	require.True(t, tensor.Equal(tensor.New(2, 3), tensor.Sum(nil, a, 1)))
	require.True(t, tensor.Equal(tensor.New(1, 1, 1), tensor.SumKeep(nil, a)))
	requireNear(t, []float64{math.NaN()}, tensor.Mean(nil, a), 0)
	require.Equal(t, []int{2, 0}, tensor.Mean(nil, a, 2).Shape())
	require.Equal(t, []int{0, 3}, tensor.Max(nil, tensor.New(0, 2, 3), 1).Shape())
	require.Empty(t, tensor.ArgMax(tensor.New(0, 3)))
	require.Zero(t, tensor.Norm(a))
}

// A float32 accumulator would be stuck at 2^24 here.
func TestLongSumsKeepTheirDigits(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		const n = 1<<24 + 1001
		a := tensor.Full(1, n)
		require.EqualValues(t, float32(n), tensor.Sum(nil, a).Item())
		require.EqualValues(t, 1, tensor.Mean(nil, a.Slice(0, n-1).Reshape(-1, 8), 0).At(3))
		require.EqualValues(t, n, tensor.Dot(a, a))
	})
}

func TestMax(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		r := source(t)
		for range 200 {
			shape := append(randomShape(r), 1+r.IntN(40))
			axis := r.IntN(len(shape))
			if shape[axis] == 0 {
				shape[axis] = 2
			}
			a := normal(r, shape...)
			kept := append([]int(nil), shape...)
			kept[axis] = 1
			var want []float64
			indices(kept, func(index []int) {
				at, best := append([]int(nil), index...), math.Inf(-1)
				for at[axis] = 0; at[axis] < shape[axis]; at[axis]++ {
					best = max(best, float64(a.At(at...)))
				}
				want = append(want, best)
			})
			requireNear(t, want, tensor.MaxKeep(garbage(kept...), a, axis), 0, shape, axis)
			requireNear(t, want, tensor.Max(nil, a, axis-len(shape)), 0, shape, axis)
		}
	})
}

func TestMaxOverAxes(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		a := normal(source(t), 3, 2, 5, 4)
		a.Set(float32(math.NaN()), 1, 0, 2, 3)
		oneByOne := func(a *tensor.Tensor, axes ...int) (want []float64) { // from the last to the first
			for _, axis := range axes {
				a = tensor.Max(nil, a, axis)
			}
			for _, v := range a.Data() {
				want = append(want, float64(v))
			}
			return want
		}
		requireNear(t, oneByOne(a, 2, 0), tensor.Max(garbage(2, 4), a, 0, 2), 0)
		requireNear(t, oneByOne(a, 3, 1), tensor.MaxKeep(nil, a, -1, 1).Reshape(3, 5), 0)
		requireNear(t, oneByOne(a, 3, 2, 1, 0), tensor.Max(nil, a), 0)
	})
}

func TestArgMaxTakesTheFirst(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	a := tensor.From([]float32{
		1, 3, 3, 2,
		-inf, -inf, -inf, -inf,
		0, inf, nan, nan,
		-5, -7, -4, -9,
	}, 2, 2, 4)
	require.Equal(t, []int{1, 0, 2, 2}, tensor.ArgMax(a))
	require.Equal(t, []int{0}, tensor.ArgMax(tensor.Full(2, 1)))
}

func TestPredictions(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	a := tensor.From([]float32{
		1, 3, 3,
		-5, -7, -4,
		nan, nan, nan,
		nan, 1, 2,
		1, 2, nan,
		0, inf, 1,
		3, 0, -inf,
	}, 7, 3)
	require.Equal(t, []int{1, 2, -1, -1, -1, -1, -1}, tensor.Predictions(nil, a))
	require.Equal(t, []int{9, 1, 2}, tensor.Predictions([]int{9}, a.Slice(0, 2)))
	require.Empty(t, tensor.Predictions(nil, tensor.New(0, 3)))
	buffer := make([]int, 7)
	require.Zero(t, testing.AllocsPerRun(10, func() { buffer = tensor.Predictions(buffer[:0], a) }))
}

func TestReductionsPropagateNaN(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		for at := range 70 {
			a := tensor.Full(1, 70)
			a.Set(float32(math.NaN()), at)
			nan := []float64{math.NaN()}
			requireNear(t, nan, tensor.Max(nil, a, 0), 0)
			requireNear(t, nan, tensor.Sum(nil, a), 0)
			requireNear(t, nan, tensor.Mean(nil, a), 0)
			require.True(t, math.IsNaN(tensor.Norm(a)))
			require.Equal(t, []int{at}, tensor.ArgMax(a))
		}
	})
}

func TestDotAndNorm(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		r := source(t)
		for _, n := range []int{0, 1, 31, 1000, 100003} {
			a, b := normal(r, n), normal(r, n)
			dot, square := 0.0, 0.0
			for i, x := range a.Data() {
				dot += float64(x) * float64(b.Data()[i])
				square += float64(x) * float64(x)
			}
			require.InDelta(t, dot, tensor.Dot(a, b), 1e-9*float64(n+1))
			require.InDelta(t, math.Sqrt(square), tensor.Norm(a), 1e-9*float64(n+1))
		}
		huge := tensor.Full(3e30, 2)
		require.InEpsilon(t, 3e30*math.Sqrt2, tensor.Norm(huge), 1e-6, "squares beyond float32 do not overflow")
	})
}

func TestSumsThatOverflowOnTheWay(t *testing.T) {
	const huge = float32(2e38)
	kerneltest.EachLevel(t, func(t *testing.T) {
		require.Equal(t, float32(3e38), tensor.Mean(nil, tensor.From([]float32{3e38, 3e38}, 2)).Item())
		for _, shape := range [][]int{{64, 1}, {64, 5}, {64, 48}, {64, 700}, {4, 16, 3}, {2, 2, 2, 2, 4, 6, 3, 2}} {
			a := tensor.Full(huge, shape...)
			n := a.Len() / 2
			for i := range n {
				a.Data()[n+i] = -huge
			}
			last := shape[len(shape)-1]
			requireNear(t, make([]float64, last), tensor.SumTo(nil, a, last), 0, shape)
			requireNear(t, make([]float64, last), tensor.Sum(nil, a.Reshape(-1, last), 0), 0, shape)
			requireNear(t, []float64{0}, tensor.Sum(nil, a), 0, shape)

			tensor.Abs(a, a)
			for axis := range shape {
				for _, v := range tensor.Mean(nil, a, axis).Data() {
					require.Equal(t, huge, v)
				}
			}
			for _, v := range tensor.MeanKeep(nil, a, 0, -1).Data() {
				require.Equal(t, huge, v)
			}
			require.Equal(t, huge, tensor.Mean(nil, a).Item())
			require.Equal(t, float32(math.Inf(1)), tensor.Sum(nil, a).Item(), "float32 does not hold it")
		}
	})
}
