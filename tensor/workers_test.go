package tensor_test

import (
	"testing"

	"github.com/residuum-go/residuum/internal/kernel/kerneltest"
	"github.com/residuum-go/residuum/tensor"
)

// ops runs every operation that may use more than one worker into given destinations. Sizes are
// large enough for several chunks of work.
type largeOp struct {
	name string
	dst  *tensor.Tensor
	run  func(dst *tensor.Tensor)
}

func largeOps(t testing.TB) []largeOp {
	r := source(t)
	n := tensor.New
	a, b := normal(r, 8, 24, 24, 19), normal(r, 8, 24, 24, 19)
	flat := a.Reshape(-1, 19)
	c, perImage := normal(r, 19), normal(r, 8, 1, 1, 1)
	odd := normal(r, 24, 1)
	m1, m2 := normal(r, 150, 170), normal(r, 170, 130)
	stack1, stack2 := normal(r, 2, 3, 60, 80), normal(r, 3, 80, 70)
	x, w := normal(r, 4, 20, 20, 16), normal(r, 3, 3, 16, 24)
	dy := normal(r, 4, 20, 20, 24)
	spec := tensor.ConvSpec{Pad: tensor.Both(1)}
	pool := tensor.PoolSpec{Size: tensor.Both(3), Stride: tensor.Both(2), Pad: tensor.Both(1)}
	pixelsAlone := pool
	pixelsAlone.ExcludePad = true
	pooled := normal(r, 8, 12, 12, 19)
	pixels := normal(r, 8, 19)
	idx := make([]int32, pooled.Len())
	tensor.MaxPool2D(nil, idx, a, pool)
	moments := tensor.BatchNormStats(tensor.Moments{}, a, 1e-5)
	withReLU := moments
	withReLU.Scale, withReLU.Shift = c, moments.Variance
	sums := tensor.BatchNormGradSums(nil, a, moments, b)
	state := [3]*tensor.Tensor{n(a.Shape()...), n(a.Shape()...), n(a.Shape()...)}
	rows := []int{3, 1, 1, 7}
	same := func() *tensor.Tensor { return n(a.Shape()...) }
	return []largeOp{
		{"Add", same(), func(d *tensor.Tensor) { tensor.Add(d, a, b) }},
		{"AddRow", same(), func(d *tensor.Tensor) { tensor.Add(d, a, c) }},
		{"MulPerImage", same(), func(d *tensor.Tensor) { tensor.Mul(d, a, perImage) }},
		{"DivOddAxis", same(), func(d *tensor.Tensor) { tensor.Div(d, a, odd) }},
		{"Tanh", same(), func(d *tensor.Tensor) { tensor.Tanh(d, a) }},
		{"AddScaled", same(), func(d *tensor.Tensor) { tensor.AddScaled(d, a, 0.3, b) }},
		{"ReLUGrad", same(), func(d *tensor.Tensor) { tensor.ReLUGrad(d, a, b) }},
		{"BroadcastTo", same(), func(d *tensor.Tensor) { tensor.BroadcastTo(d, c, a.Shape()...) }},
		{"Sum", n(), func(d *tensor.Tensor) { tensor.Sum(d, a) }},
		{"SumChannels", n(19), func(d *tensor.Tensor) { tensor.Sum(d, a, 0, 1, 2) }},
		{"MeanPixels", n(8, 19), func(d *tensor.Tensor) { tensor.Mean(d, a, 1, 2) }},
		{"SumLast", n(8, 24, 24), func(d *tensor.Tensor) { tensor.Sum(d, a, -1) }},
		{"SumOdd", n(24), func(d *tensor.Tensor) { tensor.Sum(d, a, 0, 2, 3) }},
		{"SumTo", n(24, 1), func(d *tensor.Tensor) { tensor.SumTo(d, a, 24, 1) }},
		{"Max", n(8, 24, 19), func(d *tensor.Tensor) { tensor.Max(d, a, 1) }},
		{"Dot", n(), func(d *tensor.Tensor) { d.Data()[0] = float32(tensor.Dot(a, b)) }},
		{"MatMul", n(150, 130), func(d *tensor.Tensor) { tensor.MatMul(d, m1, m2, tensor.NN) }},
		{"MatMulStacks", n(2, 3, 60, 70), func(d *tensor.Tensor) { tensor.MatMul(d, stack1, stack2, tensor.NN) }},
		{"Clip", same(), func(d *tensor.Tensor) { tensor.Clip(d, a, -1, 1) }},
		{"ClipGrad", same(), func(d *tensor.Tensor) { tensor.ClipGrad(d, a, -1, 1, b) }},
		{"Transpose", n(8, 19, 24, 24), func(d *tensor.Tensor) { tensor.Transpose(d, a, 0, 3, 1, 2) }},
		{"Concat", n(16, 24, 24, 19), func(d *tensor.Tensor) { tensor.Concat(d, 0, a, b) }},
		{"SliceAxis", n(8, 24, 24, 7), func(d *tensor.Tensor) { tensor.SliceAxis(d, a, -1, 5, 12) }},
		{"PadAxis", n(8, 24, 24, 22), func(d *tensor.Tensor) { tensor.PadAxis(d, a, -1, 1, 2) }},
		{"Gather", n(4, 24, 24, 19), func(d *tensor.Tensor) { tensor.Gather(d, a, rows) }},
		{"ScatterAdd", n(9, 24, 24, 19), func(d *tensor.Tensor) { tensor.ScatterAdd(d, a.Slice(0, 4), rows, 9) }},
		{"SubsampleHW", n(8, 12, 12, 19), func(d *tensor.Tensor) { tensor.SubsampleHW(d, a, 2) }},
		{"SubsampleHWGrad", same(), func(d *tensor.Tensor) { tensor.SubsampleHWGrad(d, pooled, a.Shape(), 2) }},
		{"Conv2D", n(4, 20, 20, 24), func(d *tensor.Tensor) { tensor.Conv2D(d, x, w, spec) }},
		{"Conv2DInputGrad", n(4, 20, 20, 16), func(d *tensor.Tensor) { tensor.Conv2DInputGrad(d, dy, w, x.Shape(), spec) }},
		{"Conv2DWeightGrad", n(3, 3, 16, 24), func(d *tensor.Tensor) { tensor.Conv2DWeightGrad(d, x, dy, w.Shape(), spec) }},
		{"MaxPool2D", n(8, 12, 12, 19), func(d *tensor.Tensor) { tensor.MaxPool2D(d, idx, a, pool) }},
		{"MaxPool2DGrad", same(), func(d *tensor.Tensor) { tensor.MaxPool2DGrad(d, pooled, idx, a.Shape(), pool) }},
		{"MaxPool2DGather", n(8, 12, 12, 19), func(d *tensor.Tensor) { tensor.MaxPool2DGather(d, b, idx, pooled.Shape()) }},
		{"Resize", n(8, 31, 17, 19), func(d *tensor.Tensor) { tensor.Resize(d, a, tensor.HW{H: 31, W: 17}, tensor.Bilinear) }},
		{"ResizeGrad", same(), func(d *tensor.Tensor) { tensor.ResizeGrad(d, pooled, a.Shape(), tensor.Bilinear) }},
		{"AvgPool2DGrad, pixels", same(), func(d *tensor.Tensor) { tensor.AvgPool2DGrad(d, pooled, a.Shape(), pixelsAlone) }},
		{"AvgPool2D", n(8, 12, 12, 19), func(d *tensor.Tensor) { tensor.AvgPool2D(d, a, pool) }},
		{"AvgPool2DGrad", same(), func(d *tensor.Tensor) { tensor.AvgPool2DGrad(d, pooled, a.Shape(), pool) }},
		{"GlobalAvgPool", n(8, 19), func(d *tensor.Tensor) { tensor.GlobalAvgPool(d, a) }},
		{"GlobalAvgPoolGrad", same(), func(d *tensor.Tensor) { tensor.GlobalAvgPoolGrad(d, pixels, a.Shape()) }},
		{"BatchNormStats", n(2, 19), func(d *tensor.Tensor) {
			tensor.BatchNormStats(moments, a, 1e-5)
			copy(d.Data()[copy(d.Data(), moments.Mean.Data()):], moments.Variance.Data())
		}},
		{"ScaleShift", same(), func(d *tensor.Tensor) {
			tensor.ScaleShift(d, a, withReLU.Affine(), tensor.Then{ReLU: true})
		}},
		{"BatchNormGradSums", n(2, 19), func(d *tensor.Tensor) { tensor.BatchNormGradSums(d, a, moments, b) }},
		{"ScaleShiftAdd", same(), func(d *tensor.Tensor) {
			tensor.ScaleShift(d, a, withReLU.Affine(), tensor.Then{Add: b, ReLU: true})
		}},
		{"BatchNormGradSumsReLU", n(2, 19), func(d *tensor.Tensor) {
			tensor.BatchNormGradSums(d, a, withReLU, b)
		}},
		{"BatchNormAddGradSums", n(2, 19), func(d *tensor.Tensor) {
			tensor.BatchNormAddGradSums(state[0], d, a, moments, b, a)
		}},
		{"BatchNormInputGradReLU", same(), func(d *tensor.Tensor) {
			tensor.BatchNormInputGrad(d, a, withReLU, c, b, sums)
		}},
		{"AddReLU", same(), func(d *tensor.Tensor) { tensor.AddReLU(d, a, b) }},
		{"AddReLURow", same(), func(d *tensor.Tensor) { tensor.AddReLU(d, a, c) }},
		{"BatchNormInputGrad", same(), func(d *tensor.Tensor) { tensor.BatchNormInputGrad(d, a, moments, c, b, sums) }},
		{"Softmax", n(flat.Shape()...), func(d *tensor.Tensor) { tensor.Softmax(d, flat) }},
		{"LogSoftmax", n(flat.Shape()...), func(d *tensor.Tensor) { tensor.LogSoftmax(d, flat) }},
		{"LogSoftmaxVJP", n(flat.Shape()...), func(d *tensor.Tensor) { tensor.LogSoftmaxVJP(d, flat, flat) }},
		{"LogSoftmaxJVP", n(flat.Shape()...), func(d *tensor.Tensor) { tensor.LogSoftmaxJVP(d, flat, flat) }},
		{"SoftCrossEntropy", n(flat.Dim(0)), func(d *tensor.Tensor) { tensor.SoftCrossEntropy(d, flat, flat) }},
		{"CrossEntropyGrad", n(flat.Shape()...), func(d *tensor.Tensor) {
			tensor.CrossEntropyGrad(d, flat, make([]int, flat.Dim(0)), 0.1)
		}},
		{"SGDStep", same(), func(d *tensor.Tensor) {
			tensor.Copy(d, a)
			state[0].Zero()
			tensor.SGDStep(d, b, state[0], tensor.SGDOptions{Rate: 0.1, Momentum: 0.9, WeightDecay: 1e-4, Nesterov: true})
		}},
		{"AdamStep", same(), func(d *tensor.Tensor) {
			tensor.Copy(d, a)
			state[1].Zero()
			state[2].Zero()
			tensor.AdamStep(d, b, state[1], state[2], 3, tensor.AdamOptions{
				Rate: 0.1, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, WeightDecay: 1e-4, Decoupled: true,
			})
		}},
	}
}

func TestSameBitsForAnyNumberOfWorkers(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		for _, op := range largeOps(t) {
			t.Run(op.name, func(t *testing.T) {
				kerneltest.SameBitsForWorkers(t, func() []float32 {
					op.dst.Fill(-1)
					op.run(op.dst)
					return op.dst.Clone().Data()
				})
			})
		}
	})
}
