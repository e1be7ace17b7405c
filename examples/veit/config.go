package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Config is what the flags choose.
type Config struct {
	Blocks  int      `json:"blocks"`
	Width   int      `json:"width"`
	Epochs  int      `json:"epochs"` // 0: as many as show a net about 60,000 images
	Seed    uint64   `json:"seed"`
	Data    string   `json:"data"`
	Train   int      `json:"train"` // training images, 0 for all
	Test    int      `json:"test"`  // test images, 0 for all
	Draws   int      `json:"draws"`
	Studies bool     `json:"studies"`
	Nets    []string `json:"nets"`
	Out     string   `json:"out"`
}

var allNets = []string{"residual", "plain", "vgg", "boost", "chained"}

const usage = `veit trains a residual net, a plain net, a VGG-like net and two boosted ensembles on Fashion-MNIST,
takes them apart as Veit, Wilber and Belongie (2016) did, and writes a report.

usage: veit [flags]

The report folder then holds index.html (one page with everything), the figures as SVG and PNG, and
results.json with every number. Ctrl-C stops early: what has been measured by then is reported, and
what is missing is named. Without flags it takes a few minutes on two cores.

`

// parse reads the command line. It returns flag.ErrHelp after printing the help.
func parse(args []string, out io.Writer) (Config, error) {
	var c Config
	f := flag.NewFlagSet("veit", flag.ContinueOnError)
	f.SetOutput(out)
	f.Usage = func() {
		fmt.Fprint(out, usage)
		f.PrintDefaults()
	}
	f.IntVar(&c.Blocks, "blocks", 27, "residual blocks, in three equal stages: a multiple of 3; depth is 2*blocks+2 layers, and the paper's 110-layer net has 54")
	f.IntVar(&c.Width, "width", 16, "channels of the first stage; each later stage has twice as many")
	f.IntVar(&c.Epochs, "epochs", 0, "passes over the training images (0: as many as show about 60,000 images)")
	f.Uint64Var(&c.Seed, "seed", 1, "seed of all random numbers")
	f.StringVar(&c.Data, "data", "", "`folder` with the four Fashion-MNIST files, gzipped or not ; \"embedded\" means the 10,000 + 2,000 images in the binary (default: the Debian package dataset-fashion-mnist if installed, else embedded)")
	f.IntVar(&c.Train, "train", 0, "training images to use, the same number of each class (0: all)")
	f.IntVar(&c.Test, "test", 1000, "test images to use in the lesion studies, the same number of each class (0: all)")
	f.IntVar(&c.Draws, "draws", 5, "random draws for each number of deleted blocks and of swaps")
	f.BoolVar(&c.Studies, "studies", true, "take the nets apart; without it they are only trained and tested")
	f.StringVar(&c.Out, "out", "report", "`folder` for the report")
	nets := f.String("nets", strings.Join(allNets, ","), "`list` of nets to study")
	if err := f.Parse(args); err != nil {
		return c, err
	}
	if f.NArg() > 0 {
		return c, fmt.Errorf("unexpected argument %q; veit takes only flags, see veit -h", f.Arg(0))
	}
	c.Nets = strings.Split(*nets, ",")
	return c, c.check()
}

func (c Config) check() error {
	var errs []error
	bad := func(flag string, value any, want string) {
		errs = append(errs, fmt.Errorf("flag -%s is %v: want %s", flag, value, want))
	}
	if c.Blocks < 3 || c.Blocks%3 != 0 {
		bad("blocks", c.Blocks, "a positive multiple of 3")
	}
	if c.Width < 1 {
		bad("width", c.Width, "at least 1")
	}
	if c.Epochs < 0 {
		bad("epochs", c.Epochs, "0 or more")
	}
	if c.Train < 0 || c.Train%10 != 0 {
		bad("train", c.Train, "0 or a multiple of the 10 classes")
	}
	if c.Test < 0 || c.Test%10 != 0 {
		bad("test", c.Test, "0 or a multiple of the 10 classes")
	}
	if c.Draws < 1 {
		bad("draws", c.Draws, "at least 1")
	}
	if c.Out == "" {
		bad("out", `""`, "a folder")
	}
	for _, n := range c.Nets {
		if !slices.Contains(allNets, n) {
			bad("nets", n, "some of "+strings.Join(allNets, ","))
		}
	}
	return errors.Join(errs...)
}
