package weights_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/weights"
)

// sharded writes a model of two files and an index of the given weight_map, and returns the path of the index.
func sharded(t *testing.T, weightMap string) string {
	dir := t.TempDir()
	for name, file := range map[string]map[string]*tensor.Tensor{
		"model-1.safetensors": {"a": tensor.Full(1, 2), "twice": tensor.Full(2, 2)},
		"model-2.safetensors": {"b": tensor.Full(3, 2), "twice": tensor.Full(4, 2)},
	} {
		require.NoError(t, weights.Save(filepath.Join(dir, name), &weights.File{Tensors: file}))
	}
	path := filepath.Join(dir, "model.safetensors.index.json")
	require.NoError(t, os.WriteFile(path, []byte(weightMap), 0o600))
	return path
}

// Each tensor comes from the file that the index says, also where another one has one of its name.
func TestIndexOfSeveralFiles(t *testing.T) {
	path := sharded(t, `{"metadata": {"total_size": 24, "format": "pt", "of": ["x"]}, "weight_map":
		{"a": "model-1.safetensors", "b": "model-2.safetensors", "twice": "model-2.safetensors"}}`)
	file, err := weights.Load(path)
	require.NoError(t, err)
	require.Equal(t, &weights.File{
		Tensors:     map[string]*tensor.Tensor{"a": tensor.Full(1, 2), "b": tensor.Full(3, 2), "twice": tensor.Full(4, 2)},
		Unsupported: map[string]string{},
		Meta:        map[string]string{"total_size": "24", "format": "pt", "of": `["x"]`},
	}, file)
}

func TestTypesOfAnIndex(t *testing.T) {
	file, err := weights.Load(sharded(t, `{"weight_map": {"a": "model-1.safetensors", "twice": "model-1.safetensors"}}`))
	require.NoError(t, err)
	require.Equal(t, map[string]int{"F32": 2}, file.Types)
}

// A model of PyTorch files, one of the new format and one of the old.
func TestIndexOfPyTorchFiles(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"zip.pt", "legacy.pt"} {
		b, err := os.ReadFile(filepath.Join("testdata", "torch", name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), b, 0o600))
	}
	whole, err := weights.Load(filepath.Join("testdata", "torch", "zip.pt"))
	require.NoError(t, err)
	path := filepath.Join(dir, "pytorch_model.bin.index.json")
	require.NoError(t, os.WriteFile(path, []byte(`{"weight_map": {"bfloat16": "zip.pt", "bool": "legacy.pt"}}`), 0o600))
	file, err := weights.Load(path)
	require.NoError(t, err)
	require.Len(t, file.Tensors, 2)
	require.Nil(t, file.Types)
	for name, x := range file.Tensors {
		require.Equal(t, whole.Tensors[name], x)
	}
}

func TestIndexThatIsWrong(t *testing.T) {
	for index, says := range map[string]string{
		`{"weight_map": {"a": "../model-1.safetensors"}}`:                          `tensor "a" is said to be in "../model-1.safetensors", which is no file beside the index`,
		`{"weight_map": {"a": "/etc/passwd"}}`:                                     `"/etc/passwd", which is no file beside`,
		`{"weight_map": {"a": "..\\model-1.safetensors"}}`:                         `which is no file beside`,
		`{"weight_map": {"a": "C:model-1.safetensors"}}`:                           `which is no file beside`,
		`{"weight_map": {"a": ".."}}`:                                              `which is no file beside`,
		`{"weight_map": {"a": ""}}`:                                                `which is no file beside`,
		`{"weight_map": {"a": "model-1.safetensors", "c": "model-1.safetensors"}}`: `shard model-1.safetensors lacks tensor "c"`,
		`{"weight_map": {"a": "model-3.safetensors"}}`:                             `model-3.safetensors`,
		`{"weight_map": {"a": "model.safetensors.index.json"}}`:                    `it seems to be JSON`,
		`{"weight_map": {}}`:                                                       `an index without weight_map`,
		`{"tensors": 3}`:                                                           `an index without weight_map`,
		`{"weight_map": 3}`:                                                        `the index: json: cannot unmarshal number`,
		`{"weight_map": {"a": 1}}`:                                                 `the index: json: cannot unmarshal number`,
		`{"weight_map"`:                                                            `the index: unexpected end`,
		``:                                                                         `the index: unexpected end`,
	} {
		_, err := weights.Load(sharded(t, index))
		require.ErrorContains(t, err, says, index)
		require.ErrorContains(t, err, "weights: ", index)
	}
	_, err := weights.LoadPart(sharded(t, `{"weight_map": {"a": "model-1.safetensors"}}`), "ema")
	require.ErrorContains(t, err, `part "ema" of a file that has no parts`)
}
