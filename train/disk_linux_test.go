package train_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/train"
)

// smallDisk names a folder for a process that has a namespace of its own, to mount a disk there.
const smallDisk = "RESIDUUM_TEST_SMALL_DISK"

// The disk is full when a checkpoint is due: the old one stands, and the run goes on when there is room. The test runs
// in a process whose mounts end with it and nobody else sees.
func TestFullDisk(t *testing.T) {
	if dir := os.Getenv(smallDisk); dir != "" {
		fillDisk(t, dir)
		return
	}
	child := exec.Command(os.Args[0], "-test.run=^TestFullDisk$")
	child.Env = append(os.Environ(), smallDisk+"="+t.TempDir())
	child.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	if os.Getuid() != 0 { // then root of a user namespace, where that is allowed
		child.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		child.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		child.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	var said bytes.Buffer
	child.Stdout, child.Stderr = &said, &said
	err := child.Start()
	if errors.Is(err, os.ErrPermission) && os.Getenv("CI") == "" {
		t.Skip("this user may not mount a small disk: ", err)
	}
	require.NoError(t, err)
	require.NoError(t, child.Wait(), said.String())
	require.Contains(t, said.String(), "filled, emptied and resumed")
}

func fillDisk(t *testing.T, dir string) {
	page := os.Getpagesize()
	require.NoError(t, syscall.Mount("none", dir, "tmpfs", 0, fmt.Sprint("size=", 16*page)))
	path, filler := filepath.Join(dir, "net.safetensors"), filepath.Join(dir, "filler")
	tr := newTrainer("sgd", path)
	tr.SaveEvery = 9
	before := ""
	tr.Each = func(p train.Step) {
		if p.Epoch == 2 && p.Batch == 2 {
			before = read(t, path)
			require.ErrorIs(t, os.WriteFile(filler, make([]byte, 16*page), 0o600), syscall.ENOSPC)
		}
	}
	for range 2 {
		history, err := tr.Run(t.Context())
		require.ErrorIs(t, err, syscall.ENOSPC)
		require.ErrorContains(t, err, path)
		require.Len(t, history, 1)
		require.Equal(t, before, read(t, path))
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Len(t, entries, 2, "%v", entries)
	}
	require.NoError(t, os.Remove(filler))
	tr.Each = nil
	_, err := tr.Run(t.Context())
	require.NoError(t, err)
	requireWhole(t, path)
	fmt.Println("filled, emptied and resumed")
}
