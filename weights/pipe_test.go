//go:build unix && !aix && !solaris

package weights_test

import (
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/weights"
)

// To open a pipe that nobody writes to would be to wait for ever.
func TestLoadAndSaveRefusePipes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	_, err := weights.Load(path)
	require.ErrorContains(t, err, "weights: "+path+": not a regular file, mode p")
	index := filepath.Join(t.TempDir(), "a.index.json")
	require.NoError(t, syscall.Mkfifo(index, 0o600))
	_, err = weights.Load(index)
	require.ErrorContains(t, err, "weights: "+index+": not a regular file, mode p")
	_, err = weights.Open(index)
	require.ErrorContains(t, err, "weights: "+index+": not a regular file, mode p")
	require.ErrorContains(t, weights.Save(path, &weights.File{}), "weights: write "+path+": not a regular file, mode p")
}
