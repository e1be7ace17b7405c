package nn

import (
	"context"
	"fmt"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/internal/cancelled"
	"github.com/residuum-go/residuum/tensor"
)

// Recalibrate estimates the running statistics of the batch norms in m anew for what has been made of m, given as a
// forward function: it runs the batches through it in training mode and replaces each running mean and
// variance by the average of the batches' own, every batch with the same weight, whatever Momentum is, and in frozen
// norms too. A norm that forward does not reach keeps what it has. PyTorch calls this
// torch.optim.swa_utils.update_bn.
//
// Nobody else may use the norms meanwhile. resnet's Net.Twin makes a net of which they may be changed, as the Recalibrate
// field of a study of package unravel needs it.
//
// When ctx is done its error is returned, with its cause, and the statistics are as before. It panics without
// batches.
func Recalibrate(ctx context.Context, m Module, forward func(*autograd.Var) *autograd.Var, batches ...*tensor.Tensor) error {
	if len(batches) == 0 {
		panic("nn: Recalibrate: no batches")
	}
	norms := batchNorms(m)
	restore := remember(norms)
	for _, b := range norms {
		b.average = new(average)
		defer func() { b.average = nil }()
	}
	tape := autograd.NewTape(0)
	for _, x := range batches {
		if err := cancelled.Err(ctx); err != nil {
			restore()
			return fmt.Errorf("nn: recalibrate batch norm: %w", err)
		}
		tape.Reset()
		forward(tape.Input(x))
	}
	return nil
}

// batchNorms returns those of m.
func batchNorms(m Module) []*BatchNorm2D {
	var norms []*BatchNorm2D
	for _, m := range Modules(m) {
		if b, ok := m.(*BatchNorm2D); ok {
			norms = append(norms, b)
		}
	}
	return norms
}

// remember returns what brings the present running statistics back.
func remember(norms []*BatchNorm2D) (restore func()) {
	means, variances := make([]*tensor.Tensor, len(norms)), make([]*tensor.Tensor, len(norms))
	for i, b := range norms {
		means[i], variances[i] = b.RunningMean.Clone(), b.RunningVar.Clone()
	}
	return func() {
		for i, b := range norms {
			tensor.Copy(b.RunningMean, means[i])
			tensor.Copy(b.RunningVar, variances[i])
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
