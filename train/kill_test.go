package train_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/residuum-go/residuum/nn/optim"
	"github.com/residuum-go/residuum/train"
	"github.com/stretchr/testify/require"
)

// endless names the checkpoint of a child process that trains until it is killed.
const endless = "RESIDUUM_TEST_ENDLESS_CHECKPOINT"

func TestMain(m *testing.M) {
	if path := os.Getenv(endless); path != "" {
		fmt.Println(trainEndlessly(path))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func trainEndlessly(path string) error {
	tr := endlessTrainer(path)
	if err := tr.Resume(); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	_, err := tr.Run(context.Background())
	return err
}

func endlessTrainer(path string) *trainer {
	tr := newTrainer("sgd", path)
	tr.Epochs, tr.Schedule = 1<<24, optim.Constant(0.02) // which does not look at Epochs
	tr.SaveEvery = 1
	tr.Best = path + ".best"
	tr.OnEpoch = func(e train.Epoch) error {
		if err := os.MkdirAll(path+".epochs", 0o700); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(path+".epochs", strconv.Itoa(e.Number)), []byte(e.String()), 0o600)
	}
	return tr
}

// process is one that trains endlessly on a checkpoint.
type process struct {
	*exec.Cmd
	said  bytes.Buffer  // why it ended, but for being killed
	ended chan struct{} // closed then
}

func startEndless(t *testing.T, path string) *process {
	t.Helper()
	p := &process{Cmd: exec.Command(os.Args[0]), ended: make(chan struct{})}
	p.Env = append(os.Environ(), endless+"="+path)
	p.Stdout, p.Stderr = &p.said, &p.said
	require.NoError(t, p.Start())
	go func() {
		_ = p.Wait()
		close(p.ended)
	}()
	t.Cleanup(p.kill)
	return p
}

func (p *process) kill() {
	_ = p.Process.Kill()
	<-p.ended
}

// waitForChange waits until the file is replaced, which every step of the process does.
func (p *process) waitForChange(t *testing.T, path string) {
	t.Helper()
	before, _ := os.Stat(path)
	for {
		if after, err := os.Stat(path); err == nil && (before == nil || !os.SameFile(before, after)) {
			return
		}
		select {
		case <-p.ended:
			t.Fatal(p.said.String())
		case <-time.After(time.Millisecond):
		}
	}
}

// A process killed at any moment, and it does little else than save, leaves a whole checkpoint.
func TestKilledProcessLeavesAWholeCheckpoint(t *testing.T) {
	path := filepath.Join(t.TempDir(), "net.safetensors")
	last := 0
	for range 12 {
		child := startEndless(t, path)
		child.waitForChange(t, path)
		time.Sleep(time.Duration(rand.IntN(20_000)) * time.Microsecond)
		child.kill()

		tr := endlessTrainer(path)
		require.NoError(t, tr.Resume())
		s := tr.Loader.State()
		step := s.Epoch*tr.Loader.Steps() + s.Next/s.Batch
		require.Greater(t, step, last)
		last = step
	}
	requireGoesOn(t, path)
}

// Of many processes on one checkpoint one trains. The others say who does, and do no harm.
func TestManyProcessesOnOneCheckpoint(t *testing.T) {
	path := filepath.Join(t.TempDir(), "net.safetensors")
	refused := make(chan *process, 4)
	processes := map[*process]bool{}
	for range 4 {
		p := startEndless(t, path)
		processes[p] = true
		go func() {
			<-p.ended
			refused <- p
		}()
	}
	var said []string
	for len(processes) > 1 {
		p := <-refused
		said = append(said, p.said.String())
		delete(processes, p)
	}
	for winner := range processes {
		winner.waitForChange(t, path)
		for _, s := range said {
			require.Contains(t, s, "train: checkpoint: "+path+" is in use by ")
			if !strings.Contains(s, "another process") { // it may not have signed yet
				require.Contains(t, s, fmt.Sprint("process ", winner.Process.Pid, " "))
			}
		}
		winner.kill()
	}
	requireGoesOn(t, path)
}

// requireGoesOn requires that a checkpoint of killed processes leads to where one that lives comes, and that nothing
// else is left in its folder then.
func requireGoesOn(t *testing.T, path string) {
	t.Helper()
	reached := endlessTrainer(path)
	require.NoError(t, reached.Resume())
	whole := filepath.Join(t.TempDir(), "net.safetensors")
	straight, killed := endlessTrainer(whole), endlessTrainer(path)
	straight.Epochs = reached.Loader.State().Epoch + 1
	killed.Epochs = straight.Epochs
	require.NoError(t, killed.Resume())
	_, err := killed.Run(t.Context())
	require.NoError(t, err)
	_, err = straight.Run(t.Context())
	require.NoError(t, err)
	requireSameState(t, straight.Model, killed.Model)
	require.True(t, read(t, whole) == read(t, path), "checkpoints differ")
	require.True(t, read(t, whole+".best") == read(t, path+".best"), "best checkpoints differ")
	for n := 1; n <= straight.Epochs; n++ { // no epoch is saved before its hook has seen it
		name := ".epochs/" + strconv.Itoa(n)
		require.Equal(t, read(t, whole+name), read(t, path+name))
	}
	if runtime.GOOS == "linux" {
		entries, err := os.ReadDir(filepath.Dir(path))
		require.NoError(t, err)
		require.Len(t, entries, 3)
	}
}
