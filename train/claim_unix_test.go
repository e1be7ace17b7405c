//go:build unix

package train_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/internal/atomicfile"
)

// A pipe, and a device is no different, is neither waited for nor replaced.
func TestCheckpointThatIsAPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	tr := newTrainer("sgd", path)
	requireNoStep(t, tr, path)
	_, err := tr.Run(t.Context())
	require.ErrorIs(t, err, atomicfile.ErrNotRegular)
	info, err := os.Lstat(path)
	require.NoError(t, err)
	require.Equal(t, os.ModeNamedPipe, info.Mode().Type())
}
