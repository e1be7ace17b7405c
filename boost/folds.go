package boost

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/internal/demand"
	"github.com/residuum-go/residuum/tensor"
)

// Fold is an ensemble of a cross-validation.
type Fold struct {
	Ensemble *Ensemble
	Held     []int      // rows that it was not fitted on
	Score    data.Score // on these
}

// CrossValidate parts the rows of d at random, by c.Seed, into so many folds of equal size, give or take one, and fits an
// ensemble on all but each. c.Valid is to be nil: it becomes the fold that is held out, also for Patience, which flatters
// the score. The same seed gives the same bits. Errors are those of [Fit], with the folds before.
func CrossValidate(ctx context.Context, d Data, c Config, folds int) ([]Fold, error) {
	fail := func(err error) error { return fmt.Errorf("boost: CrossValidate: %w", err) }
	if err := demand.All("boost.Config", demand.That(c.Valid == nil, "Valid", c.Valid, "want nil: folds are held out")); err != nil {
		return nil, fail(err)
	}
	if d.X == nil || d.X.Rank() == 0 || folds < 2 || folds > d.X.Dim(0) {
		return nil, fail(fmt.Errorf("%d folds of inputs %v: %w", folds, d.X, ErrData))
	}
	check := c
	check.Patience = 0 // which asks for the validation set that is to come
	if err := check.check(); err != nil {
		return nil, fail(err)
	}
	_, missing := c.Learner.(Tree)
	if err := d.check(c.Loss, missing); err != nil {
		return nil, fail(err)
	}
	n := d.X.Dim(0)
	order := rand.New(rand.NewPCG(c.Seed, 0xf01d)).Perm(n)
	var out []Fold
	for k := range folds {
		begin, end := n*k/folds, n*(k+1)/folds
		held := order[begin:end]
		fit := append(append(make([]int, 0, n-len(held)), order[:begin]...), order[end:]...)
		valid := d.rows(held)
		c.Valid = &valid
		e, err := Fit(ctx, d.rows(fit), c)
		if err != nil {
			return out, fail(fmt.Errorf("fold %d of %d: %w", k+1, folds, err))
		}
		out = append(out, Fold{e, held, scoreOf(c.Loss, e.Predict(valid.X), valid)})
	}
	return out, nil
}

// rows returns some rows of d.
func (d Data) rows(rows []int) Data {
	out := Data{X: tensor.Gather(nil, d.X, rows), Y: tensor.Gather(nil, d.Y, rows)}
	if d.Weight != nil {
		out.Weight = tensor.Gather(nil, d.Weight, rows)
	}
	return out
}
