package unravel_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/nn/optim"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/unravel"
)

// inverted is a residual net that sees the negative of each image.
type inverted struct{ *resnet.Net }

func (n inverted) Stem(x *autograd.Var) *autograd.Var { return n.Net.Stem(autograd.Neg(x)) }

// A type that embeds a net and overrides a part of it inherits the net's Forward, which knows nothing of
// that. As a Module it is what it looks like.
func ExampleModule() {
	net, err := resnet.New(resnet.Config{Depth: 8, Width: 4, Classes: 2}, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		fmt.Println(err)
		return
	}
	image := tensor.Full(1, 1, 32, 32, 3)
	negative := tensor.Full(-1, 1, 32, 32, 3)
	logits := func(m nn.Module, image *tensor.Tensor) *tensor.Tensor {
		return m.Forward(autograd.Const(image)).Value()
	}

	wanted := logits(net, negative)
	fmt.Println("inherited Forward:", tensor.Equal(wanted, logits(inverted{net}, image)))
	fmt.Println("as a Module:", tensor.Equal(wanted, logits(unravel.Module{Network: inverted{net}}, image)))
	// Output:
	// inherited Forward: false
	// as a Module: true
}

// Every network that the package makes can be run and trained as a module, with the parameters of its net.
func TestModulesOfNetworks(t *testing.T) {
	cfg := resnet.Config{Depth: 8, Width: 4, Classes: 2, WithoutBatchNorm: true}
	net, err := resnet.New(cfg, rand.New(rand.NewPCG(1, 2)))
	require.NoError(t, err)
	x := tensor.New(2, 32, 32, 3)
	for i := range x.Data() {
		x.Data()[i] = float32(i%17) / 8
	}
	double := func(_ int, f *autograd.Var) *autograd.Var { return autograd.Scale(f, 2) }
	for name, other := range map[string]unravel.Network{
		"net":       net,
		"inverted":  inverted{net},
		"edited":    unravel.Edited(net, unravel.Plan{{Block: 0}, {Block: 1, Do: unravel.Delete}, {Block: 2}}),
		"from":      unravel.From(net, 1),
		"fromInput": unravel.FromInput(net),
		"hooks":     unravel.WithHooks(net, unravel.Hooks{Branch: double}),
		"module":    unravel.Module{Network: net},
	} {
		t.Run(name, func(t *testing.T) {
			var m nn.Module = unravel.Module{Network: other}
			require.Equal(t, unravel.Forward(other, autograd.Const(x)).Value().Data(), m.Forward(autograd.Const(x)).Value().Data())
			require.Equal(t, net.Parts(), m.Parts())
			sgd, err := optim.NewSGD(nn.Params(m), optim.SGDConfig{})
			require.NoError(t, err)
			loss := func() float32 {
				tape := autograd.NewTape(1)
				l := autograd.CrossEntropy(m.Forward(tape.Input(x)), []int{0, 0}, 0)
				autograd.ZeroGrad(sgd.Params())
				tape.Backward(l)
				return l.Value().Item()
			}
			before := loss()
			sgd.Step(0.01)
			require.Less(t, loss(), before)
		})
	}
	require.Nil(t, unravel.Module{Network: withoutParts{net}}.Parts())
}

// withoutParts is a network that has the methods of one and no others.
type withoutParts struct{ unravel.Network }

func TestShortPathsOfNetsThatHaveNone(t *testing.T) {
	build := func(kind resnet.Kind) *resnet.Net {
		net, err := resnet.New(resnet.Config{Kind: kind, Blocks: []int{2}, Width: 2, Classes: 2}, rand.New(rand.NewPCG(1, 2)))
		require.NoError(t, err)
		return net
	}
	require.PanicsWithValue(t, "unravel: ShortPaths: 3 of 2 blocks", func() { unravel.ShortPaths(build(resnet.Original), 3) })
	require.PanicsWithValue(t, "unravel: ShortPaths: 0 of 2 blocks", func() { unravel.ShortPaths(build(resnet.Original), 0) })
	require.PanicsWithValue(t, "unravel: ShortPaths: block 0 has no skip, so it cannot be left out",
		func() { unravel.ShortPaths(build(resnet.Plain), 1) })
	require.Equal(t, build(resnet.Original).Parts()[0].Name, unravel.ShortPaths(build(resnet.Original), 1).Parts()[0].Name)
}
