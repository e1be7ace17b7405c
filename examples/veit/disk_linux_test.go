package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/examples/internal/program"
)

// A run whose disk is full says which file did not fit, wherever it is by then. With more room it goes on, and ends
// where one ends that never had to stop.
func TestAFullDiskIsAnErrorAndTheRunGoesOnLater(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the program four times")
	}
	dir := t.TempDir()
	mount := func(flags uintptr, kilobytes int) error {
		return syscall.Mount("tmpfs", dir, "tmpfs", flags, fmt.Sprintf("size=%dk", kilobytes))
	}
	size := 64
	if err := mount(0, size); errors.Is(err, syscall.EPERM) && os.Getenv("CI") == "" {
		t.Skip("mounting a small disk takes root")
	} else {
		require.NoError(t, err)
	}
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, 0)) })
	completeRun(t)
	failed := 0
	for {
		err := do(t.Context(), parsed(t, completeArgs(dir)), io.Discard)
		if err == nil {
			break
		}
		require.ErrorIs(t, err, syscall.ENOSPC)
		require.ErrorContains(t, err, dir+"/")
		require.NotContains(t, err.Error(), "delete the files", "nothing is damaged")
		failed++
		size *= 3
		require.Less(t, size, 1<<20)
		require.NoError(t, mount(syscall.MS_REMOUNT, size))
	}
	require.Greater(t, failed, 2)
	require.Equal(t, timeless(t, complete.run.results), timeless(t, readResults(t, dir)))
	require.NoError(t, filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		require.NotEqual(t, ".tmp", filepath.Ext(path), "left behind")
		return err
	}))
}

// What is not a file that can be replaced is refused before any work, and left alone.
func TestAPipeInTheFolderIsRefused(t *testing.T) {
	dir := copied(t)
	edit(t, filepath.Join(dir, "kept", "residual-1.json"), func(n map[string]any) { n["done"] = n["done"].([]any)[:1] })
	var log bytes.Buffer
	begin := func() error {
		lock, err := prepare(dir)
		if err != nil {
			return err
		}
		defer lock.Release()
		if _, err := openStore(filepath.Join(dir, "kept"), complete.run.origin); err != nil {
			return err
		}
		r, err := from(t, filepath.Join(dir, "kept"), "residual")
		if err != nil {
			return err
		}
		r.out = program.NewOutput(&log)
		return r.all(t.Context())
	}
	for _, name := range []string{"index.html", "results.json", "reorder.png", "unraveled.svg", "kept/origin.json", "kept/residual-1.json", "kept/residual-1.safetensors", "kept/residual-1-sweeps.jsonl"} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		_ = os.Rename(path, path+".old")
		require.NoError(t, syscall.Mkfifo(path, 0o644))
		require.ErrorContains(t, begin(), path)
		require.NotContains(t, log.String(), "done in", name)
		info, err := os.Lstat(path)
		require.NoError(t, err)
		require.Equal(t, fs.ModeNamedPipe, info.Mode().Type())
		require.NoError(t, os.Remove(path))
		_ = os.Rename(path+".old", path)
	}
	require.NoError(t, begin())
}
