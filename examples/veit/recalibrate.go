package main

import (
	"context"
	"strings"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/unravel"
)

// calibrationImages are the training images from which batch norm's statistics are estimated anew.
const calibrationImages = 250

// deleteRecalibrated deletes each block, and lets batch norm adapt to what then reaches it: the weights
// stay as they are, but the running means and variances become those of the net without the block.
func (j *job) deleteRecalibrated(ctx context.Context, s *unravel.Study) error {
	model := s.Net.(network)
	journal, err := j.store.journal(j.res, model, "recalibrated")
	if err != nil {
		return err
	}
	if journal != nil {
		defer journal.Close()
	}
	c := *s
	c.Journal = journal
	x := j.train.Images(nil, j.norm, 0, min(calibrationImages, j.train.Len()))
	tape := autograd.NewTape(j.seed)
	c.Recalibrate = func(_ context.Context, forward func(x *autograd.Var) *autograd.Var) (func(), error) {
		return estimate(model, func() {
			tape.Reset()
			forward(tape.Input(x))
		}), nil
	}
	n := s.Net.Len()
	scores, err := c.Evaluate(ctx, append(unravel.DeleteEach(n), unravel.Whole(n)))
	if err != nil {
		return err
	}
	j.res.Recalibrated, j.res.WholeRecalibrated = scores[:n], &scores[n]
	return nil
}

// estimate sets the running statistics of a model to those of the batch that forward runs in training
// mode, and returns how to set them back. Training moves a running statistic s a part m of the way to
// the batch's b, s' = s + m (b-s), so that b = s + (s'-s)/m.
func estimate(model nn.Module, forward func()) (restore func()) {
	var stats []*autograd.Param
	var before []*tensor.Tensor
	for _, p := range model.Params() {
		if strings.HasSuffix(p.Name, "running_mean") || strings.HasSuffix(p.Name, "running_var") {
			stats, before = append(stats, p), append(before, p.Value.Clone())
		}
	}
	forward()
	momentum := nn.NewBatchNorm2D(1).Momentum
	for i, p := range stats {
		now, old := p.Value.Data(), before[i].Data()
		for c := range now {
			now[c] = old[c] + (now[c]-old[c])/momentum
			if strings.HasSuffix(p.Name, "running_var") {
				now[c] = max(now[c], 0) // rounding may have gone below
			}
		}
	}
	return func() {
		for i, p := range stats {
			copy(p.Value.Data(), before[i].Data())
		}
	}
}
