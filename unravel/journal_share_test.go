package unravel

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/internal/filelock"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/tensor"
)

// startSweep starts a process that does the sweep of killedSweep with the journal at path, and waits until it has begun.
func startSweep(t *testing.T, path string) *exec.Cmd {
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), sweepJournal+"="+path)
	require.NoError(t, child.Start())
	t.Cleanup(func() { _ = child.Process.Kill() })
	known := lines(path)
	require.Eventually(t, func() bool { return lines(path) > known }, time.Minute, time.Millisecond)
	return child
}

// While a process has a journal, another one that wants it is told who has it, and what it holds can be merged.
func TestTwoProcessesWithOneJournal(t *testing.T) {
	dir := t.TempDir()
	path, merged := filepath.Join(dir, "sweep.jsonl"), filepath.Join(dir, "merged.jsonl")
	first := startSweep(t, path)
	second := exec.Command(os.Args[0])
	second.Env = append(os.Environ(), sweepJournal+"="+path)
	said, err := second.CombinedOutput()
	require.Error(t, err, "exit status 1")
	require.Contains(t, string(said), "sweep.jsonl is in use by ")
	for _, open := range []func() error{
		func() error { _, err := OpenJournal(path, "another net"); return err },
		func() error { return MergeJournals(path, path) },
	} {
		err := open()
		var held *filelock.HeldError
		require.ErrorAs(t, err, &held)
		if name := fmt.Sprintf("process %d ", first.Process.Pid); held.Holder != "another process" { // on Windows
			require.Contains(t, err.Error(), "is in use by "+name)
		}
	}
	for known := 0; known < 50; {
		require.NoError(t, MergeJournals(merged, path)) // in which a line may be half written
		now := lines(merged)
		require.GreaterOrEqual(t, now, known)
		known = now
	}
	require.NoError(t, first.Process.Kill())
	_ = first.Wait() // says that it was killed
	require.GreaterOrEqual(t, openJournal(t, path, "net").Len(), 50)
}

// Studies of one process may share a net and a journal, whoever has what first.
func TestStudiesShareAJournal(t *testing.T) {
	s, plans := journalled()
	want, err := s.Evaluate(t.Context(), plans)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "sweep.jsonl")
	s.opts.Journal = openJournal(t, path, "net")
	_, err = OpenJournal(path, "net")
	var held *filelock.HeldError
	require.ErrorAs(t, err, &held)
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			mine := s
			order := rand.New(rand.NewPCG(1, uint64(worker))).Perm(len(plans))
			var some []Plan
			for _, i := range order[:len(order)*3/4] {
				some = append(some, plans[i])
			}
			got, err := mine.Evaluate(t.Context(), some)
			if err != nil {
				t.Error(err)
				return
			}
			for k, score := range got {
				if score != want[order[k]] {
					t.Errorf("%v: %v, alone %v", some[k], score, want[order[k]])
				}
			}
		})
	}
	all.Wait()
	require.NoError(t, s.opts.Journal.Close())
	require.ErrorIs(t, s.opts.Journal.Close(), os.ErrClosed)
	require.Equal(t, openJournal(t, path, "net").Len(), lines(path), "each score once")
}

// A study that recalibrates leaves its net alone, so that others may use it at the same time.
func TestRecalibrateBesideAnotherStudy(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	net := newResNet(rng, resnet.Config{Blocks: []int{2, 2}, Width: 3, Image: resnet.Shape{Height: 6, Width: 6, Channels: 2}, Classes: 3})
	plain := Study{net: net, batches: []data.Batch{randomBatch(rng, 3, 8, 6, 6, 2)}}
	recalibrated := plain
	recalibrated.opts.Recalibrate = recalibrating(net, normal(rng, 1, 16, 6, 6, 2))
	plans := append(DeleteEach(ofLen(4)), Ablate(ofLen(4), DatasetMean, 1))
	var want [2][]data.Score
	for i, s := range []Study{plain, recalibrated} {
		var err error
		want[i], err = s.Evaluate(t.Context(), plans)
		require.NoError(t, err)
	}
	require.NotEqual(t, want[0], want[1])
	var all sync.WaitGroup
	for i, s := range []Study{plain, recalibrated, plain, recalibrated} {
		all.Go(func() {
			for range 3 {
				if got, err := s.Evaluate(t.Context(), plans); err != nil || !slices.Equal(got, want[i%2]) {
					t.Error(i, err, got)
				}
			}
		})
	}
	all.Wait()
}

func TestMergingKeepsTheMode(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "journal")
	for _, mode := range []os.FileMode{0o644, 0o600, 0o640} {
		require.NoError(t, os.WriteFile(path, []byte(written(t, keyA, finding{})), mode))
		require.NoError(t, os.Chmod(path, mode))
		before, err := os.Stat(path)
		require.NoError(t, err)
		require.NoError(t, MergeJournals(path, path))
		after, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, before.Mode(), after.Mode())
	}
	require.ErrorContains(t, MergeJournals(path), "no journals to merge")
	requireFile(t, path, written(t, keyA, finding{}))
	require.ErrorContains(t, MergeJournals(dir, path), "not a regular file")
	_, err := OpenJournal(dir, "")
	require.ErrorContains(t, err, "not a regular file")
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 1)
}

// When a line cannot be written, the journal ends where it did, and goes on when it can be again.
func TestWritesThatFail(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	j := openJournal(t, path, "net")
	require.NoError(t, j.add(line{Key: keyA}))
	good := j.out
	var err error
	j.out, err = os.Open(path) // to read only
	require.NoError(t, err)
	require.ErrorContains(t, j.add(line{Key: keyB}), "write "+path)
	require.Equal(t, 1, j.Len())
	require.Equal(t, 1, lines(path))
	require.NoError(t, j.out.Close())

	cutter := j.file
	j.file, err = os.Open(path) // cannot cut either
	require.NoError(t, err)
	j.out = j.file
	for range 2 {
		require.ErrorContains(t, j.add(line{Key: keyB}), "cut short")
	}
	j.out = good
	require.ErrorContains(t, j.add(line{Key: keyB}), "close it and open it again", "for good")
	require.NoError(t, cutter.Close())
	require.NoError(t, j.Close())
	j = openJournal(t, path, "net")
	require.NoError(t, j.add(line{Key: keyB}))
	require.Equal(t, 2, j.Len())
	require.NoError(t, j.Close())
	require.ErrorIs(t, j.add(line{Key: strings.Repeat("c", 32)}), os.ErrClosed)
}

// A patch on a net that gives no finite logits is remembered too.
func TestPatchesWithoutFiniteLogits(t *testing.T) {
	s, _ := journalled()
	path := filepath.Join(t.TempDir(), "journal")
	s.opts.Journal = openJournal(t, path, "net")
	x := s.batches[1].X.Clone()
	tensor.Scale(x, x, 3e38)
	s.batches[1].X = x
	want, err := s.PatchPaths(t.Context(), Step{Do: Zero}, AllPatches(ofLen(6)))
	require.NoError(t, err)
	require.Positive(t, want[0].Score.NonFinite)
	require.NoError(t, s.opts.Journal.Close())
	s.opts.Journal = openJournal(t, path, "net")
	s.net = newConvNet(rand.New(rand.NewPCG(0, 0))) // of which nothing is asked
	got, err := s.PatchPaths(t.Context(), Step{Do: Zero}, AllPatches(ofLen(6)))
	require.NoError(t, err)
	require.Equal(t, fmt.Sprint(want), fmt.Sprint(got))
}
