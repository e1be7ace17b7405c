//go:build unix && !aix && !solaris

package onnx

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// To open a pipe that nobody writes to would be to wait for ever.
func TestPipesAreRefused(t *testing.T) {
	dir := t.TempDir()
	pipe, path := filepath.Join(dir, "w.bin"), filepath.Join(dir, "m.onnx")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	m := model()
	outside(m.Graph.Initializer[0], "w.bin")
	require.NoError(t, os.WriteFile(path, encoded(t, m), 0o644))
	_, err := Load(path)
	require.ErrorContains(t, err, `tensor "w" of type FLOAT and shape [2 3]: external data: w.bin: not a regular file`)
	_, err = Load(pipe)
	require.ErrorContains(t, err, "onnx: "+pipe+": not a regular file")
}
