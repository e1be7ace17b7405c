package main

import (
	"context"

	"github.com/residuum-go/residuum/unravel"
)

// Snapshot is what was measured on a net while it was being trained, on the images of the gradient studies.
type Snapshot struct {
	Images   int                        `json:"images"` // seen so far
	Score    unravel.Score              `json:"score"`
	Exact    []unravel.Log              `json:"log_exact_by_length"`     // norm of the gradient that all paths of a length carry together
	Single   []unravel.Log              `json:"log_rms_by_length"`       // root mean square norm of one path
	Bound    []unravel.EffectiveLengths `json:"effective_by_rms"`        // of count x RMS norm
	Lengths  []unravel.EffectiveLengths `json:"effective_exact"`         // of the exact norm
	Boosting []unravel.Iteration        `json:"boosting_link,omitempty"` // by block
}

// snapshotAt reports whether a net is studied after the given step: count times, at the end, half-way, ...
func snapshotAt(step, steps, count int) bool {
	for i := range count {
		if step == max(1, steps>>i) {
			return true
		}
	}
	return false
}

// snapshot studies the net as it is now.
func (j *job) snapshot(ctx context.Context, net network, images int) error {
	s := &unravel.Study{Net: net, Seed: j.seed, Batches: j.batches(j.graded, j.graded.Len())}
	g, err := s.Lengths(ctx, unravel.LengthOptions{Signs: 1})
	if err != nil {
		return err
	}
	shot := Snapshot{Images: images, Lengths: g.EffectiveExact}
	paths := unravel.PathsOf(net)
	bound := make([]unravel.Log, paths.Blocks()+1)
	for _, l := range g.ByLength {
		shot.Exact, shot.Single = append(shot.Exact, l.Exact), append(shot.Single, l.RMS)
		bound[l.Length] = l.RMS + l.Count
	}
	for _, e := range g.EffectiveExact {
		shot.Bound = append(shot.Bound, unravel.Effective(paths, bound, e.Fraction))
	}
	if _, shot.Boosting, err = s.Iterative(ctx); err != nil {
		return err
	}
	shot.Score = shot.Boosting[len(shot.Boosting)-1].Exit
	for len(j.res.Growth) > 0 && j.res.Growth[len(j.res.Growth)-1].Images >= images {
		j.res.Growth = j.res.Growth[:len(j.res.Growth)-1]
	}
	j.res.Growth = append(j.res.Growth, shot)
	return nil
}
