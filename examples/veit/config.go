package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Config is what the flags choose.
type Config struct {
	Preset      string   `json:"preset"`
	Blocks      int      `json:"blocks"`
	Width       int      `json:"width"`
	Stride      int      `json:"stem_stride"`
	VGGWidth    int      `json:"vgg_width"`
	PlainBlocks int      `json:"plain_blocks"` // 0: as many as Blocks
	Epochs      int      `json:"epochs"`       // 0: as many as show a net about 60,000 images
	Seed        uint64   `json:"seed"`         // the first one
	Seeds       int      `json:"seeds"`
	Data        string   `json:"data"`
	Train       int      `json:"train"` // training images, 0 for all
	Test        int      `json:"test"`  // test images, 0 for all
	Draws       int      `json:"draws"`
	Snapshots   int      `json:"snapshots"` // times during training at which the residual net is studied
	Recalibrate bool     `json:"recalibrate"`
	Studies     bool     `json:"studies"`
	Nets        []string `json:"nets"`
	Out         string   `json:"out"`
	Resume      bool     `json:"resume"`
}

var allNets = []string{"residual", "stochastic", "effective", "vgg", "vgg-nobn", "plain", "boost", "chained"}

// presets hold the values of flags that are not given.
var presets = map[string]Config{
	"quick": {
		Blocks: 27, Width: 16, Stride: 2, VGGWidth: 16, Seeds: 1, Test: 1000, Draws: 5,
		Nets: []string{"residual", "plain", "vgg", "boost", "chained"}, Out: "report",
	},
	"paper": {
		Blocks: 54, Width: 8, Stride: 2, VGGWidth: 16, PlainBlocks: 9, Epochs: 2, Seeds: 3, Test: 1000, Draws: 5,
		Snapshots: 6, Recalibrate: true, Nets: allNets, Out: "report-paper", Resume: true,
	},
}

const usage = `veit trains residual nets, a plain net, VGG-like nets and two boosted ensembles on Fashion-MNIST or
CIFAR-10, takes them apart as Veit, Wilber and Belongie (2016) did, and writes a report.

usage: veit [flags]

The report folder then holds index.html (one page with everything), the figures as SVG and PNG, and
results.json with every number. Ctrl-C stops early: what has been measured by then is reported, and
what is missing is named. Without flags it takes a few minutes on two cores.

-preset paper has the 54 blocks of the paper, but half its width, an input that is subsampled once, and
two epochs, so that two cores can train it: about an hour for its three seeds. It keeps everything it
finds in the folder "kept" of the report. Stop it in any way, give the same command again, and it goes on
where it was. With a week and more cores, -width 16 -vgg-width 64 -stride 1 -epochs 160 is closer to the paper.

`

// parse reads the command line. It returns flag.ErrHelp after printing the help.
func parse(args []string, out io.Writer) (Config, error) {
	name := presetOf(args)
	c, ok := presets[name]
	if !ok {
		return c, fmt.Errorf("flag -preset is %q: want quick or paper", name)
	}
	f := flag.NewFlagSet("veit", flag.ContinueOnError)
	f.SetOutput(out)
	f.Usage = func() {
		fmt.Fprint(out, usage)
		f.PrintDefaults()
	}
	f.StringVar(&c.Preset, "preset", name, "what the other flags are if not given: quick or paper")
	f.IntVar(&c.Blocks, "blocks", c.Blocks, "residual blocks, in three equal stages: a multiple of 3; depth is 2*blocks+2 layers, and the paper's 110-layer net has 54")
	f.IntVar(&c.Width, "width", c.Width, "channels of the first stage; each later stage has twice as many; the paper's net has 16")
	f.IntVar(&c.Stride, "stride", c.Stride, "stride of the first convolution of residual and plain nets; the paper's is 1")
	f.IntVar(&c.VGGWidth, "vgg-width", c.VGGWidth, "channels of the first stage of VGG nets; VGG-16 has 64")
	f.IntVar(&c.PlainBlocks, "plain-blocks", c.PlainBlocks, "blocks of the plain net: a multiple of 3 (0: as many as -blocks)")
	f.IntVar(&c.Epochs, "epochs", c.Epochs, "passes over the training images (0: as many as show about 60,000 images)")
	f.Uint64Var(&c.Seed, "seed", 1, "seed of all random numbers; with several seeds, the first")
	f.IntVar(&c.Seeds, "seeds", c.Seeds, "how often everything is trained and measured, with another seed each time")
	f.StringVar(&c.Data, "data", "", "`folder` with the four Fashion-MNIST files, gzipped or not, or with the six .bin files of CIFAR-10; \"embedded\" means the 10,000 + 2,000 images in the binary (default: the Debian package dataset-fashion-mnist if installed, else embedded)")
	f.IntVar(&c.Train, "train", 0, "training images to use, the same number of each class (0: all)")
	f.IntVar(&c.Test, "test", c.Test, "test images to use in the lesion studies, the same number of each class (0: all)")
	f.IntVar(&c.Draws, "draws", c.Draws, "random draws for each number of deleted blocks and of swaps")
	f.IntVar(&c.Snapshots, "snapshots", c.Snapshots, "how often the residual net is studied while it is trained: at the end, half-way, a quarter of the way, ...")
	f.BoolVar(&c.Recalibrate, "recalibrate", c.Recalibrate, "also delete each block with batch norm's statistics estimated anew")
	f.BoolVar(&c.Studies, "studies", true, "take the nets apart; without it they are only trained and tested")
	f.BoolVar(&c.Resume, "resume", c.Resume, "keep what is known in the report folder, and go on from what an earlier run has kept there")
	f.StringVar(&c.Out, "out", c.Out, "`folder` for the report")
	nets := f.String("nets", strings.Join(c.Nets, ","), "`list` of nets to study, out of "+strings.Join(allNets, ","))
	if err := f.Parse(args); err != nil {
		return c, err
	}
	if f.NArg() > 0 {
		return c, fmt.Errorf("unexpected argument %q; veit takes only flags, see veit -h", f.Arg(0))
	}
	c.Nets = strings.Split(*nets, ",")
	return c, c.check()
}

// presetOf finds the preset before the flags are read, because it decides what their defaults are.
func presetOf(args []string) string {
	name := "quick"
	for i, a := range args {
		switch flag, value, found := strings.Cut(strings.TrimPrefix(a, "-"), "="); {
		case strings.TrimPrefix(flag, "-") != "preset" || !strings.HasPrefix(a, "-"):
		case found:
			name = value
		case i+1 < len(args):
			name = args[i+1]
		}
	}
	return name
}

func (c Config) check() error {
	var errs []error
	bad := func(flag string, value any, want string) {
		errs = append(errs, fmt.Errorf("flag -%s is %v: want %s", flag, value, want))
	}
	for _, f := range []struct {
		name                         string
		value, least, most, multiple int
		want                         string
	}{
		{"blocks", c.Blocks, 3, 3000, 3, "a multiple of 3 from 3 to 3000"},
		{"plain-blocks", c.PlainBlocks, 0, 3000, 3, "0 or a multiple of 3 up to 3000"},
		{"width", c.Width, 1, 1024, 1, "1 to 1024"},
		{"vgg-width", c.VGGWidth, 1, 1024, 1, "1 to 1024"},
		{"stride", c.Stride, 1, 32, 1, "1 to 32, the side of an image"},
		{"epochs", c.Epochs, 0, 1e6, 1, "0 to 1,000,000"},
		{"seeds", c.Seeds, 1, 1000, 1, "1 to 1000"},
		{"train", c.Train, 0, math.MaxInt, 10, "0 or a multiple of the 10 classes"},
		{"test", c.Test, 0, math.MaxInt, 10, "0 or a multiple of the 10 classes"},
		{"draws", c.Draws, 1, 10_000, 1, "1 to 10,000"},
		{"snapshots", c.Snapshots, 0, 64, 1, "0 to 64"},
	} {
		if f.value < f.least || f.value > f.most || f.value%f.multiple != 0 {
			bad(f.name, f.value, f.want)
		}
	}
	if c.Out == "" {
		bad("out", `""`, "a folder")
	}
	for i, n := range c.Nets {
		if !slices.Contains(allNets, n) || slices.Contains(c.Nets[:i], n) {
			bad("nets", strconv.Quote(n), "different ones of "+strings.Join(allNets, ","))
		}
	}
	return errors.Join(errs...)
}
