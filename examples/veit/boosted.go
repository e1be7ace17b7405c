package main

import (
	"context"
	"fmt"
	"time"

	"github.com/residuum-go/residuum/boost"
	"github.com/residuum-go/residuum/examples/internal/program"
	"github.com/residuum-go/residuum/nn"
)

// The recipe of the boosted ensembles. They have as many stages as the residual net has blocks.
const (
	hiddenUnits  = 32
	learningRate = 0.15 // at 0.3 the chained ensemble overfits sooner, and order matters less
)

// trainBoosted fits an ensemble. It is not kept: a run that was stopped before all of it was measured
// fits it again, to the same bits.
func (j *job) trainBoosted(ctx context.Context) (network, error) {
	res, chained := j.res, j.res.Name == "chained"
	fit, err := boost.DataOf(j.train.Batch(j.norm, 0, j.train.Len()), j.train.Classes)
	if err != nil {
		return nil, err
	}
	held, err := boost.DataOf(j.test.Batch(j.norm, 0, j.test.Len()), j.test.Classes)
	if err != nil {
		return nil, err
	}
	res.About = fmt.Sprintf("gradient boosting of %d perceptrons with %d hidden units (Friedman 2001); a block is one stage", j.cfg.Blocks, hiddenUnits)
	if chained {
		res.About = "the same, but every learner also reads the hidden units of the one before (as in GrowNet, Badirli et al. 2020), so that order matters"
	}
	if !j.has(trainingPart) { // else all of this is known
		res.Training, res.Blocks = nil, nil
	}
	start, bar := time.Now(), j.out.Bar(fmt.Sprintf("%-10s training", j.label()))
	model, err := boost.Fit(ctx, fit, boost.Config{
		Loss: boost.Softmax{}, Learner: boost.MLP{Hidden: hiddenUnits}, Stages: j.cfg.Blocks, Rate: learningRate, Newton: true,
		Chained: chained, Seed: j.seed, Valid: &held,
		OnStage: func(r boost.Report) error { return j.boosted(r, bar, time.Since(start).Seconds()) },
	})
	if err != nil {
		return nil, err
	}
	if j.has(trainingPart) {
		return model, nil
	}
	res.Seconds = time.Since(start).Seconds()
	res.Parameters = nn.Count(model)
	for range model.Len() {
		res.Blocks = append(res.Blocks, BlockInfo{Stage: 1})
	}
	return model, nil
}

// boosted records one stage.
func (j *job) boosted(p boost.Report, bar *program.Bar, seconds float64) error {
	if !j.has(trainingPart) {
		j.learned(Reading{
			Images: (len(j.res.Training) + 1) * p.Rows, Loss: p.Train.Loss(), Accuracy: p.Train.Accuracy(), TestAccuracy: p.Valid.Accuracy(), Seconds: seconds,
		})
	}
	bar.Note("stage %d of %d  loss %.4f  accuracy %.1f %%  in test %.1f %%", p.Stage, p.Stages, p.Train.Loss(), percent*p.Train.Accuracy(), percent*p.Valid.Accuracy())
	j.progress(bar, p.Stage, p.Stages)
	return nil
}
