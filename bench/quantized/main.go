// Command quantized says what a net loses, and gains, when its layers multiply bytes: its accuracy on the test images, in
// float32 and quantised on some of the training images, and the time of both.
//
//	go run ./bench/quantized -net resnet20-12fca82f.th -cifar FOLDER
//	go run ./bench/quantized    # the net of the examples, on clothes
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/residuum-go/residuum"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/data/fashion"
	"github.com/residuum-go/residuum/infer"
	"github.com/residuum-go/residuum/resnet"
)

// imageNet is what published nets for CIFAR-10 normalise images by.
var imageNet = data.Norm{Mean: []float32{.485, .456, .406}, Std: []float32{.229, .224, .225}}

func main() {
	log.SetFlags(0)
	file := flag.String("net", "examples/internal/clothes/fashion.safetensors", "file of the net")
	cifar := flag.String("cifar", "", "folder of CIFAR-10's binary files; without it the images are of clothes")
	images := flag.Int("images", 512, "training images to calibrate on")
	percentile := flag.Float64("percentile", 0, "see infer.Quantization")
	layers := flag.Bool("layers", false, "say what each layer loses")
	threads := flag.Int("threads", residuum.Workers(), "workers")
	flag.Parse()
	residuum.SetWorkers(*threads)
	if err := run(*file, *cifar, *images, *layers, infer.Quantization{Percentile: *percentile}); err != nil {
		log.Fatal(err)
	}
}

func run(file, cifar string, images int, layers bool, o infer.Quantization) error {
	net, norm, train, test, err := load(file, cifar)
	if err != nil {
		return err
	}
	ctx := context.Background()
	var calibration data.Batch
	for calibration = range train.Batches(norm, images) {
		break
	}
	x := calibration.X
	float, err := infer.Compile(net, x.Shape()...)
	if err != nil {
		return err
	}
	quantized, err := infer.Quantize(ctx, net, x, o)
	if err != nil {
		return err
	}
	for _, p := range []*infer.Program{float, quantized} {
		score, took, err := evaluate(ctx, p, test, norm)
		if err != nil {
			return err
		}
		fmt.Printf("%v, %v for each of %d images\n", score, took/time.Duration(test.Len()), test.Len())
	}
	if layers {
		losses, err := infer.Sensitivity(ctx, net, x, o)
		if err != nil {
			return err
		}
		fmt.Print(losses)
	}
	return nil
}

// load returns a net and its images.
func load(file, cifar string) (net *resnet.Net, norm data.Norm, train, test *data.Dataset, err error) {
	net, card, err := resnet.Load(file)
	if err != nil {
		return nil, norm, nil, nil, err
	}
	if cifar == "" {
		split, err := fashion.Load("")
		return net, card.Norm, split.Train, split.Test, err
	}
	if train, err = data.LoadCIFAR10Train(os.DirFS(cifar)); err != nil {
		return nil, norm, nil, nil, err
	}
	test, err = data.LoadCIFAR10Test(os.DirFS(cifar))
	return net, imageNet, train, test, err
}

// evaluate scores a program, and times it.
func evaluate(ctx context.Context, p *infer.Program, set *data.Dataset, norm data.Norm) (score data.Score, took time.Duration, err error) {
	for b := range set.Batches(norm, 250) {
		start := time.Now()
		logits, err := p.Run(ctx, nil, b.X)
		if err != nil {
			return score, 0, err
		}
		took += time.Since(start)
		score = score.Plus(data.ScoreOf(logits, b.Labels))
	}
	return score, took, nil
}
