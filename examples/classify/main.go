// Classify says what is on pictures: it runs a residual net of any file that package resnet can load, ours or PyTorch's, or
// one of its own that knows clothes.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/residuum-go/residuum/data/fashion"
	"github.com/residuum-go/residuum/examples/internal/classifier"
	"github.com/residuum-go/residuum/examples/internal/program"
)

func main() { program.Main("classify", parse, classify) }

// config is what the command line chooses.
type config struct {
	classifier.Options
	json       bool
	top, batch int
	pictures   []string

	train  string
	epochs int
	seed   uint64
}

const about = `Classify says what is on pictures, with the probability of each answer. It takes files, folders with
everything below them, and - for a picture on standard input, in PNG, JPEG, GIF, WebP or BMP.

Without -net it takes a net of its own that knows the ten kinds of clothes in Fashion-MNIST, grey on
black; without pictures some test images of that. -net takes files of this library, .pth files of PyTorch,
safetensors, and networks in .onnx files; what kind of net it is and how pictures become its input stands
in the file or is assumed, and then said.

Answers go to standard output, everything else to standard error. A picture that cannot be read is named
there and does not stop the others; the exit status is then 1.`

func parse(args []string, help io.Writer) (config, error) {
	c := config{top: 5, batch: 16, epochs: 20}
	f := program.NewFlags("classify", about)
	f.Arguments = "[file, folder or - ...]"
	f.StringVar(&c.Net, "net", "", "`file` of the net: safetensors, .onnx, or .pth, .pt, .th or .bin of PyTorch")
	f.StringVar(&c.Classes, "classes", "", "`file` with the names of the classes, a line each in the order of the net's outputs")
	f.StringVar(&c.Preset, "preset", "", "how pictures become inputs, by the `name` of published weights: IMAGENET1K_V1, resnet50.a1_in1k")
	f.BoolVar(&c.json, "json", false, "answer in JSON, a line for each picture")
	f.IntVar(&c.top, "top", program.Range{Least: 1, Most: 1e6}, "answers for each picture")
	f.IntVar(&c.batch, "batch", program.Range{Least: 1, Most: 1024}, "pictures that the net takes at a time")
	f.StringVar(&c.train, "train", "", "train the net of clothes anew and write it to this `file`, instead of classifying")
	f.IntVar(&c.epochs, "epochs", program.Range{Least: 1, Most: 1000}, "with -train, passes over the training images")
	f.Uint64Var(&c.seed, "seed", 1, "with -train, of all random numbers")
	err := f.Parse(args, help)
	c.pictures = f.Args()
	if err == nil && c.train != "" && len(c.pictures) > 0 {
		err = errors.New("-train takes no pictures")
	}
	return c, err
}

// mostPixels bounds the memory of a batch of large images; it is 83 of 224x224.
const mostPixels = 1 << 22

func classify(ctx context.Context, cfg config, out io.Writer) error {
	notes := program.NewOutput(os.Stderr)
	if cfg.train != "" {
		return trainFashion(ctx, fashion.Embedded(), cfg, cfg.train, notes)
	}
	opened, err := classifier.Open(cfg.Options)
	if err != nil {
		return err
	}
	m := model{opened}
	for _, note := range m.Notes {
		notes.Printf("%s", note)
	}
	pictures, err := find(cfg, m)
	if err != nil {
		return err
	}
	report := newReport(cfg, out, pictures)
	failed := 0
	cfg.batch = min(cfg.batch, max(1, mostPixels/(m.In.Height*m.In.Width)))
	for lo := 0; lo < len(pictures); lo += cfg.batch {
		if ctx.Err() != nil {
			return fmt.Errorf("stopped after %d of %d pictures: %w", lo, len(pictures), context.Cause(ctx))
		}
		for _, answer := range m.classify(pictures[lo:min(lo+cfg.batch, len(pictures))], cfg.top) {
			if answer.err != nil {
				failed++
				notes.Printf("classify: %v", answer.err)
			}
			if err := report.add(answer); err != nil {
				return err
			}
		}
	}
	if err := report.end(); err != nil {
		return err
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d pictures could not be classified", failed, len(pictures))
	}
	return nil
}
