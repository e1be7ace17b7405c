package unravel

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/data"
)

func TestDeletionCurve(t *testing.T) {
	points := DeletionCurve(ofLen(10), CurveOptions{Counts: []int{0, 1, 3, 9, 10}, Draws: 12, Seed: 1})
	for i, want := range []int{1, 10, 12, 10, 1} {
		require.Len(t, points[i].Plans, want)
		seen := map[string]bool{}
		for _, p := range points[i].Plans {
			require.Len(t, p.Deleted(), int(points[i].X))
			seen[p.String()] = true
		}
		require.Len(t, seen, want, "draws differ")
	}
	require.Equal(t, points, DeletionCurve(ofLen(10), CurveOptions{Counts: []int{0, 1, 3, 9, 10}, Draws: 12, Seed: 1}))
}

func TestGreedy(t *testing.T) {
	e := zoo()["mlp"]
	s := studyOf(e.net, e.batch)
	steps, err := s.Greedy(context.Background(), 3)
	require.NoError(t, err)
	singles, err := s.Evaluate(context.Background(), DeleteEach(ofLen(9)))
	require.NoError(t, err)
	for _, single := range singles {
		require.LessOrEqual(t, steps[0].Score.LossSum, single.LossSum)
	}
	all, err := s.Evaluate(context.Background(), []Plan{Ablate(ofLen(9), Delete, steps[0].Block, steps[1].Block, steps[2].Block)})
	require.NoError(t, err)
	require.Equal(t, all[0], steps[2].Score)

	ctx, cancel := context.WithCancel(context.Background())
	last := 0
	s.opts.Progress = func(done, total int) {
		require.GreaterOrEqual(t, done, last)
		require.Equal(t, 3*wholeStep, total)
		if last = done; done == wholeStep {
			cancel()
		}
	}
	first, err := s.Greedy(ctx, 3)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, steps[:1], first)
}

// The intervals of a deletion curve hold the mean over all choices of blocks at least at their rate. Draws are all
// different, so that their mean is more certain than the interval assumes.
func TestDeletionCurveCovers(t *testing.T) {
	e := zoo()["mlp"]
	s := studyOf(e.net, e.batch)
	all := DeletionCurve(ofLen(9), CurveOptions{Counts: []int{3}, Draws: 84, Seed: 1})
	require.NoError(t, s.Measure(context.Background(), all))
	score := map[string]data.Score{}
	for i, p := range all[0].Plans {
		score[p.String()] = all[0].Scores[i]
	}
	require.Len(t, score, 84)
	const trials = 1000
	covered := 0.0
	for seed := range uint64(trials) {
		drawn := DeletionCurve(ofLen(9), CurveOptions{Counts: []int{3}, Draws: 20, Seed: seed})[0]
		for _, p := range drawn.Plans {
			drawn.Scores = append(drawn.Scores, score[p.String()])
		}
		if loss := drawn.Loss(); loss.Low <= all[0].Loss().Mean && all[0].Loss().Mean <= loss.High {
			covered += 1.0 / trials
		}
	}
	require.GreaterOrEqual(t, covered, 0.95-3*math.Sqrt(0.95*0.05/trials))
	t.Log(covered)
}
