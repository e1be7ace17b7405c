package main

import (
	"context"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/unravel"
)

// subject is a trained net on which plans are run.
type subject struct {
	net    unravel.Network
	states []*tensor.Tensor // of the whole net on the test images: a plan is run from where it begins to differ
	whole  float64          // accuracy
}

func newSubject(net unravel.Network, test data.Batch) *subject {
	return &subject{net: net, states: unravel.Record(net, test.X).State}
}

// run returns the score of a plan on the images of newSubject, and shows observe the logits unless it is nil. Nothing but
// ctx makes it fail.
func (s *subject) run(ctx context.Context, p unravel.Plan, test data.Batch, observe func(logits *tensor.Tensor)) (data.Score, error) {
	same := 0 // steps that are those of the whole net
	for same < len(p) && p[same] == (unravel.Step{Block: same}) {
		same++
	}
	var options unravel.Options
	if observe != nil {
		options.OnLogits = func(_, _ int, logits *tensor.Tensor) error {
			observe(logits)
			return nil
		}
	}
	study, err := unravel.NewStudy(begun{s.net, autograd.Const(s.states[same])}, []data.Batch{test}, options)
	if err != nil {
		return data.Score{}, err
	}
	scores, err := study.Evaluate(ctx, []unravel.Plan{p[same:]})
	if err != nil {
		return data.Score{}, err
	}
	return scores[0], nil
}

// begun is a net whose first blocks have run: its stem gives their state.
type begun struct {
	unravel.Network
	state *autograd.Var
}

func (b begun) Stem(*autograd.Var) *autograd.Var { return b.state }
