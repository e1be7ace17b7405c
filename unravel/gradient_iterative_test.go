package unravel

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/tensor"
)

func TestIterative(t *testing.T) {
	for name, e := range zoo() {
		t.Run("net="+name, func(t *testing.T) {
			n := e.net.Len()
			s := studyOf(e.net, e.batch)
			r, err := s.Iterative(context.Background())
			require.NoError(t, err)
			exits, err := s.Evaluate(context.Background(), EarlyExits(ofLen(n)))
			require.NoError(t, err)
			require.Equal(t, exits[0].Correct, r.Stem.Correct)
			acts := record(e.net, e.batch.X, true)
			for _, b := range r.Blocks {
				i := b.Block
				require.True(t, e.net.Sums(i))
				require.InDelta(t, exits[i+1].LossSum, b.Exit.LossSum, 1e-6)
				require.InDelta(t, exits[i].Loss()-exits[i+1].Loss(), b.LossRemoved, 1e-6)
				if !slices.Equal(acts.State[i].Shape(), acts.Branch[i].Shape()) {
					continue
				}
				// The gradients, from whole tapes.
				tape := evaluationTape()
				y := tape.Input(acts.State[i])
				z := y
				for j := i; j < n; j++ {
					z = whole(e.net, j, z)
				}
				g := autograd.VJP(autograd.CrossEntropy(e.net.Head(z), e.batch.Labels, 0), nil, y)[0].Value()
				require.InDelta(t, spread(cosines(acts.Branch[i], g)).Mean, b.Cosine.Mean, 1e-5)
				require.InDelta(t, spread(ratios(acts.Branch[i], acts.State[i])).Mean, b.Ratio.Mean, 1e-6)
				if e.net.Skip(i, y) != y {
					continue
				}
				logits := exit(e.net, y, i)
				g = autograd.VJP(autograd.CrossEntropy(logits, e.batch.Labels, 0), nil, y)[0].Value()
				require.InDelta(t, spread(cosines(acts.Branch[i], g)).Mean, b.EarlyCosine.Mean, 1e-5)
			}
		})
	}
}

// TestGradientStepsPointDownhill: a branch that is a gradient step on the early-exit loss has cosine 1.
func TestGradientStepsPointDownhill(t *testing.T) {
	same := func(y *autograd.Var) *autograd.Var { return y }
	labels := []int{0, 2, 1, 1}
	step := func(y *autograd.Var) *autograd.Var { // (onehot - softmax) / 2
		target := tensor.New(y.Shape()...)
		for i, l := range labels {
			target.Set(1, i, l)
		}
		return autograd.Scale(autograd.Sub(autograd.Const(target), autograd.Softmax(y, -1)), 0.5)
	}
	net := &toy{stem: same, head: same, blocks: []toyBlock{{branch: step}, {branch: step}, {branch: step}}}
	s := Study{net: net, batches: []data.Batch{{X: normal(rand.New(rand.NewPCG(1, 1)), 1, 4, 3), Labels: labels}}}
	r, err := s.Iterative(context.Background())
	require.NoError(t, err)
	for _, b := range r.Blocks {
		require.InDelta(t, 1, b.EarlyCosine.Mean, 1e-5)
		require.Positive(t, b.LossRemoved)
	}
	require.InDelta(t, 1, r.Blocks[2].EarlyCosine.Min, 1e-5)
}
