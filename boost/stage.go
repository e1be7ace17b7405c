package boost

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/residuum-go/residuum"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/internal/cancelled"
	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
)

// stage fits learner m and adds it to the ensemble. On an error the ensemble is as before.
func (b *booster) stage(ctx context.Context, m int) (Report, error) {
	if err := cancelled.Err(ctx); err != nil {
		return Report{}, err
	}
	e := b.ensemble
	rng := rand.New(rand.NewPCG(b.Seed, uint64(m)))
	sees := e.features // 0 in the first stage, also of a chained ensemble
	l, err := b.Learner.New(Input{Row: e.row, Features: sees}, e.outputs, rand.New(rand.NewPCG(rng.Uint64(), 0)))
	if err != nil {
		return Report{}, err
	}
	if _, ok := l.(Featured); b.Chained && !ok {
		return Report{}, badLearner(b.Learner, "%T has no features to chain", l)
	}
	if _, ok := l.(nn.Module); b.Corrective != nil && !ok {
		return Report{}, badLearner(b.Learner, "%T has no parameters to correct", l)
	}
	target, weight := b.target()
	chosen, n := b.draw(rng, target, weight), target.Dim(0)
	if b.prepared {
		weight = chosen.spread(weight, n, e.outputs)
		if t, ok := l.(*trees); ok {
			t.best = b.leafValue(weight)
		}
		err = l.Fit(ctx, b.train.x, target, weight)
	} else {
		err = l.Fit(ctx, b.train.gather(chosen, sees), chosen.of(target), chosen.weights(weight, e.outputs))
	}
	if err != nil {
		if ctx.Err() != nil && (errors.Is(err, ctx.Err()) || errors.Is(err, context.Cause(ctx))) {
			err = cancelled.Err(ctx)
		}
		return Report{}, err
	}
	rho, err := b.advance(l, sees)
	if err != nil {
		return Report{}, err
	}
	e.append(l, float32(b.Rate*rho), sees)
	return b.settle(ctx, rng.Uint64(), chosen.count(n), rho)
}

// zMax bounds the Newton step of one score in a classification or a ranking (Friedman, Hastie, Tibshirani 2000, "Additive logistic
// regression", section 4.3), and minHessian the curvature that divides it: where a probability is near 0 or 1 the
// quotient of two tiny numbers would rule the fit.
const (
	zMax       = 4
	minHessian = 1e-6
)

// target returns what a learner is to fit and with which weights, both [N, K], until the next stage; see Config.Newton.
func (b *booster) target() (target, weight *tensor.Tensor) {
	f := b.train.scores
	b.gradient = gradient(b.gradient, b.train.loss, f, b.train.Data)
	target = tensor.Neg(b.gradient, b.gradient)
	if b.Newton {
		b.hessian = hessian(b.hessian, b.train.loss, f, b.train.Data)
		weight = b.hessian
		_, classifies := b.Loss.(Scorer)
		_, listwise := b.Loss.(Listwise)
		clips := (classifies || listwise) && !b.prepared
		parallel.For(weight.Len(), together, parallel.Func(func(lo, hi int) {
			weight, target := weight.Data()[lo:hi], target.Data()[lo:hi]
			for i, h := range weight {
				if h < minHessian {
					h = minHessian
				}
				weight[i] = h
				target[i] /= h
				if clips {
					target[i] = min(max(target[i], -zMax), zMax)
				}
			}
		}))
	}
	if b.train.Weight != nil {
		if weight == nil {
			weight = tensor.Full(1, f.Shape()...)
		}
		tensor.Mul(weight, weight, b.train.Weight.Reshape(f.Dim(0), 1))
	}
	return target, weight
}

// leafValue returns what finds the best value of score k for some rows with the weights [N, K], or nil if the loss is not
// Robust.
func (b *booster) leafValue(weight *tensor.Tensor) func(rows []int32, k int) float64 {
	loss, ok := b.Loss.(Robust)
	if !ok {
		return nil
	}
	return func(rows []int32, k int) float64 {
		d := Data{Y: tensor.New(len(rows), 1), Weight: tensor.Full(1, len(rows))}
		for j, i := range rows {
			at := int(i)*b.ensemble.outputs + k
			d.Y.Data()[j] = b.train.Y.Data()[at] - b.train.scores.Data()[at]
			if weight != nil {
				d.Weight.Data()[j] = weight.Data()[at]
			}
		}
		return loss.Start(d)[0]
	}
}

// remembers is a hypothesis that may know from its fit what it says of all training rows.
type remembers interface {
	// outputs returns that, [N, K], or nil. It is asked once.
	outputs() *tensor.Tensor
}

// advance applies learner l to both data sets and returns its rho.
func (b *booster) advance(l Hypothesis, sees int) (rho float64, err error) {
	var h, z *tensor.Tensor
	if r, ok := l.(remembers); ok {
		h = r.outputs()
	}
	if h == nil {
		h, z = b.train.output(l, sees)
	}
	if err := b.admit(h, z); err != nil {
		return 0, err
	}
	rho = 1
	if !b.Newton {
		rho = lineSearch(b.train.loss, b.train.Data, b.train.scores, h)
	}
	b.train.add(h, z, float32(b.Rate*rho))
	for s := range b.holdouts() {
		h, z := s.output(l, sees)
		s.add(h, z, float32(b.Rate*rho))
	}
	return rho, nil
}

// admit checks the outputs and features of a new learner, and takes the width of the features from
// the first one that has any.
func (b *booster) admit(h, z *tensor.Tensor) error {
	e := b.ensemble
	if err := finite("outputs of the learner", h, ErrDiverged); err != nil {
		return err
	}
	if z == nil {
		return nil
	}
	if err := finite("features of the learner", z, ErrDiverged); err != nil {
		return err
	}
	if len(e.stages) == 0 {
		e.features = z.Dim(1)
	}
	if z.Dim(1) != e.features {
		return badLearner(b.Learner, "it makes a hypothesis with %d features, those before it have %d", z.Dim(1), e.features)
	}
	return nil
}

// badLearner says why the hypotheses of a learner cannot be chained or corrected.
func badLearner(l Learner, format string, args ...any) error {
	return &residuum.ConfigError{Struct: "boost.Config", Field: "Learner", Value: fmt.Sprintf("%T", l), Reason: fmt.Sprintf(format, args...)}
}

// append adds a fitted learner.
func (e *Ensemble) append(l Hypothesis, scale float32, sees int) {
	e.stages = append(e.stages, stage{learner: l, scale: tensor.Full(scale, 1), sees: sees})
}

// report describes the ensemble after m stages. It fails with ErrDiverged when scores or a loss are not finite.
func (b *booster) report(m, rows int, rho float64) (Report, error) {
	_, classes := b.Loss.(Scorer)
	r := Report{Stage: m, Stages: b.Stages, Rows: rows, Rho: rho, classes: classes}
	if b.Metric.Of != nil {
		r.metric = b.Metric.Name
	}
	var err error
	if r.Train, err = judge(b.train.loss, "training", b.train.scores, b.train.Data); err != nil {
		return r, err
	}
	if b.valid != nil {
		if r.Valid, r.Metric, err = b.examine("validation", b.valid); err != nil {
			return r, err
		}
	}
	for i := range b.watched {
		var w Watched
		if w.Score, w.Metric, err = b.examine(watchedName(i), &b.watched[i]); err != nil {
			return r, err
		}
		r.Watched = append(r.Watched, w)
	}
	return r, nil
}

// examine judges the ensemble on a set, by the metric, too, if there is one.
func (b *booster) examine(name string, s *subject) (score data.Score, metric float64, err error) {
	score, err = judge(s.loss, name, s.scores, s.Data)
	if err == nil && b.Metric.Of != nil {
		metric = b.Metric.Of(s.scores, s.Data)
	}
	return score, metric, err
}

// worth is what Patience looks at; more is better.
func (b *booster) worth(r Report) float64 {
	if b.Metric.Of != nil {
		return r.Metric
	}
	return -r.Valid.Loss()
}

// judge returns the score of f on d, or an error if scores or loss are not finite.
func judge(loss Loss, set string, f *tensor.Tensor, d Data) (data.Score, error) {
	if err := finite(set+" scores", f, ErrDiverged); err != nil {
		return data.Score{}, err
	}
	score := scoreOf(loss, f, d)
	if v := score.LossSum; v-v != 0 {
		return score, fmt.Errorf("%s loss is %v: %w", set, v, ErrDiverged)
	}
	return score, nil
}
