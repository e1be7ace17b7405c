package nn

import (
	"fmt"
	"math/rand/v2"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
)

// Conv2D is a two-dimensional convolution (cross-correlation, as everywhere in deep learning) of
// images [N, H, W, C] with K filters.
type Conv2D struct {
	Weight *autograd.Param // "weight" [R, S, C/groups, K]
	Bias   *autograd.Param // "bias" [K], or nil
	Spec   tensor.ConvSpec
}

// NewConv2D returns a convolution without bias from in to out channels with filters of the given size,
// drawn by [KaimingNormal] over the fan-out.
func NewConv2D(in, out int, size tensor.HW, spec tensor.ConvSpec, rng *rand.Rand) *Conv2D {
	checkSizes("NewConv2D", in, out)
	if min(size.H, size.W) < 1 {
		panic(fmt.Sprintf("nn: NewConv2D: filters of %v: want sides of at least 1", size))
	}
	if s := spec; min(s.Stride.H, s.Stride.W, s.Pad.H, s.Pad.W, s.Dilation.H, s.Dilation.W, s.Groups,
		s.Pad.H+s.MoreAtEnd.H, s.Pad.W+s.MoreAtEnd.W) < 0 {
		panic(fmt.Sprintf("nn: NewConv2D: %+v: want no negative numbers", spec))
	}
	groups := max(spec.Groups, 1)
	if in%groups != 0 || out%groups != 0 {
		panic(fmt.Sprintf("nn: NewConv2D: %d to %d channels in %d groups: not divisible", in, out, groups))
	}
	c := &Conv2D{Weight: autograd.NewParam(tensor.New(size.H, size.W, in/groups, out)), Spec: spec}
	_, fanOut := c.Fans()
	KaimingNormal(c.Weight.Value, fanOut, rng)
	return c
}

// WithBias gives c a bias of zeros and returns c.
func (c *Conv2D) WithBias() *Conv2D {
	c.Bias = autograd.NewParam(tensor.New(c.Weight.Value.Dim(-1)))
	return c
}

// Forward returns [N, H', W', K].
func (c *Conv2D) Forward(x *autograd.Var) *autograd.Var { return addBias(c.product(x), c.Bias) }

func (c *Conv2D) forwardReLU(x *autograd.Var) *autograd.Var { return addBiasReLU(c.product(x), c.Bias) }

func (c *Conv2D) product(x *autograd.Var) *autograd.Var {
	c.check(x)
	return autograd.Conv2D(x, c.Weight.On(x), c.Spec)
}

// Parts returns the weight and the bias.
func (c *Conv2D) Parts() []Part {
	return []Part{{Name: "weight", Param: c.Weight}, {Name: "bias", Param: c.Bias}}
}

// Fans returns how many inputs an output sees, R*S*C/groups, and how many outputs an input reaches
// when the stride is 1, R*S*K, as PyTorch counts them.
func (c *Conv2D) Fans() (in, out int) {
	w := c.Weight.Value
	area := w.Dim(0) * w.Dim(1)
	return area * w.Dim(2), area * w.Dim(3)
}

func addBias(y *autograd.Var, bias *autograd.Param) *autograd.Var {
	if bias == nil {
		return y
	}
	return autograd.Add(y, bias.On(y))
}

func addBiasReLU(y *autograd.Var, bias *autograd.Param) *autograd.Var {
	if bias == nil {
		return autograd.ReLU(y)
	}
	return autograd.AddReLU(y, bias.On(y))
}
