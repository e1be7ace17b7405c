package infer_test

import (
	"cmp"
	"context"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum"
	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/infer"
	"github.com/residuum-go/residuum/internal/kernel/kerneltest"
	"github.com/residuum-go/residuum/internal/nettest"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/tensor"
)

func quantize(t testing.TB, m nn.Module, x *tensor.Tensor, o infer.Quantization) *infer.Program {
	p, err := infer.Quantize(context.Background(), m, x, o)
	require.NoError(t, err)
	return p
}

// requireClose compares with what the module gives: the noise may have that share of the norm.
func requireClose(t testing.TB, m nn.Module, p *infer.Program, x *tensor.Tensor, share float64) {
	t.Helper()
	want := m.Forward(autograd.Const(x)).Value()
	got := run(t, p, x)
	require.Equal(t, want.Shape(), got.Shape())
	require.Less(t, tensor.Norm(tensor.Sub(nil, got, want)), share*tensor.Norm(want))
}

func TestQuantizedNetsGiveNearlyTheSame(t *testing.T) {
	for _, c := range []struct {
		name         string
		blocks, side int
	}{{"resnet18", 1, 40}, {"resnet50", 1, 40}, {"resnet50d", 1, 40}, {"seresnet50", 1, 40}, {"resnext50_32x4d", 1, 40}, {"vgg11_bn", 1, 224}} {
		config, err := resnet.Named(c.name, 10)
		require.NoError(t, err)
		if config.Hidden > 0 {
			config.Hidden = 64
		}
		for i := range config.Blocks {
			config.Blocks[i] = min(config.Blocks[i], c.blocks)
		}
		t.Run(c.name, func(t *testing.T) {
			net := nettest.Drawn(t, config)
			x := nettest.Images(1, 4, c.side, c.side, 3)
			p := quantize(t, net, x, infer.Quantization{})
			requireClose(t, net, p, x, .06)
			assert.Contains(t, p.String(), "bytes")
		})
	}
}

func TestQuantizedNetsForCIFAR(t *testing.T) {
	for _, kind := range []resnet.Kind{resnet.Original, resnet.PreActivation, resnet.Plain} {
		net := nettest.Drawn(t, resnet.Config{Depth: 8, Classes: 10, Kind: kind})
		x := nettest.Images(1, 20, 24, 20, 3)
		requireClose(t, net, quantize(t, net, x, infer.Quantization{}), x, .05)
		requireClose(t, net, quantize(t, net, x, infer.Quantization{Percentile: 99.99}), x, .05)
	}
}

func TestQuantizingLeavesWhatItMust(t *testing.T) {
	o := newOdd()
	x := nettest.Images(1, 4, 6, 7, 3)
	p := quantize(t, o, x, infer.Quantization{})
	requireClose(t, o, p, x, .05)
	assert.Contains(t, p.String(), "Dequantize")
}

func TestAQuantizedImageHasTheSameBitsEverywhere(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		net := nettest.Drawn(t, resnet.Config{Depth: 8, Classes: 10})
		x := nettest.Images(1, 11, 24, 20, 3)
		p := quantize(t, net, x, infer.Quantization{})
		defer residuum.SetWorkers(residuum.Workers())
		residuum.SetWorkers(1)
		want := run(t, p, x)
		for _, workers := range []int{1, 2, 3} {
			residuum.SetWorkers(workers)
			require.True(t, tensor.Equal(want, run(t, p, x)), "%d workers", workers)
			for _, at := range []int{0, 7, 10} {
				require.True(t, tensor.Equal(want.Slice(at, at+1), run(t, p, x.Slice(at, at+1))), "image %d alone", at)
			}
		}
	})
}

func TestChosenStepsStayInFloat(t *testing.T) {
	net := nettest.Drawn(t, resnet.Config{Depth: 8, Classes: 10})
	x := nettest.Images(1, 8, 24, 20, 3)
	requireClose(t, net, quantize(t, net, x, infer.Quantization{Float: []string{"conv1", "fc"}}), x, .05)
	_, err := infer.Quantize(context.Background(), net, x, infer.Quantization{Float: []string{"conv1", "head"}})
	var config *residuum.ConfigError
	require.ErrorAs(t, err, &config)
	require.EqualError(t, err, `infer: Quantize: infer: Quantization.Float is [conv1 head]: no step is named "head"`)
}

func TestWhatCannotBeQuantized(t *testing.T) {
	net := nettest.Drawn(t, resnet.Config{Depth: 8, Classes: 10})
	x := nettest.Images(1, 2, 24, 20, 3)
	_, err := infer.Quantize(context.Background(), net, x, infer.Quantization{Percentile: 101})
	require.EqualError(t, err, "infer: Quantize: infer: Quantization.Percentile is 101: want 0 to 100")
	_, err = infer.Quantize(context.Background(), net, tensor.New(0, 24, 20, 3), infer.Quantization{})
	require.EqualError(t, err, "infer: Quantize: images of shape [0 24 20 3]: want N, H, W and C, and some images")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = infer.Quantize(ctx, net, x, infer.Quantization{})
	require.ErrorIs(t, err, context.Canceled)
	x.Data()[7] = float32(math.Inf(1))
	_, err = infer.Quantize(context.Background(), net, x, infer.Quantization{})
	require.ErrorContains(t, err, "NaN or infinity")
}

func TestSensitivityFindsTheLayerThatLosesMost(t *testing.T) {
	net := nettest.Drawn(t, resnet.Config{Depth: 8, Classes: 10})
	for name, p := range nn.Params(net) {
		if name == "layer2.0.conv1.weight" {
			p.Value.Data()[0] = 50 // so much larger than the rest that little else is left of the channel
		}
	}
	x := nettest.Images(1, 6, 24, 20, 3)
	l, err := infer.Sensitivity(context.Background(), net, x, infer.Quantization{})
	require.NoError(t, err)
	require.Len(t, l.Layers, 8)
	worst := slices.MinFunc(l.Layers, func(a, b infer.LayerLoss) int { return cmp.Compare(a.Own, b.Own) })
	require.Equal(t, "layer2.0.conv1", worst.Name)
	for _, s := range l.Layers {
		require.Greater(t, s.Own, 15.)
		require.Greater(t, s.Output, l.Output-1, "one layer loses less than all")
	}
	require.Contains(t, l.String(), "signal to noise in dB, 4 images")

	kept, err := infer.Sensitivity(context.Background(), net, x, infer.Quantization{Float: []string{worst.Name}})
	require.NoError(t, err)
	require.Len(t, kept.Layers, 7)
	require.Greater(t, kept.Output, l.Output)
}
