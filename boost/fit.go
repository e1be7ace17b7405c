package boost

import (
	"context"
	"fmt"
	"slices"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
)

// Fit boosts an ensemble on train. valid may be nil.
//
// It fails with ErrConfig or ErrData, before any work, when c or the data cannot be used. When ctx is
// cancelled or a stage fails (ErrDiverged), it returns the stages before that and an error.
func Fit(ctx context.Context, c Config, train Data, valid *Data) (*Ensemble, error) {
	b, err := newBooster(c, train, valid)
	if err != nil {
		return nil, fmt.Errorf("boost: Fit: %w", err)
	}
	best, bestLoss := 0, b.report(0, 0, 0).ValidLoss
	for m := range c.Stages {
		r, err := b.stage(ctx, m)
		if err != nil {
			return b.ensemble, fmt.Errorf("boost: Fit: stage %d of %d: %w", m+1, c.Stages, err)
		}
		if c.Progress != nil {
			c.Progress(r)
		}
		if r.ValidLoss < bestLoss {
			best, bestLoss = m+1, r.ValidLoss
		}
		if c.Patience > 0 && m+1-best >= c.Patience {
			break
		}
	}
	if c.Patience > 0 {
		b.ensemble.stages = b.ensemble.stages[:best]
	}
	return b.ensemble, nil
}

// booster is an ensemble in the making.
type booster struct {
	Config
	ensemble *Ensemble
	train    subject
	valid    *subject // nil without a validation set
}

// subject is a data set and the state of the ensemble on it.
type subject struct {
	Data
	*run
}

func newBooster(c Config, train Data, valid *Data) (*booster, error) {
	if err := c.check(valid != nil); err != nil {
		return nil, err
	}
	if err := train.check(c.Loss); err != nil {
		return nil, fmt.Errorf("training data: %w", err)
	}
	f0, err := start(c.Loss, train)
	if err != nil {
		return nil, err
	}
	e := &Ensemble{
		row:     slices.Clone(train.X.Shape()[1:]),
		inputs:  train.X.Len() / train.X.Dim(0),
		outputs: train.Y.Dim(1),
		start:   fixed("start", f0),
	}
	b := &booster{Config: c, ensemble: e, train: subject{train, e.run(train.X, c.Chained)}}
	if valid == nil {
		return b, nil
	}
	if err := valid.check(c.Loss); err != nil {
		return nil, fmt.Errorf("validation data: %w", err)
	}
	if !slices.Equal(valid.X.Shape()[1:], e.row) || valid.Y.Dim(1) != e.outputs {
		return nil, fmt.Errorf("validation data %v, %v and training data %v, %v: rows differ: %w",
			valid.X.Shape(), valid.Y.Shape(), train.X.Shape(), train.Y.Shape(), ErrData)
	}
	b.valid = &subject{*valid, e.run(valid.X, c.Chained)}
	return b, nil
}

// fixed returns a parameter that is saved but never trained.
func fixed(name string, value *tensor.Tensor) *autograd.Param {
	p := autograd.NewParam(name, value)
	p.Fixed = true
	return p
}
