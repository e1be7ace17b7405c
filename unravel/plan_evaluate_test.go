package unravel

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/internal/parallel"
)

// randomPlans returns plans with everything in them.
func randomPlans(rng *rand.Rand, groups [][]int, n, count int) []Plan {
	var plans []Plan
	for range count {
		p := Shuffle(ofLen(n), groups, rng)
		for i := range p {
			if rng.IntN(3) == 0 {
				p[i].Do = Ablation(rng.IntN(len(ablationNames)))
				p[i].Amount = 0.5
				p[i].Draw = uint64(rng.IntN(2))
			}
		}
		plans = append(plans, p)
	}
	return plans
}

func TestSharingChangesNoBits(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	net := newConvNet(rng)
	batches := []data.Batch{randomBatch(rng, 3, 4, 6, 6, 2), randomBatch(rng, 3, 2, 6, 6, 2)}
	n := net.Len()
	groups := Interchangeable(net, batches[0].X.Slice(0, 1))
	require.Equal(t, [][]int{{0, 1}, {2}, {3}, {4}, {5}}, groups)
	plans := append(randomPlans(rng, groups, n, 20), DeletePairs(ofLen(n))...)
	plans = append(plans, DeleteEach(ofLen(n))...)
	plans = append(plans, plans[3]) // the same plan twice
	var want []data.Score
	for _, p := range plans {
		s := Study{net: net, batches: batches, opts: Options{Seed: 5}}
		one, err := s.Evaluate(context.Background(), []Plan{p})
		require.NoError(t, err)
		want = append(want, one[0])
	}
	for _, memory := range []int64{0, 1, 3000} {
		t.Run(fmt.Sprintf("memory=%d", memory), func(t *testing.T) {
			s := Study{net: net, batches: batches, opts: Options{Seed: 5, Memory: memory}}
			last := 0
			s.opts.Progress = func(done, total int) {
				require.Equal(t, last+1, done)
				last = done
				require.LessOrEqual(t, done, total)
			}
			got, err := s.Evaluate(context.Background(), plans)
			require.NoError(t, err)
			require.Equal(t, want, got)
		})
	}
}

func TestWorkOfSharedPlans(t *testing.T) {
	const n = 54
	single := DeleteEach(ofLen(n))
	require.LessOrEqual(t, float64(grow(single, span(0, len(single))).size), 0.55*n*n)
	pairs := DeletePairs(ofLen(n))
	require.LessOrEqual(t, float64(grow(pairs, span(0, len(pairs))).size), 0.4*n*n*(n-1)/2)
}

func TestBitsDoNotDependOnWorkers(t *testing.T) {
	e := zoo()["conv"]
	results := make([]any, 0)
	for _, workers := range []int{1, 2, 5} {
		restore := parallel.SetWorkers(workers)
		s := Study{net: e.net, batches: []data.Batch{e.batch}, opts: Options{Seed: 3}}
		scores, err := s.Evaluate(context.Background(), DeletePairs(ofLen(6)))
		require.NoError(t, err)
		r, err := s.Lengths(context.Background(), LengthOptions{Draws: 3, Signs: 2})
		require.NoError(t, err)
		restore()
		results = append(results, []any{scores, r})
	}
	require.Equal(t, results[0], results[1])
	require.Equal(t, results[0], results[2])
}

func TestStudyStopsWhenCancelled(t *testing.T) {
	e := zoo()["mlp"]
	ctx, cancel := context.WithCancel(context.Background())
	s := Study{net: e.net, batches: []data.Batch{e.batch}, opts: Options{Progress: func(done, total int) {
		if done == 5 {
			cancel()
		}
	}}}
	_, err := s.Evaluate(ctx, DeleteEach(ofLen(9)))
	require.ErrorIs(t, err, context.Canceled)
	_, err = s.Evaluate(ctx, []Plan{Ablate(ofLen(9), DatasetMean, 1)})
	require.ErrorContains(t, err, "dataset means: context canceled")
}
