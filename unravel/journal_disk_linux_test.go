package unravel

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// smallDisk mounts a file system of 64 KB for the test.
func smallDisk(t *testing.T) string {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
		if os.Getenv("CI") == "" {
			t.Skip("cannot mount a small disk: ", err)
		}
		t.Fatal("cannot mount a small disk: ", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// A disk that fills up in a sweep loses nothing: the sweep ends with the error, the journal with a whole line, and
// when there is room again the same journal goes on.
func TestSweepOnAFullDisk(t *testing.T) {
	dir := smallDisk(t)
	path, filler := filepath.Join(dir, "sweep.jsonl"), filepath.Join(dir, "filler")
	s, plans := killedSweep()
	want, err := s.Evaluate(t.Context(), plans)
	require.NoError(t, err)
	s.opts.Journal = openJournal(t, path, "net")
	fill := func() {
		f, err := os.Create(filler)
		require.NoError(t, err)
		for err == nil {
			_, err = f.Write(make([]byte, 1024))
		}
		require.ErrorIs(t, err, syscall.ENOSPC)
		require.NoError(t, f.Close())
	}
	// A page of the disk holds some thirty lines, and the last of them in part.
	const rounds = 3
	for round := range rounds {
		fill()
		for range 2 { // a second try ends the same way
			_, err = s.Evaluate(t.Context(), plans)
			require.ErrorIs(t, err, syscall.ENOSPC)
			require.ErrorContains(t, err, path)
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, s.opts.Journal.Len(), lines(path))
			require.True(t, len(text) == 0 || text[len(text)-1] == '\n')
		}
		require.NoError(t, os.Truncate(filler, 0))
		require.NoError(t, s.opts.Journal.add(line{Key: fmt.Sprintf("%032x", round)}))
	}
	require.NoError(t, os.Remove(filler))
	got, err := s.Evaluate(t.Context(), plans)
	require.NoError(t, err)
	require.Equal(t, want, got)
	require.NoError(t, s.opts.Journal.Close())
	require.Equal(t, 2*len(plans)+rounds, openJournal(t, path, "net").Len())
	require.Equal(t, 2*len(plans)+rounds, lines(path))
}
