package main

import (
	"context"
	"slices"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/unravel"
	"github.com/residuum-go/residuum/unravel/paths"
)

// Snapshot is what was measured on a net while it was being trained, on the images of the gradient studies.
type Snapshot struct {
	Images   int                      `json:"images"` // seen so far
	Score    data.Score               `json:"score"`
	Exact    []paths.Log              `json:"log_exact_by_length"`     // norm of the gradient that all paths of a length carry together
	Single   []paths.Log              `json:"log_rms_by_length"`       // root mean square norm of one path
	Bound    []paths.EffectiveLengths `json:"effective_by_rms"`        // of count x RMS norm
	Lengths  []paths.EffectiveLengths `json:"effective_exact"`         // of the exact norm
	Boosting []unravel.Iteration      `json:"boosting_link,omitempty"` // by block
}

// snapshotSteps lists the steps of training after which the net is studied, in ascending order.
func (j *job) snapshotSteps() []int {
	if j.res.Name != "residual" {
		return nil
	}
	return halvings(j.epochs()*j.batchesPerEpoch(), j.cfg.Snapshots)
}

// halvings returns up to count numbers: steps, half of it, a quarter, ... in ascending order.
func halvings(steps, count int) []int {
	var at []int
	for i := range count {
		at = append(at, max(1, steps>>i))
	}
	slices.Sort(at)
	return slices.Compact(at)
}

// images is how many training images the net has seen after the given step.
func (j *job) images(step int) int {
	epoch := (step-1)/j.batchesPerEpoch() + 1
	return min(step*batchSize, epoch*j.train.Len())
}

// snapshot studies the net as it is now.
func (j *job) snapshot(ctx context.Context, net network, images int) error {
	s, err := unravel.NewStudy(net, j.whole(j.graded), unravel.Options{Seed: j.seed})
	if err != nil {
		return err
	}
	g, err := s.Lengths(ctx, unravel.LengthOptions{Signs: 1})
	if err != nil {
		return err
	}
	shot := Snapshot{Images: images, Lengths: g.EffectiveExact}
	for _, l := range g.ByLength {
		shot.Exact, shot.Single = append(shot.Exact, l.Exact), append(shot.Single, l.RMS)
	}
	for _, e := range g.EffectiveExact {
		shot.Bound = append(shot.Bound, unravel.PathsOf(net).Effective(countRMS(g), e.Fraction))
	}
	boosting, err := s.Iterative(ctx)
	if err != nil {
		return err
	}
	shot.Boosting = boosting.Blocks
	shot.Score = shot.Boosting[len(shot.Boosting)-1].Exit
	for len(j.res.Growth) > 0 && j.res.Growth[len(j.res.Growth)-1].Images >= images {
		j.res.Growth = j.res.Growth[:len(j.res.Growth)-1]
	}
	j.res.Growth = append(j.res.Growth, shot)
	return nil
}
