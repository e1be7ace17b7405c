package regular

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOnlyRegularFilesAreOpened(t *testing.T) {
	dir := t.TempDir()
	path, link, loose := filepath.Join(dir, "a"), filepath.Join(dir, "b"), filepath.Join(dir, "c")
	require.NoError(t, os.WriteFile(path, []byte("text"), 0o644))
	for name, says := range map[string]string{dir: "not a regular file, mode d", filepath.Join(dir, "none"): "none", os.DevNull: "not a regular file"} {
		_, err := Open(name)
		require.ErrorContains(t, err, says)
		require.ErrorContains(t, err, name)
		_, err = ReadFile(name)
		require.ErrorContains(t, err, says)
	}
	b, err := ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "text", string(b))
	if err := os.Symlink(path, link); err != nil {
		t.Skip(err)
	}
	require.NoError(t, os.Symlink("nowhere", loose))
	f, err := Open(link)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	_, err = Open(loose)
	require.ErrorIs(t, err, fs.ErrNotExist)
}
