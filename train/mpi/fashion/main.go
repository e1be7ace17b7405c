// Command fashion trains a small ResNet on Fashion-MNIST by all ranks of an MPI job:
//
//	go build ./fashion
//	mpirun -n 2 ./fashion
//
// It prints a hash of the weights at the end, which is the same for any number of ranks. With -checkpoint a run that was
// ended goes on by the same command, on any number of ranks.
package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/signal"
	"syscall"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/data/fashion"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/nn/optim"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/train"
	"github.com/residuum-go/residuum/train/mpi"
	"github.com/residuum-go/residuum/weights"
)

func main() {
	checkpoint := flag.String("checkpoint", "", "go on from this `file`, and save to it")
	images := flag.Int("images", 1000, "`number` of images of each class to train on")
	epochs := flag.Int("epochs", 2, "`number` of epochs")
	sync := flag.Bool("sync", false, "batch norm by the statistics of the whole batch")
	flag.Parse()
	mpi.Main(func(world *mpi.World) error { return run(world, *checkpoint, *images, *epochs, *sync) })
}

func run(world *mpi.World, checkpoint string, images, epochs int, sync bool) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	trainer, net, err := newTrainer(world, checkpoint, images, epochs, sync)
	if err != nil {
		return err
	}
	if checkpoint != "" {
		if err := trainer.Resume(); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if _, err := trainer.Run(ctx); err != nil {
		return err
	}
	if world.Rank() == 0 {
		hash := sha256.New()
		if err := weights.Write(hash, &weights.File{Tensors: weights.FromState(nn.State(net))}); err != nil {
			return err
		}
		fmt.Printf("weights %x\n", hash.Sum(nil)[:8])
	}
	return nil
}

func newTrainer(world *mpi.World, checkpoint string, images, epochs int, sync bool) (*train.Trainer, nn.Module, error) {
	all := fashion.Embedded()
	set, err := all.Train.Subset(images, rand.New(rand.NewPCG(1, 0)))
	if err != nil {
		return nil, nil, err
	}
	image := resnet.Shape{Height: set.Height, Width: set.Width, Channels: set.Channels}
	net, err := resnet.New(resnet.Config{Kind: resnet.Original, Depth: 8, Width: 8, Classes: set.Classes, Image: image, Survival: 0.8},
		rand.New(rand.NewPCG(1, 1)))
	if err != nil {
		return nil, nil, err
	}
	loader, err := data.NewLoader(set, data.LoaderConfig{
		Batch: 48, Shuffle: true, Norm: set.Norm(), Augment: data.Augment{Pad: 2, Flip: true}, Seed: 1,
	})
	if err != nil {
		return nil, nil, err
	}
	sgd, err := optim.NewSGD(nn.Params(net), optim.SGDConfig{Momentum: 0.9, Nesterov: true, WeightDecay: 1e-4})
	if err != nil {
		return nil, nil, err
	}
	trainer, err := train.New(net, loader, sgd, train.Config{
		Schedule: optim.OneCycle{Peak: 0.1}, Epochs: epochs, Seed: 1, Valid: all.Test,
		MicroBatches: 6, SyncBatchNorm: sync, Ranks: world,
		Checkpoint: checkpoint, SaveEvery: 5,
		OnEpoch: func(e train.Epoch) error {
			if world.Rank() == 0 {
				fmt.Println(e)
			}
			return nil
		},
	})
	return trainer, net, err
}
