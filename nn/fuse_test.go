package nn_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
)

// given is a module that returns y whatever it gets.
type given struct{ y *autograd.Var }

func (g given) Forward(*autograd.Var) *autograd.Var { return g.y }

func (given) Parts() []nn.Part { return nil }

func addNormReLU(b *nn.BatchNorm2D, x *autograd.Var, other *nn.BatchNorm2D, z *autograd.Var) *autograd.Var {
	return nn.AddReLU(nn.Sequential{given{z}, other}, b, x)
}

// separately applies the modules of m one by one.
func separately(m nn.Module, x *autograd.Var) *autograd.Var {
	if s, ok := m.(nn.Sequential); ok {
		for _, m := range s {
			x = separately(m, x)
		}
		return x
	}
	return m.Forward(x)
}

func conv() nn.Module {
	return nn.NewConv2D(5, 5, tensor.Both(3), tensor.ConvSpec{Pad: tensor.Both(1)}, newRand())
}

func norm() nn.Module {
	b := nn.NewBatchNorm2D(5)
	for c := range 5 {
		b.Weight.Value.Set(0.5+0.25*float32(c), c)
		b.Bias.Value.Set(0.1*float32(c-2), c)
		b.RunningMean.Set(0.2*float32(c-2), c)
		b.RunningVar.Set(1+0.1*float32(c), c)
	}
	return b
}

// What is computed together, and the op that is recorded for it in training.
func TestFusedLayersHaveTheBitsOfTheirParts(t *testing.T) {
	biased := nn.NewConv2D(5, 4, tensor.Both(3), tensor.ConvSpec{Pad: tensor.Both(1)}, newRand()).WithBias()
	for i := range 4 {
		biased.Bias.Value.Set(0.3*float32(i-1), i)
	}
	pool := nn.MaxPool2D{Size: tensor.Both(3), Stride: tensor.Both(2), Pad: tensor.Both(1)}
	type sequence = nn.Sequential
	for name, c := range map[string]struct {
		layers func() nn.Sequential // or, with a skip, the branch of a sum with a ReLU behind it
		skip   func() nn.Module
		op     string
	}{
		"conv, ReLU":           {layers: func() nn.Sequential { return sequence{conv(), nn.ReLU{}} }, op: "ReLU"},
		"conv with bias, ReLU": {layers: func() nn.Sequential { return sequence{biased, nn.ReLU{}} }, op: "AddReLU"},
		"linear, ReLU": {layers: func() nn.Sequential {
			return sequence{nn.Flatten{}, nn.NewLinear(80, 7, newRand()), nn.ReLU{}}
		}, op: "AddReLU"},
		"pool, ReLU":       {layers: func() nn.Sequential { return sequence{pool, nn.ReLU{}} }, op: "ReLU"},
		"norm":             {layers: func() nn.Sequential { return sequence{norm()} }, op: "BatchNorm"},
		"norm, ReLU":       {layers: func() nn.Sequential { return sequence{norm(), nn.ReLU{}} }, op: "BatchNorm"},
		"norm, pool":       {layers: func() nn.Sequential { return sequence{norm(), pool} }, op: "BatchNorm"},
		"norm, ReLU, pool": {layers: func() nn.Sequential { return sequence{norm(), nn.ReLU{}, pool} }, op: "BatchNorm"},
		"norm, pool, ReLU": {layers: func() nn.Sequential { return sequence{norm(), pool, nn.ReLU{}} }, op: "ReLU"},
		"conv, norm, norm, ReLU, conv": {layers: func() nn.Sequential {
			return sequence{conv(), norm(), norm(), nn.ReLU{}, conv()}
		}, op: "Conv2D"},
		"norm + x": {layers: func() nn.Sequential { return sequence{conv(), norm()} },
			skip: func() nn.Module { return nn.Identity{} }, op: "BatchNorm"},
		"norm + conv": {layers: func() nn.Sequential { return sequence{norm()} }, skip: conv, op: "BatchNorm"},
		"norm + norm": {layers: func() nn.Sequential { return sequence{conv(), nn.ReLU{}, norm()} },
			skip: func() nn.Module { return nn.Sequential{conv(), norm()} }, op: "BatchNorm"},
		"norm + norm of x": {layers: func() nn.Sequential { return sequence{norm()} }, skip: norm, op: "BatchNorm"},
		"conv + norm":      {layers: func() nn.Sequential { return sequence{conv()} }, skip: norm, op: "AddReLU"},
		"nothing + x":      {layers: func() nn.Sequential { return nil }, skip: conv, op: "AddReLU"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, training := range []bool{false, true} {
				run := func(together bool) (got [][]float32, op string) {
					tape := autograd.NewTape(1)
					tape.Poison()
					tape.SetTraining(training)
					x, layers, skip := tape.Input(randomImage(t, 3)), c.layers(), nn.Module(nn.Identity{})
					if c.skip != nil {
						skip = c.skip()
					}
					var y *autograd.Var
					switch {
					case together && c.skip != nil:
						y = nn.AddReLU(skip, layers, x)
					case together:
						y = layers.Forward(x)
					case c.skip != nil:
						s := separately(skip, x)
						y = autograd.ReLU(autograd.Add(s, separately(layers, x)))
					default:
						y = separately(layers, x)
					}
					g := autograd.VJP(y, nil, x)[0].Value().Data()
					got = append(got, append([]float32(nil), y.Value().Data()...), append([]float32(nil), g...))
					for _, p := range nn.Params(nn.Sequential{layers, skip}) {
						p.Grad = nil
					}
					tape.Backward(autograd.Sum(autograd.Square(y)))
					op, _, _ = strings.Cut(y.String(), " ")
					return append(got, insides(nn.Sequential{layers, skip})...), op
				}
				want, _ := run(false)
				got, op := run(true)
				require.Equal(t, want, got, "training %v", training)
				if training {
					require.Equal(t, c.op, op)
				}
			}
		})
	}
}
