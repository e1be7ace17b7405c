package unravel

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/tensor"
)

func openJournal(t *testing.T, path, identity string) *Journal {
	t.Helper()
	j, err := OpenJournal(path, identity)
	require.NoError(t, err)
	t.Cleanup(func() { _ = j.Close() })
	return j
}

// journalled returns a study of two batches and plans for it.
func journalled() (Study, []Plan) {
	rng := rand.New(rand.NewPCG(9, 9))
	s := Study{net: newConvNet(rng), batches: []data.Batch{randomBatch(rng, 3, 4, 6, 6, 2), randomBatch(rng, 3, 2, 6, 6, 2)}, opts: Options{Seed: 5}}
	return s, append(DeletePairs(ofLen(6)), Ablate(ofLen(6), Noise, 2), Ablate(ofLen(6), DatasetMean, 3))
}

func TestAStoppedSweepGoesOn(t *testing.T) {
	s, plans := journalled()
	want, err := s.Evaluate(context.Background(), plans)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "sweep.jsonl")
	ctx, cancel := context.WithCancel(context.Background())
	s.opts.Journal = openJournal(t, path, "net 1")
	steps := 0
	s.opts.Progress = func(done, total int) {
		if done == total*3/4 {
			cancel()
		}
	}
	_, err = s.Evaluate(ctx, plans)
	require.ErrorIs(t, err, context.Canceled)
	before := s.opts.Journal.Len()
	require.Positive(t, before)
	require.NoError(t, s.opts.Journal.Close())

	// The crash also cut the last line short.
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.WriteString(`{"key":"12`)
	require.NoError(t, err)
	require.NoError(t, f.Close())

	s.opts.Journal = openJournal(t, path, "net 1")
	require.Equal(t, before, s.opts.Journal.Len())
	s.opts.Progress = func(_, total int) { steps = total }
	got, err := s.Evaluate(context.Background(), plans)
	require.NoError(t, err)
	require.Equal(t, want, got)
	require.Less(t, steps, 2*grow(plans, span(0, len(plans))).size)
	require.Equal(t, 2*len(plans), s.opts.Journal.Len())

	steps = 0
	got, err = s.Evaluate(context.Background(), plans)
	require.NoError(t, err)
	require.Equal(t, want, got)
	require.Zero(t, steps, "everything was known")
}

func TestRecalibratedPlansAreRemembered(t *testing.T) {
	s, plans := journalled()
	s.opts.Journal = openJournal(t, filepath.Join(t.TempDir(), "sweep.jsonl"), "net 1, recalibrated")
	calls := 0
	s.opts.Recalibrate = func(context.Context, func(Network, *autograd.Var) *autograd.Var) (Network, error) {
		calls++
		return s.net, nil
	}
	want, err := s.Evaluate(context.Background(), plans)
	require.NoError(t, err)
	require.Equal(t, len(plans), calls)
	got, err := s.Evaluate(context.Background(), plans)
	require.NoError(t, err)
	require.Equal(t, want, got)
	require.Equal(t, len(plans), calls)
}

func TestShardsMerge(t *testing.T) {
	s, plans := journalled()
	want, err := s.Evaluate(context.Background(), plans)
	require.NoError(t, err)
	dir := t.TempDir()
	const count = 3
	var set []string
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range count {
		set = append(set, filepath.Join(dir, fmt.Sprintf("shard%d.jsonl", i)))
		shuffled := append([]Plan(nil), plans...)
		rng.Shuffle(len(shuffled), func(a, b int) { shuffled[a], shuffled[b] = shuffled[b], shuffled[a] })
		part := s
		part.opts.Journal = openJournal(t, set[i], "net 1")
		_, err := part.Evaluate(context.Background(), Shard{i, count}.Plans(shuffled))
		require.NoError(t, err)
		require.NoError(t, part.opts.Journal.Close())
	}
	file := func(name string) string { return filepath.Join(dir, name) }
	require.NoError(t, MergeJournals(file("ab"), set[0], set[1]))
	require.NoError(t, MergeJournals(file("ab-c"), file("ab"), set[2]))
	require.NoError(t, MergeJournals(file("bc"), set[2], set[1]))
	require.NoError(t, MergeJournals(file("a-bc"), set[0], file("bc")))
	require.NoError(t, MergeJournals(file("bc"), file("bc"), set[0], set[0])) // onto itself
	text := func(name string) string {
		b, err := os.ReadFile(file(name))
		require.NoError(t, err)
		return string(b)
	}
	require.Equal(t, text("ab-c"), text("a-bc"))
	require.Equal(t, text("ab-c"), text("bc"))
	s.opts.Journal = openJournal(t, file("ab-c"), "net 1")
	require.Equal(t, 2*len(plans), s.opts.Journal.Len())
	s.opts.OnLogits = func(int, int, *tensor.Tensor) error { return errors.New("computed again") }
	got, err := s.Evaluate(context.Background(), plans)
	require.NoError(t, err)
	require.Equal(t, want, got)

	require.NoError(t, os.WriteFile(file("lie"), []byte(strings.ReplaceAll(text("ab"), `"examples":4`, `"examples":5`)), 0o644))
	require.ErrorIs(t, MergeJournals(file("ab"), file("ab"), file("lie")), ErrConflict)
	require.ErrorIs(t, MergeJournals(file("ab"), file("missing")), os.ErrNotExist)
}

func TestShardsShareTheWork(t *testing.T) {
	plans := DeletePairs(ofLen(20))
	whole := grow(plans, span(0, len(plans))).size
	for _, count := range []int{1, 2, 7} {
		seen := map[string]bool{}
		for i := range count {
			part := Shard{i, count}.Plans(plans)
			for _, p := range part {
				require.False(t, seen[p.String()])
				seen[p.String()] = true
			}
			require.Less(t, grow(part, span(0, len(part))).size, whole/count+3*20)
		}
		require.Len(t, seen, len(plans))
	}
	require.Panics(t, func() { Shard{2, 2}.Plans(plans) })
}

// The steps before a plan times the number of shards are beyond an int of 32 bits.
func TestEveryPlanIsInOneOfManyShards(t *testing.T) {
	const count = 1 << 20
	plans := make([]Plan, 1<<12)
	for i := range plans {
		plans[i] = Plan{{Block: i}}
	}
	for _, i := range []int{0, 1, 2047, 2048, 4095} {
		require.Equal(t, []Plan{plans[i]}, Shard{count / len(plans) * i, count}.Plans(plans))
	}
}

func TestShardFrom(t *testing.T) {
	for name, c := range map[string]struct {
		env  map[string]string
		want Shard
		ok   bool
	}{
		"none":          {nil, Shard{0, 1}, true},
		"slurm":         {map[string]string{"SLURM_ARRAY_TASK_ID": "13", "SLURM_ARRAY_TASK_MIN": "10", "SLURM_ARRAY_TASK_COUNT": "4", "SLURM_ARRAY_TASK_STEP": "3"}, Shard{1, 4}, true},
		"slurm zero":    {map[string]string{"SLURM_ARRAY_TASK_ID": "0", "SLURM_ARRAY_TASK_COUNT": "4"}, Shard{0, 4}, true},
		"slurm between": {map[string]string{"SLURM_ARRAY_TASK_ID": "14", "SLURM_ARRAY_TASK_MIN": "10", "SLURM_ARRAY_TASK_COUNT": "4", "SLURM_ARRAY_TASK_STEP": "3"}, Shard{}, false},
		"slurm beyond":  {map[string]string{"SLURM_ARRAY_TASK_ID": "4", "SLURM_ARRAY_TASK_COUNT": "4"}, Shard{}, false},
		"kubernetes":    {map[string]string{"JOB_COMPLETION_INDEX": "2", "RESIDUUM_SHARDS": "5"}, Shard{2, 5}, true},
		"no count":      {map[string]string{"JOB_COMPLETION_INDEX": "2"}, Shard{}, false},
		"not a number":  {map[string]string{"JOB_COMPLETION_INDEX": "x", "RESIDUUM_SHARDS": "5"}, Shard{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ShardFrom(func(k string) string { return c.env[k] })
			if !c.ok {
				require.ErrorIs(t, err, ErrShard)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}
