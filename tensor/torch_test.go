package tensor_test

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/internal/kernel/kerneltest"
	"github.com/residuum-go/residuum/tensor"
)

// torchCase is one case of testdata/torch_reference.json, which testdata/torch_reference.py writes.
type torchCase struct {
	Op     string
	Params struct {
		tensor.PoolSpec
		Groups                    int
		By                        string
		TransA, TransB            bool
		LR, Momentum, WeightDecay float64
		B1, B2, Eps               float64
		Nesterov, Decoupled       bool
	}
	In, Out map[string]torchTensor
}

type torchTensor struct {
	Shape []int
	Data  []float64
}

func (c torchCase) in(name string) *tensor.Tensor {
	a := tensor.New(c.In[name].Shape...)
	for i, v := range c.In[name].Data {
		a.Data()[i] = float32(v)
	}
	return a
}

func (c torchCase) check(t *testing.T, name string, got *tensor.Tensor) {
	t.Helper()
	want, ok := c.Out[name]
	require.True(t, ok, name)
	require.Equal(t, want.Shape, got.Shape(), name)
	requireNear(t, want.Data, got, 2e-5, c.Op, name)
}

// transposed is which operands a matmul transposes.
func (c torchCase) transposed() tensor.Transposed {
	switch p := c.Params; {
	case p.TransA && p.TransB:
		return tensor.TT
	case p.TransA:
		return tensor.TN
	case p.TransB:
		return tensor.NT
	}
	return tensor.NN
}

var torchChecks = map[string]func(t *testing.T, c torchCase){
	"conv2d": func(t *testing.T, c torchCase) {
		p := c.Params
		spec := tensor.ConvSpec{Stride: p.Stride, Pad: p.Pad, Dilation: p.Dilation, Groups: p.Groups, MoreAtEnd: p.MoreAtEnd}
		x, w, dy := c.in("x"), c.in("w"), c.in("dy")
		c.check(t, "y", tensor.Conv2D(nil, x, w, spec))
		c.check(t, "dx", tensor.Conv2DInputGrad(nil, dy, w, x.Shape(), spec))
		c.check(t, "dw", tensor.Conv2DWeightGrad(nil, x, dy, w.Shape(), spec))
	},
	"max_pool2d": func(t *testing.T, c torchCase) {
		x, spec := c.in("x"), c.Params.PoolSpec
		y, idx := tensor.MaxPool2D(nil, nil, x, spec)
		c.check(t, "y", y)
		c.check(t, "dx", tensor.MaxPool2DGrad(nil, c.in("dy"), idx, x.Shape(), spec))
	},
	"avg_pool2d": func(t *testing.T, c torchCase) {
		x, spec := c.in("x"), c.Params.PoolSpec
		c.check(t, "y", tensor.AvgPool2D(nil, x, spec))
		c.check(t, "dx", tensor.AvgPool2DGrad(nil, c.in("dy"), x.Shape(), spec))
	},
	"resize": func(t *testing.T, c torchCase) {
		x, by := c.in("x"), map[string]tensor.Interpolation{
			"nearest": tensor.Nearest, "bilinear": tensor.Bilinear, "corners": tensor.BilinearCorners, "area": tensor.Area,
		}[c.Params.By]
		c.check(t, "y", tensor.Resize(nil, x, c.Params.Size, by))
		c.check(t, "dx", tensor.ResizeGrad(nil, c.in("dy"), x.Shape(), by))
	},
	"batch_norm": func(t *testing.T, c torchCase) {
		x, gamma, dy := c.in("x"), c.in("gamma"), c.in("dy")
		m := tensor.BatchNormStats(tensor.Moments{}, x, float32(c.Params.Eps))
		c.check(t, "mean", m.Mean)
		c.check(t, "variance", m.Variance)
		c.check(t, "y", tensor.ScaleShift(nil, x, tensor.BatchNormAffine(m, gamma, c.in("beta")).Affine(), tensor.Then{}))
		sums := tensor.BatchNormGradSums(nil, x, m, dy)
		c.check(t, "dbeta", sums.Slice(0, 1).Reshape(-1))
		c.check(t, "dgamma", sums.Slice(1, 2).Reshape(-1))
		c.check(t, "dx", tensor.BatchNormInputGrad(nil, x, m, gamma, dy, sums))
	},
	"softmax": func(t *testing.T, c torchCase) {
		c.check(t, "softmax", tensor.Softmax(nil, c.in("x")))
		c.check(t, "log_softmax", tensor.LogSoftmax(nil, c.in("x")))
	},
	"matmul": func(t *testing.T, c torchCase) {
		c.check(t, "y", tensor.MatMul(nil, c.in("a"), c.in("b"), c.transposed()))
	},
	"sgd": func(t *testing.T, c torchCase) {
		p, x := c.Params, c.in("p")
		velocity := tensor.New(x.Shape()...)
		for step := range len(c.Out) {
			tensor.SGDStep(x, c.in(fmt.Sprintf("g%d", step)), velocity, tensor.SGDOptions{
				Rate: p.LR, Momentum: p.Momentum, WeightDecay: p.WeightDecay, Nesterov: p.Nesterov,
			})
			c.check(t, fmt.Sprintf("p%d", step), x)
		}
	},
	"adam": func(t *testing.T, c torchCase) {
		p, x := c.Params, c.in("p")
		m, v := tensor.New(x.Shape()...), tensor.New(x.Shape()...)
		for step := range len(c.Out) {
			g := c.in(fmt.Sprintf("g%d", step))
			tensor.AdamStep(x, g, m, v, step+1, tensor.AdamOptions{
				Rate: p.LR, Beta1: p.B1, Beta2: p.B2, Eps: p.Eps, WeightDecay: p.WeightDecay, Decoupled: p.Decoupled,
			})
			c.check(t, fmt.Sprintf("p%d", step), x)
		}
	},
}

func TestAgreesWithPyTorch(t *testing.T) {
	data, err := os.ReadFile("testdata/torch_reference.json")
	require.NoError(t, err)
	var cases []torchCase
	require.NoError(t, json.Unmarshal(data, &cases))
	require.NotEmpty(t, cases)
	for i, c := range cases {
		t.Run(fmt.Sprintf("%d_%s", i, c.Op), func(t *testing.T) {
			check, ok := torchChecks[c.Op]
			require.True(t, ok, "no check of %s", c.Op)
			kerneltest.EachLevel(t, func(t *testing.T) { check(t, c) })
		})
	}
}

func TestSGDWithoutMomentumNeedsNoVelocity(t *testing.T) {
	a, b, g := tensor.Full(2, 40), tensor.Full(2, 40), tensor.Full(3, 40)
	tensor.SGDStep(a, g, nil, tensor.SGDOptions{Rate: 0.5, WeightDecay: 0.25})
	m := tensor.Full(9, 40)
	tensor.SGDStep(b, g, m, tensor.SGDOptions{Rate: 0.5, WeightDecay: 0.25})
	require.Equal(t, tensor.Full(0.25, 40).Data(), a.Data())
	require.True(t, tensor.Equal(a, b))
	require.True(t, tensor.Equal(tensor.Full(9, 40), m))
}
