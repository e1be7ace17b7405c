package weights_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/weights"
)

func TestSaveReplacesTheFileAndLeavesNoOther(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "net.safetensors")
	for _, v := range []float32{1, 2} {
		require.NoError(t, weights.Save(path, &weights.File{Tensors: map[string]*tensor.Tensor{"a": tensor.Full(v, 3)}}))
		f, err := weights.Load(path)
		require.NoError(t, err)
		require.Equal(t, []float32{v, v, v}, f.Tensors["a"].Data())
	}
	requireOnly(t, dir, "net.safetensors")
}

func TestFailedSaveKeepsTheOldFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "net.safetensors")
	require.NoError(t, os.WriteFile(path, []byte("old"), 0o600))
	err := weights.Save(path, &weights.File{Meta: map[string]string{"a": "\xff"}})
	require.ErrorContains(t, err, path)
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "old", string(b))
	requireOnly(t, dir, "net.safetensors")
}

func TestSaveAndLoadNameThePathInErrors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "no", "net.safetensors")
	err := weights.Save(path, &weights.File{})
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, path)
	_, err = weights.Load(path)
	require.ErrorIs(t, err, os.ErrNotExist)

	path = t.TempDir()
	_, err = weights.Load(path)
	require.ErrorContains(t, err, "weights: "+path+": not a regular file, mode d")

	path = filepath.Join(t.TempDir(), "page.html")
	require.NoError(t, os.WriteFile(path, []byte("<html>404</html>"), 0o600))
	_, err = weights.Load(path)
	require.ErrorIs(t, err, weights.ErrFormat)
	require.ErrorContains(t, err, path)
}

func requireOnly(t *testing.T, dir, name string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1)
	require.Equal(t, name, entries[0].Name())
}
