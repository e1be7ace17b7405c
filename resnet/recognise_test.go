package resnet_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/weights"
)

// fileOf is a file of a net's tensors under other names.
func fileOf(net *resnet.Net, rename func(string) string) *weights.File {
	f := &weights.File{Tensors: map[string]*tensor.Tensor{}}
	for name, t := range weights.FromState(nn.State(net)) {
		f.Tensors[rename(name)] = t
	}
	return f
}

// Of a file without a configuration all nets of this package are found again, but for what it cannot tell, which is named.
func TestRecognise(t *testing.T) {
	for name, config := range tiny() {
		t.Run("net="+name, func(t *testing.T) {
			want := mustNew(t, config)
			fill(want)
			r, err := resnet.Recognise(fileOf(want, func(name string) string { return "module." + name }))
			require.NoError(t, err)
			require.Equal(t, "module.", r.Prefix)
			text := r.String()

			require.Contains(t, text, "images of ")
			r.Config.Image = config.Image
			if config.Kind == resnet.Plain && !config.WithoutBatchNorm {
				require.Contains(t, text, "assumed: skips: a plain net has the same tensors")
				r.Config.Kind = config.Kind
			}
			if config.WithoutBatchNorm && config.Kind != resnet.VGG {
				require.Contains(t, text, "assumed: blocks of the kind original, which tensors do not tell without batch norm")
				r.Config.Kind, r.Config.BareStem = config.Kind, config.BareStem
			}
			if config.Shortcut == resnet.OptionACentred {
				require.Contains(t, text, "assumed: shortcuts without weights that pad zero channels behind, because the head is called fc")
				r.Config.Shortcut = config.Shortcut
			}
			if config.ActivatedProjection || config.WithoutBatchNorm {
				r.Config.ActivatedProjection = config.ActivatedProjection
			}
			got, err := r.Net()
			require.NoError(t, err, "%s", r)
			require.Equal(t, want.Config(), got.Config())
			x := randomImages(newRand(), 2, config.Image)
			require.True(t, tensor.Equal(evaluate(want, x), evaluate(got, x)))
		})
	}
}

// A file with Hugging Face's names is recognised as the net it is, and says whose names they are.
func TestRecogniseOtherLibrariesNames(t *testing.T) {
	want := mustNew(t, tiny()["original-bottleneck-B"])
	fill(want)
	file, err := weights.FromTorchvision(fileOf(want, func(name string) string { return name }), weights.HuggingFace)
	require.NoError(t, err)
	require.Contains(t, file.Tensors, "resnet.encoder.stages.0.layers.0.layer.2.convolution.weight")
	r, err := resnet.Recognise(file)
	require.NoError(t, err)
	require.Equal(t, weights.HuggingFace, r.Naming)
	require.Contains(t, r.String(), "\nnames of Hugging Face\n")
	got, err := r.Net()
	require.NoError(t, err)
	require.Equal(t, weights.FromState(nn.State(want)), weights.FromState(nn.State(got)))
}

// The nets of Idelbayev's family, whose head is called linear and whose shortcuts are called so, pad on both sides.
func TestRecogniseByTheHead(t *testing.T) {
	config := resnet.Config{Kind: resnet.Original, Depth: 8, Width: 4, Classes: 10, Shortcut: resnet.OptionACentred}
	want := mustNew(t, config)
	linear := func(name string) string { return "module." + strings.Replace(name, "fc.", "linear.", 1) }
	r, err := resnet.Recognise(fileOf(want, linear))
	require.NoError(t, err)
	require.Equal(t, []string{"linear is fc"}, r.Renamed)
	require.Contains(t, r.String(), "\nassumed: shortcuts without weights that pad zero channels on both sides, because the head is called linear")
	got, err := r.Net()
	require.NoError(t, err)
	require.Equal(t, want.Config(), got.Config())

	config.Shortcut = resnet.OptionB
	want = mustNew(t, config)
	r, err = resnet.Recognise(fileOf(want, func(name string) string {
		return linear(strings.Replace(name, "downsample", "shortcut", 1))
	}))
	require.NoError(t, err)
	require.Equal(t, []string{"layer2.0.shortcut.0 is layer2.0.downsample.0", "layer2.0.shortcut.1 is layer2.0.downsample.1",
		"layer3.0.shortcut.0 is layer3.0.downsample.0", "layer3.0.shortcut.1 is layer3.0.downsample.1", "linear is fc"}, r.Renamed)
	got, err = r.Net()
	require.NoError(t, err)
	require.Equal(t, want.Config(), got.Config())
}

// Half of the new channels are before the others.
func TestOptionACentred(t *testing.T) {
	net := mustNew(t, resnet.Config{Blocks: []int{1, 1}, Width: 4, Classes: 2, Shortcut: resnet.OptionACentred})
	x := randomImages(newRand(), 1, net.Block(1).In)
	y := net.Skip(1, autograd.Const(x)).Value()
	require.Equal(t, []int{1, 16, 16, 8}, y.Shape())
	for row := range 16 {
		for column := range 16 {
			at := (row*16 + column) * 8
			from := (row*2*32 + column*2) * 4
			require.Equal(t, []float32{0, 0}, y.Data()[at:at+2])
			require.Equal(t, x.Data()[from:from+4], y.Data()[at+2:at+6])
			require.Equal(t, []float32{0, 0}, y.Data()[at+6:at+8])
		}
	}
}

// A head behind a dropout is a head; one of two layers is not, and of two heads none is taken.
func TestRecogniseHeadsOfOtherNames(t *testing.T) {
	config := resnet.Config{Kind: resnet.Original, Depth: 8, Width: 4, Classes: 10}
	want := mustNew(t, config)
	fill(want)
	for _, head := range []string{"fc.1.", "linear.", "output.", "head.", "classifier."} {
		file := fileOf(want, func(name string) string { return strings.Replace(name, "fc.", head, 1) })
		r, err := resnet.Recognise(file)
		require.NoError(t, err)
		require.Equal(t, []string{strings.TrimSuffix(head, ".") + " is fc"}, r.Renamed)
		got, err := r.Net()
		require.NoError(t, err)
		require.Equal(t, weights.FromState(nn.State(want)), weights.FromState(nn.State(got)))

		got = mustNew(t, config)
		require.NoError(t, got.Assign(file))
		require.Equal(t, weights.FromState(nn.State(want)), weights.FromState(nn.State(got)))

		file.Tensors["fc.3.weight"], file.Tensors["fc.3.bias"] = tensor.New(3, 10), tensor.New(3)
		_, err = resnet.Recognise(file)
		require.ErrorContains(t, err, "fc.weight, the head, is missing")
	}
}

func TestRecogniseRefuses(t *testing.T) {
	net := mustNew(t, resnet.Config{Kind: resnet.Original, Depth: 8, Width: 4, Classes: 10})
	without := func(part string) *weights.File {
		f := fileOf(net, func(name string) string { return name })
		for name := range f.Tensors {
			if strings.Contains(name, part) {
				delete(f.Tensors, name)
			}
		}
		return f
	}
	for part, says := range map[string]string{
		"layer1":         "resnet: not a net of this package: it has no layer1.0, the first block, but bn1.bias, bn1.running_mean, ",
		"fc.":            "fc.weight, the head, is missing",
		"conv1":          "conv1.weight is missing",
		"layer1.0.conv1": "layer1.0.conv1.weight is missing",
	} {
		_, err := resnet.Recognise(without(part))
		require.ErrorContains(t, err, says)
	}
	backbone := fileOf(net, func(name string) string { return "backbone.body." + name })
	backbone.Tensors["fpn.weight"] = tensor.New(1)
	_, err := resnet.Recognise(backbone)
	require.ErrorContains(t, err, "it has no layer1.0, the first block, but backbone.body.layer1.0, which is a part of another model")
	_, err = resnet.Recognise(&weights.File{})
	require.ErrorContains(t, err, "it has no layer1.0")

	r, err := resnet.Recognise(without("layer3.0.bn2"))
	require.NoError(t, err)
	_, err = r.Net()
	var mismatch *weights.Mismatch
	require.ErrorAs(t, err, &mismatch)
	require.Len(t, mismatch.Missing, 4)
}

// Where PyTorch's exporter of ONNX files folds norms into convolutions, these get biases of another name.
func TestRecogniseFoldedNorms(t *testing.T) {
	config := named(t, "resnet50", 10)
	config.Width, config.GroupWidth, config.Blocks, config.WithoutBatchNorm = 4, 0, []int{1, 1}, true
	want := mustNew(t, config)
	r, err := resnet.Recognise(fileOf(want, func(name string) string {
		if layer, ok := strings.CutSuffix(name, ".bias"); ok && layer != "fc" {
			return layer + ".weight_bias"
		}
		return name
	}))
	require.NoError(t, err)
	got, err := r.Net()
	require.NoError(t, err)
	require.Equal(t, want.Config(), got.Config())
	require.Equal(t, weights.FromState(nn.State(want)), weights.FromState(nn.State(got)))
}

// Names of Wide ResNets as their authors' followers write them are understood, and so is a head that is a convolution, as
// timm's resnetv2 have.
func TestRecogniseOtherNames(t *testing.T) {
	config := named(t, "wrn28_10", 10)
	config.Width, config.Blocks, config.BareStem = 4, []int{2, 1, 1}, true
	want := mustNew(t, config)
	wide := strings.NewReplacer("layer1.", "block1.layer.", "layer2.", "block2.layer.", "layer3.", "block3.layer.", "downsample.0", "convShortcut")
	r, err := resnet.Recognise(fileOf(want, func(name string) string {
		if rest, ok := strings.CutPrefix(name, "bn."); ok {
			return "bn1." + rest
		}
		return wide.Replace(name)
	}))
	require.NoError(t, err)
	require.Contains(t, r.String(), "called otherwise: block1.layer.0.bn1 is layer1.0.bn1, ")
	got, err := r.Net()
	require.NoError(t, err)
	require.Equal(t, want.Config(), got.Config())

	config = named(t, "resnetv2_50", 10)
	config.Width, config.GroupWidth, config.Blocks = 4, 0, []int{1, 1}
	want = mustNew(t, config)
	file, err := weights.FromTorchvision(fileOf(want, func(name string) string { return name }), weights.TimmV2)
	require.NoError(t, err)
	file.Tensors["head.fc.weight"] = file.Tensors["head.fc.weight"].Reshape(10, 32, 1, 1)
	r, err = resnet.Recognise(file)
	require.NoError(t, err)
	got, err = r.Net()
	require.NoError(t, err)
	require.Equal(t, want.Config(), got.Config())
	require.Equal(t, weights.FromState(nn.State(want)), weights.FromState(nn.State(got)))
}

// What sets timm's variants apart is found from their tensors, but for anti-aliasing, which is named.
func TestRecogniseVariants(t *testing.T) {
	for name, assumed := range map[string]string{
		"resnetrs50":   "",
		"seresnet50t":  "strides without anti-aliasing, nor dilation instead, which have no weights: Config.AntiAlias is none",
		"resnetblur50": "strides without anti-aliasing, nor dilation instead, which have no weights: Config.AntiAlias is none",
		"resnetv2_50t": "a pooling before projections, as in timm's nets with a deep stem: Config.PooledProjection is true",
	} {
		config := named(t, name, 10)
		config.Width, config.GroupWidth, config.Blocks = 16, 0, []int{2, 1}
		want := mustNew(t, config)
		file := fileOf(want, func(name string) string { return name })
		if config.Kind == resnet.PreActivation {
			var err error
			file, err = weights.FromTorchvision(file, weights.TimmV2)
			require.NoError(t, err)
			require.Contains(t, file.Tensors, "stages.0.blocks.0.downsample.conv.weight")
			require.Contains(t, file.Tensors, "stem.norm2.running_var")
		}
		r, err := resnet.Recognise(file)
		require.NoError(t, err)
		require.Contains(t, r.String(), assumed, name)
		r.Config.AntiAlias = config.AntiAlias
		got, err := r.Net()
		require.NoError(t, err)
		require.Equal(t, want.Config(), got.Config(), name)
	}
}

// The text of a configuration tells apart all architectures that have names.
func TestTextsOfConfigsDiffer(t *testing.T) {
	of := map[string]string{}
	for _, name := range resnet.Names() {
		config, err := resnet.Named(name, 10)
		require.NoError(t, err)
		require.Empty(t, of[config.String()], "%s is called as %s is: %s", name, of[config.String()], config)
		of[config.String()] = name
	}
}

func TestRecognisedSaysWhichPartOfAFile(t *testing.T) {
	f := fileOf(mustNew(t, tiny()["original-A"]), func(name string) string { return name })
	f.Part = "ema"
	r, err := resnet.Recognise(f)
	require.NoError(t, err)
	require.Contains(t, r.String(), "\ntaken from the file: \"ema\"\n")
}
