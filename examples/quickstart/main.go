// Quickstart trains a small residual network on Fashion-MNIST and tests it. The README quotes it.
package main

import (
	"context"
	"fmt"
	"log"
	"math/rand/v2"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/data/fashion"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/nn/optim"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/train"
)

func main() {
	ctx, images := context.Background(), fashion.Embedded()
	norm, shape := images.Train.Norm(), resnet.Shape{Height: 28, Width: 28, Channels: 1}
	config := resnet.Config{Depth: 14, Width: 8, Image: shape, StemStride: 2, Classes: 10}
	net, err := resnet.New(config, rand.New(rand.NewPCG(1, 2)))
	stopOn(err)
	loader, err := data.NewLoader(images.Train, data.LoaderConfig{Batch: 64, Shuffle: true, Norm: norm})
	stopOn(err)
	sgd, err := optim.NewSGD(nn.Params(net), optim.SGDConfig{Momentum: 0.9, Nesterov: true, WeightDecay: 5e-4})
	stopOn(err)
	trainer, err := train.New(net, loader, sgd, train.Config{Schedule: optim.OneCycle{Peak: 0.1}, Epochs: 2})
	stopOn(err)
	_, err = trainer.Run(ctx)
	stopOn(err)
	score, err := train.Evaluate(ctx, net, images.Test.Batches(norm, 250))
	stopOn(err)
	fmt.Printf("%d residual blocks, %.1f %% of the test images right\n", net.Len(), 100*score.Accuracy())
}

func stopOn(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
