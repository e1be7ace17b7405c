package weights

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzIndex feeds what a folder says of its files: no index leads out of it.
func FuzzIndex(f *testing.F) {
	for _, text := range []string{
		`{"metadata": {"total_size": 24, "format": "pt"}, "weight_map": {"a": "model-1.safetensors"}}`,
		`{"weight_map": {"a": "../a"}}`, `{"weight_map": {"a": "/a", "b": "C:a", "c": "a\\b", "d": "."}}`, `{"WEIGHT_MAP": {"a": ""}}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		x, err := parseIndex(b)
		if err != nil {
			require.ErrorIs(t, err, ErrFormat)
			return
		}
		require.NotEmpty(t, x.files())
		for _, shard := range x.files() {
			require.Equal(t, filepath.Join("folder", "x"), filepath.Join(filepath.Dir(filepath.Join("folder", shard)), "x"), shard)
			require.NotEqual(t, "folder", filepath.Join("folder", shard))
		}
		require.Len(t, x.meta(), len(x.Metadata))
	})
}

// FuzzNaming feeds names of tensors: those that are another library's become torchvision's, and these the others again.
func FuzzNaming(f *testing.F) {
	for _, name := range []string{
		"resnet.encoder.stages.0.layers.10.layer.2.normalization.running_mean", "encoder.stages.1.layers.0.shortcut.convolution.weight",
		"stages.3.blocks.2.downsample.conv.weight", "norm.bias", "stages.03.blocks.2.norm1.weight", "layer1.0.conv1.weight",
	} {
		f.Add(name, "stem.conv.weight")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		file := &File{Unsupported: map[string]string{a: "1", b: "2"}}
		ours, naming := ToTorchvision(file)
		require.Len(t, ours.Unsupported, len(file.Unsupported))
		if naming == Torchvision {
			require.Same(t, file, ours)
			return
		}
		theirs, err := FromTorchvision(ours, naming)
		require.NoError(t, err)
		again := map[string]string{}
		for name, dtype := range file.Unsupported {
			if naming == HuggingFace && !strings.HasPrefix(name, "classifier.") {
				name = "resnet." + strings.TrimPrefix(name, "resnet.") // where it may be missing
			}
			again[name] = dtype
		}
		require.Equal(t, again, theirs.Unsupported)
	})
}
