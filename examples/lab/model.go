package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/data/fashion"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/nn/optim"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/train"
)

const stages = 3

// newNet returns an untrained net for the embedded images.
func newNet(cfg config) (*resnet.Net, error) {
	n := cfg.blocks / stages
	return resnet.New(resnet.Config{
		Blocks: []int{n, n, n}, Width: cfg.width, StemStride: 2, Classes: len(fashion.Classes),
		Image: resnet.Shape{Height: 28, Width: 28, Channels: 1},
	}, rand.New(rand.NewPCG(cfg.seed, 0)))
}

// trained returns a trained net: the one in the checkpoint that cfg names, or else one that it trains
// and keeps in the user's cache, where the next start finds it. Training that was stopped goes on.
func trained(ctx context.Context, cfg config, images fashion.Split, report func(train.Progress)) (*resnet.Net, error) {
	net, err := newNet(cfg)
	if err != nil {
		return nil, err
	}
	if cfg.model != "" {
		return net, train.LoadModel(cfg.model, net)
	}
	file, err := cachedModel(cfg)
	if err != nil {
		return nil, err
	}
	t, err := newTrainer(net, cfg, images.Train)
	if err != nil {
		return nil, err
	}
	t.Checkpoint, t.Progress = file, report
	if err := t.Resume(); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: remove the file to train anew", err)
	}
	_, err = t.Run(ctx)
	return net, err
}

// cachedModel names the checkpoint of a configuration.
func cachedModel(cfg config) (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no folder to keep the trained net in: %w", err)
	}
	name := fmt.Sprintf("lab-blocks%d-width%d-epochs%d-seed%d.safetensors", cfg.blocks, cfg.width, cfg.epochs, cfg.seed)
	return filepath.Join(dir, "residuum", name), nil
}

// newTrainer has the recipe of examples/veit.
func newTrainer(net *resnet.Net, cfg config, set *data.Dataset) (*train.Trainer, error) {
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
	return &train.Trainer{
		Model: net, Loader: loader, Seed: cfg.seed, Epochs: cfg.epochs,
		Optimizer: sgd, Schedule: optim.Cosine{Peak: 0.1, Warmup: 0.1},
	}, nil
}
