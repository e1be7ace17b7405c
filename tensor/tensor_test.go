package tensor_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/tensor"
)

func TestConstructors(t *testing.T) {
	require.Equal(t, make([]float32, 6), tensor.New(2, 3).Data())
	require.Equal(t, []float32{7, 7}, tensor.Full(7, 2).Data())
	s := tensor.Scalar(4)
	require.Equal(t, 0, s.Rank())
	require.Equal(t, 1, s.Len())
	require.EqualValues(t, 4, s.Item())
	require.EqualValues(t, 4, s.At())

	data := []float32{1, 2, 3, 4}
	a := tensor.From(data, 2, 2)
	data[3] = 9
	require.EqualValues(t, 9, a.At(1, 1), "From shares its data")
	a.Set(8, 0, 1)
	require.EqualValues(t, 8, data[1])
}

func TestShapeIsCopied(t *testing.T) {
	for _, shape := range [][]int{{2, 3}, {1, 1, 1, 2, 3}} {
		a := tensor.New(shape...)
		b := a.Reshape(-1)
		shape[0] = 100
		require.NotEqual(t, 100, a.Dim(0))
		require.Equal(t, []int{6}, b.Shape())
	}
}

func TestDimCountsFromTheEnd(t *testing.T) {
	a := tensor.New(2, 3, 4)
	require.Equal(t, 4, a.Dim(-1))
	require.Equal(t, 2, a.Dim(-3))
	require.Equal(t, 3, a.Dim(1))
}

func TestViewsShareMemory(t *testing.T) {
	a := tensor.New(4, 3)
	r := a.Reshape(2, -1)
	require.Equal(t, []int{2, 6}, r.Shape())
	r.Set(7, 1, 2)
	require.EqualValues(t, 7, a.At(2, 2))

	s := a.Slice(1, 3)
	require.Equal(t, []int{2, 3}, s.Shape())
	s.Set(5, 0, 0)
	require.EqualValues(t, 5, a.At(1, 0))
	require.Equal(t, 6, cap(s.Data()), "a slice cannot grow into its neighbour")

	c := a.Clone()
	c.Fill(1)
	require.EqualValues(t, 5, a.At(1, 0), "a clone is a copy")

	tensor.Copy(c, a)
	require.True(t, tensor.Equal(a, c))
	c.Zero()
	require.Equal(t, make([]float32, 12), c.Data())
}

func TestReshapeToAndFromScalar(t *testing.T) {
	require.Equal(t, []int{}, tensor.New(1, 1).Reshape().Shape())
	require.Equal(t, []int{1, 1}, tensor.Scalar(3).Reshape(-1, 1).Shape())
	require.Equal(t, []int{0, 5}, tensor.New(5, 0).Reshape(-1, 5).Shape())
}

func TestEmptyTensors(t *testing.T) {
	a := tensor.New(3, 0)
	require.Zero(t, a.Len())
	require.Equal(t, []int{2, 0}, a.Slice(1, 3).Shape())
	require.Equal(t, []int{0, 4}, tensor.New(3, 4).Slice(2, 2).Shape())
	require.True(t, tensor.Equal(a, a.Clone()))
	require.Equal(t, []int{3, math.MaxInt / 16, 0}, tensor.New(3, math.MaxInt/16, 0).Shape())
}

func TestEqualComparesShapesAndBits(t *testing.T) {
	nan, zero := float32(math.NaN()), float32(0)
	a := tensor.From([]float32{nan, 0, 1}, 3)
	require.True(t, tensor.Equal(a, a.Clone()))
	require.False(t, tensor.Equal(a, a.Reshape(3, 1)))
	require.False(t, tensor.Equal(tensor.Scalar(zero), tensor.Scalar(float32(math.Copysign(0, -1)))))
}

func TestAllClose(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	for _, c := range []struct {
		a, b       float32
		rtol, atol float64
		want       bool
	}{
		{1, 1, 0, 0, true},
		{100, 101, 0.01, 0, true},
		{101, 99, 0.01, 0, false},
		{0, 1e-9, 0, 1e-8, true},
		{0, 1e-7, 0, 1e-8, false},
		{inf, inf, 0, 0, true},
		{inf, -inf, 1, 1, false},
		{1, inf, 1, 1, false},
		{inf, 1, 1, 1, false},
		{nan, nan, 1, 1, false},
		{nan, 1, 1, 1, false},
	} {
		require.Equal(t, c.want, tensor.AllClose(tensor.Scalar(c.a), tensor.Scalar(c.b), c.rtol, c.atol), "%+v", c)
	}
	require.False(t, tensor.AllClose(tensor.New(2), tensor.New(1, 2), 1, 1))
}
