package boost

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/internal/demand"
)

// Fold is an ensemble of a cross-validation.
type Fold struct {
	Ensemble *Ensemble
	Held     []int      // rows that it was not fitted on
	Score    data.Score // on these
	Metric   float64    // that of the Config on these, if it has one
}

// CrossValidate parts the rows of d at random, by c.Seed, into so many folds of equal size, give or take one, and fits an
// ensemble on all but each. Where rows have groups it is these that are parted, and they stay whole. c.Valid is to be nil:
// it becomes the fold that is held out, also for Patience, which flatters the score. The same seed gives the same bits.
// Errors are those of [Fit], with the folds before.
func CrossValidate(ctx context.Context, d Data, c Config, folds int) ([]Fold, error) {
	fail := func(err error) error { return fmt.Errorf("boost: CrossValidate: %w", err) }
	if err := demand.All("boost.Config", demand.That(c.Valid == nil, "Valid", c.Valid, "want nil: folds are held out")); err != nil {
		return nil, fail(err)
	}
	check := c
	check.Valid = &d // which Patience and Metric ask for
	if err := check.check(); err != nil {
		return nil, fail(err)
	}
	_, missing := c.Learner.(Tree)
	if err := d.check(c.Loss, missing); err != nil {
		return nil, fail(err)
	}
	groups := d.groups()
	n := len(groups)
	if folds < 2 || folds > n {
		return nil, fail(fmt.Errorf("%d folds of %d rows or groups: %w", folds, n, ErrData))
	}
	order := rand.New(rand.NewPCG(c.Seed, 0xf01d)).Perm(n)
	var out []Fold
	for k := range folds {
		var held, fit []int
		for at, g := range order {
			if n*k/folds <= at && at < n*(k+1)/folds {
				held = append(held, groups[g]...)
			} else {
				fit = append(fit, groups[g]...)
			}
		}
		valid := d.rows(held)
		c.Valid = &valid
		e, err := Fit(ctx, d.rows(fit), c)
		if err != nil {
			return out, fail(fmt.Errorf("fold %d of %d: %w", k+1, folds, err))
		}
		scores := e.Predict(valid.X)
		fold := Fold{Ensemble: e, Held: held, Score: scoreOf(bound(c.Loss, valid), scores, valid)}
		if c.Metric.Of != nil {
			fold.Metric = c.Metric.Of(scores, valid)
		}
		out = append(out, fold)
	}
	return out, nil
}
