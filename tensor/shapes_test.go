package tensor_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/tensor"
)

// An op and what is known of its result.
type shapeCase struct {
	op    func() *tensor.Tensor
	shape func(s *tensor.Shapes) []int
}

func shapeCases() map[string]shapeCase {
	n, at := tensor.New, []int{2, 3}
	a, b := n(2, 3), n(3, 4)
	rank3, image := n(2, 3, 4), n(2, 7, 6, 4)
	conv := tensor.ConvSpec{Stride: tensor.Both(2), Pad: tensor.Both(1), Dilation: tensor.Both(2), Groups: 2}
	filters := n(3, 2, 2, 6)
	pool := tensor.PoolSpec{Size: tensor.Both(3), Stride: tensor.Both(2), Pad: tensor.Both(1)}
	return map[string]shapeCase{
		"Add": {func() *tensor.Tensor { return tensor.Add(nil, n(2, 1, 3), n(4, 1)) },
			func(s *tensor.Shapes) []int { return s.Broadcast("Add", []int{2, 1, 3}, []int{4, 1}) }},
		"Sum": {func() *tensor.Tensor { return tensor.Sum(nil, rank3, 0, -1) },
			func(s *tensor.Shapes) []int { return s.Reduce("Sum", rank3.Shape(), 0, -1) }},
		"Sum, all": {func() *tensor.Tensor { return tensor.Sum(nil, rank3) },
			func(s *tensor.Shapes) []int { return s.Reduce("Sum", rank3.Shape()) }},
		"MeanKeep": {func() *tensor.Tensor { return tensor.MeanKeep(nil, rank3, 1) },
			func(s *tensor.Shapes) []int { return s.ReduceKeep("MeanKeep", rank3.Shape(), 1) }},
		"MaxKeep": {func() *tensor.Tensor { return tensor.MaxKeep(nil, rank3, -1) },
			func(s *tensor.Shapes) []int { return s.ReduceKeep("MaxKeep", rank3.Shape(), -1) }},
		"MatMul": {func() *tensor.Tensor { return tensor.MatMul(nil, a, b, tensor.NN) },
			func(s *tensor.Shapes) []int { return s.MatMul(a.Shape(), b.Shape(), tensor.NN) }},
		"MatMul, stacks": {func() *tensor.Tensor { return tensor.MatMul(nil, n(2, 1, 3, 4), n(5, 6, 4), tensor.NT) },
			func(s *tensor.Shapes) []int { return s.MatMul([]int{2, 1, 3, 4}, []int{5, 6, 4}, tensor.NT) }},
		"MatMul TT": {func() *tensor.Tensor { return tensor.MatMul(nil, b, a, tensor.TT) },
			func(s *tensor.Shapes) []int { return s.MatMul(b.Shape(), a.Shape(), tensor.TT) }},
		"Reshape": {func() *tensor.Tensor { return rank3.Reshape(4, -1) },
			func(s *tensor.Shapes) []int { return s.Reshape(rank3.Shape(), 4, -1) }},
		"Transpose": {func() *tensor.Tensor { return tensor.Transpose(nil, rank3, 1, 2, 0) },
			func(s *tensor.Shapes) []int { return s.Transpose(rank3.Shape(), 1, 2, 0) }},
		"Transpose, reversed": {func() *tensor.Tensor { return tensor.Transpose(nil, rank3) },
			func(s *tensor.Shapes) []int { return s.Transpose(rank3.Shape()) }},
		"Concat": {func() *tensor.Tensor { return tensor.Concat(nil, -1, a, n(2, 5), a) },
			func(s *tensor.Shapes) []int { return s.Concat(-1, at, []int{2, 5}, at) }},
		"SliceAxis": {func() *tensor.Tensor { return tensor.SliceAxis(nil, rank3, -1, 1, 4) },
			func(s *tensor.Shapes) []int { return s.SliceAxis(rank3.Shape(), -1, 1, 4) }},
		"PadAxis": {func() *tensor.Tensor { return tensor.PadAxis(nil, rank3, -2, 1, 4) },
			func(s *tensor.Shapes) []int { return s.PadAxis(rank3.Shape(), -2, 1, 4) }},
		"Gather": {func() *tensor.Tensor { return tensor.Gather(nil, rank3, []int{1, 0, 1}) },
			func(s *tensor.Shapes) []int { return s.Rows("Gather", rank3.Shape(), 3) }},
		"ScatterAdd": {func() *tensor.Tensor { return tensor.ScatterAdd(nil, rank3, []int{1, 0}, 5) },
			func(s *tensor.Shapes) []int { return s.Rows("ScatterAdd", rank3.Shape(), 5) }},
		"SoftCrossEntropy": {func() *tensor.Tensor { return tensor.SoftCrossEntropy(nil, a, a) },
			func(s *tensor.Shapes) []int { return s.SoftCrossEntropy(at, at) }},
		"Conv2D": {func() *tensor.Tensor { return tensor.Conv2D(nil, image, filters, conv) },
			func(s *tensor.Shapes) []int { return s.Conv2D(image.Shape(), filters.Shape(), conv) }},
		"MaxPool2D": {func() *tensor.Tensor { y, _ := tensor.MaxPool2D(nil, nil, image, pool); return y },
			func(s *tensor.Shapes) []int { return s.Pool("MaxPool2D", image.Shape(), pool) }},
		"AvgPool2D": {func() *tensor.Tensor { return tensor.AvgPool2D(nil, image, pool) },
			func(s *tensor.Shapes) []int { return s.Pool("AvgPool2D", image.Shape(), pool) }},
		"GlobalAvgPool": {func() *tensor.Tensor { return tensor.GlobalAvgPool(nil, image) },
			func(s *tensor.Shapes) []int { return s.GlobalAvgPool(image.Shape()) }},
		"Resize": {func() *tensor.Tensor { return tensor.Resize(nil, image, tensor.HW{H: 3, W: 9}, tensor.Area) },
			func(s *tensor.Shapes) []int { return s.Resize(image.Shape(), tensor.HW{H: 3, W: 9}) }},
		"SubsampleHW": {func() *tensor.Tensor { return tensor.SubsampleHW(nil, image, 2) },
			func(s *tensor.Shapes) []int { return s.SubsampleHW(image.Shape(), 2) }},
	}
}

func TestShapesAreThoseOfTheResults(t *testing.T) {
	for name, c := range shapeCases() {
		want := c.op().Shape()
		var s tensor.Shapes
		require.True(t, slices.Equal(want, c.shape(&s)), name)
		s.MatMul([]int{7, 8}, []int{8, 9}, tensor.NN)
		got := c.shape(&s)
		require.True(t, slices.Equal(want, got), "%s after another op: %v", name, got)
		require.Zero(t, testing.AllocsPerRun(100, func() { c.shape(&s) }), name)
	}
}
