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
	test   data.Batch
	states []*tensor.Tensor // of the whole net on test: a plan is run from where it begins to differ
}

func newSubject(net unravel.Network, test data.Batch) *subject {
	return &subject{net: net, test: test, states: unravel.Record(net, test.X).State}
}

// logits runs a plan on the test images. The only error is that of ctx.
func (s *subject) logits(ctx context.Context, p unravel.Plan) (logits *tensor.Tensor, err error) {
	same := 0 // steps that are those of the whole net
	for same < len(p) && p[same] == (unravel.Step{Block: same}) {
		same++
	}
	rest := begun{s.net, autograd.Const(s.states[same])}
	study, err := unravel.NewStudy(rest, []data.Batch{s.test}, unravel.Options{OnLogits: func(_, _ int, l *tensor.Tensor) error {
		logits = l.Clone()
		return nil
	}})
	if err != nil {
		return nil, err
	}
	_, err = study.Evaluate(ctx, []unravel.Plan{p[same:]})
	return logits, err
}

// begun is a net whose first blocks have run: its stem gives their state.
type begun struct {
	unravel.Network
	state *autograd.Var
}

func (b begun) Stem(*autograd.Var) *autograd.Var { return b.state }
