package main

import (
	"context"
	"math/rand/v2"
	"os"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/data/fashion"
	"github.com/residuum-go/residuum/examples/internal/program"
	"github.com/residuum-go/residuum/internal/atomicfile"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/nn/optim"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/train"
)

// trainFashion trains the net that is shipped on images of Fashion-MNIST, writes it to a file that describes itself, and
// says how many of the test images it has right. One seed gives the same bits on one instruction set.
func trainFashion(ctx context.Context, images fashion.Split, cfg config, path string, out *program.Output) error {
	if err := atomicfile.Check(path); err != nil { // before training, not after it
		return err
	}
	net, err := resnet.New(resnet.Config{
		Depth: 20, Width: 8, Classes: len(fashion.Classes), Image: resnet.Shape{Height: 28, Width: 28, Channels: 1},
	}, rand.New(rand.NewPCG(cfg.seed, 0)))
	if err != nil {
		return err
	}
	norm := images.Train.Norm()
	loader, err := data.NewLoader(images.Train, data.LoaderConfig{
		Batch: 64, Shuffle: true, Augment: data.Augment{Pad: 2, Flip: true}, Norm: norm, Seed: cfg.seed,
	})
	if err != nil {
		return err
	}
	sgd, err := optim.NewSGD(nn.Params(net), optim.SGDConfig{Momentum: 0.9, Nesterov: true, WeightDecay: 5e-4})
	if err != nil {
		return err
	}
	bar := out.Bar("training")
	trainer, err := train.New(net, loader, sgd, train.Config{
		Schedule: optim.OneCycle{Peak: 0.1}, Epochs: cfg.epochs, Seed: cfg.seed, Progress: bar.Show,
		OnEpoch: func(e train.Epoch) error { out.Printf("%v", e); return nil },
	})
	if err != nil {
		return err
	}
	if _, err := trainer.Run(ctx); err != nil {
		return err
	}
	score, err := train.Evaluate(ctx, net, images.Test.Batches(norm, 250))
	if err != nil {
		return err
	}
	if err := net.Save(path, data.Card{Classes: fashion.Classes[:], Norm: norm}); err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	out.Printf("%s: %s bytes, test images: %v", path, program.Thousands(int(info.Size())), score)
	return nil
}
