package resnet_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/resnet"
)

// He et al. 2016a, table 6, gives the sizes of the CIFAR-10 nets in millions.
func TestParameterCounts(t *testing.T) {
	for depth, millions := range map[int]float64{20: 0.27, 32: 0.46, 44: 0.66, 56: 0.85, 110: 1.7} {
		for _, kind := range []resnet.Kind{resnet.PreActivation, resnet.Original, resnet.Plain} {
			net := mustNew(t, resnet.Config{Kind: kind, Depth: depth, Classes: 10})
			require.InEpsilon(t, millions, float64(nn.Count(net))/1e6, 0.02, "%s %d", kind, depth)
			require.Equal(t, (depth-2)/2, net.Len())
		}
	}
}

func TestExactParameterCounts(t *testing.T) {
	cases := map[string]struct {
		config resnet.Config
		want   int
	}{
		"resnet-20":       {resnet.Config{Kind: resnet.Original, Depth: 20, Classes: 10}, 269722},
		"preact-20":       {resnet.Config{Depth: 20, Classes: 10}, 269722},
		"plain-20 narrow": {resnet.Config{Kind: resnet.Plain, Depth: 20, Width: 8, Classes: 10}, 68050},
		"vgg-15":          {resnet.Config{Kind: resnet.VGG, Depth: 15, Classes: 10}, 14986698},
	}
	for name, c := range cases {
		t.Run("net="+name, func(t *testing.T) {
			require.Equal(t, c.want, nn.Count(mustNew(t, c.config)))
		})
	}
}

func TestZeroValuesAreFilledIn(t *testing.T) {
	got := mustNew(t, resnet.Config{Depth: 20, Classes: 10}).Config()
	require.Equal(t, resnet.Config{
		Kind: resnet.PreActivation, Depth: 20, Blocks: []int{3, 3, 3}, Width: 16, Widen: 1,
		Image: resnet.Shape{Height: 32, Width: 32, Channels: 3}, Classes: 10,
		StemSize: 3, StemStride: 1, Shortcut: resnet.OptionA, Survival: 1, Groups: 1, GroupWidth: 16,
	}, got)
	again, err := resnet.New(got, newRand())
	require.NoError(t, err, "a complete Config describes the same net")
	require.Equal(t, got, again.Config())

	text, err := json.Marshal(got)
	require.NoError(t, err)
	var read resnet.Config
	require.NoError(t, json.Unmarshal(text, &read))
	require.Equal(t, got, read)
}

func TestDepthOfBottlenecks(t *testing.T) {
	require.Equal(t, []int{2, 2, 2}, mustNew(t, resnet.Config{Depth: 20, Bottleneck: true, Width: 2, Classes: 2}).Config().Blocks)
	require.Equal(t, 11, mustNew(t, resnet.Config{Blocks: []int{1, 2}, Bottleneck: true, Width: 2, Classes: 2}).Config().Depth)
	_, err := resnet.New(resnet.Config{Depth: 56 + 1, Bottleneck: true, Classes: 2}, newRand())
	require.ErrorContains(t, err, "want 9n+2 (11, 20, 29, ...), or Blocks instead")
}

func TestBlocksInsteadOfDepth(t *testing.T) {
	blocks := []int{1, 2, 3, 1}
	net := mustNew(t, resnet.Config{Blocks: blocks, Width: 4, Classes: 2})
	require.Equal(t, 16, net.Config().Depth)
	require.Equal(t, 7, net.Len())
	blocks[0] = 9
	require.Equal(t, 1, net.Config().Blocks[0], "the net keeps a copy")
	require.Equal(t, 9, mustNew(t, resnet.Config{Kind: resnet.VGG, Blocks: []int{2, 2, 3}, Classes: 2}).Config().Depth)
}

func TestBadConfigs(t *testing.T) {
	good := resnet.Config{Depth: 20, Classes: 10}
	for name, c := range map[string]struct {
		field string
		spoil func(*resnet.Config)
	}{
		"no depth":         {"Depth", func(c *resnet.Config) { c.Depth = 0 }},
		"not 6n+2":         {"Depth", func(c *resnet.Config) { c.Depth = 21 }},
		"shallow":          {"Depth", func(c *resnet.Config) { c.Depth = 2 }},
		"negative depth":   {"Depth", func(c *resnet.Config) { c.Depth = -4 }},
		"vgg depth":        {"Depth", func(c *resnet.Config) { c.Kind, c.Depth = resnet.VGG, 16 }},
		"depth and blocks": {"Depth", func(c *resnet.Config) { c.Blocks = []int{1, 1, 1} }},
		"empty stage":      {"Blocks", func(c *resnet.Config) { c.Depth, c.Blocks = 0, []int{1, 0} }},
		"many stages":      {"Blocks", func(c *resnet.Config) { c.Depth, c.Blocks = 0, nineStages }},
		"kind":             {"Kind", func(c *resnet.Config) { c.Kind = "densenet" }},
		"width":            {"Width", func(c *resnet.Config) { c.Width = -1 }},
		"vgg width":        {"Width", func(c *resnet.Config) { c.Kind, c.Depth, c.Width = resnet.VGG, 15, 2 }},
		"image":            {"Image", func(c *resnet.Config) { c.Image = resnet.Shape{Height: 8, Width: 8} }},
		"classes":          {"Classes", func(c *resnet.Config) { c.Classes = 0 }},
		"stride":           {"StemStride", func(c *resnet.Config) { c.StemStride = -2 }},
		"anti-aliasing":    {"AntiAlias", func(c *resnet.Config) { c.AntiAlias = resnet.Blur }},
		"squeeze":          {"Squeeze", func(c *resnet.Config) { c.Squeeze = 4 }},
		"pooling":          {"ConvPool", func(c *resnet.Config) { c.Kind, c.ConvPool = resnet.Original, true }},
		"shortcut":         {"Shortcut", func(c *resnet.Config) { c.Shortcut = "D" }},
		"not 9n+2":         {"Depth", func(c *resnet.Config) { c.Depth, c.Bottleneck = 56+2, true }},
		"vgg bottleneck":   {"Bottleneck", func(c *resnet.Config) { c.Kind, c.Depth, c.Bottleneck = resnet.VGG, 15, true }},
		"groups":           {"Groups", func(c *resnet.Config) { c.Groups, c.Bottleneck = -1, true }},
		"group width":      {"GroupWidth", func(c *resnet.Config) { c.GroupWidth, c.Bottleneck = -1, true }},
		"narrow groups":    {"GroupWidth", func(c *resnet.Config) { c.Groups, c.Bottleneck = 17, true }},
		"basic groups":     {"Groups", func(c *resnet.Config) { c.Groups = 2 }},
		"basic wide":       {"Groups", func(c *resnet.Config) { c.GroupWidth = 32 }},
		"even stem":        {"StemSize", func(c *resnet.Config) { c.StemSize = 4 }},
		"negative stem":    {"StemSize", func(c *resnet.Config) { c.StemSize = -3 }},
		"vgg stem":         {"StemSize", func(c *resnet.Config) { c.Kind, c.Depth, c.StemSize = resnet.VGG, 15, 7 }},
		"vgg pool":         {"StemPool", func(c *resnet.Config) { c.Kind, c.Depth, c.StemPool = resnet.VGG, 15, true }},
		"plain shortcut":   {"Shortcut", func(c *resnet.Config) { c.Kind, c.Shortcut = resnet.Plain, resnet.OptionB }},
		"survival":         {"Survival", func(c *resnet.Config) { c.Survival = 1.5 }},
		"survival nan":     {"Survival", func(c *resnet.Config) { c.Survival = math.NaN() }},
		"plain survival":   {"Survival", func(c *resnet.Config) { c.Kind, c.Survival = resnet.Plain, 0.5 }},
	} {
		t.Run("config="+name, func(t *testing.T) {
			config := good
			c.spoil(&config)
			net, err := resnet.New(config, newRand())
			require.Nil(t, net)
			var bad *residuum.ConfigError
			require.ErrorAs(t, err, &bad)
			require.Equal(t, c.field, bad.Field)
			require.ErrorContains(t, err, "resnet: Config."+c.field+" is ")
		})
	}
}

var nineStages = []int{1, 1, 1, 1, 1, 1, 1, 1, 1}

func TestBlocksSayWhatTheyAre(t *testing.T) {
	shape := func(h, w, c int) resnet.Shape { return resnet.Shape{Height: h, Width: w, Channels: c} }
	t.Run("kind=preactivation", func(t *testing.T) {
		net := mustNew(t, resnet.Config{Depth: 14, Image: shape(28, 27, 1), StemStride: 2, Classes: 10, Survival: 0.5})
		require.Equal(t, resnet.Block{
			Name: "layer1.0", In: shape(14, 14, 16), Out: shape(14, 14, 16), Survival: 1 - 0.5/6,
		}, net.Block(0))
		require.Equal(t, resnet.Block{
			Name: "layer2.0", Stage: 1, In: shape(14, 14, 16), Out: shape(7, 7, 32), Downsamples: true, Survival: 0.75,
		}, net.Block(2))
		require.Equal(t, resnet.Block{
			Name: "layer3.1", Stage: 2, Index: 1, In: shape(4, 4, 64), Out: shape(4, 4, 64), Survival: 0.5,
		}, net.Block(5))
		require.Equal(t, "14x14x16", net.Block(0).In.String())
	})
	t.Run("kind=vgg", func(t *testing.T) {
		net := mustNew(t, resnet.Config{Kind: resnet.VGG, Depth: 15, Image: shape(28, 28, 1), Classes: 10})
		require.Equal(t, 13, net.Len())
		require.Equal(t, resnet.Block{
			Name: "conv1_1", In: shape(28, 28, 1), Out: shape(28, 28, 64), Survival: 1,
		}, net.Block(0))
		require.Equal(t, resnet.Block{
			Name: "conv3_3", Stage: 2, Index: 2, In: shape(7, 7, 256), Out: shape(3, 3, 256), Downsamples: true, Survival: 1,
		}, net.Block(6))
		require.Equal(t, shape(1, 1, 512), net.Block(12).Out)
		require.False(t, net.Block(12).Downsamples, "one pixel cannot be pooled")
	})
}
