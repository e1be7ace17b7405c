package nn_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
)

// The recalibrated statistics are the plain averages of the batches' means and unbiased variances.
func TestRecalibrate(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	bn, unused := nn.NewBatchNorm2D(2), nn.NewBatchNorm2D(2)
	bn.RunningMean.Set(5, 0)
	unused.RunningMean.Set(7, 1)
	var batches []*tensor.Tensor
	mean, variance := make([]float64, 2), make([]float64, 2)
	const size, count = 6, 3
	for range count {
		x := tensor.New(size, 1, 1, 2)
		for c := range 2 {
			var sum, squares float64
			for i := range size {
				v := 3 + 2*rng.NormFloat64()
				x.Set(float32(v), i, 0, 0, c)
				sum += v
				squares += v * v
			}
			mean[c] += sum / size / count
			variance[c] += (squares - sum*sum/size) / (size - 1) / count
		}
		batches = append(batches, x)
	}
	recalibrate := func(ctx context.Context, forward func(*autograd.Var) *autograd.Var) error {
		return nn.Recalibrate(ctx, nn.Sequential{bn, unused}, forward, batches...)
	}
	for range 2 { // the second time nothing is left of the first
		require.NoError(t, recalibrate(t.Context(), bn.Forward))
		for c := range 2 {
			require.InDelta(t, mean[c], bn.RunningMean.At(c), 1e-5)
			require.InDelta(t, variance[c], bn.RunningVar.At(c), 1e-4)
		}
		require.Equal(t, []float32{0, 7}, unused.RunningMean.Data())
	}

	// Training goes on with Momentum.
	tape := autograd.NewTape(1)
	bn.RunningMean.Set(5, 0)
	bn.Forward(tape.Input(tensor.Full(1, size, 1, 1, 2)))
	require.InDelta(t, 0.9*5+0.1, bn.RunningMean.At(0), 1e-6)

	ctx, cancel := context.WithCancelCause(t.Context())
	late := errors.New("late")
	before := bn.RunningMean.Clone()
	err := recalibrate(ctx, func(x *autograd.Var) *autograd.Var { cancel(late); return bn.Forward(x) })
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, late)
	require.True(t, tensor.Equal(before, bn.RunningMean))
	require.PanicsWithValue(t, "nn: Recalibrate: no batches", func() { _ = nn.Recalibrate(ctx, nil, nil) })
}
