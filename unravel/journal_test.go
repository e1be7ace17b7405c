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
	const id, kubernetes, shards = "SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX", "RESIDUUM_SHARDS"
	array := func(id, min, count, step, max string) map[string]string {
		return map[string]string{
			"SLURM_ARRAY_TASK_ID": id, "SLURM_ARRAY_TASK_MIN": min, "SLURM_ARRAY_TASK_COUNT": count, "SLURM_ARRAY_TASK_STEP": step, "SLURM_ARRAY_TASK_MAX": max,
		}
	}
	with := func(env map[string]string, name, value string) map[string]string { env[name] = value; return env }
	for name, c := range map[string]struct {
		env  map[string]string
		want Shard
		err  string // in which the variables are named
	}{
		"none":                    {nil, Shard{0, 1}, ""},
		"slurm":                   {array("13", "10", "4", "3", "19"), Shard{1, 4}, ""},
		"slurm zero":              {map[string]string{id: "0", "SLURM_ARRAY_TASK_COUNT": "4"}, Shard{0, 4}, ""},
		"slurm between":           {array("14", "10", "4", "3", "19"), Shard{}, "SLURM_ARRAY_TASK_ID is 14, in an array of 4 from 10 on in steps of 3"},
		"slurm beyond":            {map[string]string{id: "4", "SLURM_ARRAY_TASK_COUNT": "4"}, Shard{}, "SLURM_ARRAY_TASK_ID is 4, in an array of 4"},
		"slurm without a count":   {map[string]string{id: "0"}, Shard{}, "in an array of 0"},
		"slurm, step no number":   {array("0", "0", "4", "x", "3"), Shard{}, `SLURM_ARRAY_TASK_STEP is "x"`},
		"a lost task again":       {with(array("3", "3", "1", "1", "3"), shards, "6"), Shard{3, 6}, ""},
		"some tasks again":        {with(array("4", "0", "2", "4", "4"), shards, "6"), Shard{4, 6}, ""},
		"the whole array":         {with(array("5", "0", "6", "1", "5"), shards, "6"), Shard{5, 6}, ""},
		"counted from 1":          {with(array("1", "1", "6", "1", "6"), shards, "6"), Shard{}, "SLURM_ARRAY_TASK_MAX is 6, but RESIDUUM_SHARDS 6: number the array from 0 to 5"},
		"more tasks than shards":  {with(array("0", "0", "8", "1", "7"), shards, "6"), Shard{}, "SLURM_ARRAY_TASK_MAX is 7, but RESIDUUM_SHARDS 6"},
		"slurm, no last task":     {map[string]string{id: "6", shards: "6"}, Shard{}, "is 6, but RESIDUUM_SHARDS 6"},
		"kubernetes":              {map[string]string{kubernetes: "2", shards: "5"}, Shard{2, 5}, ""},
		"kubernetes beyond":       {map[string]string{kubernetes: "5", shards: "5"}, Shard{}, "its index is 5, but RESIDUUM_SHARDS 5: indices are 0 to 4"},
		"no count":                {map[string]string{kubernetes: "2"}, Shard{}, "JOB_COMPLETION_INDEX is 2, of how many? RESIDUUM_SHARDS is not set"},
		"no index":                {map[string]string{shards: "5"}, Shard{}, "RESIDUUM_SHARDS is 5, and which of them this is nothing says"},
		"none of none":            {map[string]string{kubernetes: "0", shards: "0"}, Shard{}, "RESIDUUM_SHARDS 0"},
		"not a number":            {map[string]string{kubernetes: "x", shards: "5"}, Shard{}, `JOB_COMPLETION_INDEX is "x": want a whole number`},
		"less than nothing":       {map[string]string{kubernetes: "0", shards: "-5"}, Shard{}, `RESIDUUM_SHARDS is "-5"`},
		"both that agree":         {with(with(array("2", "0", "5", "1", "4"), shards, "5"), kubernetes, "2"), Shard{2, 5}, ""},
		"both that differ":        {with(with(array("2", "0", "5", "1", "4"), shards, "5"), kubernetes, "3"), Shard{}, "SLURM_ARRAY_TASK_ID is 2, but JOB_COMPLETION_INDEX 3"},
		"both, and nothing more":  {map[string]string{kubernetes: "0", id: "0"}, Shard{}, "RESIDUUM_SHARDS is not set"},
		"the array of other jobs": {map[string]string{"SLURM_ARRAY_TASK_COUNT": "4"}, Shard{0, 1}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ShardFrom(func(k string) string { return c.env[k] })
			require.Equal(t, c.want, got)
			if c.err == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, ErrShard)
			require.ErrorContains(t, err, c.err)
		})
	}
}
