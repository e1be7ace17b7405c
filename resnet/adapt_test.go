package resnet_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/tensor"
)

func TestWithClasses(t *testing.T) {
	for name, config := range tiny() {
		net := mustNew(t, config)
		fill(net)
		other, err := net.WithClasses(7, newRand())
		require.NoError(t, err)
		from := maps.Collect(nn.State(net))
		changed := 0
		for layer, x := range nn.State(other) {
			if strings.HasPrefix(layer, "fc.") || strings.HasPrefix(layer, "classifier.2.") {
				require.Equal(t, 7, x.Dim(0))
				changed++
				continue
			}
			require.True(t, tensor.Equal(from[layer], x), "%s %s", name, layer)
			require.NotSame(t, &from[layer].Data()[0], &x.Data()[0], "%s %s", name, layer)
		}
		require.Equal(t, 2, changed)
		require.Equal(t, 5, net.Config().Classes)
	}
	_, err := mustNew(t, resnet.Config{Depth: 8, Width: 2, Classes: 2}).WithClasses(0, newRand())
	require.ErrorContains(t, err, "Config.Classes is 0")
}

// The last of the features has the bits of the state before the head, and each the shape that its block says.
func TestFeatures(t *testing.T) {
	for name, config := range tiny() {
		net := mustNew(t, config)
		x := autograd.Const(randomImages(newRand(), 2, config.Image))
		features := net.Features(x)
		require.Len(t, features, 3, name)
		at := -1
		for stage, blocks := range config.Blocks {
			at += blocks
			out := net.Block(at).Out
			require.Equal(t, []int{2, out.Height, out.Width, out.Channels}, features[stage].Shape(), name)
		}
		require.True(t, tensor.Equal(net.Forward(x).Value(), net.Head(features[2]).Value()), name)
	}
}

// Frozen stages stay as they are, their running statistics too, while the others train.
func TestFrozenStages(t *testing.T) {
	net := mustNew(t, resnet.Config{Blocks: []int{1, 2, 1}, Width: 4, Classes: 5, Kind: resnet.Original, Shortcut: resnet.OptionB})
	nn.Freeze(net.Stages(2)...)
	before := map[string]*tensor.Tensor{}
	for name, x := range nn.Buffers(net) {
		before[name] = x.Clone()
	}
	tape := autograd.NewTape(1)
	x := tape.Input(randomImages(newRand(), 4, net.Config().Image))
	tape.Backward(autograd.CrossEntropy(net.Forward(x), []int{0, 1, 2, 3}, 0))
	for name, p := range nn.Params(net) {
		frozen := !strings.HasPrefix(name, "layer3.") && !strings.HasPrefix(name, "fc.")
		require.Equal(t, frozen, p.Frozen, name)
		require.Equal(t, frozen, p.Grad == nil || tensor.Norm(p.Grad) == 0, name)
	}
	for name, x := range nn.Buffers(net) {
		require.Equal(t, !strings.HasPrefix(name, "layer3."), tensor.Equal(before[name], x), name)
	}
}

// The parts of a summary add up to what the net says of itself.
func TestSummary(t *testing.T) {
	for name, config := range tiny() {
		net := mustNew(t, config)
		total := net.Summary().Total()
		require.Equal(t, nn.Count(net), total.Parameters, name)
		require.Equal(t, net.MultiplyAdds(), total.MultiplyAdds, name)
	}
	net := mustNew(t, resnet.Config{Depth: 8, Width: 2, Classes: 3, Image: resnet.Shape{Height: 4, Width: 4, Channels: 1}})
	require.Equal(t, `part           layers          gives   parameters  mult-adds/1e6  weights KiB  gives KiB
stem                1          4x4x2           22          0.000          0.1        0.1
layer1.0            2          4x4x2           76          0.001          0.3        0.1
layer2.0            2          2x2x4          228          0.001          0.9        0.1
layer3.0            2          1x1x8          888          0.001          3.5        0.0
head                1          1x1x3           43          0.000          0.2        0.0
total               8          1x1x3         1257          0.003          4.9        0.0
`, net.Summary().String())
}
