package nn

import (
	"math"
	"math/rand/v2"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
)

// Linear is the affine map y = x W^T + b of rows x [N, in].
type Linear struct {
	Weight *autograd.Param // "weight" [out, in]
	Bias   *autograd.Param // "bias" [out], or nil
}

// NewLinear returns a linear layer with bias, both drawn uniformly from +-1/sqrt(in) as PyTorch does.
func NewLinear(in, out int, rng *rand.Rand) *Linear {
	checkSizes("NewLinear", in, out)
	l := &Linear{
		Weight: autograd.NewParam(tensor.New(out, in)),
		Bias:   autograd.NewParam(tensor.New(out)),
	}
	bound := 1 / math.Sqrt(float64(in))
	Uniform(l.Weight.Value, bound, rng)
	Uniform(l.Bias.Value, bound, rng)
	return l
}

// Forward returns [N, out].
func (l *Linear) Forward(x *autograd.Var) *autograd.Var { return addBias(l.product(x), l.Bias) }

func (l *Linear) forwardReLU(x *autograd.Var) *autograd.Var { return addBiasReLU(l.product(x), l.Bias) }

func (l *Linear) product(x *autograd.Var) *autograd.Var {
	return autograd.MatMul(x, l.Weight.On(x), tensor.NT)
}

// Parts returns the weight and the bias.
func (l *Linear) Parts() []Part {
	return []Part{{Name: "weight", Param: l.Weight}, {Name: "bias", Param: l.Bias}}
}

// Fans returns the numbers of inputs and outputs.
func (l *Linear) Fans() (in, out int) { return l.Weight.Value.Dim(1), l.Weight.Value.Dim(0) }
