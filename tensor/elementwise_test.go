package tensor_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/internal/kernel/kerneltest"
	"github.com/residuum-go/residuum/tensor"
)

type binaryCase struct {
	name string
	op   func(dst, a, b *tensor.Tensor) *tensor.Tensor
	want func(x, y float64) float64
}

var binaries = []binaryCase{
	{"Add", tensor.Add, func(x, y float64) float64 { return x + y }},
	{"Sub", tensor.Sub, func(x, y float64) float64 { return x - y }},
	{"Mul", tensor.Mul, func(x, y float64) float64 { return x * y }},
	{"Div", tensor.Div, func(x, y float64) float64 { return x / y }},
	{"Maximum", tensor.Maximum, func(x, y float64) float64 {
		if x != x || y != y { // math.Max lets an infinity win over NaN
			return math.NaN()
		}
		return math.Max(x, y)
	}},
}

func (c binaryCase) check(t *testing.T, dst, a, b *tensor.Tensor, result []int) {
	t.Helper()
	var want []float64
	indices(result, func(i []int) { want = append(want, c.want(broadcastAt(a, i), broadcastAt(b, i))) })
	what := fmt.Sprintf("%s %v x %v", c.name, a.Shape(), b.Shape())
	got := c.op(dst, a, b)
	require.Equal(t, result, got.Shape(), what)
	requireNear(t, want, got, 1e-6, what)
}

// The patterns that models use, at lengths around the vector width, and what is left over.
func TestBroadcastingPatterns(t *testing.T) {
	shapes := []struct{ a, b, result []int }{
		{[]int{}, []int{}, []int{}},
		{[]int{257}, []int{257}, []int{257}},
		{[]int{5, 67}, []int{}, []int{5, 67}},
		{[]int{}, []int{5, 67}, []int{5, 67}},
		{[]int{3, 5, 35}, []int{35}, []int{3, 5, 35}},
		{[]int{35}, []int{3, 5, 35}, []int{3, 5, 35}},
		{[]int{6, 41}, []int{6, 1}, []int{6, 41}},
		{[]int{6, 1}, []int{6, 41}, []int{6, 41}},
		{[]int{2, 3, 3, 19}, []int{2, 1, 1, 19}, []int{2, 3, 3, 19}},
		{[]int{2, 3, 3, 19}, []int{3, 1}, []int{2, 3, 3, 19}},
		{[]int{7, 1}, []int{1, 9}, []int{7, 9}},
		{[]int{4, 1, 3, 1}, []int{5, 1, 2}, []int{4, 5, 3, 2}},
		{[]int{0}, []int{1}, []int{0}},
		{[]int{3, 0}, []int{1, 1}, []int{3, 0}},
		{[]int{0, 4}, []int{4}, []int{0, 4}},
		{[]int{2, 1, 2, 1, 2, 1, 2, 1, 2}, []int{1, 2, 1, 2, 1, 2, 1, 2, 1}, []int{2, 2, 2, 2, 2, 2, 2, 2, 2}},
		{[]int{40, 5, 7, 67}, []int{40, 1, 1, 67}, []int{40, 5, 7, 67}},
		{[]int{300, 257}, []int{257}, []int{300, 257}},
		{[]int{300, 257}, []int{300, 1}, []int{300, 257}},
	}
	kerneltest.EachLevel(t, func(t *testing.T) {
		r := source(t)
		for _, c := range binaries {
			for _, s := range shapes {
				a, b := normal(r, s.a...), normal(r, s.b...)
				c.check(t, nil, a, b, s.result)
				c.check(t, garbage(s.result...), a, b, s.result)
			}
		}
	})
}

func TestBroadcastingRandomShapes(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		r := source(t)
		for range 200 {
			shape := randomShape(r)
			a, b := normal(r, shape...), normal(r, repeated(r, shape)...)
			for _, c := range binaries {
				c.check(t, nil, a, b, shape)
				c.check(t, nil, b, a, shape)
			}
		}
	})
}

func TestBinaryInPlace(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		r := source(t)
		a, b, row := normal(r, 9, 37), normal(r, 9, 37), normal(r, 37)
		for _, c := range binaries {
			want := c.op(nil, a, b)
			x, y := a.Clone(), b.Clone()
			require.True(t, tensor.Equal(want, c.op(x, x, b)), "%s dst = a", c.name)
			require.True(t, tensor.Equal(want, c.op(y, a, y)), "%s dst = b", c.name)

			want = c.op(nil, a, row)
			x = a.Clone()
			require.True(t, tensor.Equal(want, c.op(x, x, row)), "%s dst = a, b a row", c.name)
			want = c.op(nil, row, a)
			x = a.Clone()
			require.True(t, tensor.Equal(want, c.op(x, row, x)), "%s dst = b, a a row", c.name)
		}
	})
}

type unaryCase struct {
	name string
	op   func(dst, a *tensor.Tensor) *tensor.Tensor
	want func(x float64) float64
}

// number returns the function of a number that a reference computes.
func number(reference func(dst, a []float64)) func(x float64) float64 {
	return func(x float64) float64 {
		v := []float64{x}
		reference(v, v)
		return v[0]
	}
}

var unaries = append([]unaryCase{
	{"Neg", tensor.Neg, func(x float64) float64 { return -x }},
	{"Square", tensor.Square, func(x float64) float64 { return x * x }},
	{"Scale", func(dst, a *tensor.Tensor) *tensor.Tensor { return tensor.Scale(dst, a, -2.5) },
		func(x float64) float64 { return -2.5 * x }},
	{"AddScalar", func(dst, a *tensor.Tensor) *tensor.Tensor { return tensor.AddScalar(dst, a, 0.75) },
		func(x float64) float64 { return x + 0.75 }},
}, functions...)

func step(x float64) float64 {
	if x > 0 {
		return 1
	}
	return 0
}

func TestUnary(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		r := source(t)
		for _, c := range unaries {
			for _, shape := range [][]int{{}, {0}, {2, 0, 3}, {1}, {7, 1}, {3, 35}, {129}, {40, 1001}} {
				a := tensor.Scale(nil, normal(r, shape...), 4)
				want := make([]float64, a.Len())
				for i, v := range a.Data() {
					want[i] = c.want(float64(v))
				}
				requireNear(t, want, c.op(nil, a), 1e-6, c.name)
				requireNear(t, want, c.op(garbage(shape...), a), 1e-6, c.name)
				requireNear(t, want, c.op(a, a), 1e-6, c.name, "in place")
			}
		}
	})
}

// A NaN must reach the loss, and an overflow must show: no operation may swallow them.
func TestSpecialValues(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	values := []float64{nan, inf, -inf, 0, 1, -1}
	var data []float32
	for range 7 { // fill whole vectors of every width
		for _, v := range values {
			data = append(data, float32(v))
		}
	}
	a := tensor.From(data, len(data))
	kerneltest.EachLevel(t, func(t *testing.T) {
		for _, c := range unaries {
			want := make([]float64, len(data))
			for i, v := range data {
				want[i] = c.want(float64(v))
			}
			requireNear(t, want, c.op(nil, a), 1e-6, c.name)
		}
		for _, v := range values {
			b := tensor.Scalar(float32(v))
			for _, c := range binaries {
				c.check(t, nil, a, b, a.Shape())
				c.check(t, nil, b, a, a.Shape())
				c.check(t, nil, a, tensor.Full(float32(v), len(data)), a.Shape())
			}
		}
	})
}

func TestAddScaledAndReLUGrad(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		r := source(t)
		for _, n := range []int{0, 1, 15, 64, 40001} {
			a, b := normal(r, n), normal(r, n)
			scaled, gated := make([]float64, n), make([]float64, n)
			for i := range n {
				x, y := float64(a.Data()[i]), float64(b.Data()[i])
				scaled[i], gated[i] = x-1.5*y, step(x)*y
			}
			requireNear(t, scaled, tensor.AddScaled(nil, a, -1.5, b), 1e-6)
			requireNear(t, gated, tensor.ReLUGrad(nil, a, b), 0)
			c := a.Clone()
			requireNear(t, scaled, tensor.AddScaled(c, c, -1.5, b), 1e-6)
			c = b.Clone()
			requireNear(t, gated, tensor.ReLUGrad(c, a, c), 0)
		}
	})
}

func TestBroadcastTo(t *testing.T) {
	r := source(t)
	for range 300 {
		shape := randomShape(r)
		a := normal(r, repeated(r, shape)...)
		var want []float64
		indices(shape, func(i []int) { want = append(want, broadcastAt(a, i)) })
		requireNear(t, want, tensor.BroadcastTo(nil, a, shape...), 0, a.Shape())
		requireNear(t, want, tensor.BroadcastTo(garbage(shape...), a, shape...), 0, a.Shape())
	}
}

// TestMaximumOfZeros: +0 is larger than -0 in either order, at any place and length, however the inputs
// broadcast, and in the reduction.
func TestMaximumOfZeros(t *testing.T) {
	minus := float32(math.Copysign(0, -1))
	kerneltest.EachLevel(t, func(t *testing.T) {
		for n := 1; n <= 70; n++ {
			plus, minuses := tensor.New(n), tensor.Full(minus, n)
			for at := range n {
				mixed := minuses.Clone()
				mixed.Set(0, at)
				require.Equal(t, uint32(0), math.Float32bits(tensor.Max(nil, mixed, 0).Item()))
				require.True(t, tensor.Equal(mixed, tensor.Maximum(nil, mixed, minuses)))
				require.True(t, tensor.Equal(mixed, tensor.Maximum(nil, minuses, mixed)))
			}
			for _, zero := range []*tensor.Tensor{plus, tensor.New(), tensor.New(1)} {
				require.True(t, tensor.Equal(plus, tensor.Maximum(nil, zero, minuses)))
				require.True(t, tensor.Equal(plus, tensor.Maximum(nil, minuses, zero)))
			}
			require.True(t, tensor.Equal(minuses, tensor.Maximum(nil, minuses, tensor.Scalar(minus))))
			require.True(t, tensor.Equal(minuses, tensor.Maximum(nil, tensor.Scalar(minus), minuses)))
			require.Equal(t, math.Float32bits(minus), math.Float32bits(tensor.Max(nil, minuses, 0).Item()))
			both := tensor.Concat(nil, 0, plus, minuses).Reshape(2, n)
			require.True(t, tensor.Equal(plus, tensor.Max(nil, both, 0)))
			require.True(t, tensor.Equal(minuses, tensor.ReLU(nil, minuses)), "ReLU leaves -0 as it is")
		}
	})
}

func TestClip(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	a, g := tensor.From([]float32{-inf, -2, -1, 0.5, 1, 3, inf, nan}, 8), tensor.Full(7, 8)
	for _, c := range []struct {
		lo, hi      float32
		value, grad []float64
	}{
		{-1, 1, []float64{-1, -1, -1, 0.5, 1, 1, 1, math.NaN()}, []float64{0, 0, 0, 7, 0, 0, 0, 0}},
		{-inf, 1, []float64{math.Inf(-1), -2, -1, 0.5, 1, 1, 1, math.NaN()}, []float64{0, 7, 7, 7, 0, 0, 0, 0}},
		{2, 1, []float64{1, 1, 1, 1, 1, 1, 1, math.NaN()}, make([]float64, 8)},
	} {
		requireNear(t, c.value, tensor.Clip(nil, a, c.lo, c.hi), 0)
		requireNear(t, c.grad, tensor.ClipGrad(nil, a, c.lo, c.hi, g), 0)
	}
	in := a.Clone()
	requireNear(t, []float64{0, 0, 0, 0.5, 1, 1, 1, math.NaN()}, tensor.Clip(in, in, 0, 1), 0, "in place")
}
