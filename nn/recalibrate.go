package nn

import (
	"context"
	"fmt"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
)

// Recalibrate returns a function that estimates the running statistics of norms anew for a network that
// has been edited, given as its forward function: it runs the batches through it in training mode and
// replaces each running mean and variance by the average of the batches' own, every batch with the same
// weight, whatever Momentum is. A norm that forward does not reach keeps what it has. restore brings
// the old statistics back. It may be set as the Recalibrate field of a study of package unravel. PyTorch
// calls this torch.optim.swa_utils.update_bn.
//
// The function's error is the context's; the statistics are then as before. It panics without
// batches.
func Recalibrate(norms []*BatchNorm2D, batches ...*tensor.Tensor) func(ctx context.Context, forward func(*autograd.Var) *autograd.Var) (restore func(), err error) {
	if len(batches) == 0 {
		panic("nn: Recalibrate: no batches")
	}
	return func(ctx context.Context, forward func(*autograd.Var) *autograd.Var) (func(), error) {
		restore := remember(norms)
		for _, b := range norms {
			b.average = new(average)
			defer func() { b.average = nil }()
		}
		tape := autograd.NewTape(0)
		for _, x := range batches {
			if ctx.Err() != nil {
				restore()
				return nil, fmt.Errorf("nn: recalibrate batch norm: %w", context.Cause(ctx))
			}
			tape.Reset()
			forward(tape.Input(x))
		}
		return restore, nil
	}
}

// remember returns what brings the present running statistics back.
func remember(norms []*BatchNorm2D) (restore func()) {
	means, variances := make([]*tensor.Tensor, len(norms)), make([]*tensor.Tensor, len(norms))
	for i, b := range norms {
		means[i], variances[i] = b.RunningMean.Value.Clone(), b.RunningVar.Value.Clone()
	}
	return func() {
		for i, b := range norms {
			tensor.Copy(b.RunningMean.Value, means[i])
			tensor.Copy(b.RunningVar.Value, variances[i])
		}
	}
}

// average counts the batches that running statistics are the average of.
type average int

// momentum returns the weight of one more batch.
func (a *average) momentum() float32 {
	*a++
	return 1 / float32(*a)
}
