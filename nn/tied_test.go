package nn_test

import (
	"maps"
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
	l := nn.NewLinear(3, 3, newRand())
	net := nn.Sequential{l, nn.ReLU{}, l}
	require.Equal(t, []string{"0.weight", "0.bias"}, names(net))
	require.Equal(t, map[string]*autograd.Param{"0.weight": l.Weight, "0.bias": l.Bias}, maps.Collect(nn.Params(net)))
	require.Equal(t, 12, nn.Count(net))

	outer := nn.Sequential{nn.ReLU{}, net, nn.Tanh{}, l, net}
	require.Equal(t, []string{"1.0.weight", "1.0.bias"}, names(outer))
	require.Equal(t, []string{"0.a.1.0.weight", "0.a.1.0.bias"}, names(nn.Sequential{inside{"a", outer}, inside{"b", outer}}))
}

func TestLayersThatShareAWeight(t *testing.T) {
	a, b := nn.NewLinear(3, 3, newRand()), nn.NewLinear(3, 3, newRand())
	b.Weight = a.Weight
	require.Equal(t, []string{"0.weight", "0.bias", "1.bias"}, names(nn.Sequential{a, b}))
}

// The gradient is the sum of those of two layers of the same values, and a step, a clip and a file see it once.
func TestALayerUsedTwiceTrainsAndIsSavedOnce(t *testing.T) {
	tied, first, second := nn.NewLinear(3, 3, newRand()), nn.NewLinear(3, 3, newRand()), nn.NewLinear(3, 3, newRand())
	net, apart := nn.Sequential{tied, nn.ReLU{}, tied}, nn.Sequential{first, nn.ReLU{}, second}
	for _, l := range []*nn.Linear{first, second} {
		tensor.Copy(l.Weight.Value, tied.Weight.Value)
		tensor.Copy(l.Bias.Value, tied.Bias.Value)
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

	sgd, err := optim.NewSGD(nn.Params(net), optim.SGDConfig{Momentum: 0.9})
	require.NoError(t, err)
	require.Len(t, sgd.Params(), 2)
	require.Greater(t, optim.ClipNorm(sgd.Params(), 1), 1.0)
	require.InDelta(t, 1, optim.ClipNorm(sgd.Params(), 1), 1e-6)
	want := tensor.AddScaled(nil, tied.Weight.Value, -0.1, tied.Weight.Grad)
	sgd.Step(0.1)
	require.True(t, tensor.AllClose(want, tied.Weight.Value, 1e-6, 1e-7))

	file := weights.FromState(nn.State(net))
	require.Len(t, file, 2)
	before := tied.Weight.Value.Clone()
	tied.Weight.Value.Fill(7)
	require.NoError(t, weights.Assign(nn.State(net), &weights.File{Tensors: file}))
	require.True(t, tensor.Equal(before, tied.Weight.Value))
}
