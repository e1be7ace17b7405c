package weights

import (
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/tensor"
)

// meddled changes a file between two reads of it.
type meddled struct {
	*os.File
	reads int
	when  int
	how   func()
}

func (m *meddled) ReadAt(p []byte, at int64) (int, error) {
	if m.reads++; m.reads == m.when {
		m.how()
	}
	return m.File.ReadAt(p, at)
}

// A file of five reads: the last byte, the length of the header, the header, two tensors.
func TestLoadWhileTheFileChanges(t *testing.T) {
	path := filepath.Join(t.TempDir(), "net.safetensors")
	old := map[string]*tensor.Tensor{"a": tensor.Full(1, 100), "b": tensor.Full(2, 100)}
	write := func(off int64, b []byte) {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		require.NoError(t, err)
		_, err = f.WriteAt(b, off)
		require.NoError(t, err)
		require.NoError(t, f.Close())
		require.NoError(t, os.Chtimes(path, time.Time{}, time.Unix(1e9, 0))) // clocks of file systems are coarse
	}
	for name, c := range map[string]struct {
		how   func(size int64)
		check func(t *testing.T, f *File, err error)
	}{
		"shrinks": {
			func(int64) { require.NoError(t, os.Truncate(path, 10)) },
			func(t *testing.T, f *File, err error) { require.ErrorIs(t, err, io.ErrUnexpectedEOF) },
		},
		"grows": {
			func(size int64) { write(size, []byte("more")) },
			func(t *testing.T, f *File, err error) { require.ErrorContains(t, err, "changed while it was read") },
		},
		"is written over": {
			func(size int64) { write(size-4, []byte("more")) },
			func(t *testing.T, f *File, err error) { require.ErrorContains(t, err, "changed while it was read") },
		},
		"is replaced": {
			func(int64) {
				require.NoError(t, Save(path, &File{Tensors: map[string]*tensor.Tensor{"c": tensor.New(1)}}))
			},
			func(t *testing.T, f *File, err error) {
				require.NoError(t, err)
				require.Equal(t, old, f.Tensors)
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			for when := 1; when <= 5; when++ {
				require.NoError(t, Save(path, &File{Tensors: old}))
				f, err := os.Open(path)
				require.NoError(t, err)
				info, err := f.Stat()
				require.NoError(t, err)
				m := &meddled{File: f, when: when, how: func() { c.how(info.Size()) }}
				got, err := load(m, "")
				require.GreaterOrEqual(t, m.reads, when)
				require.NoError(t, f.Close())
				c.check(t, got, err)
			}
		})
	}
}
