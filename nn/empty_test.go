package nn_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/internal/kernel/kerneltest"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
)

// A batch of no images passes through every layer, and so do gradients, which are zero for the parameters.
func TestEmptyBatches(t *testing.T) {
	rng := newRand()
	image := []int{0, 8, 8, 4}
	for name, c := range map[string]struct {
		m        nn.Module
		in, want []int
	}{
		"linear":                 {nn.NewLinear(3, 5, rng), []int{0, 3}, []int{0, 5}},
		"linear, relu":           {nn.Sequential{nn.NewLinear(3, 5, rng), nn.ReLU{}}, []int{0, 3}, []int{0, 5}},
		"conv":                   {nn.NewConv2D(4, 6, tensor.Both(3), tensor.ConvSpec{Pad: tensor.Both(1), Stride: tensor.Both(2)}, rng).WithBias(), image, []int{0, 4, 4, 6}},
		"conv by winograd":       {nn.NewConv2D(16, 16, tensor.Both(3), tensor.ConvSpec{Pad: tensor.Both(1)}, rng), []int{0, 8, 8, 16}, []int{0, 8, 8, 16}},
		"conv 1x1":               {nn.NewConv2D(4, 6, tensor.Both(1), tensor.ConvSpec{}, rng), image, []int{0, 8, 8, 6}},
		"conv, groups":           {nn.NewConv2D(4, 6, tensor.Both(3), tensor.ConvSpec{Groups: 2}, rng), image, []int{0, 6, 6, 6}},
		"max pool":               {nn.MaxPool2D{Size: tensor.Both(2)}, image, []int{0, 4, 4, 4}},
		"average pool":           {nn.AvgPool2D{Size: tensor.Both(2)}, image, []int{0, 4, 4, 4}},
		"global pool":            {nn.GlobalAvgPool{}, image, []int{0, 4}},
		"flatten":                {nn.Flatten{}, image, []int{0, 256}},
		"flatten vectors":        {nn.Flatten{}, []int{0}, []int{0, 1}},
		"tanh":                   {nn.Tanh{}, image, image},
		"sigmoid":                {nn.Sigmoid{}, image, image},
		"dropout":                {nn.NewDropout(0.5), image, image},
		"identity":               {nn.Identity{}, image, image},
		"batch norm":             {nn.NewBatchNorm2D(4), image, image},
		"batch norm, relu, pool": {nn.Sequential{nn.NewBatchNorm2D(4), nn.ReLU{}, nn.MaxPool2D{Size: tensor.Both(2)}}, image, []int{0, 4, 4, 4}},
		"net": {nn.Sequential{nn.NewConv2D(4, 6, tensor.Both(3), tensor.ConvSpec{}, rng), nn.NewBatchNorm2D(6), nn.ReLU{}, nn.MaxPool2D{Size: tensor.Both(2)},
			nn.Flatten{}, nn.NewLinear(54, 7, rng), nn.Tanh{}, nn.NewLinear(7, 2, rng)}, image, []int{0, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			kerneltest.EachLevel(t, func(t *testing.T) {
				x := tensor.New(c.in...)
				require.Equal(t, c.want, c.m.Forward(autograd.Const(x)).Shape())
				tape := autograd.NewTape(1)
				tape.SetTraining(name == "dropout")
				v := tape.Input(x)
				y := c.m.Forward(v)
				require.Equal(t, c.want, y.Shape())
				require.Equal(t, c.in, autograd.VJP(y, nil, v)[0].Shape())
				tape.Backward(autograd.Sum(y))
				for name, p := range nn.Params(c.m) {
					require.NotNil(t, p.Grad, name)
					require.Zero(t, tensor.Norm(p.Grad), name)
				}
			})
		})
	}
}

// Statistics of fewer than two values are refused, in every form, before anything has changed.
func TestBatchNormTrainsOnTwoValuesOrMore(t *testing.T) {
	for _, shape := range [][]int{{0, 4, 4, 3}, {1, 1, 1, 3}} {
		for name, forward := range map[string]func(b *nn.BatchNorm2D, x *autograd.Var) *autograd.Var{
			"alone":     (*nn.BatchNorm2D).Forward,
			"with ReLU": func(b *nn.BatchNorm2D, x *autograd.Var) *autograd.Var { return nn.Sequential{b, nn.ReLU{}}.Forward(x) },
			"with pool": func(b *nn.BatchNorm2D, x *autograd.Var) *autograd.Var {
				return nn.Sequential{b, nn.ReLU{}, nn.MaxPool2D{Size: tensor.Both(1)}}.Forward(x)
			},
			"with a sum": func(b *nn.BatchNorm2D, x *autograd.Var) *autograd.Var { return nn.AddReLU(nn.Identity{}, b, x) },
			"with another": func(b *nn.BatchNorm2D, x *autograd.Var) *autograd.Var {
				return nn.AddReLU(nn.NewBatchNorm2D(3), b, x)
			},
		} {
			b := nn.NewBatchNorm2D(3)
			x := tensor.Full(5, shape...)
			says := "nn: BatchNorm2D of 3 channels: " + fmt.Sprint(shape) + ": training needs at least two values per channel: more images in a batch, or larger ones"
			require.PanicsWithValue(t, says, func() { forward(b, autograd.NewTape(1).Input(x)) }, name)
			require.Equal(t, []float32{0, 0, 0}, b.RunningMean.Data())
			require.Equal(t, []float32{1, 1, 1}, b.RunningVar.Data())
			require.NotPanics(t, func() { forward(b, autograd.Const(x)) })
		}
	}
}
