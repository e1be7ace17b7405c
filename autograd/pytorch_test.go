package autograd

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/internal/kernel/kerneltest"
	"github.com/residuum-go/residuum/tensor"
)

// numbers is a tensor as testdata/pytorch.py writes it.
type numbers struct {
	Shape []int
	Data  []float32
}

func (n numbers) tensor() *tensor.Tensor { return tensor.From(n.Data, n.Shape...) }

func tensors(ns []numbers) []*tensor.Tensor {
	ts := make([]*tensor.Tensor, len(ns))
	for i, n := range ns {
		ts[i] = n.tensor()
	}
	return ts
}

// TestPyTorch compares values, gradients and gradients of gradients with those that PyTorch
// computed in float64.
func TestPyTorch(t *testing.T) {
	data, err := os.ReadFile("testdata/pytorch.json")
	require.NoError(t, err)
	var cases []struct {
		Op            string
		Spec          tensor.ConvSpec
		Labels        []int
		Smoothing     float32
		X, W          []numbers
		U, Y          numbers
		First, Second []numbers
	}
	require.NoError(t, json.Unmarshal(data, &cases))
	require.NotEmpty(t, cases)
	for i, p := range cases {
		norm := func(then Then) func(v []*Var) *Var {
			return func(v []*Var) *Var {
				y, _, _ := BatchNorm(Norm{X: v[0], Gamma: v[1], Beta: v[2], Eps: 1e-5}, then)
				return y
			}
		}
		f := map[string]func(v []*Var) *Var{
			"BatchNorm":     norm(Then{}),
			"BatchNormReLU": norm(Then{ReLU: true}),
			"Conv2D":        func(v []*Var) *Var { return Conv2D(v[0], v[1], p.Spec) },
			"Abs":           func(v []*Var) *Var { return Abs(v[0]) },
			"Clip":          func(v []*Var) *Var { return Clip(v[0], -1, 0) },
			"Maximum":       func(v []*Var) *Var { return Maximum(v[0], v[1]) },
			"Max":           func(v []*Var) *Var { return Max(v[0], 0, 2) },
			"MaxAll":        func(v []*Var) *Var { return Max(v[0]) },
			"Softmax":       func(v []*Var) *Var { return Softmax(v[0], 1) },
			"MatMul":        func(v []*Var) *Var { return MatMul(v[0], v[1], tensor.NN) },
			"CrossEntropy":  func(v []*Var) *Var { return CrossEntropy(v[0], p.Labels, p.Smoothing) },
		}[p.Op]
		t.Run(fmt.Sprintf("op=%s/case=%d", p.Op, i), func(t *testing.T) {
			kerneltest.EachLevel(t, func(t *testing.T) {
				c := opCase{op: op{f: f}, x: tensors(p.X), w: tensors(p.W), u: p.U.tensor()}
				got := c.trace(NewTape(1))
				requireClose(t, p.Y, got.value, "value")
				for i, g := range got.first {
					requireClose(t, p.First[i], g, fmt.Sprintf("gradient by input %d", i))
				}
				for i, g := range got.second {
					requireClose(t, p.Second[i], g, fmt.Sprintf("second gradient, by u and inputs: %d", i))
				}
			})
		})
	}
}

// requireClose allows the rounding errors of float32 at the scale of the largest element.
func requireClose(t *testing.T, want numbers, got *tensor.Tensor, what string) {
	t.Helper()
	scale := fromTensor(want.tensor()).maxAbs()
	require.True(t, tensor.AllClose(got, want.tensor(), 0, 5e-6*(1+scale)), "%s:\n%v\nPyTorch:\n%v", what, got, want.tensor())
}
