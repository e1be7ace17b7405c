package resnet_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/tensor"
)

// A batch of no images gives no logits, whole and block by block, and zero gradients.
func TestEmptyBatches(t *testing.T) {
	for name, cfg := range map[string]resnet.Config{
		"pre-activation":   {Depth: 8},
		"original":         {Kind: resnet.Original, Depth: 8, Shortcut: resnet.OptionB},
		"bottleneck":       {Depth: 11, Bottleneck: true, Shortcut: resnet.OptionC},
		"plain":            {Kind: resnet.Plain, Depth: 8},
		"vgg":              {Kind: resnet.VGG, Depth: 10},
		"stem of ImageNet": {Kind: resnet.Original, Depth: 8, StemSize: 7, StemStride: 2, StemPool: true},
		"without norm":     {Depth: 8, WithoutBatchNorm: true},
		"stochastic":       {Depth: 8, WithoutBatchNorm: true, Survival: 0.5},
	} {
		t.Run(name, func(t *testing.T) {
			cfg.Classes, cfg.Width = 5, 4
			net, err := resnet.New(cfg, rand.New(rand.NewPCG(1, 2)))
			require.NoError(t, err)
			x := tensor.New(0, 32, 32, 3)
			require.Equal(t, []int{0, 5}, net.Forward(autograd.Const(x)).Shape())
			y := net.Stem(autograd.Const(x))
			for i := range net.Len() {
				branch := net.Branch(i, y)
				y = net.Join(i, net.Skip(i, y), nil)
				out := net.Block(i).Out
				require.Equal(t, []int{0, out.Height, out.Width, out.Channels}, y.Shape())
				require.Equal(t, y.Shape(), branch.Shape())
			}
			tape := autograd.NewTape(1)
			tape.SetTraining(cfg.WithoutBatchNorm)
			in := tape.Input(x)
			tape.Backward(autograd.Sum(net.Forward(in)))
			for name, p := range nn.Params(net) {
				if p.Grad != nil { // not of a branch that stochastic depth left out
					require.Zero(t, tensor.Norm(p.Grad), name)
				}
			}
		})
	}
}

// Images of another layout or with other channels are told apart, in one line that says what to do.
func TestImagesThatDoNotFit(t *testing.T) {
	for _, c := range []struct {
		kind     resnet.Kind
		channels int
		in       []int
		says     string
	}{
		{resnet.PreActivation, 3, []int{2, 3, 32, 32}, "nn: Conv2D 3x3, 3 to 4: [2 3 32 32]: want images [N H W 3]; " +
			"these look like [N C H W], which Transpose(nil, x, 0, 2, 3, 1) of package tensor turns into [N H W C]"},
		{resnet.PreActivation, 1, []int{2, 1, 32, 32}, "nn: Conv2D 3x3, 1 to 4: [2 1 32 32]: want images [N H W 1]; " +
			"these look like [N C H W], which Transpose(nil, x, 0, 2, 3, 1) of package tensor turns into [N H W C]"},
		{resnet.Original, 3, []int{2, 32, 32, 1}, "nn: Conv2D 3x3, 3 to 4: [2 32 32 1]: want images [N H W 3]; " +
			"these are grey: repeat them, Concat(nil, 3, x, x, x) of package tensor, or build the net for 1 channel"},
		{resnet.VGG, 1, []int{2, 32, 32, 3}, "nn: Conv2D 3x3, 1 to 4: [2 32 32 3]: want images [N H W 1]; " +
			"these are in colour: make them grey, MeanKeep(nil, x, 3) of package tensor, or build the net for 3 channels"},
		{resnet.Plain, 3, []int{32, 32, 3}, "nn: Conv2D 3x3, 3 to 4: [32 32 3]: want images [N H W 3]; " +
			"a single one is a batch of one, Reshape(1, 32, 32, 3)"},
		{resnet.Plain, 3, []int{2, 3072}, "nn: Conv2D 3x3, 3 to 4: [2 3072]: want images [N H W 3]"},
		{resnet.Plain, 3, []int{2, 32, 32, 4}, "nn: Conv2D 3x3, 3 to 4: [2 32 32 4]: want images [N H W 3]; these have 4 channels"},
	} {
		image := resnet.Shape{Height: 32, Width: 32, Channels: c.channels}
		cfg := resnet.Config{Kind: c.kind, Blocks: []int{1, 1}, Width: 4, Image: image, Classes: 5}
		net, err := resnet.New(cfg, rand.New(rand.NewPCG(1, 2)))
		require.NoError(t, err)
		require.PanicsWithValue(t, c.says, func() { net.Forward(autograd.Const(tensor.New(c.in...))) })
		require.PanicsWithValue(t, c.says, func() { net.Forward(autograd.NewTape(1).Input(tensor.New(c.in...))) })
	}
	// What the messages recommend is right.
	x := tensor.New(2, 3, 32, 16)
	require.Equal(t, []int{2, 32, 16, 3}, tensor.Transpose(nil, x, 0, 2, 3, 1).Shape())
	grey := tensor.New(2, 32, 16, 1)
	require.Equal(t, []int{2, 32, 16, 3}, tensor.Concat(nil, 3, grey, grey, grey).Shape())
	require.Equal(t, grey.Shape(), tensor.MeanKeep(nil, tensor.Concat(nil, 3, grey, grey, grey), 3).Shape())
}

func TestWithoutRandomNumbers(t *testing.T) {
	require.PanicsWithValue(t, "resnet: New: no random numbers: pass rand.New(rand.NewPCG(seed, 0)) of math/rand/v2", func() {
		_, _ = resnet.New(resnet.Config{Depth: 8, Classes: 2}, nil)
	})
}
