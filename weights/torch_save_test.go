package weights

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/tensor"
)

// The file is the one that testdata/written.py has shown to PyTorch, and what Load reads of it is what was written.
func TestSaveTorch(t *testing.T) {
	f := &File{Meta: map[string]string{"a": "b"}, Tensors: map[string]*tensor.Tensor{
		"conv.weight": tensor.From([]float32{1, -2, float32(math.Inf(1)), 0x1p-149, 5, 6}, 3, 2),
		"fc.bias":     tensor.From([]float32{7}, 1),
		"none":        tensor.New(0, 3),
		"scalar":      tensor.From([]float32{8}),
		"größe":       tensor.From([]float32{1, 2, 3, 4, 5, 6, 7, 8}, 2, 1, 4),
	}}
	path := filepath.Join(t.TempDir(), "net.pth")
	require.NoError(t, SaveTorch(path, f))
	got, err := Load(path)
	require.NoError(t, err)
	require.Len(t, got.Tensors, len(f.Tensors))
	for name, want := range f.Tensors {
		require.Equal(t, want.Shape(), got.Tensors[name].Shape(), name)
		require.True(t, tensor.Equal(want, got.Tensors[name]), name)
	}
	written, err := os.ReadFile(path)
	require.NoError(t, err)
	shown, err := os.ReadFile("testdata/written.pth")
	require.NoError(t, err)
	require.Equal(t, shown, written)

	f.Unsupported = map[string]string{"odd": "C64"}
	require.ErrorContains(t, SaveTorch(path, f), `tensor "odd" of type C64 was not read`)
	require.ErrorContains(t, SaveTorch(t.TempDir(), &File{}), "weights: ")
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, written, after)
}
