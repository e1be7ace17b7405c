package boost

import (
	"context"
	"fmt"
	"iter"
	"reflect"
	"slices"

	"github.com/residuum-go/residuum/internal/demand"
	"github.com/residuum-go/residuum/tensor"
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

// boost adds stages and returns after how many the validation set was judged best.
func (b *booster) boost(ctx context.Context) (best int, err error) {
	best = b.ensemble.Len()
	r, err := b.report(best, 0, 0)
	if err != nil {
		return best, fmt.Errorf("before the first stage: %w", err)
	}
	most := b.worth(r)
	for m := best; m < b.Stages; m++ {
		r, err := b.stage(ctx, m)
		if err != nil {
			return best, fmt.Errorf("stage %d of %d: %w", m+1, b.Stages, err)
		}
		if worth := b.worth(r); worth > most || most != most && worth == worth {
			best, most = m+1, worth
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
	watched  []subject
	best     memory // what the stages were when the validation loss was best, with Corrective and Patience

	gradient, hessian *tensor.Tensor // memory of the last stage's, for the next
}

// subject is a data set, the loss of its rows, and the state of the ensemble on it.
type subject struct {
	Data
	*run
	loss Loss
}

// bound returns the loss of the rows of d.
func bound(loss Loss, d Data) Loss {
	if l, ok := loss.(Listwise); ok {
		return l.Of(d)
	}
	return loss
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
	loss, err := c.bind(train)
	if err != nil {
		return nil, err
	}
	e, err := c.begin(train, loss)
	if err != nil {
		return nil, err
	}
	p, prepared := c.Learner.(Preparer)
	if prepared {
		if c.Learner, err = p.Prepare(train.X); err != nil {
			return nil, err
		}
	}
	b := &booster{Config: c, ensemble: e, train: subject{train, e.after(train.X, c.Chained), loss}, prepared: prepared}
	if c.Valid != nil {
		if b.valid, err = b.held("validation data", *c.Valid, missing); err != nil {
			return nil, err
		}
	}
	for i, d := range c.Watch {
		s, err := b.held(watchedName(i)+" to watch", d, missing)
		if err != nil {
			return nil, err
		}
		b.watched = append(b.watched, *s)
	}
	return b, nil
}

func watchedName(i int) string { return fmt.Sprintf("set %d", i+1) }

// held returns a set that nothing is fitted on, which errors call by its name.
func (b *booster) held(name string, d Data, missing bool) (*subject, error) {
	if err := d.check(b.Loss, missing); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if err := fits(name, d, b.train.Data); err != nil {
		return nil, err
	}
	return &subject{d, b.ensemble.after(d.X, b.Chained), bound(b.Loss, d)}, nil
}

// holdouts yields all sets that nothing is fitted on.
func (b *booster) holdouts() iter.Seq[*subject] {
	return func(yield func(*subject) bool) {
		if b.valid != nil && !yield(b.valid) {
			return
		}
		for i := range b.watched {
			if !yield(&b.watched[i]) {
				return
			}
		}
	}
}

// bind returns the loss of the rows of d. It fails if that is to have a Hessian, and has not.
func (c Config) bind(d Data) (Loss, error) {
	loss := bound(c.Loss, d)
	_, listwise := c.Loss.(Listwise)
	_, curved := loss.(Curved)
	return loss, demand.All("boost.Config",
		demand.That(!c.Newton || !listwise || curved, "Newton", c.Newton, fmt.Sprintf("rows of a %T depend on each other, and it is not Curved", c.Loss)))
}

// begin returns the ensemble before the first stage that is to be fitted.
func (c Config) begin(train Data, loss Loss) (*Ensemble, error) {
	e := &Ensemble{
		row:     slices.Clone(train.X.Shape()[1:]),
		inputs:  train.X.Len() / train.X.Dim(0),
		outputs: train.Y.Dim(1),
		family:  c.Learner,
	}
	from := c.From
	if from == nil {
		var err error
		e.start, err = start(loss, train)
		return e, err
	}
	if !slices.Equal(from.row, e.row) || from.outputs != e.outputs {
		return nil, fmt.Errorf("inputs %v and targets %v: From was fitted on rows of shape %v for %d scores: %w",
			train.X.Shape(), train.Y.Shape(), from.row, from.outputs, ErrData)
	}
	chained := from.Len() == 0 || c.Chained == (from.features > 0)
	if err := demand.All("boost.Config",
		demand.That(shapeOf(from.family) == shapeOf(c.Learner), "From", fmt.Sprintf("%T", from.family), "want an ensemble of learners like Learner"),
		demand.That(chained, "Chained", c.Chained, "want that of From"),
	); err != nil {
		return nil, err
	}
	e.start, e.features, e.stages = from.start.Clone(), from.features, slices.Clone(from.stages)
	return e, nil
}

// shapeOf returns a learner without what its hypotheses have no shape by.
func shapeOf(l Learner) any {
	switch l := l.(type) {
	case MLP:
		return MLP{Hidden: l.Hidden}
	case Conv:
		return Conv{Channels: l.Channels, Hidden: l.Hidden}
	case SoftTrees:
		l, _ = l.withDefaults()
		return SoftTrees{Trees: l.Trees, Depth: l.Depth}
	case RandomFeatures:
		return RandomFeatures{Width: l.Width}
	}
	return reflect.TypeOf(l)
}

// fits reports whether data that errors call by this name have rows like those of the training data.
func fits(name string, valid, train Data) error {
	if !slices.Equal(valid.X.Shape()[1:], train.X.Shape()[1:]) || valid.Y.Dim(1) != train.Y.Dim(1) {
		return fmt.Errorf("%s %v, %v and training data %v, %v: rows differ: %w",
			name, valid.X.Shape(), valid.Y.Shape(), train.X.Shape(), train.Y.Shape(), ErrData)
	}
	return nil
}
