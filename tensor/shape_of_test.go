package tensor_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/tensor"
)

// An op and what a function says of its result, in memory of buf.
type shapeCase struct {
	op    func() *tensor.Tensor
	shape func(buf []int) []int
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
			func(buf []int) []int { return tensor.BroadcastShape(buf, "Add", []int{2, 1, 3}, []int{4, 1}) }},
		"Sum": {func() *tensor.Tensor { return tensor.Sum(nil, rank3, 0, -1) },
			func(buf []int) []int { return tensor.ReduceShape(buf, "Sum", rank3.Shape(), 0, -1) }},
		"Sum, all": {func() *tensor.Tensor { return tensor.Sum(nil, rank3) },
			func(buf []int) []int { return tensor.ReduceShape(buf, "Sum", rank3.Shape()) }},
		"MeanKeep": {func() *tensor.Tensor { return tensor.MeanKeep(nil, rank3, 1) },
			func(buf []int) []int { return tensor.ReduceKeepShape(buf, "MeanKeep", rank3.Shape(), 1) }},
		"MaxKeep": {func() *tensor.Tensor { return tensor.MaxKeep(nil, rank3, -1) },
			func(buf []int) []int { return tensor.ReduceKeepShape(buf, "MaxKeep", rank3.Shape(), -1) }},
		"MatMul": {func() *tensor.Tensor { return tensor.MatMul(nil, a, b, tensor.NN) },
			func(buf []int) []int { return tensor.MatMulShape(buf, a.Shape(), b.Shape(), tensor.NN) }},
		"MatMul TT": {func() *tensor.Tensor { return tensor.MatMul(nil, b, a, tensor.TT) },
			func(buf []int) []int { return tensor.MatMulShape(buf, b.Shape(), a.Shape(), tensor.TT) }},
		"Reshape": {func() *tensor.Tensor { return rank3.Reshape(4, -1) },
			func(buf []int) []int { return tensor.ReshapeShape(buf, rank3.Shape(), 4, -1) }},
		"Transpose": {func() *tensor.Tensor { return tensor.Transpose(nil, rank3, 1, 2, 0) },
			func(buf []int) []int { return tensor.TransposeShape(buf, rank3.Shape(), 1, 2, 0) }},
		"Transpose, reversed": {func() *tensor.Tensor { return tensor.Transpose(nil, rank3) },
			func(buf []int) []int { return tensor.TransposeShape(buf, rank3.Shape()) }},
		"Concat": {func() *tensor.Tensor { return tensor.Concat(nil, -1, a, n(2, 5), a) },
			func(buf []int) []int { return tensor.ConcatShape(buf, -1, at, []int{2, 5}, at) }},
		"SliceAxis": {func() *tensor.Tensor { return tensor.SliceAxis(nil, rank3, -1, 1, 4) },
			func(buf []int) []int { return tensor.SliceAxisShape(buf, rank3.Shape(), -1, 1, 4) }},
		"PadAxis": {func() *tensor.Tensor { return tensor.PadAxis(nil, rank3, -2, 1, 4) },
			func(buf []int) []int { return tensor.PadAxisShape(buf, rank3.Shape(), -2, 1, 4) }},
		"Gather": {func() *tensor.Tensor { return tensor.Gather(nil, rank3, []int{1, 0, 1}) },
			func(buf []int) []int { return tensor.RowsShape(buf, "Gather", rank3.Shape(), 3) }},
		"ScatterAdd": {func() *tensor.Tensor { return tensor.ScatterAdd(nil, rank3, []int{1, 0}, 5) },
			func(buf []int) []int { return tensor.RowsShape(buf, "ScatterAdd", rank3.Shape(), 5) }},
		"SoftCrossEntropy": {func() *tensor.Tensor { return tensor.SoftCrossEntropy(nil, a, a) },
			func(buf []int) []int { return tensor.SoftCrossEntropyShape(buf, at, at) }},
		"Conv2D": {func() *tensor.Tensor { return tensor.Conv2D(nil, image, filters, conv) },
			func(buf []int) []int { return tensor.Conv2DShape(buf, image.Shape(), filters.Shape(), conv) }},
		"MaxPool2D": {func() *tensor.Tensor { y, _ := tensor.MaxPool2D(nil, nil, image, pool); return y },
			func(buf []int) []int { return tensor.PoolShape(buf, "MaxPool2D", image.Shape(), pool) }},
		"AvgPool2D": {func() *tensor.Tensor { return tensor.AvgPool2D(nil, image, pool) },
			func(buf []int) []int { return tensor.PoolShape(buf, "AvgPool2D", image.Shape(), pool) }},
		"GlobalAvgPool": {func() *tensor.Tensor { return tensor.GlobalAvgPool(nil, image) },
			func(buf []int) []int { return tensor.GlobalAvgPoolShape(buf, image.Shape()) }},
		"SubsampleHW": {func() *tensor.Tensor { return tensor.SubsampleHW(nil, image, 2) },
			func(buf []int) []int { return tensor.SubsampleHWShape(buf, image.Shape(), 2) }},
	}
}

func TestShapesAreThoseOfTheResults(t *testing.T) {
	for name, c := range shapeCases() {
		want := c.op().Shape()
		require.True(t, slices.Equal(want, c.shape(nil)), name)
		buf := []int{-7, -7, -7, -7, -7}
		got := c.shape(buf)
		require.True(t, slices.Equal(want, got), "%s in a buffer that was in use: %v", name, got)
		if len(got) > 0 {
			require.Same(t, &buf[0], &got[0], name)
		}
		require.Zero(t, testing.AllocsPerRun(100, func() { c.shape(buf) }), name)
	}
}

func TestDropoutMask(t *testing.T) {
	for _, n := range []int{0, 1, 10001} {
		mask, again := tensor.New(n), tensor.Full(5, n)
		tensor.DropoutMask(mask, 0.25, rand.New(rand.NewPCG(1, 2)))
		tensor.DropoutMask(again, 0.25, rand.New(rand.NewPCG(1, 2)))
		require.True(t, tensor.Equal(mask, again))
		kept := 0
		for _, v := range mask.Data() {
			require.True(t, v == 0 || v == 1)
			kept += int(v)
		}
		if n > 100 {
			require.InDelta(t, 0.75, float64(kept)/float64(n), 0.02) // more than four standard deviations
		}
	}
}
