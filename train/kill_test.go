package train_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/train"
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

func endlessTrainer(path string) *train.Trainer {
	tr := newTrainer("sgd", path)
	tr.Epochs = 1 << 24
	tr.SaveEvery = 1
	return tr
}

// A process killed at any moment, and it does little else than save, leaves a whole checkpoint.
func TestKilledProcessLeavesAWholeCheckpoint(t *testing.T) {
	path := filepath.Join(t.TempDir(), "net.safetensors")
	last := 0
	for range 12 {
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), endless+"="+path)
		require.NoError(t, child.Start())
		waitForChange(t, path)
		time.Sleep(time.Duration(rand.IntN(20_000)) * time.Microsecond)
		require.NoError(t, child.Process.Kill())
		require.Error(t, child.Wait())

		tr := endlessTrainer(path)
		require.NoError(t, tr.Resume())
		s := tr.Loader.State()
		step := s.Epoch*tr.Loader.Batches() + s.Next/s.Batch
		require.Greater(t, step, last)
		last = step
	}
	// What the killed processes reached is what one that lives reaches.
	straight := newTrainer("sgd", "")
	killed := endlessTrainer(path)
	require.NoError(t, killed.Resume())
	straight.Epochs = killed.Loader.State().Epoch + 1
	killed.Epochs = straight.Epochs
	_, err := killed.Run(t.Context())
	require.NoError(t, err)
	_, err = straight.Run(t.Context())
	require.NoError(t, err)
	requireSameParams(t, straight.Model, killed.Model)
}

// waitForChange waits until the file is replaced, which every step of the child does.
func waitForChange(t *testing.T, path string) {
	t.Helper()
	before, _ := os.Stat(path)
	require.Eventually(t, func() bool {
		after, err := os.Stat(path)
		return err == nil && (before == nil || !os.SameFile(before, after))
	}, time.Minute, time.Millisecond)
}
