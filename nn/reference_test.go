package nn_test

import (
	"encoding/json"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
)

// array is a tensor in PyTorch's layout: images NCHW, convolutions OIHW.
type array struct {
	Shape []int
	Data  []float32
}

// study is one layer in testdata/reference.json, which reference.py beside it explains.
type study struct {
	Before, Grads, After map[string]array
	X, Y, DX             array
}

// image returns a as NHWC if it is an image.
func (a array) image() *tensor.Tensor {
	t := tensor.From(a.Data, a.Shape...)
	if len(a.Shape) == 4 {
		t = tensor.Transpose(nil, t, 0, 2, 3, 1)
	}
	return t
}

// weight returns a as HWIO if it is a convolution.
func (a array) weight() *tensor.Tensor {
	t := tensor.From(a.Data, a.Shape...)
	if len(a.Shape) == 4 {
		t = tensor.Transpose(nil, t, 2, 3, 1, 0)
	}
	return t
}

func newRand() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

func TestLayersEqualPyTorchs(t *testing.T) {
	text, err := os.ReadFile("testdata/reference.json")
	require.NoError(t, err)
	var studies map[string]study
	require.NoError(t, json.Unmarshal(text, &studies))
	rng := newRand()
	layers := map[string]struct {
		layer nn.Module
		eval  bool
	}{
		"conv":                 {layer: nn.NewConv2D(4, 6, tensor.Both(3), tensor.ConvSpec{Stride: tensor.Both(2), Pad: tensor.Both(1)}, rng)},
		"conv-bias-groups":     {layer: nn.NewConv2D(4, 6, tensor.Both(3), tensor.ConvSpec{Pad: tensor.Both(2), Dilation: tensor.Both(2), Groups: 2}, rng).WithBias()},
		"linear":               {layer: nn.NewLinear(7, 3, rng)},
		"batchnorm-train":      {layer: nn.NewBatchNorm2D(4)},
		"batchnorm-eval":       {layer: nn.NewBatchNorm2D(4), eval: true},
		"batchnorm-relu-train": {layer: nn.Sequential{nn.NewBatchNorm2D(4), nn.ReLU{}}},
		"batchnorm-relu-eval":  {layer: nn.Sequential{nn.NewBatchNorm2D(4), nn.ReLU{}}, eval: true},
		"maxpool":              {layer: nn.MaxPool2D{Size: tensor.Both(3), Stride: tensor.Both(2), Pad: tensor.Both(1)}},
		"avgpool":              {layer: nn.AvgPool2D{Size: tensor.Both(2), Stride: tensor.Both(2)}},
		"globalavgpool":        {layer: nn.GlobalAvgPool{}},
		"relu":                 {layer: nn.ReLU{}},
		"tanh":                 {layer: nn.Tanh{}},
		"sigmoid":              {layer: nn.Sigmoid{}},
		"silu":                 {layer: nn.SiLU{}},
		"conv-rectangle": {layer: nn.NewConv2D(4, 3, tensor.HW{H: 1, W: 3}, tensor.ConvSpec{
			Stride: tensor.HW{H: 2, W: 1}, Pad: tensor.HW{W: 2}, Dilation: tensor.HW{W: 2},
		}, rng).WithBias()},
		"maxpool-rectangle": {layer: nn.MaxPool2D{
			Size: tensor.HW{H: 2, W: 3}, Stride: tensor.HW{H: 1, W: 2}, Pad: tensor.HW{H: 1},
		}},
		"maxpool-ceil":      {layer: nn.MaxPool2D{Size: tensor.Both(3), Stride: tensor.Both(2), Pad: tensor.Both(1), Ceil: true}},
		"avgpool-pixels":    {layer: nn.AvgPool2D{Size: tensor.Both(3), Stride: tensor.Both(2), Pad: tensor.Both(1), Ceil: true, ExcludePad: true}},
		"adaptiveavgpool":   {layer: nn.AdaptiveAvgPool2D{H: 3, W: 7}},
		"avgpool-rectangle": {layer: nn.AvgPool2D{Size: tensor.HW{H: 3, W: 2}, Stride: tensor.HW{H: 2, W: 1}}},
	}
	require.Len(t, studies, len(layers))
	for name, c := range layers {
		t.Run("layer="+name, func(t *testing.T) {
			s := studies[name]
			state, params := maps.Collect(nn.State(c.layer)), maps.Collect(nn.Params(c.layer))
			for name, x := range state {
				tensor.Copy(x, s.Before[name].weight())
			}
			require.Len(t, s.Before, len(state))

			tape := autograd.NewTape(1)
			tape.SetTraining(!c.eval)
			x := tape.Input(s.X.image())
			y := c.layer.Forward(x)
			requireClose(t, s.Y.image(), y.Value(), "output")
			loss := autograd.Scale(autograd.Sum(autograd.Square(y)), 0.5)
			requireClose(t, s.DX.image(), autograd.VJP(loss, nil, x)[0].Value(), "gradient by the input")
			tape.Backward(loss)
			for name, g := range s.Grads {
				requireClose(t, g.weight(), params[name].Grad, "gradient by "+name)
			}
			for name, v := range s.After {
				requireClose(t, v.weight(), state[name], "after: "+name)
			}
			if c.eval {
				constant := c.layer.Forward(autograd.Const(s.X.image()))
				require.True(t, tensor.Equal(constant.Value(), y.Value()), "a constant evaluates")
				require.Nil(t, constant.Tape())
			}
		})
	}
}

func requireClose(t *testing.T, want, got *tensor.Tensor, what string) {
	t.Helper()
	require.Equal(t, want.Shape(), got.Shape(), what)
	size := float64(0)
	for _, v := range want.Data() {
		size = max(size, math.Abs(float64(v)))
	}
	require.InDeltaSlice(t, want.Data(), got.Data(), 2e-6*max(size, 1), what)
}
