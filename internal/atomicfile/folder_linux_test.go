package atomicfile

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// asNobody calls f with the rights of another user if this one, the administrator, has all. Linux
// keeps the user that files are opened as for each thread; that of f ends with its goroutine.
func asNobody(f func() []error) []error {
	result := make(chan []error)
	go func() {
		if os.Geteuid() == 0 {
			runtime.LockOSThread() // never unlocked
			_, _ = unix.SetfsuidRetUid(65534)
		}
		result <- f()
	}()
	return <-result
}

// folderOfNobody returns a folder of the given mode with a file in it, both nobody's.
func folderOfNobody(t *testing.T, mode fs.FileMode) (path string) {
	dir := t.TempDir()
	require.NoError(t, os.Chmod(filepath.Dir(dir), 0o711))
	path = filepath.Join(dir, "f")
	require.NoError(t, os.WriteFile(path, []byte("old"), 0o600))
	if os.Geteuid() == 0 {
		require.NoError(t, os.Chown(path, 65534, -1))
		require.NoError(t, os.Chown(dir, 65534, -1))
	}
	require.NoError(t, os.Chmod(dir, mode))
	t.Cleanup(func() { _ = os.Chmod(dir, 0o700) })
	return path
}

func TestFolderThatTakesNoNewFiles(t *testing.T) {
	path := folderOfNobody(t, 0o500)
	for _, err := range asNobody(func() []error { return []error{Check(path), Write(path, []byte("new"))} }) {
		require.ErrorIs(t, err, fs.ErrPermission)
		require.ErrorContains(t, err, "write "+path+": new file in folder ")
	}
	requireContent(t, "old", path)
}

// A folder that cannot be opened cannot be flushed to the disk either. The file is replaced then, which
// is no error.
func TestFolderThatCannotBeRead(t *testing.T) {
	path := folderOfNobody(t, 0o300)
	errs := asNobody(func() []error { return []error{Write(path, []byte("new")), Clean(path)} })
	require.NoError(t, errs[0])
	require.ErrorIs(t, errs[1], fs.ErrPermission, "Clean has seen nothing, and says so")
	requireContent(t, "new", path)
}
