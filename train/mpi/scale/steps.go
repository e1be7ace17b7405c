package main

import (
	"context"
	"math/rand/v2"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/nn/optim"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/train"
)

// steps trains a ResNet on noise, and calls after after each step.
func steps(depth int, ranks *recorder, o options, after func() error) error {
	net, err := resnet.New(resnet.Config{Kind: resnet.Original, Depth: depth, Classes: 10}, rand.New(rand.NewPCG(1, 1)))
	if err != nil {
		return err
	}
	batch, n := o.images*ranks.Size(), o.steps+1
	if ranks.world != nil {
		n *= 2
	}
	loader, err := data.NewLoader(newNoise(batch*n), data.LoaderConfig{Batch: batch})
	if err != nil {
		return err
	}
	sgd, err := optim.NewSGD(nn.Params(net), optim.SGDConfig{Momentum: 0.9, WeightDecay: 1e-4})
	if err != nil {
		return err
	}
	trainer, err := train.New(net, loader, sgd, train.Config{
		Schedule: optim.Constant(1e-3), Epochs: 1, MicroBatches: ranks.Size(), Ranks: ranks,
		OnStep: func(train.Step) error { return after() },
	})
	if err != nil {
		return err
	}
	_, err = trainer.Run(context.Background())
	return err
}

// noise is a source of images as large as those of CIFAR, of which only a few differ.
type noise struct {
	pixels [16][]uint8
	images int
}

func newNoise(images int) *noise {
	rng := rand.New(rand.NewPCG(1, 1))
	s := &noise{images: images}
	for i := range s.pixels {
		s.pixels[i] = make([]uint8, 32*32*3)
		for j := range s.pixels[i] {
			s.pixels[i][j] = uint8(rng.Uint32())
		}
	}
	return s
}

func (s *noise) Len() int { return s.images }

func (s *noise) NumClasses() int { return 10 }

func (s *noise) Size() (height, width, channels int) { return 32, 32, 3 }

func (s *noise) Label(i int) int { return i % 10 }

func (s *noise) Read(i int, _ *rand.Rand) ([]uint8, error) { return s.pixels[i%len(s.pixels)], nil }
