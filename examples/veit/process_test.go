package main

import (
	"bufio"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/examples/internal/programtest"
)

func TestMain(m *testing.M) {
	programtest.Child(main)
	m.Run()
	os.RemoveAll(complete.dir)
}

// A process that is killed again and again ends where one that is left alone ends.
func TestKilledRunGoesOnWhereItWas(t *testing.T) {
	dir := t.TempDir()
	completeRun(t)
	killed, further := 0, 5 // more than there are readings in an epoch, for a checkpoint comes after them
	if testing.Short() {
		further = 7
	}
	for {
		child := programtest.Command(completeArgs(dir)...)
		out, err := child.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, child.Start())
		lines := bufio.NewScanner(out)
		for news := 0; news < further && lines.Scan(); { // each child gets so many steps further
			if strings.Contains(lines.Text(), " images: loss") || strings.Contains(lines.Text(), "done in") {
				news++
			}
		}
		_ = child.Process.Kill()
		if child.Wait() == nil { // it had reached the end
			break
		}
		killed++
		require.Less(t, killed, 30, "no progress")
	}
	require.Greater(t, killed, 1)
	require.Equal(t, timeless(t, complete.run.results), timeless(t, readResults(t, dir)))
}

// held is a log that holds up the run which writes the first line to it.
type held struct{ begun, goOn chan struct{} }

func (h held) Write(p []byte) (int, error) {
	select {
	case <-h.goOn:
	case h.begun <- struct{}{}:
		<-h.goOn
	}
	return len(p), nil
}

// A second run into a folder ends before it has touched anything, with -resume or without.
func TestTwoAtOnce(t *testing.T) {
	dir := t.TempDir()
	log := held{make(chan struct{}), make(chan struct{})}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- do(ctx, parsed(t, completeArgs(dir)), log) }()
	<-log.begun
	before := content(t, dir)
	for _, args := range [][]string{completeArgs(dir), append(completeArgs(dir), "-resume=false")} {
		out, err := programtest.Command(args...).CombinedOutput()
		exit := &exec.ExitError{}
		require.ErrorAs(t, err, &exit)
		require.Equal(t, 1, exit.ExitCode())
		require.Equal(t, fmt.Sprintf("veit: report folder: %s is in use by process %d (%s): wait for it, or give another -out\n", dir, os.Getpid(), filepath.Base(os.Args[0])), string(out))
	}
	require.Equal(t, before, content(t, dir))
	cancel()
	close(log.goOn)
	require.ErrorIs(t, <-done, context.Canceled)
	lock, err := prepare(dir)
	require.NoError(t, err, "the lock has been given back")
	require.NoError(t, lock.Release())
}

// content returns all files of a folder.
func content(t *testing.T, dir string) map[string]string {
	files := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		files[path] = string(text)
		return err
	}))
	return files
}
