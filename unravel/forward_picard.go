package unravel

import (
	"context"
	"fmt"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/internal/cancelled"
)

// PicardOrder is how well the net does when its branches are nested at most Order deep.
type PicardOrder struct {
	Order int        `json:"order"`
	Score data.Score `json:"score"`
	// Distance is the RMS difference between these logits and those of the whole net, relative to the
	// RMS of the latter. It is NaN if a logit is not finite.
	Distance float64 `json:"distance"`
}

// Picard evaluates the Picard iterates of the net,
//
//	y_{i+1}^(m) = Join(i, Skip(i, y_i^(m)), Branch(i, y_i^(m-1)))
//
// for m = 0 (no branches at all) to orders. For identity skips this is x_i^(m) = x_0 + sum_{j<i} f_j(x_j^(m-1)):
// order 1 adds up what each block makes of the stem's output, order m holds all paths on which
// branches are nested up to m deep, and order n is the net itself.
func (s *Study) Picard(ctx context.Context, orders int) ([]PicardOrder, error) {
	n := s.net.Len()
	if orders < 0 {
		panic(fmt.Sprintf("unravel: Picard: orders up to %d", orders))
	}
	orders = min(orders, n)
	sums := make([]finding, orders+1)
	p := progress{report: s.opts.Progress, total: len(s.batches) * (orders + 1)}
	for i, b := range s.batches {
		acts, err := s.record(i, false)
		if err != nil {
			return nil, fmt.Errorf("unravel: Picard: %w", err)
		}
		before := make([]*autograd.Var, n) // the states of the previous order
		for m := range sums {
			if err := cancelled.Err(ctx); err != nil {
				return nil, fmt.Errorf("unravel: Picard: %w", err)
			}
			sums[m] = sums[m].plus(against(s.picard(acts, before, m).Value(), acts.Logits, b.Labels))
			p.add(1)
		}
	}
	result := make([]PicardOrder, len(sums))
	for m, f := range sums {
		result[m] = PicardOrder{m, f.Score, f.distance()}
	}
	return result, nil
}

// picard computes order m from the states of order m-1, which it replaces.
func (s *Study) picard(acts *Activations, states []*autograd.Var, m int) *autograd.Var {
	// Up to y_m the iterate has converged to the net's own states.
	y := autograd.Const(acts.State[m])
	for i := m; i < len(states); i++ {
		before := states[i]
		states[i] = y
		if m == 0 {
			y = bypass(s.net, i, y)
		} else {
			y = s.net.Join(i, skip(s.net, i, y), s.net.Branch(i, before))
		}
	}
	return s.net.Head(y)
}
