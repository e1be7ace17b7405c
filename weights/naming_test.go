package weights_test

import (
	"bufio"
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/weights"
)

// stateDicts reads testdata/names.txt: by net the names of its tensors, with what is known of their shapes.
func stateDicts(t *testing.T) map[string]map[string]string {
	f, err := os.Open("testdata/names.txt")
	require.NoError(t, err)
	defer f.Close()
	leaves := map[string][]string{
		"conv": {"weight"}, "linear": {"weight", "bias"},
		"norm": {"weight", "bias", "running_mean", "running_var", "num_batches_tracked"},
	}
	all := map[string]map[string]string{}
	var net map[string]string
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if title, ok := strings.CutPrefix(lines.Text(), "# "); ok {
			net = map[string]string{}
			all[title] = net
			continue
		}
		words := strings.Fields(lines.Text())
		require.NotEmpty(t, leaves[words[1]])
		for _, leaf := range leaves[words[1]] {
			net[words[0]+"."+leaf] = words[1] + " " + words[2]
		}
	}
	require.NoError(t, lines.Err())
	require.Len(t, all, 8)
	return all
}

// asFile returns a file of these names, and what becomes of them under other names.
func asFile(names map[string]string) (f *weights.File, after func(*weights.File) map[string]string) {
	f = &weights.File{Tensors: map[string]*tensor.Tensor{}}
	shapes := map[*tensor.Tensor]string{}
	for name, shape := range names {
		f.Tensors[name] = tensor.New(1)
		shapes[f.Tensors[name]] = shape
	}
	return f, func(to *weights.File) map[string]string {
		got := map[string]string{}
		for name, t := range to.Tensors {
			got[name] = shapes[t]
		}
		return got
	}
}

// The state dicts of the libraries become torchvision's, each tensor one of the same shape, and back.
func TestNamesOfOtherLibraries(t *testing.T) {
	all := stateDicts(t)
	for _, depth := range []string{"resnet18", "resnet50"} {
		want := all["torchvision "+depth]
		require.Equal(t, want, all["timm "+depth])
		file, _ := asFile(want)
		same, naming := weights.ToTorchvision(file)
		require.Same(t, file, same)
		require.Equal(t, weights.Torchvision, naming)

		theirs, after := asFile(all["Hugging Face "+depth])
		ours, naming := weights.ToTorchvision(theirs)
		require.Equal(t, weights.HuggingFace, naming)
		require.Equal(t, want, after(ours))
		back, err := weights.FromTorchvision(ours, weights.HuggingFace)
		require.NoError(t, err)
		require.Equal(t, all["Hugging Face "+depth], after(back))
		_, err = weights.FromTorchvision(ours, weights.TimmV2)
		require.ErrorContains(t, err, `weights: no names of timm resnetv2: "bn1.bias" is not among them`)
	}

	body, after := asFile(all["Hugging Face resnet18 without head"])
	ours, naming := weights.ToTorchvision(body)
	require.Equal(t, weights.HuggingFace, naming)
	want := maps.Clone(all["torchvision resnet18"])
	delete(want, "fc.weight")
	delete(want, "fc.bias")
	require.Equal(t, want, after(ours))

	theirs, after := asFile(all["timm resnetv2_50"])
	ours, naming = weights.ToTorchvision(theirs)
	require.Equal(t, weights.TimmV2, naming)
	for name, shape := range map[string]string{
		"conv1.weight": "conv 64,3,7,7", "layer1.0.bn1.weight": "norm 64", "layer4.2.conv3.weight": "conv 2048,512,1,1",
		"layer2.0.downsample.0.weight": "conv 512,256,1,1", "bn.running_var": "norm 2048", "fc.bias": "linear 1000,2048,1,1",
	} {
		require.Equal(t, shape, after(ours)[name], name)
	}
	back, err := weights.FromTorchvision(ours, weights.TimmV2)
	require.NoError(t, err)
	require.Equal(t, all["timm resnetv2_50"], after(back))
}

// One name that a library does not give, and none of its names are touched; also where two would become one.
func TestNamesThatAreNotALibrarys(t *testing.T) {
	for _, names := range [][]string{
		{}, {"stem.conv.weight", "conv1.weight"}, {"norm.weight", "norms.bias"}, {"stem.conv."}, {"stem.conv.a.b"},
		{"stages.00.blocks.0.conv1.weight"}, {"stages.1234567.blocks.0.conv1.weight"},
		{"embedder.embedder.convolution.weight", "resnet.embedder.embedder.convolution.weight"},
	} {
		f := &weights.File{Tensors: map[string]*tensor.Tensor{}}
		for _, name := range names {
			f.Tensors[name] = tensor.New(1)
		}
		same, naming := weights.ToTorchvision(f)
		require.Same(t, f, same, "%v", names)
		require.Equal(t, weights.Torchvision, naming)
	}
	f := &weights.File{Tensors: map[string]*tensor.Tensor{"layer0.0.conv1.weight": tensor.New(1)}}
	_, err := weights.FromTorchvision(f, weights.HuggingFace)
	require.ErrorContains(t, err, `"layer0.0.conv1.weight" is not among them`)
	f = &weights.File{Unsupported: map[string]string{"classifier.1.weight": "F8_E4M3"}, Tensors: map[string]*tensor.Tensor{"classifier.1.bias": tensor.New(1)}}
	to, _ := weights.ToTorchvision(f)
	require.Equal(t, map[string]string{"fc.weight": "F8_E4M3"}, to.Unsupported)
}

// Assign finds other libraries' names by itself, under a wrapper's prefix too.
func TestAssignFromOtherLibraries(t *testing.T) {
	model := map[string]*tensor.Tensor{"layer1.0.bn1.weight": tensor.New(3), "fc.bias": tensor.New(2)}
	for _, names := range [][2]string{
		{"resnet.encoder.stages.0.layers.0.layer.0.normalization.weight", "classifier.1.bias"},
		{"module.resnet.encoder.stages.0.layers.0.layer.0.normalization.weight", "module.classifier.1.bias"},
		{"stages.0.blocks.0.norm1.weight", "head.fc.bias"},
	} {
		for _, x := range model {
			x.Fill(0)
		}
		f := &weights.File{Tensors: map[string]*tensor.Tensor{names[0]: tensor.Full(5, 3), names[1]: tensor.Full(6, 2)}}
		require.NoError(t, weights.Assign(maps.All(model), f))
		require.Equal(t, tensor.Full(5, 3), model["layer1.0.bn1.weight"])
		require.Equal(t, tensor.Full(6, 2), model["fc.bias"])
	}
}
