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

// recalibrated returns a study in which batch norm adapts to what reaches it after a lesion: the weights stay as they
// are, but the running means and variances become those of the net without the block.
func (j *job) recalibrated(s *unravel.Study, journal *unravel.Journal) (*unravel.Study, error) {
	model := s.Net().(*resnet.Net)
	o := s.Options()
	o.Journal = journal
	images := j.train.Batch(j.norm, 0, min(calibrationImages, j.train.Len())).X
	o.Recalibrate = func(ctx context.Context, run func(unravel.Network, *autograd.Var) *autograd.Var) (unravel.Network, error) {
		twin := model.Twin()
		forward := func(x *autograd.Var) *autograd.Var { return run(twin, x) }
		return twin, nn.Recalibrate(ctx, twin, forward, images)
	}
	return unravel.NewStudy(model, s.Batches(), o)
}
