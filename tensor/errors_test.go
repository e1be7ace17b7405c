package tensor_test

import (
	"fmt"
	"math"
	"math/bits"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/tensor"
)

// Every wrong shape panics with the operation, the shapes and the reason.
func TestCallerBugsPanic(t *testing.T) {
	n := tensor.New
	half, root := math.MaxInt/2+1, 1<<(bits.UintSize/2) // 4*half and root*root are 0 in an int
	conv, moments := tensor.ConvSpec{}, tensor.Moments{Mean: n(3), MeanLow: n(3), InvStd: n(3)}
	for _, c := range []struct {
		want string
		f    func()
	}{
		{"New: [2 -1]: negative length", func() { n(2, -1) }},
		{fmt.Sprintf("New: [%d 4]: the number of elements overflows", half), func() { n(half, 4) }},
		{fmt.Sprintf("New: [0 %d %[1]d]: the number of elements overflows", root), func() { n(0, root, root) }},
		{"From: [2 3]: 5 elements given, 6 needed", func() { tensor.From(make([]float32, 5), 2, 3) }},
		{"Dim: [2 3]: no axis 2", func() { n(2, 3).Dim(2) }},
		{"Dim: [2 3]: no axis -3", func() { n(2, 3).Dim(-3) }},
		{"At: [2 3]: index [1 3] is outside", func() { n(2, 3).At(1, 3) }},
		{"At: [2 3]: index [-1 0] is outside", func() { n(2, 3).At(-1, 0) }},
		{"Set: [2 3]: index [1] has another rank", func() { n(2, 3).Set(0, 1) }},
		{"Item: [2]: not exactly one element", func() { n(2).Item() }},
		{"Copy: [2 3] x [3 2]: shapes differ", func() { tensor.Copy(n(2, 3), n(3, 2)) }},
		{"Reshape: [2 3] to [4 2]: sizes differ", func() { n(2, 3).Reshape(4, 2) }},
		{"Reshape: [2 3] to [-1 4]: no length fits in place of -1", func() { n(2, 3).Reshape(-1, 4) }},
		{"Reshape: [2 3] to [-1 -1]: more than one -1", func() { n(2, 3).Reshape(-1, -1) }},
		{"Reshape: [0 3] to [-1 0]: every length fits in place of -1", func() { n(0, 3).Reshape(-1, 0) }},
		{"Reshape: [2 -3]: negative length", func() { n(2, 3).Reshape(2, -3) }},
		{"Slice: []: rank 0 has no leading axis", func() { n().Slice(0, 1) }},
		{"Slice: [2 3]: range 1:3 is outside", func() { n(2, 3).Slice(1, 3) }},

		{"Add: [2 3] x [4]: shapes do not broadcast", func() { tensor.Add(nil, n(2, 3), n(4)) }},
		{"Maximum: [0] x [2]: shapes do not broadcast", func() { tensor.Maximum(nil, n(0), n(2)) }},
		{"Add: dst [3], result [2 3]: shapes differ", func() { tensor.Add(n(3), n(2, 3), n(3)) }},
		{"Exp: dst [3], result [2]: shapes differ", func() { tensor.Exp(n(3), n(2)) }},
		{"AddScaled: [2 3] x [3]: shapes differ", func() { tensor.AddScaled(nil, n(2, 3), 1, n(3)) }},
		{"ReLUGrad: [2] x [3]: shapes differ", func() { tensor.ReLUGrad(nil, n(2), n(3)) }},
		{"BroadcastTo: [2 3] to [3]: shapes do not broadcast", func() { tensor.BroadcastTo(nil, n(2, 3), 3) }},
		{"BroadcastTo: [2 3] to [4 3]: shapes do not broadcast", func() { tensor.BroadcastTo(nil, n(2, 3), 4, 3) }},
		{"SumTo: [3] to [2 3]: shapes do not broadcast", func() { tensor.SumTo(nil, n(3), 2, 3) }},
		{"SumTo: [4 3] to [2 3]: shapes do not broadcast", func() { tensor.SumTo(nil, n(4, 3), 2, 3) }},

		{"Sum: [2 3]: no axis 2", func() { tensor.Sum(nil, n(2, 3), 2) }},
		{"Mean: [2 3]: axis 1 is named twice", func() { tensor.Mean(nil, n(2, 3), 1, -1) }},
		{"Sum: dst [2], result [3]: shapes differ", func() { tensor.Sum(n(2), n(2, 3), 0) }},
		{"Max: [2 0]: maximum of nothing", func() { tensor.Max(nil, n(2, 0), 1) }},
		{"Max: []: no axis 0", func() { tensor.Max(nil, n(), 0) }},
		{"ArgMax: [2 0]: maximum of nothing", func() { tensor.ArgMax(n(2, 0)) }},
		{"ArgMax: []: rank 0 has no last axis", func() { tensor.ArgMax(n()) }},
		{"Entmax15Threshold: [2 0]: maximum of nothing", func() { tensor.Entmax15Threshold(nil, n(2, 0)) }},
		{"Entmax15Threshold: dst [2], result [2 1]: shapes differ", func() { tensor.Entmax15Threshold(n(2), n(2, 3)) }},
		{"Predictions: [2 0]: no classes", func() { tensor.Predictions(nil, n(2, 0)) }},
		{"Dot: [2] x [1 2]: shapes differ", func() { tensor.Dot(n(2), n(1, 2)) }},

		{"MatMul: [2 3] x [4 5]: inner dimensions differ", func() { tensor.MatMul(nil, n(2, 3), n(4, 5), tensor.NN) }},
		{"MatMul: [2 3]ᵀ x [3 5]: inner dimensions differ", func() { tensor.MatMul(nil, n(2, 3), n(3, 5), tensor.TN) }},
		{"MatMul: [2 3] x [4 5]ᵀ: inner dimensions differ", func() { tensor.MatMul(nil, n(2, 3), n(4, 5), tensor.NT) }},
		{"MatMul: [3] x [3 5]: both must be matrices, or stacks of them", func() { tensor.MatMul(nil, n(3), n(3, 5), tensor.NN) }},
		{"MatMul: [4 2 3] x [3 3 5]: leading axes do not broadcast", func() { tensor.MatMul(nil, n(4, 2, 3), n(3, 3, 5), tensor.NN) }},
		{"ClipGrad: [2] x [3]: shapes differ", func() { tensor.ClipGrad(nil, n(2), 0, 1, n(3)) }},
		{"Max: [2 3]: axis 1 is named twice", func() { tensor.Max(nil, n(2, 3), 1, -1) }},
		{"MatMul: dst [2 4], result [2 5]: shapes differ", func() { tensor.MatMul(n(2, 4), n(2, 3), n(3, 5), tensor.NN) }},

		{"Transpose: [2 3]: [0 0] is not a permutation of the axes", func() { tensor.Transpose(nil, n(2, 3), 0, 0) }},
		{"Transpose: [2 3]: [0] is not a permutation of the axes", func() { tensor.Transpose(nil, n(2, 3), 0) }},
		{"Transpose: [2 3]: [2 0] is not a permutation of the axes", func() { tensor.Transpose(nil, n(2, 3), 2, 0) }},
		{"Concat: nothing to join", func() { tensor.Concat(nil, 0) }},
		{"Concat: [2 3] x [2 4]: shapes differ outside axis 0", func() { tensor.Concat(nil, 0, n(2, 3), n(2, 4)) }},
		{"Concat: [2 3] x [3]: shapes differ outside axis 1", func() { tensor.Concat(nil, -1, n(2, 3), n(3)) }},
		{"SliceAxis: [2 3]: range 1:4 is outside axis 1", func() { tensor.SliceAxis(nil, n(2, 3), 1, 1, 4) }},
		{"PadAxis: [2 3]: negative padding", func() { tensor.PadAxis(nil, n(2, 3), 1, -1, 0) }},
		{"Gather: [2 3]: row 2 of 2", func() { tensor.Gather(nil, n(2, 3), []int{0, 2}) }},
		{"Gather: []: rank 0 has no leading axis", func() { tensor.Gather(nil, n(), nil) }},
		{"ScatterAdd: [2 3]: 1 row numbers", func() { tensor.ScatterAdd(nil, n(2, 3), []int{0}, 4) }},
		{"ScatterAdd: [2 3]: row 4 of 4", func() { tensor.ScatterAdd(nil, n(2, 3), []int{0, 4}, 4) }},
		{"ScatterAdd: [0 3]: negative number of rows", func() { tensor.ScatterAdd(nil, n(0, 3), nil, -1) }},
		{"SubsampleHW: [2 3]: want [N H W C]", func() { tensor.SubsampleHW(nil, n(2, 3), 2) }},
		{"SubsampleHW: [1 2 2 1]: stride 0", func() { tensor.SubsampleHW(nil, n(1, 2, 2, 1), 0) }},
		{fmt.Sprintf("SubsampleHW: [1 2 2 1]: stride %d", math.MaxInt), func() { tensor.SubsampleHW(nil, n(1, 2, 2, 1), math.MaxInt) }},
		{"SubsampleHWGrad: g [1 2 2 1]: want [1 2 1 1]", func() { tensor.SubsampleHWGrad(nil, n(1, 2, 2, 1), []int{1, 3, 2, 1}, 2) }},

		{"Conv2D: [2 3 3] x [3 3 1 1]: want x [N H W C] and w [R S C/groups K]",
			func() { tensor.Conv2D(nil, n(2, 3, 3), n(3, 3, 1, 1), conv) }},
		{"Conv2D: [1 5 5 3] x [3 3 2 4]: 3 input channels, weights for 2 in each of 1 groups",
			func() { tensor.Conv2D(nil, n(1, 5, 5, 3), n(3, 3, 2, 4), conv) }},
		{"Conv2D: [1 5 5 4] x [3 3 2 3]: 3 output channels do not split into 2 groups",
			func() { tensor.Conv2D(nil, n(1, 5, 5, 4), n(3, 3, 2, 3), tensor.ConvSpec{Groups: 2}) }},
		{"Conv2D: [1 5 5 4] x [3 3 4 3]: stride -1x-1, padding 0x0, dilation 1x1, groups 1",
			func() { tensor.Conv2D(nil, n(1, 5, 5, 4), n(3, 3, 4, 3), tensor.ConvSpec{Stride: tensor.Both(-1)}) }},
		{"Conv2D: [1 5 5 4] x [3 3 4 3]: stride 1x1, padding 0x-1, dilation 1x1, groups 1",
			func() { tensor.Conv2D(nil, n(1, 5, 5, 4), n(3, 3, 4, 3), tensor.ConvSpec{Pad: tensor.HW{W: -1}}) }},
		{"Conv2D: [1 5 5 4] x [3 3 4 3]: stride 1x1, padding 0x0, dilation 1x-1, groups 1",
			func() { tensor.Conv2D(nil, n(1, 5, 5, 4), n(3, 3, 4, 3), tensor.ConvSpec{Dilation: tensor.HW{W: -1}}) }},
		{"MaxPool2D: [1 4 4 3]: size 3x2, stride 3x2, padding 1x2 make no window", func() {
			tensor.MaxPool2D(nil, nil, n(1, 4, 4, 3), tensor.PoolSpec{Size: tensor.HW{H: 3, W: 2}, Pad: tensor.HW{H: 1, W: 2}})
		}},
		{"AvgPool2D: [1 4 4 3]: the window of 2x5 is larger than the padded image",
			func() { tensor.AvgPool2D(nil, n(1, 4, 4, 3), tensor.PoolSpec{Size: tensor.HW{H: 2, W: 5}}) }},
		{"AvgPool2D: [1 4 4 3]: size 3x3, stride 3x3, padding 1x1 and 3x0 at the end make no window", func() {
			tensor.AvgPool2D(nil, n(1, 4, 4, 3), tensor.PoolSpec{Size: tensor.Both(3), Pad: tensor.Both(1), MoreAtEnd: tensor.HW{H: 2, W: -1}})
		}},
		{"MaxPool2D: [1 4 4 3]: size 3x3, stride 3x3, padding 0x0, dilation -1x1 make no window",
			func() {
				tensor.MaxPool2D(nil, nil, n(1, 4, 4, 3), tensor.PoolSpec{Size: tensor.Both(3), Dilation: tensor.HW{H: -1}})
			}},
		{"MaxPool2D: [1 4 4 3]: the window of 5x3 is larger than the padded image",
			func() {
				tensor.MaxPool2D(nil, nil, n(1, 4, 4, 3), tensor.PoolSpec{Size: tensor.Both(3), Dilation: tensor.HW{H: 2}})
			}},
		{"MaxPool2D: [1 1 4 3]: a window of 2x1 with dilation 2x1 holds no pixel", func() {
			tensor.MaxPool2D(nil, nil, n(1, 1, 4, 3), tensor.PoolSpec{Size: tensor.HW{H: 2, W: 1}, Pad: tensor.HW{H: 1}, Dilation: tensor.HW{H: 2}})
		}},
		{"AvgPool2D: [1 4 4 3]: dilation 2x2 of an average",
			func() {
				tensor.AvgPool2D(nil, n(1, 4, 4, 3), tensor.PoolSpec{Size: tensor.Both(2), Dilation: tensor.Both(2)})
			}},
		{"Conv2D: [1 5 5 4] x [3 3 4 3]: stride 1x1, padding 1x1 and -1x2 at the end, dilation 1x1, groups 1", func() {
			tensor.Conv2D(nil, n(1, 5, 5, 4), n(3, 3, 4, 3), tensor.ConvSpec{Pad: tensor.Both(1), MoreAtEnd: tensor.HW{H: -2, W: 1}})
		}},
		{"Conv2D: [1 5 5 4] x [0 3 4 3]: empty kernel",
			func() { tensor.Conv2D(nil, n(1, 5, 5, 4), n(0, 3, 4, 3), conv) }},
		{"Conv2D: [1 5 5 4] x [3 3 4 3]: the dilated kernel is larger than the padded image",
			func() { tensor.Conv2D(nil, n(1, 5, 5, 4), n(3, 3, 4, 3), tensor.ConvSpec{Dilation: tensor.Both(3)}) }},
		{"Conv2D: [1 5 5 4] x [17 1 4 3]: the dilated kernel is larger than the padded image",
			func() {
				tensor.Conv2D(nil, n(1, 5, 5, 4), n(17, 1, 4, 3), tensor.ConvSpec{Dilation: tensor.Both(1 << 28)})
			}},
		{"Conv2D: [1 5 5 4] x [5 1 4 3]: stride 1x1, padding 0x0, dilation 1073741824x1073741824, groups 1",
			func() {
				tensor.Conv2D(nil, n(1, 5, 5, 4), n(5, 1, 4, 3), tensor.ConvSpec{Dilation: tensor.Both(1 << 30)})
			}},
		{"Conv2DInputGrad: dy [1 3 3 2]: want [1 5 5 2]",
			func() {
				tensor.Conv2DInputGrad(nil, n(1, 3, 3, 2), n(3, 3, 4, 2), []int{1, 5, 5, 4}, tensor.ConvSpec{Pad: tensor.Both(1)})
			}},
		{"Conv2DWeightGrad: dy [1 3 3 3]: want [1 3 3 2]",
			func() { tensor.Conv2DWeightGrad(nil, n(1, 5, 5, 4), n(1, 3, 3, 3), []int{3, 3, 4, 2}, conv) }},

		{"MaxPool2D: [4 4 3]: want [N H W C] with pixels",
			func() { tensor.MaxPool2D(nil, nil, n(4, 4, 3), tensor.PoolSpec{Size: tensor.Both(2)}) }},
		{"AvgPool2D: [1 4 4 3]: size 0x0, stride 0x0, padding 0x0 make no window",
			func() { tensor.AvgPool2D(nil, n(1, 4, 4, 3), tensor.PoolSpec{}) }},
		{"AvgPool2D: [1 4 4 3]: size 3x3, stride 3x3, padding 3x3 make no window",
			func() {
				tensor.AvgPool2D(nil, n(1, 4, 4, 3), tensor.PoolSpec{Size: tensor.Both(3), Pad: tensor.Both(3)})
			}},
		{fmt.Sprintf("MaxPool2D: [1 4 4 3]: size 2x2, stride %[1]dx%[1]d, padding 0x0 make no window", math.MaxInt),
			func() {
				tensor.MaxPool2D(nil, nil, n(1, 4, 4, 3), tensor.PoolSpec{Size: tensor.Both(2), Stride: tensor.Both(math.MaxInt)})
			}},
		{fmt.Sprintf("AvgPool2D: [1 4 4 3]: size %[1]dx%[1]d, stride 1x1, padding %[2]dx%[2]d make no window", math.MaxInt, math.MaxInt/2),
			func() {
				tensor.AvgPool2D(nil, n(1, 4, 4, 3), tensor.PoolSpec{Size: tensor.Both(math.MaxInt), Stride: tensor.Both(1), Pad: tensor.Both(math.MaxInt / 2)})
			}},
		{"MaxPool2D: [1 4 4 3]: the window of 5x5 is larger than the padded image",
			func() { tensor.MaxPool2D(nil, nil, n(1, 4, 4, 3), tensor.PoolSpec{Size: tensor.Both(5)}) }},
		{"MaxPool2D: [1 2 2 3]: 5 indices",
			func() { tensor.MaxPool2D(nil, make([]int32, 5), n(1, 4, 4, 3), tensor.PoolSpec{Size: tensor.Both(2)}) }},
		{"MaxPool2DGrad: [1 2 2 3]: 3 indices",
			func() {
				tensor.MaxPool2DGrad(nil, n(1, 2, 2, 3), make([]int32, 3), []int{1, 4, 4, 3}, tensor.PoolSpec{Size: tensor.Both(2)})
			}},
		{"MaxPool2DGather: [2 1 1 1] x [1 2 2 1]: want [N OH OW C] and [N H W C]",
			func() { tensor.MaxPool2DGather(nil, n(1, 2, 2, 1), []int32{0, 0}, []int{2, 1, 1, 1}) }},
		{"MaxPool2DGather: [1 1 1 1] x [1 2 2 1]: index -1 is not in image 0",
			func() { tensor.MaxPool2DGather(nil, n(1, 2, 2, 1), []int32{-1}, []int{1, 1, 1, 1}) }},
		{"MaxPool2DGrad: g [2 1 1 1]: want [1 1 1 1]",
			func() {
				tensor.MaxPool2DGrad(nil, n(2, 1, 1, 1), []int32{0, 0}, []int{1, 2, 2, 1}, tensor.PoolSpec{Size: tensor.Both(2)})
			}},
		{"Resize: [2 3]: want [N H W C] with pixels", func() { tensor.Resize(nil, n(2, 3), tensor.Both(1), tensor.Area) }},
		{"Resize: [1 4 4 3]: to 2x0 pixels", func() { tensor.Resize(nil, n(1, 4, 4, 3), tensor.HW{H: 2}, tensor.Area) }},
		{"ResizeGrad: g [1 2 2 4]: want [1 2 2 3]", func() { tensor.ResizeGrad(nil, n(1, 2, 2, 4), []int{1, 4, 4, 3}, tensor.Area) }},
		{"GlobalAvgPool: [2 3]: want [N H W C] with pixels", func() { tensor.GlobalAvgPool(nil, n(2, 3)) }},
		{"GlobalAvgPoolGrad: g [2 3]: want [2 4]",
			func() { tensor.GlobalAvgPoolGrad(nil, n(2, 3), []int{2, 5, 5, 4}) }},
		{"ScaleShift: what is added [3]: want [4 3]", func() {
			tensor.ScaleShift(nil, n(4, 3), tensor.Affine{Center: n(3), Scale: n(3), Shift: n(3)}, tensor.Then{Add: n(3)})
		}},
		{"BatchNormAffine: gamma [2]: want [3]", func() { tensor.BatchNormAffine(moments, n(2), n(3)) }},
		{"BatchNormAffine: beta [3 1]: want [3]", func() { tensor.BatchNormAffine(moments, n(3), n(3, 1)) }},
		{"InvStd: dst [2], result [3]: shapes differ", func() { tensor.InvStd(n(2), n(3), 1) }},
		{"BatchNormGradSums: shift [2]: want [3]", func() {
			m := moments
			m.Scale, m.Shift = n(3), n(2)
			tensor.BatchNormGradSums(nil, n(4, 3), m, n(4, 3))
		}},
		{"BatchNormAddGradSums: y [3]: want [4 3]",
			func() { tensor.BatchNormAddGradSums(nil, nil, n(4, 3), moments, n(3), n(4, 3)) }},
		{"BatchNormInputGrad: gamma [2]: want [3]",
			func() { tensor.BatchNormInputGrad(nil, n(4, 3), moments, n(2), n(4, 3), n(2, 3)) }},
		{"BatchNormInputGrad: low part of the mean [3]: want [4]",
			func() {
				tensor.BatchNormInputGrad(nil, n(3, 4), tensor.Moments{Mean: n(4), MeanLow: n(3)}, n(4), n(3, 4), n(2, 4))
			}},
		{"AddReLU: [2] x [3]: shapes do not broadcast", func() { tensor.AddReLU(nil, n(2), n(3)) }},
		{"AvgPool2D: [1 0 4 3]: want [N H W C] with pixels",
			func() {
				tensor.AvgPool2D(nil, n(1, 0, 4, 3), tensor.PoolSpec{Size: tensor.Both(2), Pad: tensor.Both(1)})
			}},
		{"AvgPool2DGrad: g [1 2 2 3]: want [1 3 3 3]",
			func() {
				tensor.AvgPool2DGrad(nil, n(1, 2, 2, 3), []int{1, 6, 6, 3}, tensor.PoolSpec{Size: tensor.Both(2)})
			}},

		{"BatchNormStats: []: rank 0 has no last axis", func() { tensor.BatchNormStats(tensor.Moments{}, n(), 1) }},
		{"BatchNormStats: dst [2], result [3]: shapes differ", func() { tensor.BatchNormStats(tensor.Moments{Variance: n(2)}, n(4, 3), 1) }},
		{"ScaleShift: scale [2]: want [3]", func() {
			tensor.ScaleShift(nil, n(4, 3), tensor.Affine{Center: n(3), Scale: n(2), Shift: n(3)}, tensor.Then{})
		}},
		{"ScaleShift: shift [1]: want [3]", func() {
			tensor.ScaleShift(nil, n(4, 3), tensor.Affine{Center: n(3), Scale: n(3), Shift: n(1)}, tensor.Then{})
		}},
		{"BatchNormGradSums: g [3]: want [4 3]", func() { tensor.BatchNormGradSums(nil, n(4, 3), moments, n(3)) }},
		{"BatchNormInputGrad: sums [3 2]: want [2 3]",
			func() { tensor.BatchNormInputGrad(nil, n(4, 3), moments, n(3), n(4, 3), n(3, 2)) }},
		{"Softmax: []: rank 0 has no last axis", func() { tensor.Softmax(nil, n()) }},
		{"LogSoftmax: dst [2], result [3]: shapes differ", func() { tensor.LogSoftmax(n(2), n(3)) }},
		{"LogSoftmaxVJP: [2 3] x [3]: shapes differ", func() { tensor.LogSoftmaxVJP(nil, n(2, 3), n(3)) }},
		{"LogSoftmaxJVP: []: rank 0 has no last axis", func() { tensor.LogSoftmaxJVP(nil, n(), n()) }},
		{"CrossEntropy: [3 4] and 1 labels: want [N K] and N labels", func() { tensor.CrossEntropy(n(3, 4), []int{1}, 0) }},
		{"CrossEntropyGrad: [1 4]: label 4 of row 0 is not a class: want 0 to 3", func() { tensor.CrossEntropyGrad(nil, n(1, 4), []int{4}, 0) }},
		{"CrossEntropy: [1 4]: smoothing -1 is outside [0,1]", func() { tensor.CrossEntropy(n(1, 4), []int{1}, -1) }},
		{"SoftCrossEntropy: [4] x [4]: want [N K] twice", func() { tensor.SoftCrossEntropy(nil, n(4), n(4)) }},

		{"DropoutMask: [3]: probability 1 is outside [0,1)", func() { tensor.DropoutMask(n(3), 1, nil) }},
		{"Dropout: [3]: probability -1 is outside [0,1)", func() { tensor.Dropout(nil, n(3), n(3), -1) }},
		{"Dropout: mask [2]: want [3]", func() { tensor.Dropout(nil, n(3), n(2), 0.5) }},

		{"SGDStep: [3] x [4]: shapes differ", func() { tensor.SGDStep(n(3), n(4), nil, tensor.SGDOptions{}) }},
		{"SGDStep: [3]: momentum without a velocity", func() { tensor.SGDStep(n(3), n(3), nil, tensor.SGDOptions{Momentum: 0.9}) }},
		{"AdamStep: [3]: step 0 is not positive",
			func() { tensor.AdamStep(n(3), n(3), n(3), n(3), 0, tensor.AdamOptions{}) }},
		{"Dense: [3]: not a matrix", func() { n(3).Dense() }},
	} {
		t.Run(c.want, func(t *testing.T) {
			require.PanicsWithValue(t, "tensor: "+c.want, c.f)
		})
	}
}

func TestWrongDestinationsPanic(t *testing.T) {
	for _, op := range largeOps(t) {
		switch op.name {
		case "Dot", "BatchNormStats", "SGDStep", "AdamStep":
			continue // do not write to op.dst themselves
		}
		t.Run(op.name, func(t *testing.T) {
			defer func() {
				require.Regexp(t, `^tensor: [A-Za-z2]+: dst \[1 1 1 1 1 1\], result \[[0-9 ]*\]: shapes differ$`, recover())
			}()
			op.run(tensor.New(1, 1, 1, 1, 1, 1))
		})
	}
}

// A destination that shares memory with an input would be read after it was written.
func TestOverlappingDestinationsPanic(t *testing.T) {
	a := tensor.New(4, 4)
	img := tensor.New(1, 4, 4, 1)
	for name, f := range map[string]func(){
		"MatMul":      func() { tensor.MatMul(a, a, tensor.New(4, 4), tensor.NN) },
		"Transpose":   func() { tensor.Transpose(a, a) },
		"Sum":         func() { tensor.Sum(a.Slice(1, 2).Reshape(4), a, 0) },
		"Max":         func() { tensor.Max(a.Slice(0, 1).Reshape(4), a, 0) },
		"SumTo":       func() { tensor.SumTo(a.Slice(3, 4), a, 1, 4) },
		"BroadcastTo": func() { tensor.BroadcastTo(a, a.Slice(1, 2), 4, 4) },
		"Add":         func() { tensor.Add(a, a.Slice(1, 2), tensor.New(4, 4)) },
		"Exp":         func() { tensor.Exp(a.Slice(1, 3), a.Slice(0, 2)) },
		"Concat":      func() { tensor.Concat(a, 0, a.Slice(0, 2), a.Slice(2, 4)) },
		"SliceAxis":   func() { tensor.SliceAxis(a.Slice(0, 2), a, 0, 1, 3) },
		"PadAxis":     func() { tensor.PadAxis(a, a.Slice(0, 2), 0, 1, 1) },
		"Gather":      func() { tensor.Gather(a, a, []int{3, 2, 1, 0}) },
		"ScatterAdd":  func() { tensor.ScatterAdd(a, a, []int{3, 2, 1, 0}, 4) },
		"Conv2D": func() {
			tensor.Conv2D(img, img, tensor.New(3, 3, 1, 1), tensor.ConvSpec{Pad: tensor.Both(1)})
		},
		"MaxPool2D": func() {
			tensor.MaxPool2D(img, nil, img, tensor.PoolSpec{Size: tensor.Both(3), Stride: tensor.Both(1), Pad: tensor.Both(1)})
		},
		"AvgPool2D": func() {
			tensor.AvgPool2D(img, img, tensor.PoolSpec{Size: tensor.Both(3), Stride: tensor.Both(1), Pad: tensor.Both(1)})
		},
		"SubsampleHW": func() { tensor.SubsampleHW(img, img, 1) },
		"ScaleShift": func() {
			by := tensor.Affine{Center: a.Slice(0, 1).Reshape(4), Scale: tensor.New(4), Shift: tensor.New(4)}
			tensor.ScaleShift(a, tensor.New(4, 4), by, tensor.Then{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				require.Regexp(t, "^tensor: "+name+": .*: dst shares memory with an input$", recover())
			}()
			f()
		})
	}
	tensor.MatMul(a.Slice(0, 2), a.Slice(2, 4), tensor.New(4, 4), tensor.NN) // neighbours are apart
}
