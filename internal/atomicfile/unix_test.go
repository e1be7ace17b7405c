//go:build unix && !aix && !solaris

package atomicfile

import (
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// A named pipe without a reader stands for every device: opening it would block for ever.
func TestPipesAndSocketsAreRefusedBeforeAnyWork(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	require.NoError(t, os.Symlink("pipe", filepath.Join(dir, "link")))
	t.Chdir(dir) // names of sockets are short
	socket, err := net.Listen("unix", "socket")
	require.NoError(t, err)
	defer socket.Close()
	for name, mode := range map[string]fs.FileMode{"pipe": fs.ModeNamedPipe, "link": fs.ModeSymlink, "socket": fs.ModeSocket} {
		path := filepath.Join(dir, name)
		require.ErrorIs(t, Check(path), ErrNotRegular)
		require.ErrorIs(t, Clean(path), ErrNotRegular)
		err := WriteFunc(path, func(io.Writer) error { t.Error("work was done"); return nil })
		require.ErrorIs(t, err, ErrNotRegular)
		require.ErrorContains(t, err, path)
		info, err := os.Lstat(path)
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode().Type())
	}
	requireNames(t, dir, "pipe", "link", "socket")
}

func TestPermissionsAreKept(t *testing.T) {
	old := syscall.Umask(0o027)
	defer syscall.Umask(old)
	dir := t.TempDir()
	for _, mode := range []fs.FileMode{0o600, 0o644, 0o640, 0o666, 0o755, 0o444} {
		path := filepath.Join(dir, mode.String())
		require.NoError(t, os.WriteFile(path, nil, 0o600))
		require.NoError(t, os.Chmod(path, mode))
		require.NoError(t, WriteFunc(path, func(w io.Writer) error {
			info, err := w.(*os.File).Stat()
			require.NoError(t, err)
			require.Equal(t, mode, info.Mode(), "nobody reads meanwhile what he may not read afterwards")
			return nil
		}))
		requireMode(t, mode, path)
	}
	path := filepath.Join(dir, "new")
	require.NoError(t, Write(path, nil))
	requireMode(t, 0o640, path)
}

func requireMode(t *testing.T, want fs.FileMode, path string) {
	t.Helper()
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, want, info.Mode())
}

func TestOwnerIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	require.NoError(t, os.WriteFile(path, nil, 0o640))
	if os.Chown(path, 1234, 5678) != nil {
		t.Skip("this user may not give files away")
	}
	require.NoError(t, Write(path, []byte("new")))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.EqualValues(t, 1234, info.Sys().(*syscall.Stat_t).Uid)
	require.EqualValues(t, 5678, info.Sys().(*syscall.Stat_t).Gid)
	requireMode(t, 0o640, path)
}
