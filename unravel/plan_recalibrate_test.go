package unravel

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/tensor"
)

// recalibrating is the Recalibrate of a study of net.
func recalibrating(net *resnet.Net, images *tensor.Tensor) func(context.Context, func(Network, *autograd.Var) *autograd.Var) (Network, error) {
	return func(ctx context.Context, run func(Network, *autograd.Var) *autograd.Var) (Network, error) {
		twin := net.Twin()
		forward := func(x *autograd.Var) *autograd.Var { return run(twin, x) }
		return twin, nn.Recalibrate(ctx, twin, forward, images)
	}
}

// A study that re-estimates batch norm after every lesion gives what a net gives that was edited by hand
// and then ran the images in training mode; afterwards the net is what it was.
func TestRecalibratingBatchNorm(t *testing.T) {
	config := resnet.Config{Blocks: []int{2, 2}, Width: 3, Image: resnet.Shape{Height: 6, Width: 6, Channels: 2}, Classes: 3}
	build := func() *resnet.Net { return newResNet(rand.New(rand.NewPCG(1, 1)), config) }
	rng := rand.New(rand.NewPCG(2, 2))
	test, images := randomBatch(rng, 3, 8, 6, 6, 2), randomBatch(rng, 3, 16, 6, 6, 2).X
	net := build()
	s := Study{net: net, batches: []data.Batch{test}, opts: Options{Recalibrate: recalibrating(net, images)}}
	plans := append(DeleteEach(ofLen(4)), Whole(ofLen(4)))
	got, err := s.Evaluate(context.Background(), plans)
	require.NoError(t, err)
	s.opts.Recalibrate = nil
	stale, err := s.Evaluate(context.Background(), plans)
	require.NoError(t, err)
	for i, p := range plans {
		hand := build()
		for _, b := range batchNorms(hand) {
			b.Momentum = 1 // one batch: its statistics are all there is
		}
		Run(hand, p, autograd.NewTape(1).Input(images))
		want := data.ScoreOf(Run(hand, p, autograd.Const(test.X)).Value(), test.Labels)
		require.InDelta(t, want.LossSum, got[i].LossSum, 1e-6)
		require.NotEqual(t, stale[i].LossSum, got[i].LossSum)
	}
	state := maps.Collect(nn.State(net))
	for name, want := range nn.State(build()) {
		require.True(t, tensor.Equal(want, state[name]), name)
	}
}

// Each plan is measured on the net that Recalibrate returns for it.
func TestEachPlanOnItsOwnNet(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	net := newMLP(rng, 4, 0.7, 0.1)
	b := randomBatch(rng, 3, 6, 4)
	s := studyOf(net, b)
	plans := DeleteEach(ofLen(4))
	var events []string
	s.opts.OnLogits = func(plan, batch int, _ *tensor.Tensor) error {
		events = append(events, fmt.Sprint("measure ", plan))
		return nil
	}
	other := newMLP(rng, 4, 0.7, 0.1) // stands for the net with other statistics
	s.opts.Recalibrate = func(_ context.Context, run func(Network, *autograd.Var) *autograd.Var) (Network, error) {
		plan := plans[len(events)/2]
		for _, n := range []Network{net, other} {
			require.True(t, tensor.Equal(Run(n, plan, autograd.Const(b.X)).Value(), run(n, autograd.Const(b.X)).Value()))
		}
		events = append(events, "calibrate")
		return other, nil
	}
	got, err := s.Evaluate(context.Background(), plans)
	require.NoError(t, err)
	want, err := (&Study{net: other, batches: s.batches}).Evaluate(context.Background(), plans)
	require.NoError(t, err)
	require.Equal(t, want, got)
	require.Equal(t, []string{"calibrate", "measure 0", "calibrate", "measure 1"}, events[:4])
	broken := errors.New("no data")
	s.opts.Recalibrate = func(context.Context, func(Network, *autograd.Var) *autograd.Var) (Network, error) { return nil, broken }
	_, err = s.Evaluate(context.Background(), plans)
	require.ErrorIs(t, err, broken)
	s.opts.Recalibrate = func(context.Context, func(Network, *autograd.Var) *autograd.Var) (Network, error) { return nil, nil }
	_, err = s.Evaluate(context.Background(), plans)
	require.ErrorContains(t, err, "returned no network for plan delete block 0, block 1 to block 3")
}
