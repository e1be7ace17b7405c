package boost

import (
	"context"
	"fmt"
	"slices"
)

// Fit boosts an ensemble on train.
//
// It fails with a [*residuum.ConfigError] or ErrData, before any work, when c or the data cannot be used; what is wrong
// with a Learner shows in the first stage. When ctx is cancelled, a hook returns an error or a stage fails (ErrDiverged,
// also for a loss that is no longer finite), it returns the stages until then, with Patience up to the best, and
// an error; that of a cancelled ctx is ctx's and its cause.
func Fit(ctx context.Context, train Data, c Config) (*Ensemble, error) {
	b, err := newBooster(train, c)
	if err != nil {
		return nil, fmt.Errorf("boost: Fit: %w", err)
	}
	best, err := b.boost(ctx)
	if c.Patience > 0 {
		b.ensemble.stages = b.ensemble.stages[:best]
		if b.best != nil {
			b.ensemble.recall(b.best)
		}
	}
	if err != nil {
		err = fmt.Errorf("boost: Fit: %w", err)
	}
	return b.ensemble, err
}

// boost adds stages and returns after how many the validation loss was best.
func (b *booster) boost(ctx context.Context) (best int, err error) {
	r, err := b.report(0, 0, 0)
	if err != nil {
		return 0, fmt.Errorf("before the first stage: %w", err)
	}
	bestLoss := r.Valid.Loss()
	for m := range b.Stages {
		r, err := b.stage(ctx, m)
		if err != nil {
			return best, fmt.Errorf("stage %d of %d: %w", m+1, b.Stages, err)
		}
		if loss := r.Valid.Loss(); loss < bestLoss {
			best, bestLoss = m+1, loss
			if b.Corrective != nil && b.Patience > 0 {
				b.best = b.ensemble.remember()
			}
		}
		if b.Progress != nil {
			b.Progress(m+1, b.Stages)
		}
		if b.OnStage != nil {
			if err := b.OnStage(r); err != nil {
				return best, fmt.Errorf("after stage %d of %d: %w", m+1, b.Stages, err)
			}
		}
		if b.Patience > 0 && m+1-best >= b.Patience {
			break
		}
	}
	return best, nil
}

// booster is an ensemble in the making.
type booster struct {
	Config
	ensemble *Ensemble
	train    subject
	prepared bool     // whether the learner is a Preparer's
	valid    *subject // nil without a validation set
	best     memory   // what the stages were when the validation loss was best, with Corrective and Patience
}

// subject is a data set and the state of the ensemble on it.
type subject struct {
	Data
	*run
}

func newBooster(train Data, c Config) (*booster, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if c.Corrective != nil {
		t, err := c.Corrective.withDefaults()
		if err != nil {
			return nil, err
		}
		c.Corrective = &t
	}
	_, missing := c.Learner.(Tree)
	if err := train.check(c.Loss, missing); err != nil {
		return nil, fmt.Errorf("training data: %w", err)
	}
	train = train.weighted()
	f0, err := start(c.Loss, train)
	if err != nil {
		return nil, err
	}
	e := &Ensemble{
		row:     slices.Clone(train.X.Shape()[1:]),
		inputs:  train.X.Len() / train.X.Dim(0),
		outputs: train.Y.Dim(1),
		start:   f0,
		family:  c.Learner,
	}
	p, prepared := c.Learner.(Preparer)
	if prepared {
		if c.Learner, err = p.Prepare(train.X); err != nil {
			return nil, err
		}
	}
	b := &booster{Config: c, ensemble: e, train: subject{train, e.run(train.X, c.Chained)}, prepared: prepared}
	valid := c.Valid
	if valid == nil {
		return b, nil
	}
	if err := valid.check(c.Loss, missing); err != nil {
		return nil, fmt.Errorf("validation data: %w", err)
	}
	if err := fits(*valid, train); err != nil {
		return nil, err
	}
	b.valid = &subject{*valid, e.run(valid.X, c.Chained)}
	return b, nil
}

// fits reports whether validation data have rows like those of the training data.
func fits(valid, train Data) error {
	if !slices.Equal(valid.X.Shape()[1:], train.X.Shape()[1:]) || valid.Y.Dim(1) != train.Y.Dim(1) {
		return fmt.Errorf("validation data %v, %v and training data %v, %v: rows differ: %w",
			valid.X.Shape(), valid.Y.Shape(), train.X.Shape(), train.Y.Shape(), ErrData)
	}
	return nil
}
