package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/residuum-go/residuum/boost"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/nn/optim"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/train"
	"github.com/residuum-go/residuum/unravel"
)

// The recipe of the convolutional nets, which bench/parity repeats in PyTorch.
const (
	batchSize   = 64
	peakRate    = 0.1
	momentum    = 0.9
	weightDecay = 5e-4
	cropPadding = 2
	warmup      = 0.1    // share of all steps over which the rate rises
	imagesShown = 60_000 // over all epochs, unless -epochs says otherwise
)

// network is what can be both trained and studied.
type network interface {
	nn.Module
	unravel.Network
}

// trainNet trains the net called name and returns it with the part of its results known by then.
func (r *run) trainNet(ctx context.Context, name string) (network, *Net, error) {
	switch name {
	case "boost", "chained":
		return r.trainBoosted(ctx, name)
	default:
		return r.trainConvolutional(ctx, name)
	}
}

func (r *run) epochs() int {
	if r.cfg.Epochs > 0 {
		return r.cfg.Epochs
	}
	return max(1, imagesShown/r.train.Len())
}

// convolutional returns the configuration of a convolutional net and a sentence about it.
func (r *run) convolutional(name string) (resnet.Config, string) {
	per := r.cfg.Blocks / 3
	c := resnet.Config{
		Blocks: []int{per, per, per}, Width: r.cfg.Width, Classes: r.train.Classes, StemStride: 2,
		Image: resnet.Shape{Height: r.train.Height, Width: r.train.Width, Channels: r.train.Channels},
	}
	layers := 2*r.cfg.Blocks + 2
	switch name {
	case "residual":
		return c, fmt.Sprintf("pre-activation residual net (He et al. 2016b) of %d layers, identity skips, option A at the %d stage boundaries", layers, len(c.Blocks)-1)
	case "plain":
		c.Kind = resnet.Plain
		return c, fmt.Sprintf("the same %d layers with batch norm and without skips; a block is two convolutions", layers)
	default:
		c.Kind, c.Blocks, c.StemStride = resnet.VGG, []int{2, 2, 3, 3, 3}, 0
		return c, "VGG-like net of 13 convolutions and 2 linear layers with batch norm (the paper's VGG has none); a block is one convolution"
	}
}

func (r *run) trainConvolutional(ctx context.Context, name string) (network, *Net, error) {
	cfg, about := r.convolutional(name)
	model, err := resnet.New(cfg, rand.New(rand.NewPCG(r.cfg.Seed, 0)))
	if err != nil {
		return nil, nil, err
	}
	res := &Net{Name: name, About: about, Parameters: parameters(model)}
	for i := range model.Len() {
		b := model.Block(i)
		res.Blocks = append(res.Blocks, BlockInfo{Stage: b.Stage + 1, Downsample: b.In != b.Out})
	}
	t := r.trainer(model)
	start := time.Now()
	t.Progress = func(p train.Progress) {
		r.line.show(p.Batch == p.Batches, "%-9s epoch %d/%d  loss %.4f  accuracy %.1f %%  %.0f images/s  %v left",
			name, p.Epoch, p.Epochs, p.Loss, percent*p.Accuracy, p.ImagesPerSecond, p.Left.Round(time.Second))
		if p.Batch < p.Batches {
			return
		}
		m, err := train.Evaluate(ctx, model, r.test, r.norm, evaluationBatch)
		if err != nil {
			return // ctx is done: the trainer will say so
		}
		res.Training = append(res.Training, Epoch{
			Images: p.Epoch * r.train.Len(), Loss: p.Loss, Accuracy: p.Accuracy,
			TestAccuracy: m.Accuracy, Seconds: time.Since(start).Seconds(),
		})
	}
	if _, err := t.Run(ctx); err != nil {
		return nil, nil, err
	}
	res.Seconds = time.Since(start).Seconds()
	return model, res, nil
}

// parameters counts what is trained.
func parameters(m nn.Module) int {
	n := 0
	for _, p := range m.Params() {
		if !p.Fixed {
			n += p.Value.Len()
		}
	}
	return n
}

func (r *run) trainer(model nn.Module) *train.Trainer {
	loader := data.NewLoader(r.train, data.LoaderConfig{
		Batch: batchSize, Shuffle: true, Augment: data.Augment{Pad: cropPadding, Flip: true}, Norm: r.norm, Seed: r.cfg.Seed,
	})
	steps := r.epochs() * loader.Batches()
	return &train.Trainer{
		Model: model, Loader: loader, Seed: r.cfg.Seed,
		Optimizer: &optim.SGD{Params: model.Params(), Momentum: momentum, Nesterov: true, WeightDecay: weightDecay},
		Schedule:  optim.Cosine(peakRate, int(warmup*float64(steps)), steps),
		Epochs:    r.epochs(),
	}
}

// The recipe of the boosted ensembles. They have as many stages as the residual net has blocks.
const (
	hiddenUnits  = 32
	learningRate = 0.15 // at 0.3 the chained ensemble overfits sooner, and order matters less
)

func (r *run) trainBoosted(ctx context.Context, name string) (network, *Net, error) {
	onehot := func(d *data.Dataset) (boost.Data, error) {
		y, err := boost.OneHot(d.Labels, d.Classes)
		return boost.Data{X: d.Images(nil, r.norm, 0, d.Len()), Y: y}, err
	}
	fit, err := onehot(r.train)
	if err != nil {
		return nil, nil, err
	}
	held, err := onehot(r.test)
	if err != nil {
		return nil, nil, err
	}
	res := &Net{Name: name, About: fmt.Sprintf("gradient boosting of %d perceptrons with %d hidden units (Friedman 2001); a block is one stage", r.cfg.Blocks, hiddenUnits)}
	if name == "chained" {
		res.About = "the same, but every learner also reads the hidden units of the one before (as in GrowNet, Badirli et al. 2020), so that order matters"
	}
	start := time.Now()
	model, err := boost.Fit(ctx, boost.Config{
		Loss: boost.Softmax{}, Learner: boost.MLP{Hidden: hiddenUnits}, Stages: r.cfg.Blocks, Rate: learningRate, Newton: true,
		Chained: name == "chained", Seed: r.cfg.Seed,
		Progress: func(p boost.Report) {
			seconds := time.Since(start).Seconds()
			res.Training = append(res.Training, Epoch{
				Images: (len(res.Training) + 1) * p.Rows, Loss: p.TrainLoss, Accuracy: p.TrainAccuracy, TestAccuracy: p.ValidAccuracy, Seconds: seconds,
			})
			left := time.Duration(seconds / float64(p.Stage) * float64(p.Stages-p.Stage) * float64(time.Second))
			r.line.show(p.Stage == p.Stages, "%-9s stage %d/%d  loss %.4f  accuracy %.1f %%  test %.1f %%  %.0f images/s  %v left", name, p.Stage, p.Stages,
				p.TrainLoss, percent*p.TrainAccuracy, percent*p.ValidAccuracy, float64(p.Stage*p.Rows)/seconds, left.Round(time.Second))
		},
	}, fit, &held)
	if err != nil {
		return nil, nil, err
	}
	res.Seconds = time.Since(start).Seconds()
	res.Parameters = parameters(model)
	for range model.Len() {
		res.Blocks = append(res.Blocks, BlockInfo{Stage: 1})
	}
	return model, res, nil
}
