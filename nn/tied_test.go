package nn_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/nn/optim"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/weights"
)

// A layer that occurs twice has one weight and one bias, for everyone who looks at parameters.
func TestALayerUsedTwiceHasItsParametersOnce(t *testing.T) {
	l := nn.NewLinear(newRand(), 3, 3)
	net := nn.NewSequential(l, nn.ReLU{}, l)
	require.Equal(t, []string{"0.weight", "0.bias"}, names(net))
	require.Equal(t, []*autograd.Param{l.Weight, l.Bias}, net.Params())
	require.Equal(t, 12, nn.Count(net.Params()))
	require.Equal(t, 12, nn.Count(append(net.Params(), net.Params()...)))

	outer := nn.NewSequential(nn.ReLU{}, net, nn.Tanh{}, l, net)
	require.Equal(t, []string{"1.0.weight", "1.0.bias"}, names(outer))
	require.Equal(t, []string{"net.1.0.weight", "net.1.0.bias"}, names(nn.Sequential{nn.Named("net", repeated{outer})}))
}

// repeated is a module of someone who does not look for repetitions.
type repeated struct{ nn.Module }

func (r repeated) Params() []*autograd.Param { return append(r.Module.Params(), r.Module.Params()...) }

func TestLayersThatShareAWeight(t *testing.T) {
	a, b := nn.NewLinear(newRand(), 3, 3), nn.NewLinear(newRand(), 3, 3)
	b.Weight = a.Weight
	require.Equal(t, []string{"0.weight", "0.bias", "1.bias"}, names(nn.NewSequential(a, b)))
}

// The gradient is the sum of those of two layers of the same values, and a step, a clip and a file see it once.
func TestALayerUsedTwiceTrainsAndIsSavedOnce(t *testing.T) {
	tied, first, second := nn.NewLinear(newRand(), 3, 3), nn.NewLinear(newRand(), 3, 3), nn.NewLinear(newRand(), 3, 3)
	net, apart := nn.NewSequential(tied, nn.ReLU{}, tied), nn.NewSequential(first, nn.ReLU{}, second)
	for i, p := range tied.Params() {
		tensor.Copy(first.Params()[i].Value, p.Value)
		tensor.Copy(second.Params()[i].Value, p.Value)
	}
	x := tensor.From([]float32{1, 2, -1, 0.5, -3, 2}, 2, 3)
	backward := func(m nn.Module) {
		tape := autograd.NewTape(1)
		tape.Backward(autograd.Sum(autograd.Square(m.Forward(tape.Input(x)))))
	}
	backward(net)
	backward(apart)
	sum := tensor.Add(nil, first.Weight.Grad, second.Weight.Grad)
	require.True(t, tensor.AllClose(tied.Weight.Grad, sum, 1e-6, 1e-6))

	norm := optim.ClipNorm(net.Params(), 1)
	require.Greater(t, norm, 1.0)
	require.InDelta(t, 1, optim.ClipNorm(append(net.Params(), net.Params()...), 1), 1e-6)
	sgd := &optim.SGD{Params: net.Params(), Momentum: 0.9}
	want := tensor.AddScaled(nil, tied.Weight.Value, -0.1, tied.Weight.Grad)
	sgd.Step(0.1)
	require.True(t, tensor.AllClose(want, tied.Weight.Value, 1e-6, 1e-7))

	file := weights.FromParams(net.Params())
	require.Len(t, file, 2)
	before := tied.Weight.Value.Clone()
	tied.Weight.Value.Fill(7)
	require.NoError(t, weights.Assign(net.Params(), &weights.File{Tensors: file}))
	require.True(t, tensor.Equal(before, tied.Weight.Value))
}
