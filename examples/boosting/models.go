package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/residuum-go/residuum/boost"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/data/fashion"
	"github.com/residuum-go/residuum/examples/internal/program"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/nn/optim"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/train"
	"github.com/residuum-go/residuum/weights"
)

// The recipe: AdamW on batches of one size for all, with a learning rate for nets with batch norm and one for perceptrons.
const (
	batchSize   = 64
	convRate    = 0.01
	mlpRate     = 0.002
	weightDecay = 0.01
	hidden      = 64  // units of a perceptron
	shrinkage   = 0.3 // of boosting
	treeDepth   = 5
)

// trained is a model and what is known of it by then.
type trained struct {
	net  network
	save func(path string) error
}

// recipe makes a model of some name.
type recipe struct {
	name, about string
	fit         func(j *job, ctx context.Context) (trained, error)
}

// recipes lists the models in the order of the report.
var recipes = []recipe{
	{"residual", "pre-activation residual net, trained end to end; a member is a block", (*job).residual},
	{"plain", "the same layers without skips; a member is a block, and without it goes on what enters it, subsampled and padded where the shape changes", (*job).plain},
	{"boostresnet", "the same residual net, its blocks trained one at a time (Huang et al. 2018)", (*job).boostResNet},
	{"refined", "that net, trained further end to end for one more epoch", (*job).refined},
	{"grownet", "boosted perceptrons that read the features of the one before, with corrective steps (Badirli et al. 2020); a member is a stage", (*job).growNet},
	{"mlps", "plain gradient boosting of perceptrons by Newton steps; a member is a stage", (*job).mlps},
	{"trees", "plain gradient boosting of trees by Newton steps; a member is a stage, one tree for each class", (*job).trees},
	{"bagged", "perceptrons, each trained by itself on a bootstrap sample, whose logits are averaged; a member is a perceptron", (*job).bagged},
}

// job is one model with one seed.
type job struct {
	*run
	seed   uint64
	result *Model
	bar    *program.Bar
	before *trained // the model that was made before this one
}

// training says how a member is fitted for so many epochs.
func training(epochs int, rate float64) boost.Training {
	return boost.Training{Epochs: epochs, Batch: batchSize, Rate: rate, WeightDecay: weightDecay}
}

// newNet returns a net whose blocks are in three equal stages.
func (j *job) newNet(kind resnet.Kind) (*resnet.Net, error) {
	third := j.cfg.Members / 3
	return resnet.New(resnet.Config{
		Kind: kind, Blocks: []int{third, third, third}, Width: j.cfg.Width, Classes: j.train.Classes, StemStride: 2,
		Image: resnet.Shape{Height: j.train.Height, Width: j.train.Width, Channels: j.train.Channels},
	}, rand.New(rand.NewPCG(j.seed, 0)))
}

func (j *job) card() data.Card {
	return data.Card{Classes: fashion.Classes[:], Norm: j.norm}
}

// ofNet returns a net as a trained model.
func (j *job) ofNet(net *resnet.Net) trained {
	return trained{net, func(path string) error { return net.Save(path, j.card()) }}
}

func (j *job) residual(ctx context.Context) (trained, error) {
	return j.endToEnd(ctx, resnet.PreActivation)
}

func (j *job) plain(ctx context.Context) (trained, error) { return j.endToEnd(ctx, resnet.Plain) }

func (j *job) endToEnd(ctx context.Context, kind resnet.Kind) (trained, error) {
	net, err := j.newNet(kind)
	if err != nil {
		return trained{}, err
	}
	return j.ofNet(net), j.trainWhole(ctx, net, j.train, j.cfg.Epochs, convRate)
}

// trainWhole trains a module on a set, end to end.
func (j *job) trainWhole(ctx context.Context, m nn.Module, set *data.Dataset, epochs int, rate float64) error {
	loader, err := data.NewLoader(set, data.LoaderConfig{Batch: batchSize, Shuffle: true, Norm: j.norm, Seed: j.seed})
	if err != nil {
		return err
	}
	adam, err := optim.NewAdamW(nn.Params(m), optim.AdamConfig{WeightDecay: weightDecay})
	if err != nil {
		return err
	}
	t, err := train.New(m, loader, adam, train.Config{
		Schedule: optim.Cosine{Peak: rate}, Epochs: epochs, Seed: j.seed, Valid: j.test, Progress: j.bar.Show,
		OnEpoch: func(e train.Epoch) error { j.learned(e.Number, e.Train, e.Valid); return nil },
	})
	if err != nil {
		return err
	}
	_, err = t.Run(ctx)
	return err
}

// learned adds a point to the learning curve.
func (j *job) learned(step int, train, test data.Score) {
	j.result.Curve = append(j.result.Curve, Reading{step, train, test})
	j.bar.Note("loss %.4f, in test %.1f %% right", train.Loss(), percent*test.Accuracy())
}

func (j *job) boostResNet(ctx context.Context) (trained, error) {
	net, err := j.newNet(resnet.PreActivation)
	if err != nil {
		return trained{}, err
	}
	j.result.Modules, err = boost.BoostResNet(ctx, net, j.fit, boost.BoostResNetConfig{
		Training: training(j.cfg.Epochs, convRate), Valid: &j.held, Seed: j.seed, Progress: j.bar.Show,
		OnModule: func(m boost.WeakModule) error { j.learned(m.Module, m.Train, m.Valid); return nil },
	})
	return j.ofNet(net), err
}

// refined goes on with the net that boostResNet made.
func (j *job) refined(ctx context.Context) (trained, error) {
	return *j.before, j.trainWhole(ctx, j.before.net, j.train, 1, convRate/4)
}

func (j *job) growNet(ctx context.Context) (trained, error) {
	corrective := training(1, mlpRate/2)
	return j.boosted(ctx, boost.Config{Learner: j.perceptron(), Chained: true, Corrective: &corrective})
}

func (j *job) mlps(ctx context.Context) (trained, error) {
	return j.boosted(ctx, boost.Config{Learner: j.perceptron()})
}

func (j *job) trees(ctx context.Context) (trained, error) {
	return j.boosted(ctx, boost.Config{Learner: boost.Tree{Depth: treeDepth}})
}

func (j *job) perceptron() boost.MLP {
	return boost.MLP{Hidden: hidden, Training: training(j.cfg.Epochs, mlpRate)}
}

func (j *job) boosted(ctx context.Context, c boost.Config) (trained, error) {
	c.Loss, c.Newton, c.Stages, c.Rate, c.Seed, c.Valid, c.Progress = boost.Softmax{}, true, j.cfg.Members, shrinkage, j.seed, &j.held, j.bar.Show
	c.OnStage = func(r boost.Report) error { j.learned(r.Stage, r.Train, r.Valid); return nil }
	e, err := boost.Fit(ctx, j.fit, c)
	return trained{e, func(path string) error { return e.Save(path, j.card()) }}, err
}

func (j *job) bagged(ctx context.Context) (trained, error) {
	rng := rand.New(rand.NewPCG(j.seed, 1))
	in := j.train.Height * j.train.Width * j.train.Channels
	b := bagged{inputs: in, classes: j.train.Classes}
	for m := range j.cfg.Members {
		index := make([]int, j.train.Len())
		for i := range index {
			index[i] = rng.IntN(len(index))
		}
		net := nn.Sequential{nn.Flatten{}, nn.NewLinear(in, hidden, rng), nn.ReLU{}, nn.NewLinear(hidden, j.train.Classes, rng)}
		one := *j
		one.result, one.bar = &Model{}, j.out.Bar(fmt.Sprintf("%s, net %d of %d", j.label(), m+1, j.cfg.Members)) // of the bag there is one curve
		if err := one.trainWhole(ctx, net, j.train.Select(index), j.cfg.Epochs, mlpRate); err != nil {
			return trained{}, err
		}
		b.nets = append(b.nets, net)
		train, err := scoreOf(ctx, b, j.train, j.norm)
		if err != nil {
			return trained{}, err
		}
		test, err := scoreOf(ctx, b, j.test, j.norm)
		if err != nil {
			return trained{}, err
		}
		j.learned(m+1, train, test)
	}
	return trained{b, func(path string) error {
		return weights.Save(path, &weights.File{Tensors: weights.FromState(nn.State(b))})
	}}, nil
}

const evaluationBatch = 250

func scoreOf(ctx context.Context, m nn.Module, set *data.Dataset, norm data.Norm) (data.Score, error) {
	return train.Evaluate(ctx, m, set.Batches(norm, evaluationBatch))
}

// label names the model, and the seed if there are several.
func (j *job) label() string {
	if j.cfg.Seeds == 1 {
		return j.result.Name
	}
	return fmt.Sprintf("%s, seed %d", j.result.Name, j.seed)
}

// do trains and examines one model.
func (j *job) do(ctx context.Context, r recipe) (trained, error) {
	j.bar = j.out.Bar(j.label() + ", training")
	start := time.Now()
	t, err := r.fit(j, ctx)
	if err != nil {
		return t, fmt.Errorf("%s: %w", j.label(), err)
	}
	j.result.Seconds, j.result.Parameters = time.Since(start).Seconds(), nn.Count(t.net)
	if j.result.Bytes, err = sizeOf(t); err != nil {
		return t, err
	}
	if err := j.examine(ctx, t.net, j.batches, j.seed, j.result, j.label()); err != nil {
		return t, fmt.Errorf("%s: %w", j.label(), err)
	}
	j.out.Printf("%s: test accuracy %.1f %%, %.0f s", j.label(), percent*j.result.Test.Accuracy(), j.result.Seconds)
	return t, nil
}

// sizeOf returns how large a model is in a file.
func sizeOf(t trained) (int64, error) {
	dir, err := os.MkdirTemp("", "boosting")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "model.safetensors")
	if err := t.save(path); err != nil {
		return 0, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
