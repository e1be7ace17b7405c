package atomicfile

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCleanRemovesWhatAKilledProcessLeft(t *testing.T) {
	if path := os.Getenv("ATOMICFILE_HANG"); path != "" {
		_ = WriteFunc(path, func(io.Writer) error {
			_, _ = os.Stdout.Write([]byte{'.'})
			_, _ = io.Copy(io.Discard, os.Stdin) // for ever
			return nil
		})
		return
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	require.NoError(t, Write(path, []byte("old")))
	require.NoError(t, os.Symlink("f", filepath.Join(dir, "link")))

	writer := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	writer.Env = append(os.Environ(), "ATOMICFILE_HANG="+path)
	_, err := writer.StdinPipe()
	require.NoError(t, err)
	out, err := writer.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, writer.Start())
	_, err = io.ReadFull(out, make([]byte, 1)) // it is writing now
	require.NoError(t, err)

	require.NoError(t, Clean(path))
	require.Len(t, names(t, dir), 3, "a living process is writing")
	require.NoError(t, writer.Process.Kill())
	require.Error(t, writer.Wait())
	require.Len(t, names(t, dir), 3)

	require.NoError(t, Clean(filepath.Join(dir, "other")))
	require.Len(t, names(t, dir), 3, "not left by a write to this path")
	require.NoError(t, Clean(filepath.Join(dir, "link")))
	requireNames(t, dir, "f", "link")
	requireContent(t, "old", path)
}

func TestCleanDuringAWriteDoesNoHarm(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	require.NoError(t, WriteFunc(path, func(w io.Writer) error {
		require.NoError(t, Clean(path))
		_, err := w.Write([]byte("new"))
		return err
	}))
	requireContent(t, "new", path)
	requireNames(t, dir, "f")
}

// Clean may come at any moment of a write, also before the new file is held and just before it is renamed.
func TestWritesBesideCleanDoNotFail(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("see rename")
	}
	path := filepath.Join(t.TempDir(), "f")
	written := make(chan struct{})
	cleaned := make(chan error, 1)
	go func() {
		for {
			select {
			case <-written:
				close(cleaned)
				return
			default:
				if err := Clean(path); err != nil {
					cleaned <- err
					return
				}
			}
		}
	}()
	for range 100 {
		require.NoError(t, Write(path, nil))
	}
	close(written)
	require.NoError(t, <-cleaned)
}

// Whatever a user may have beside the file, it is his.
func TestCleanTouchesNothingElse(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "c.st")
	prefix := tempPrefix(path)
	users := []string{"c.st", "c.st.notes.tmp", "c.st.0123456789abcdef.tmp", ".tmp", prefix + ".tmp", prefix + "notes.tmp",
		prefix + "0123456789ABCDEF.tmp", prefix + "0123456789abcdef.tmp.old", prefix + "0123456789abcdef0.tmp", "a" + prefix + "0123456789abcdef.tmp"}
	for _, name := range users {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
	}
	require.NoError(t, os.Mkdir(filepath.Join(dir, prefix+"fedcba9876543210.tmp"), 0o700))
	users = append(users, prefix+"fedcba9876543210.tmp")
	left := prefix + "0123456789abcdef.tmp"
	require.NoError(t, os.WriteFile(filepath.Join(dir, left), nil, 0o600))

	require.NoError(t, Clean(path))
	requireNames(t, dir, users...)
	require.ErrorIs(t, Clean(filepath.Join(dir, "no", "f")), os.ErrNotExist)
}
