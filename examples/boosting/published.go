package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/resnet"
)

// publishedNets are the files of the nets that -published takes apart, in the order of the report.
var publishedNets = []struct{ name, file string }{
	{"resnet20", "resnet20-12fca82f.th"},
	{"resnet56", "resnet56-4bfd9763.th"},
}

// published examines the nets of others, on test images of CIFAR-10.
func (r *run) published(ctx context.Context) error {
	if r.cfg.Published == "" {
		return nil
	}
	set, err := data.LoadCIFAR10Test(os.DirFS(r.cfg.Published))
	if err != nil {
		return fmt.Errorf("flag -published: %w", err)
	}
	if r.cfg.Test > 0 {
		if set, err = set.Subset(r.cfg.Test/set.Classes, rand.New(rand.NewPCG(r.cfg.Seed, 0))); err != nil {
			return fmt.Errorf("flag -test is %d: %w", r.cfg.Test, err)
		}
	}
	norm := data.Norm{Mean: []float32{0.485, 0.456, 0.406}, Std: []float32{0.229, 0.224, 0.225}}
	for _, of := range publishedNets {
		name := of.name
		net, _, err := resnet.Load(filepath.Join(r.cfg.Published, of.file))
		if err != nil {
			return fmt.Errorf("flag -published: %w", err)
		}
		m := &Model{Name: name, About: "trained for CIFAR-10 by Y. Idelbayev (github.com/akamaster/pytorch_resnet_cifar10)"}
		if err := r.examine(ctx, net, slices.Collect(set.Batches(norm, evaluationBatch)), r.cfg.Seed, m, name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		r.results.Models = append(r.results.Models, m)
		r.out.Printf("%s: test accuracy %.1f %%", name, percent*m.Test.Accuracy())
	}
	return nil
}
