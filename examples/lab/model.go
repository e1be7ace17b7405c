package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/data/fashion"
	"github.com/residuum-go/residuum/examples/internal/program"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/nn/optim"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/train"
)

const stages = 3

// pair is what the lab takes apart: a residual net and, as a yardstick, a plain one with the same layers but no skips.
type pair struct{ residual, plain *resnet.Net }

// newPair returns untrained nets for the embedded images.
func newPair(cfg config) (p pair, err error) {
	n := cfg.blocks / stages
	c := resnet.Config{
		Blocks: []int{n, n, n}, Width: cfg.width, StemStride: 2, Classes: len(fashion.Classes),
		Image: resnet.Shape{Height: 28, Width: 28, Channels: 1},
	}
	if p.residual, err = resnet.New(c, rand.New(rand.NewPCG(cfg.seed, 0))); err != nil {
		return p, err
	}
	c.Kind = resnet.Plain
	p.plain, err = resnet.New(c, rand.New(rand.NewPCG(cfg.seed, 0)))
	return p, err
}

// trainingState is how far the training of the nets is.
type trainingState struct {
	Net         string  `json:"net"`  // that is being trained: residual or plain
	Step        int     `json:"step"` // of all Steps of both nets
	Steps       int     `json:"steps"`
	Epoch       int     `json:"epoch"` // of the net's Epochs
	Epochs      int     `json:"epochs"`
	Accuracy    float64 `json:"accuracy"` // on the training images of this epoch
	SecondsLeft float64 `json:"secondsLeft"`
}

// trained returns trained nets: those that it finds in the user's cache, or else nets that it trains and keeps there.
// The residual one may also be in the checkpoint that cfg names. Training that was stopped goes on.
func trained(ctx context.Context, cfg config, images fashion.Split, report func(trainingState)) (pair, error) {
	nets, err := newPair(cfg)
	if err != nil {
		return nets, err
	}
	var left program.Estimate
	for i, n := range []struct {
		name, model string
		net         *resnet.Net
	}{{"residual", cfg.model, nets.residual}, {"plain", "", nets.plain}} {
		if n.model != "" {
			err = train.LoadModel(n.model, n.net)
		} else {
			err = trainOne(ctx, cfg, n.name, n.net, images.Train, func(p train.Step) error {
				s := trainingState{
					Net: n.name, Step: i*p.Total + p.Done, Steps: 2 * p.Total,
					Epoch: p.Epoch, Epochs: cfg.epochs, Accuracy: p.Score.Accuracy(),
				}
				s.SecondsLeft = left.Left(time.Now(), s.Step, s.Steps).Seconds()
				report(s)
				return nil
			})
		}
		if err != nil {
			return nets, err
		}
	}
	return nets, nil
}

// trainOne trains a net, or takes from the cache how far it was trained before.
func trainOne(ctx context.Context, cfg config, name string, net *resnet.Net, set *data.Dataset, report func(train.Step) error) error {
	file, err := cachedModel(cfg, name)
	if err != nil {
		return err
	}
	t, err := newTrainer(net, cfg, set, file, report)
	if err != nil {
		return err
	}
	if err := t.Resume(); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: remove the file to train anew", err)
	}
	if _, err = t.Run(ctx); err != nil {
		return fmt.Errorf("the %s net: %w", name, err)
	}
	return nil
}

// cachedModel names the checkpoint of a net.
func cachedModel(cfg config, net string) (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no folder to keep the trained nets in: %w", err)
	}
	name := fmt.Sprintf("lab-%s-blocks%d-width%d-epochs%d-seed%d.safetensors", net, cfg.blocks, cfg.width, cfg.epochs, cfg.seed)
	return filepath.Join(dir, "residuum", name), nil
}

// newTrainer has the recipe of examples/veit.
func newTrainer(net *resnet.Net, cfg config, set *data.Dataset, file string, report func(train.Step) error) (*train.Trainer, error) {
	loader, err := data.NewLoader(set, data.LoaderConfig{
		Batch: 64, Shuffle: true, Augment: data.Augment{Pad: 2, Flip: true}, Norm: set.Norm(), Seed: cfg.seed,
	})
	if err != nil {
		return nil, err
	}
	sgd, err := optim.NewSGD(nn.Params(net), optim.SGDConfig{Momentum: 0.9, Nesterov: true, WeightDecay: 5e-4})
	if err != nil {
		return nil, err
	}
	return train.New(net, loader, sgd, train.Config{
		Schedule: optim.Cosine{Peak: 0.1, Warmup: 0.1}, Epochs: cfg.epochs, Seed: cfg.seed, Checkpoint: file, OnStep: report,
	})
}
