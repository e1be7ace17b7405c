package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/examples/internal/program"
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
	gentleRate  = 0.01 // for a VGG net without batch norm, which diverges at peakRate
	momentum    = 0.9
	weightDecay = 5e-4
	cropPadding = 2
	warmup      = 0.1    // share of all steps over which the rate rises
	imagesShown = 30_000 // over all epochs, unless -epochs says otherwise
	survival    = 0.5    // of the last block, with stochastic depth (Huang et al. 2016)
	saveEvery   = 200    // steps between checkpoints
)

// network is what can be both trained and studied.
type network interface {
	nn.Module
	unravel.Network
}

// job is one net trained with one seed.
type job struct {
	*run
	seed uint64
	res  *Net
}

// trainNet trains the net, or takes up where an earlier run has stopped.
func (j *job) trainNet(ctx context.Context) (network, error) {
	switch j.res.Name {
	case "boost", "chained":
		return j.trainBoosted(ctx)
	default:
		return j.trainConvolutional(ctx)
	}
}

func (r *run) epochs() int {
	if r.cfg.Epochs > 0 {
		return r.cfg.Epochs
	}
	return max(1, imagesShown/r.train.Len())
}

// active returns how many of n blocks of the net called "effective" act on a batch: 23 of the paper's 54.
func active(n int) int { return max(1, n*23/54) }

// convolutional returns the configuration of a convolutional net and a sentence about it.
func (r *run) convolutional(name string) (resnet.Config, string) {
	stages := func(n int) []int { return []int{n / 3, n / 3, n / 3} }
	c := resnet.Config{
		Blocks: stages(r.cfg.Blocks), Width: r.cfg.Width, Classes: r.train.Classes, StemStride: r.cfg.Stride,
		Image: resnet.Shape{Height: r.train.Height, Width: r.train.Width, Channels: r.train.Channels},
	}
	vgg := func(norm string) string {
		return "VGG-like net of 13 convolutions and 2 linear layers " + norm + "; a block is one convolution"
	}
	switch name {
	case "residual":
		return c, fmt.Sprintf("pre-activation residual net (He et al. 2016b) of %d layers, identity skips, option A at the %d stage boundaries", 2*r.cfg.Blocks+2, len(c.Blocks)-1)
	case "stochastic":
		c.Survival = survival
		return c, fmt.Sprintf("the residual net, trained with stochastic depth (Huang et al. 2016), survival falling linearly to %g", survival)
	case "effective":
		return c, fmt.Sprintf("the residual net, trained with %d random blocks out of %d on each batch, so that no path is longer (Veit et al. 2016)", active(r.cfg.Blocks), r.cfg.Blocks)
	case "plain":
		n := cmp.Or(r.cfg.PlainBlocks, r.cfg.Blocks)
		c.Kind, c.Blocks = resnet.Plain, stages(n)
		return c, fmt.Sprintf("%d layers with batch norm and without skips; a block is two convolutions", 2*n+2)
	}
	c.Kind, c.Blocks, c.StemStride, c.Width = resnet.VGG, []int{2, 2, 3, 3, 3}, 0, r.cfg.VGGWidth
	if name == "vgg-nobn" {
		c.WithoutBatchNorm = true
		return c, vgg("without batch norm, as in the paper")
	}
	return c, vgg("with batch norm (the paper's has none)")
}

func (j *job) trainConvolutional(ctx context.Context) (network, error) {
	res := j.res
	cfg, about := j.convolutional(res.Name)
	model, err := resnet.New(cfg, rand.New(rand.NewPCG(j.seed, 0)))
	if err != nil {
		return nil, err
	}
	res.About, res.Parameters, res.Blocks = about, nn.Count(model), nil
	for i := range model.Len() {
		b := model.Block(i)
		res.Blocks = append(res.Blocks, BlockInfo{Stage: b.Stage + 1, Downsample: b.In != b.Out})
	}
	var trained nn.Module = model
	if res.Name == "effective" {
		trained = unravel.ShortPaths(model, active(model.Len()))
	}
	loader, err := j.loader()
	if err != nil {
		return nil, err
	}
	t, err := j.trainer(trained, loader, j.watch(ctx, model))
	if err != nil {
		return nil, err
	}
	if j.store != nil {
		if err := t.Resume(); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if err := j.checkReached(loader.State()); err != nil {
			return nil, err
		}
	}
	if _, err := t.Run(ctx); err != nil {
		return nil, err
	}
	return model, nil
}

// watch follows the training of a net.
type watch struct {
	*job
	ctx    context.Context
	model  network
	bar    *program.Bar
	before float64 // seconds of training in earlier runs
	start  time.Time
	steps  int // since then
}

// watch begins to follow. What it measures is not cut short when ctx is done, for the trainer is about to
// save its state and would not come this way again.
func (j *job) watch(ctx context.Context, model network) *watch {
	bar := j.out.Bar(fmt.Sprintf("%-10s training", j.label()))
	return &watch{job: j, ctx: context.WithoutCancel(ctx), model: model, bar: bar, before: j.res.Seconds, start: time.Now()}
}

// step is called after every step of training. What is known is saved before the trainer saves its
// checkpoint: a step that is done again because of that replaces its results.
func (w *watch) step(s train.Step) error {
	w.steps++
	w.bar.Note("epoch %d of %d  loss %.4f  accuracy %.1f %%  %.0f images/s", s.Epoch, w.epochs(), s.Score.Loss(), percent*s.Score.Accuracy(),
		float64(w.steps*batchSize)/time.Since(w.start).Seconds())
	w.progress(w.bar, s.Done, s.Total)
	reading, snapshot := slices.Contains(w.readingSteps(), s.Done), slices.Contains(w.snapshotSteps(), s.Done)
	if !reading && !snapshot {
		return nil
	}
	if snapshot {
		if err := w.snapshot(w.ctx, w.model, w.images(s.Done)); err != nil {
			return err
		}
	}
	if reading {
		if err := w.read(w.images(s.Done), s.Score); err != nil {
			return err
		}
	}
	w.res.Seconds = w.before + time.Since(w.start).Seconds()
	if err := w.store.save(w.res); err != nil {
		return err
	}
	return w.show()
}

// readings is how often the net is tested in the first epoch: at its end, half-way, a quarter of the way, ..., so that
// there is something to see of a training that has no other. Before its end the images of the lesion studies are enough.
const readings = 4

// readingSteps lists the steps of training after which the net is tested.
func (r *run) readingSteps() []int {
	at := halvings(r.batchesPerEpoch(), readings)
	for e := 2; e <= r.epochs(); e++ {
		at = append(at, e*r.batchesPerEpoch())
	}
	return at
}

// read tests the net. The score is that of the epoch so far, on training images.
func (w *watch) read(images int, score data.Score) error {
	set := w.test
	if images < w.train.Len() {
		set = w.studied
	}
	test, err := w.tested(w.ctx, w.model, set)
	if err != nil {
		return err
	}
	w.res.Test = test // at last that of the trained net
	w.res.Training = slices.DeleteFunc(w.res.Training, func(r Reading) bool { return r.Images >= images })
	w.learned(Reading{
		Images: images, Loss: score.Loss(), Accuracy: score.Accuracy(),
		TestAccuracy: test.Accuracy(), Seconds: w.before + time.Since(w.start).Seconds(),
	})
	w.out.Printf("%-10s %7s images: loss %.4f, accuracy %.1f %%, in test %.1f %%", w.label(), program.Thousands(images),
		score.Loss(), percent*score.Accuracy(), percent*test.Accuracy())
	return nil
}

// learned records what a net has learned, and has the report show the net from then on.
func (j *job) learned(r Reading) {
	j.res.Training = append(j.res.Training, r)
	if !slices.Contains(j.results.Nets, j.res) {
		j.results.add(j.res)
	}
}

// batchesPerEpoch is how many steps of training an epoch has; the last may be on fewer images.
func (r *run) batchesPerEpoch() int { return (r.train.Len() + batchSize - 1) / batchSize }

func (j *job) loader() (*data.Loader, error) {
	var augment data.Augment
	if j.cfg.Augment {
		augment = data.Augment{Pad: cropPadding, Flip: true}
	}
	return data.NewLoader(j.train, data.LoaderConfig{
		Batch: batchSize, Shuffle: true, Augment: augment, Norm: j.norm, Seed: j.seed,
	})
}

func (j *job) trainer(model nn.Module, loader *data.Loader, w *watch) (*train.Trainer, error) {
	rate := peakRate
	if j.res.Name == "vgg-nobn" {
		rate = gentleRate
	}
	sgd, err := optim.NewSGD(nn.Params(model), optim.SGDConfig{Momentum: momentum, Nesterov: true, WeightDecay: weightDecay})
	if err != nil {
		return nil, err
	}
	return train.New(model, loader, sgd, train.Config{
		Schedule: optim.Cosine{Peak: rate, Warmup: warmup}, Epochs: j.epochs(), Seed: j.seed,
		Checkpoint: j.store.checkpoint(j.res), SaveEvery: saveEvery, OnStep: w.step,
	})
}
