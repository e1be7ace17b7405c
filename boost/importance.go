package boost

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/residuum-go/residuum/internal/cancelled"
)

// Importance says how much the columns of the inputs were used by trees, see [Ensemble.Importance].
type Importance struct {
	Gain   []float64 // sum of the gains of the splits of each column
	Splits []int     // their number
}

// Importance returns what the columns of the inputs contribute to the trees of the ensemble, zero where there are none.
func (e *Ensemble) Importance() Importance {
	out := Importance{Gain: make([]float64, e.inputs), Splits: make([]int, e.inputs)}
	for _, s := range e.stages {
		t, ok := s.learner.(*trees)
		if !ok {
			continue
		}
		for _, nodes := range t.roots {
			for _, n := range nodes {
				if n.left != 0 {
					out.Gain[n.column] += float64(n.gain)
					out.Splits[n.column]++
				}
			}
		}
	}
	return out
}

// PermutationImportance returns for each column by how much the weighted mean loss on d grows when the values of the
// column are shuffled among the rows (Breiman 2001, "Random forests", section 10). It is of ensembles of any
// learners, fails with ErrData when d does not fit it, and with ctx's error when cancelled.
func (e *Ensemble) PermutationImportance(ctx context.Context, loss Loss, d Data, rng *rand.Rand) ([]float64, error) {
	_, missing := e.family.(Tree)
	if err := d.check(loss, missing); err != nil {
		return nil, fmt.Errorf("boost: PermutationImportance: %w", err)
	}
	n := d.X.Dim(0)
	if d.X.Len() != n*e.inputs || d.Y.Dim(1) != e.outputs {
		return nil, fmt.Errorf("boost: PermutationImportance: data %v, %v for rows of shape %v and %d scores: %w",
			d.X.Shape(), d.Y.Shape(), e.row, e.outputs, ErrData)
	}
	x, loss := d.X.Clone(), bound(loss, d)
	whole := meanLoss(loss, e.Predict(x), d)
	out := make([]float64, e.inputs)
	for f := range out {
		if err := cancelled.Err(ctx); err != nil {
			return nil, fmt.Errorf("boost: PermutationImportance: %w", err)
		}
		for i, j := range rng.Perm(n) {
			x.Data()[i*e.inputs+f] = d.X.Data()[j*e.inputs+f]
		}
		out[f] = meanLoss(loss, e.Predict(x), d) - whole
		for i := range n {
			x.Data()[i*e.inputs+f] = d.X.Data()[i*e.inputs+f]
		}
	}
	return out, nil
}
