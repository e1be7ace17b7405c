// Finetune teaches a trained residual net, of any file that package resnet can load, the classes of an image folder.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/examples/internal/program"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/train"
)

func main() { program.Main("finetune", parse, finetune) }

// config is what the command line chooses.
type config struct {
	net, preset, train, val, out, augment string
	stages, epochs, batch                 int
	rate, area                            float64
	seed                                  uint64
	resume, skip, scratch                 bool
	sample                                string
}

const about = `Finetune teaches a trained net new classes: those of a folder that has a folder of pictures for each. It
gives the net a new head, trains it, and keeps the state that was best on other pictures.

Without flags the net of clothes of examples/classify learns five kinds of clothes, dark on white and lying on their
side, from 50 pictures: images of Fashion-MNIST that were inverted and turned. -sample writes that folder.

-out gets tuned.safetensors, which examples/classify takes with -net, and curves and the confusion matrix as SVG and
PNG. Ctrl-C saves the checkpoint last.safetensors there, from which -resume goes on as if nothing had been.`

func parse(args []string, help io.Writer) (config, error) {
	c := config{out: "finetuned", epochs: 40, batch: 32}
	f := program.NewFlags("finetune", about)
	f.StringVar(&c.net, "net", "", "`file` of the net: safetensors, or .pth, .pt, .th or .bin of PyTorch")
	f.StringVar(&c.train, "train", "", "`folder` of a folder of pictures for each class, to learn from")
	f.StringVar(&c.val, "val", "", "`folder` like that of -train, with other pictures, to choose the best epoch by")
	f.StringVar(&c.out, "out", c.out, "`folder` for the results")
	f.StringVar(&c.preset, "preset", "", "how pictures become inputs, by the `name` of published weights: IMAGENET1K_V1")
	f.IntVar(&c.stages, "freeze", program.Range{Least: 0, Most: 4}, "stages that stay as they are, with the stem, from the input on")
	f.IntVar(&c.epochs, "epochs", program.Range{Least: 1, Most: 1000}, "passes over the pictures")
	f.IntVar(&c.batch, "batch", program.Range{Least: 2, Most: 1024}, "pictures to a step")
	f.Float64Var(&c.rate, "rate", 0.02, "highest learning rate, of SGD with momentum")
	f.StringVar(&c.augment, "augment", "none", "`policy` beside random crops and flips: none, trivial or rand")
	f.Float64Var(&c.area, "area", 0.6, "least share of a picture that a random crop shows")
	f.Uint64Var(&c.seed, "seed", 1, "of all random numbers")
	f.BoolVar(&c.resume, "resume", false, "go on from the checkpoint in -out")
	f.BoolVar(&c.skip, "skip-unreadable", false, "leave out pictures that cannot be read, which are named, instead of stopping")
	f.BoolVar(&c.scratch, "scratch", false, "forget what the net has learnt, to see what that is worth")
	f.StringVar(&c.sample, "sample", "", "write the folder of clothes to this `folder` and stop")
	if err := f.Parse(args, help); err != nil {
		return c, err
	}
	switch {
	case (c.train == "") != (c.val == ""):
		return c, errors.New("want both of -train and -val, or none")
	case c.net != "" && c.train == "" && c.sample == "":
		return c, errors.New("want -train and -val for this net")
	case !(c.rate > 0) || math.IsInf(c.rate, 0):
		return c, fmt.Errorf("-rate %v: want a positive number", c.rate)
	case !(c.area > 0 && c.area <= 1):
		return c, fmt.Errorf("-area %v: want more than 0, at most 1", c.area)
	case c.augment != "none" && c.augment != "trivial" && c.augment != "rand":
		return c, fmt.Errorf("-augment %s: want none, trivial or rand", c.augment)
	}
	return c, nil
}

func finetune(ctx context.Context, cfg config, out io.Writer) error {
	notes := program.NewOutput(os.Stderr)
	if cfg.sample != "" {
		return writeSample(cfg.sample)
	}
	if cfg.train == "" {
		dir, err := os.MkdirTemp("", "finetune")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		if err := writeSample(dir); err != nil {
			return err
		}
		cfg.train, cfg.val = filepath.Join(dir, "train"), filepath.Join(dir, "val")
	}
	if err := os.MkdirAll(cfg.out, 0o755); err != nil {
		return err
	}
	if there := exists(cfg, last) && !exists(cfg, tuned); there && !cfg.resume {
		return fmt.Errorf("%s is of a run that has not ended: -resume goes on with it; else remove it, or choose another -out", filepath.Join(cfg.out, last))
	}
	j, err := newJob(ctx, cfg, notes)
	if err != nil {
		return err
	}
	epochs, err := j.train(ctx, cfg, notes)
	if err != nil {
		if ctx.Err() != nil {
			notes.Printf("%s holds what was done: -resume goes on", filepath.Join(cfg.out, last))
		}
		return err
	}
	if err := train.LoadModel(filepath.Join(cfg.out, best), j.net); err != nil {
		return err
	}
	c, err := j.confusion(ctx)
	if err != nil {
		return err
	}
	if err := j.net.Save(filepath.Join(cfg.out, tuned), j.card); err != nil {
		return err
	}
	if err := draw(cfg.out, epochs, c); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s\nwritten to %s: %s, curves and confusion as .svg and .png\n", program.Printable(c.String()), cfg.out, tuned)
	return err
}

// Files in the folder of the results.
const (
	last  = "last.safetensors"
	best  = "best.safetensors"
	tuned = "tuned.safetensors"
)

func exists(cfg config, name string) bool {
	_, err := os.Stat(filepath.Join(cfg.out, name))
	return err == nil
}

// job is a net with a new head, and the pictures that it learns from.
type job struct {
	net            *resnet.Net
	card           data.Card
	learn, examine data.Source
}
