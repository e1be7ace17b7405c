//go:build linux || darwin

package mpi_test

import (
	"context"
	"math/rand/v2"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/data/fashion"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/nn/optim"
	"github.com/residuum-go/residuum/train"
	"github.com/residuum-go/residuum/train/mpi"
)

// Each rank trains the same model on the same batches. Nothing else tells a job from a process alone.
func ExampleMain() {
	mpi.Main(func(world *mpi.World) error {
		set := fashion.Embedded().Train
		net := nn.Sequential{nn.Flatten{}, nn.NewLinear(28*28, 10, rand.New(rand.NewPCG(1, 1)))}
		loader, err := data.NewLoader(set, data.LoaderConfig{Batch: 240, Shuffle: true, Norm: set.Norm()})
		if err != nil {
			return err
		}
		sgd, err := optim.NewSGD(nn.Params(net), optim.SGDConfig{Momentum: 0.9})
		if err != nil {
			return err
		}
		trainer, err := train.New(net, loader, sgd, train.Config{
			Schedule: optim.Cosine{Peak: 0.1}, Epochs: 5, MicroBatches: 12, Ranks: world, Checkpoint: "net.safetensors",
		})
		if err != nil {
			return err
		}
		_, err = trainer.Run(context.Background())
		return err
	})
}
