package nn_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
)

// Numbers that would make a layer's weights or results NaN, or that lost their meaning, are a panic by name.
func TestNumbersThatMakeNoSensePanic(t *testing.T) {
	rng, nan := newRand(), float32(math.NaN())
	inf := float32(math.Inf(1))
	w, x := tensor.New(2, 2), autograd.Const(tensor.New(2, 2, 2, 3))
	norm := func(eps, momentum float32) func() {
		b := nn.NewBatchNorm2D(3)
		b.Eps, b.Momentum = eps, momentum
		return func() { b.Forward(x) }
	}
	noRand := "no random numbers: pass rand.New(rand.NewPCG(seed, 0)) of math/rand/v2"
	for says, f := range map[string]func(){
		"nn: BatchNorm2D of 3 channels: Eps 0: want more than 0, and finite":      norm(0, 0.1),
		"nn: BatchNorm2D of 3 channels: Eps -1e-05: want more than 0, and finite": norm(-1e-5, 0.1),
		"nn: BatchNorm2D of 3 channels: Eps NaN: want more than 0, and finite":    norm(nan, 0.1),
		"nn: BatchNorm2D of 3 channels: Eps +Inf: want more than 0, and finite":   norm(inf, 0.1),
		"nn: BatchNorm2D of 3 channels: Momentum NaN: want 0 <= Momentum <= 1":    norm(1e-5, nan),
		"nn: BatchNorm2D of 3 channels: Momentum 1.5: want 0 <= Momentum <= 1":    norm(1e-5, 1.5),
		"nn: BatchNorm2D of 3 channels: Momentum -0.1: want 0 <= Momentum <= 1":   norm(1e-5, -0.1),
		"nn: NewBatchNorm2D: 0 channels: want at least 1":                         func() { nn.NewBatchNorm2D(0) },
		"nn: NewConv2D: 0 inputs, 4 outputs: want at least 1 of both":             func() { nn.NewConv2D(0, 4, tensor.Both(3), tensor.ConvSpec{}, rng) },
		"nn: NewConv2D: filters of 3x0: want sides of at least 1": func() {
			nn.NewConv2D(3, 4, tensor.HW{H: 3}, tensor.ConvSpec{}, rng)
		},
		"nn: NewConv2D: {Stride:0x0 Pad:0x-1 Dilation:0x0 MoreAtEnd:0x0 Groups:0}: want no negative numbers": func() {
			nn.NewConv2D(3, 4, tensor.Both(3), tensor.ConvSpec{Pad: tensor.HW{W: -1}}, rng)
		},
		"nn: NewConv2D: {Stride:0x0 Pad:1x1 Dilation:0x0 MoreAtEnd:0x-2 Groups:0}: want no negative numbers": func() {
			nn.NewConv2D(3, 4, tensor.Both(3), tensor.ConvSpec{Pad: tensor.Both(1), MoreAtEnd: tensor.HW{W: -2}}, rng)
		},
		"nn: NewLinear: 4 inputs, -1 outputs: want at least 1 of both":     func() { nn.NewLinear(4, -1, rng) },
		"nn: KaimingNormal: fan 0: want at least 1":                        func() { nn.KaimingNormal(w, 0, rng) },
		"nn: XavierUniform: fans 0 and 0: want a sum of at least 1":        func() { nn.XavierUniform(w, 0, 0, rng) },
		"nn: XavierUniform: fans -1 and 5: want a sum of at least 1":       func() { nn.XavierUniform(w, -1, 5, rng) },
		"nn: Uniform: bound NaN: want at least 0, and finite in float32":   func() { nn.Uniform(w, math.NaN(), rng) },
		"nn: Uniform: bound -1: want at least 0, and finite in float32":    func() { nn.Uniform(w, -1, rng) },
		"nn: Uniform: bound 1e+39: want at least 0, and finite in float32": func() { nn.Uniform(w, 1e39, rng) },
		"nn: Uniform: " + noRand:                                           func() { nn.NewLinear(3, 4, nil) },
		"nn: KaimingNormal: " + noRand:                                     func() { nn.NewConv2D(3, 4, tensor.Both(3), tensor.ConvSpec{}, nil) },
		"nn: NewDropout: probability 1 is outside [0,1)":                   func() { nn.NewDropout(1) },
		"nn: Conv2D 1x1, 5 to 4: [2 2 2 3]: want images [N H W 5]; these have 3 channels": func() {
			nn.NewConv2D(5, 4, tensor.Both(1), tensor.ConvSpec{}, rand.New(rand.NewPCG(1, 2))).Forward(x)
		},
		"nn: Flatten: a single number has no leading axis": func() { nn.Flatten{}.Forward(autograd.Const(tensor.Scalar(1))) },
	} {
		require.PanicsWithValue(t, says, f)
	}
	norm(1e-45, 0)() // the smallest, and statistics that stand still
	norm(1e-5, 1)()
}
