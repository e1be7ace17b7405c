package filelock

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMain lets the test start itself as another process, which holds a lock until its input ends.
func TestMain(m *testing.M) {
	if path := os.Getenv("FILELOCK_HOLD"); path != "" {
		if _, err := Acquire(path); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("held")
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// hold starts a process that holds the lock of path.
func hold(t *testing.T, path string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "FILELOCK_HOLD="+path)
	_, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	said, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "held\n", said)
	return cmd
}

func TestOneHolderInAProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	first, err := Acquire(path)
	require.NoError(t, err)
	_, err = Acquire(path)
	var held *HeldError
	require.ErrorAs(t, err, &held)
	require.Equal(t, path, held.Path)
	if runtime.GOOS != "windows" {
		require.Contains(t, err.Error(), fmt.Sprintf("in use by process %d", os.Getpid()))
	}
	require.NoError(t, first.Release())
	second, err := Acquire(path)
	require.NoError(t, err)
	require.NoError(t, second.Release())
	left, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	if runtime.GOOS != "windows" {
		require.Empty(t, left)
	}
}

func TestAKilledProcessHoldsNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	other := hold(t, path)
	_, err := Acquire(path)
	var held *HeldError
	require.ErrorAs(t, err, &held)
	require.NoError(t, other.Process.Kill())
	_ = other.Wait() // says that it was killed
	l, err := Acquire(path)
	require.NoError(t, err)
	require.NoError(t, l.Release())
}

func TestALinkHasTheLockOfItsTarget(t *testing.T) {
	dir := t.TempDir()
	target := filepath.Join(dir, "folder", "target")
	require.NoError(t, os.Mkdir(filepath.Dir(target), 0o777))
	for link, to := range map[string]string{"link": "second", "second": "folder/target", "far": target} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Skip("no symbolic links here: ", err)
		}
	}
	for _, exists := range []bool{false, true} {
		if exists {
			require.NoError(t, os.WriteFile(target, nil, 0o666))
		}
		l, err := Acquire(target)
		require.NoError(t, err)
		for _, link := range []string{"link", "second", "far"} {
			_, err = Acquire(filepath.Join(dir, link))
			var held *HeldError
			require.ErrorAs(t, err, &held, "%s, target exists: %v", link, exists)
		}
		require.NoError(t, l.Release())
	}
	require.NoError(t, os.Symlink("round", filepath.Join(dir, "round")))
	_, err := Acquire(filepath.Join(dir, "round"))
	require.Error(t, err)
}

func TestAFolderThatDoesNotExist(t *testing.T) {
	_, err := Acquire(filepath.Join(t.TempDir(), "no", "journal"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

// The file comes and goes while many want it; at no time may two of them have it.
func TestOneHolderAmongMany(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	var holders, most atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				l, err := Acquire(path)
				if err != nil {
					continue
				}
				if holders.Add(1) > 1 {
					most.Store(2)
				}
				runtime.Gosched()
				holders.Add(-1)
				if err := l.Release(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	require.Zero(t, most.Load())
}
