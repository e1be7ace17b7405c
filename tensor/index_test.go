package tensor_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/tensor"
)

func TestTranspose(t *testing.T) {
	r := source(t)
	check := func(shape, perm []int) {
		a := normal(r, shape...)
		result := make([]int, len(perm))
		for i, p := range perm {
			result[i] = shape[p]
		}
		var want []float64
		indices(result, func(index []int) {
			from := make([]int, len(index))
			for i, p := range perm {
				from[p] = index[i]
			}
			want = append(want, float64(a.At(from...)))
		})
		got := tensor.Transpose(garbage(result...), a, perm...)
		requireNear(t, want, got, 0, shape, perm)
		require.True(t, tensor.Equal(got, tensor.Transpose(nil, a, perm...)))
	}
	for range 200 {
		shape := randomShape(r)
		check(shape, r.Perm(len(shape)))
	}
	check([]int{70, 130}, []int{1, 0})
	check([]int{2, 9, 11, 35}, []int{0, 3, 1, 2}) // NHWC to NCHW
	check([]int{2, 35, 9, 11}, []int{0, 2, 3, 1})
	check([]int{40, 20, 3, 3}, []int{2, 3, 1, 0}) // OIHW to HWIO
	check([]int{2, 40, 20, 3, 3}, []int{3, 0, 4, 2, 1})
	check([]int{2, 40, 20, 3, 3}, []int{0, 3, 4, 2, 1}) // those of groups
	check([]int{1, 2, 1, 2, 2, 2, 1, 2, 3, 2}, []int{9, 0, 8, 1, 7, 2, 6, 3, 5, 4})
	require.Equal(t, []int{4, 3, 2}, tensor.Transpose(nil, tensor.New(2, 3, 4)).Shape())
}

func TestConcatAndItsInverse(t *testing.T) {
	r := source(t)
	for range 100 {
		shape := append(randomShape(r), 3)
		axis := r.IntN(len(shape))
		var parts []*tensor.Tensor
		total := 0
		for range 1 + r.IntN(3) {
			s := append([]int(nil), shape...)
			s[axis] = r.IntN(4)
			total += s[axis]
			parts = append(parts, normal(r, s...))
		}
		shape[axis] = total
		whole := tensor.Concat(garbage(shape...), axis-len(shape), parts...)
		require.Equal(t, shape, whole.Shape())
		lo := 0
		for _, p := range parts {
			hi := lo + p.Dim(axis)
			require.True(t, tensor.Equal(p, tensor.SliceAxis(nil, whole, axis, lo, hi)))
			require.True(t, tensor.Equal(p, tensor.SliceAxis(garbage(p.Shape()...), whole, axis-len(shape), lo, hi)))
			padded := tensor.PadAxis(garbage(shape...), p, axis, lo, total-hi)
			require.True(t, tensor.Equal(p, tensor.SliceAxis(nil, padded, axis, lo, hi)))
			require.InDelta(t, tensor.Norm(p), tensor.Norm(padded), 1e-9, "the rest is zero")
			lo = hi
		}
	}
}

func TestGatherAndScatterAdd(t *testing.T) {
	a := tensor.From([]float32{1, 2, 3, 4, 5, 6}, 3, 2)
	rows := []int{2, 0, 2, 2}
	require.Equal(t, []float32{5, 6, 1, 2, 5, 6, 5, 6}, tensor.Gather(garbage(4, 2), a, rows).Data())
	g := tensor.From([]float32{1, 10, 2, 20, 4, 40, 8, 80}, 4, 2)
	require.Equal(t, []float32{2, 20, 0, 0, 13, 130}, tensor.ScatterAdd(garbage(3, 2), g, rows, 3).Data())
	require.Equal(t, []int{0, 2}, tensor.Gather(nil, a, nil).Shape())
	require.Equal(t, []float32{0, 0}, tensor.ScatterAdd(nil, tensor.New(0, 2), nil, 1).Data())
	huge := tensor.From([]float32{3e38, 3e38, -3e38, 1 << 24, 1, 1}, 6, 1)
	require.Equal(t, []float32{3e38, 1<<24 + 2}, tensor.ScatterAdd(nil, huge, []int{0, 0, 0, 1, 1, 1}, 2).Data())
}

func TestSubsampleHW(t *testing.T) {
	r := source(t)
	for _, shape := range [][]int{{1, 4, 4, 1}, {2, 5, 7, 3}, {3, 6, 1, 16}, {0, 3, 3, 2}} {
		for stride := 1; stride < 4; stride++ {
			x := normal(r, shape...)
			oh, ow := (shape[1]+stride-1)/stride, (shape[2]+stride-1)/stride
			var want []float64
			indices([]int{shape[0], oh, ow, shape[3]}, func(i []int) {
				want = append(want, float64(x.At(i[0], i[1]*stride, i[2]*stride, i[3])))
			})
			y := tensor.SubsampleHW(garbage(shape[0], oh, ow, shape[3]), x, stride)
			requireNear(t, want, y, 0, shape, stride)

			g := normal(r, y.Shape()...)
			dx := tensor.SubsampleHWGrad(garbage(shape...), g, shape, stride)
			require.InDelta(t, tensor.Dot(y, g), tensor.Dot(x, dx), 1e-5, "adjoint")
			require.True(t, tensor.Equal(g, tensor.SubsampleHW(nil, dx, stride)))
			require.InDelta(t, tensor.Norm(g), tensor.Norm(dx), 1e-9, "the rest is zero")
		}
	}
}
