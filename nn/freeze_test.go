package nn_test

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
)

// A frozen batch norm computes in training what it computes in evaluation, in every form, and nothing of it moves.
func TestFrozenBatchNorm(t *testing.T) {
	x, z := randomImage(t, 1), randomImage(t, 2)
	norm := func() *nn.BatchNorm2D {
		b := nn.NewBatchNorm2D(5)
		for c := range 5 {
			b.RunningMean.Set(0.1*float32(c), c)
			b.RunningVar.Set(0.5+float32(c), c)
		}
		return b
	}
	for name, forward := range map[string]func(a, b *nn.BatchNorm2D, x, z *autograd.Var) *autograd.Var{
		"alone": func(a, b *nn.BatchNorm2D, x, z *autograd.Var) *autograd.Var { return a.Forward(x) },
		"ReLU": func(a, b *nn.BatchNorm2D, x, z *autograd.Var) *autograd.Var {
			return nn.Sequential{a, nn.ReLU{}}.Forward(x)
		},
		"a sum":       func(a, b *nn.BatchNorm2D, x, z *autograd.Var) *autograd.Var { return nn.AddReLU(given{z}, a, x) },
		"two":         func(a, b *nn.BatchNorm2D, x, z *autograd.Var) *autograd.Var { return addNormReLU(a, x, b, z) },
		"two, turned": func(a, b *nn.BatchNorm2D, x, z *autograd.Var) *autograd.Var { return addNormReLU(a, z, b, x) },
		"pool": func(a, b *nn.BatchNorm2D, x, z *autograd.Var) *autograd.Var {
			return nn.Sequential{a, nn.ReLU{}, nn.MaxPool2D{Size: tensor.Both(2)}}.Forward(x)
		},
	} {
		t.Run("form="+name, func(t *testing.T) {
			a, b := norm(), norm()
			want := forward(a, b, autograd.Const(x), autograd.Const(z)).Value()
			nn.Freeze(a, b)
			tape := autograd.NewTape(1)
			v := tape.Input(x)
			y := forward(a, b, v, tape.Input(z))
			require.Equal(t, want.Data(), y.Value().Data())
			require.NotZero(t, tensor.Norm(autograd.VJP(y, nil, v)[0].Value()), "the gradient passes")
			tape.Backward(autograd.Sum(y))
			for at, x := range nn.State(nn.Sequential{norm(), norm()}) {
				require.True(t, tensor.Equal(x, maps.Collect(nn.State(nn.Sequential{a, b}))[at]), at)
			}
			for at, p := range nn.Params(nn.Sequential{a, b}) {
				require.Nil(t, p.Grad, at)
			}

			nn.Unfreeze(a, b)
			tape.Reset()
			y = forward(a, b, tape.Input(x), tape.Input(z))
			require.NotEqual(t, want.Data(), y.Value().Data())
		})
	}
	one := norm()
	one.Weight.Frozen = true
	one.Forward(autograd.NewTape(1).Input(x))
	require.False(t, tensor.Equal(norm().RunningMean, one.RunningMean), "a bias that is trained keeps it in training")
}

// Recalibration is asked for, so it moves frozen statistics.
func TestRecalibrateFrozen(t *testing.T) {
	free, frozen, x := nn.NewBatchNorm2D(5), nn.NewBatchNorm2D(5), randomImage(t, 1)
	nn.Freeze(frozen)
	for _, b := range []*nn.BatchNorm2D{free, frozen} {
		require.NoError(t, nn.Recalibrate(t.Context(), b, b.Forward, x))
	}
	require.Equal(t, free.RunningMean.Data(), frozen.RunningMean.Data())
	require.NotZero(t, tensor.Norm(frozen.RunningMean))
}

// Everyone who walks sees modules by their names, from the outside in, and may stop.
func TestModules(t *testing.T) {
	l := nn.NewLinear(3, 3, newRand())
	net := nn.Sequential{l, nn.Sequential{nn.ReLU{}, nn.NewBatchNorm2D(3), l}, nn.ReLU{}}
	var walked []string
	for name := range nn.Modules(net) {
		walked = append(walked, name)
	}
	require.Equal(t, []string{"", "0", "1", "1.0", "1.1", "2"}, walked)
	for range nn.Modules(net) {
		break
	}
	for name := range nn.Params(net) {
		require.Equal(t, "0.weight", name)
		break
	}
	for name := range nn.Buffers(net) {
		require.Equal(t, "1.1.running_mean", name)
		break
	}
	for name := range nn.State(net) {
		require.Equal(t, "0.weight", name)
		break
	}
	require.Equal(t, 9+3+3+3, nn.Count(net))
}
