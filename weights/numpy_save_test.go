package weights

import (
	"archive/zip"
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/tensor"
)

func TestSaveNPZ(t *testing.T) {
	f := &File{Meta: map[string]string{"a": "b"}, Tensors: map[string]*tensor.Tensor{
		"conv.weight": tensor.From([]float32{1, -2, float32(math.Inf(1)), 0x1p-149, 5, 6}, 3, 2),
		"fc.bias":     tensor.From([]float32{7}, 1),
		"none":        tensor.New(0, 3),
		"scalar":      tensor.From([]float32{8}),
		"long":        tensor.New(70_000),
	}}
	path := filepath.Join(t.TempDir(), "net.npz")
	require.NoError(t, SaveNPZ(path, f))
	got, err := Load(path)
	require.NoError(t, err)
	require.Len(t, got.Tensors, len(f.Tensors))
	for name, want := range f.Tensors {
		require.Equal(t, want.Shape(), got.Tensors[name].Shape(), name)
		require.True(t, tensor.Equal(want, got.Tensors[name]), name)
	}

	z, err := zip.OpenReader(path)
	require.NoError(t, err)
	defer z.Close()
	for _, record := range z.File {
		if record.Name != "fc.bias.npy" {
			continue
		}
		r, err := record.Open()
		require.NoError(t, err)
		bytes, err := io.ReadAll(r)
		require.NoError(t, err)
		require.Equal(t, "\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", string(bytes[:67]))
		require.Len(t, bytes, 128+4)
		require.Equal(t, byte('\n'), bytes[127])
	}

	before, err := os.ReadFile(path)
	require.NoError(t, err)
	f.Unsupported = map[string]string{"odd": "C64"}
	require.ErrorContains(t, SaveNPZ(path, f), `tensor "odd" of type C64 was not read`)
	require.ErrorContains(t, SaveNPZ(t.TempDir(), &File{}), "weights: ")
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, before, after)
}
