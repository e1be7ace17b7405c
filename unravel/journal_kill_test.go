package unravel

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/data"
)

// sweepJournal names the journal of a child process that does a sweep.
const sweepJournal = "RESIDUUM_TEST_SWEEP_JOURNAL"

func TestMain(m *testing.M) {
	if path := os.Getenv(sweepJournal); path != "" {
		fmt.Println(runSweep(path))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// killedSweep is a study of two batches and the 190 plans of its sweep.
func killedSweep() (Study, []Plan) {
	rng := rand.New(rand.NewPCG(8, 8))
	net := newMLP(rng, 20, 0.5, 0.1)
	return Study{net: net, batches: []data.Batch{randomBatch(rng, 3, 5, 4), randomBatch(rng, 3, 5, 4)}, opts: Options{Seed: 1}}, DeletePairs(ofLen(20))
}

// runSweep does it slowly, so that it is still at work when it is killed.
func runSweep(path string) error {
	s, plans := killedSweep()
	var err error
	if s.opts.Journal, err = OpenJournal(path, "net"); err != nil {
		return err
	}
	s.opts.Progress = func(int, int) { time.Sleep(time.Millisecond) }
	_, err = s.Evaluate(context.Background(), plans)
	return err
}

// A sweep whose process is killed again and again gets on every time, and in the end has the scores of one that
// was left alone, computed once each.
func TestKilledSweepGoesOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sweep.jsonl")
	known := 0
	for range 8 {
		child := startSweep(t, path)
		time.Sleep(time.Duration(rand.IntN(5000)) * time.Microsecond)
		require.NoError(t, child.Process.Kill())
		require.Error(t, child.Wait())
		j, err := OpenJournal(path, "net")
		require.NoError(t, err)
		require.Greater(t, j.Len(), known)
		known = j.Len()
		require.NoError(t, j.Close())
	}
	s, plans := killedSweep()
	require.Less(t, known, 2*len(plans), "killed before the end")
	want, err := s.Evaluate(t.Context(), plans)
	require.NoError(t, err)
	s.opts.Journal = openJournal(t, path, "net")
	got, err := s.Evaluate(t.Context(), plans)
	require.NoError(t, err)
	require.Equal(t, want, got)
	require.Equal(t, 2*len(plans), lines(path))
}

// lines counts the whole lines of a file, none if it does not exist.
func lines(path string) int {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	return bytes.Count(text, []byte{'\n'})
}
