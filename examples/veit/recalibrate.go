package main

import (
	"context"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/unravel"
)

// calibrationImages are the training images from which batch norm's statistics are estimated anew.
const calibrationImages = 250

// deleteRecalibrated deletes each block, and lets batch norm adapt to what then reaches it: the weights
// stay as they are, but the running means and variances become those of the net without the block.
func (j *job) deleteRecalibrated(ctx context.Context, s *unravel.Study) error {
	model := s.Net().(*resnet.Net)
	journal, err := j.store.journal(j.res, model, "recalibrated")
	if err != nil {
		return err
	}
	if journal != nil {
		defer journal.Close()
	}
	o := s.Options()
	o.Journal = journal
	images := j.train.Batch(j.norm, 0, min(calibrationImages, j.train.Len())).X
	o.Recalibrate = func(ctx context.Context, run func(unravel.Network, *autograd.Var) *autograd.Var) (unravel.Network, error) {
		twin := model.Twin()
		forward := func(x *autograd.Var) *autograd.Var { return run(twin, x) }
		return twin, nn.Recalibrate(ctx, twin, forward, images)
	}
	c, err := unravel.NewStudy(model, s.Batches(), o)
	if err != nil {
		return err
	}
	n := model.Len()
	scores, err := c.Evaluate(ctx, append(unravel.DeleteEach(model), unravel.Whole(model)))
	if err != nil {
		return err
	}
	j.res.Recalibrated, j.res.WholeRecalibrated = scores[:n], &scores[n]
	return nil
}
