package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/residuum-go/residuum/examples/internal/program"
)

// Config is what the flags choose.
type Config struct {
	Preset      string   `json:"preset"`
	Blocks      int      `json:"blocks"`
	Width       int      `json:"width"`
	Stride      int      `json:"stem_stride"`
	VGGWidth    int      `json:"vgg_width"`
	PlainBlocks int      `json:"plain_blocks"` // 0: as many as Blocks
	Epochs      int      `json:"epochs"`       // 0: as many as show a net about imagesShown images
	Seed        uint64   `json:"seed"`         // the first one
	Seeds       int      `json:"seeds"`
	Data        string   `json:"data"`  // "embedded", "whole" or a folder
	Train       int      `json:"train"` // training images, 0 for all
	Test        int      `json:"test"`  // test images, 0 for all
	Draws       int      `json:"draws"`
	Augment     bool     `json:"augment"`
	Snapshots   int      `json:"snapshots"` // times during training at which the residual net is studied
	Recalibrate bool     `json:"recalibrate"`
	Studies     bool     `json:"studies"`
	Nets        []string `json:"nets"`
	Out         string   `json:"out"`
	Resume      bool     `json:"resume"`
	Sweep       string   `json:"-"` // sweepPart, sweepMerge or nothing

	args []string // the command line
}

var allNets = []string{"residual", "stochastic", "effective", "vgg", "vgg-nobn", "plain", "boost", "chained"}

// presets hold the values of flags that are not given.
var presets = map[string]Config{
	"quick": {
		Blocks: 27, Width: 16, Stride: 2, VGGWidth: 16, PlainBlocks: 9, Seeds: 1, Data: "embedded", Test: 500, Draws: 5,
		Nets: []string{"residual", "plain", "vgg", "boost", "chained"}, Out: "report",
	},
	"paper": {
		Blocks: 54, Width: 8, Stride: 2, VGGWidth: 16, PlainBlocks: 9, Epochs: 2, Seeds: 3, Data: "whole", Test: 1000, Draws: 5,
		Augment: true, Snapshots: 6, Recalibrate: true, Nets: allNets, Out: "report-paper", Resume: true,
	},
}

const about = `Veit trains residual nets, a plain net, VGG-like nets and two boosted ensembles on Fashion-MNIST or
CIFAR-10, takes them apart as Veit, Wilber and Belongie (2016) did, and writes a report.

The report folder holds index.html (one page with everything), the figures as SVG and PNG, and
results.json with every number. They are there from the first seconds on and grow while the run goes
on. Ctrl-C stops early: what has been measured by then is reported, and what is missing is named.
Without flags it takes about two minutes on two cores.

-preset paper has the 54 blocks of the paper, but half its width, an input that is subsampled once, and
two epochs, so that two cores can train it: an hour or two for its three seeds. It keeps everything it
finds in the folder "kept" of the report. Stop it in any way, give the same command again, and it goes on
where it was. With a week and more cores, -width 16 -vgg-width 64 -stride 1 -epochs 160 is closer to the paper.`

// parse reads the command line. It returns flag.ErrHelp after writing the help.
func parse(args []string, help io.Writer) (Config, error) {
	name := presetOf(args)
	c, ok := presets[name]
	if !ok {
		return c, fmt.Errorf("flag -preset is %q: want quick or paper", name)
	}
	f := program.NewFlags("veit", about)
	f.StringVar(&c.Preset, "preset", name, "what the other flags are if not given: quick or paper")
	f.IntVar(&c.Blocks, "blocks", program.Range{Least: 3, Most: 3000, Multiple: 3},
		"residual blocks, in three equal stages; depth is 2*blocks+2 layers, and the paper's 110-layer net has 54")
	f.IntVar(&c.Width, "width", program.Range{Least: 1, Most: 1024},
		"channels of the first stage; each later stage has twice as many; the paper's net has 16")
	f.IntVar(&c.Stride, "stride", program.Range{Least: 1, Most: 32},
		"stride of the first convolution of residual and plain nets; the paper's is 1")
	f.IntVar(&c.VGGWidth, "vgg-width", program.Range{Least: 1, Most: 1024}, "channels of the first stage of VGG nets; VGG-16 has 64")
	f.IntVar(&c.PlainBlocks, "plain-blocks", program.Range{Least: 0, Most: 3000, Multiple: 3},
		"blocks of the plain net, as many as -blocks if 0; deep plain nets hardly train")
	f.IntVar(&c.Epochs, "epochs", program.Range{Least: 0, Most: 1e6},
		fmt.Sprintf("passes over the training images, as many as show about %s images if 0", program.Thousands(imagesShown)))
	f.Uint64Var(&c.Seed, "seed", 1, "of all random numbers; with several seeds, the first")
	f.IntVar(&c.Seeds, "seeds", program.Range{Least: 1, Most: 1000},
		"how often everything is trained and measured, with another seed each time")
	f.StringVar(&c.Data, "data", c.Data, "embedded: the 10,000 + 2,000 images of Fashion-MNIST in the binary; whole: all 70,000, of the Debian package "+
		"dataset-fashion-mnist; or a `folder` with their four files, gzipped or not, or with the six .bin files of CIFAR-10")
	images := program.Range{Least: 0, Most: 1e6, Multiple: 10}
	f.IntVar(&c.Train, "train", images, "training images to use, the same number of each of the 10 classes, all if 0")
	f.BoolVar(&c.Augment, "augment", c.Augment, "crop and flip the training images at random, which pays in longer training")
	f.IntVar(&c.Test, "test", images, "test images to use in the lesion studies, the same number of each class, all if 0")
	f.IntVar(&c.Draws, "draws", program.Range{Least: 1, Most: 10_000}, "random draws for each number of deleted blocks and of swaps")
	f.IntVar(&c.Snapshots, "snapshots", program.Range{Least: 0, Most: 64},
		"how often the residual net is studied while it is trained: at the end, half-way, a quarter of the way, ...")
	f.BoolVar(&c.Recalibrate, "recalibrate", c.Recalibrate, "also delete each block with batch norm's statistics estimated anew")
	f.BoolVar(&c.Studies, "studies", true, "take the nets apart; without it they are only trained and tested")
	f.BoolVar(&c.Resume, "resume", c.Resume, "keep what is known in the report folder, and go on from what an earlier run has kept there")
	f.StringVar(&c.Sweep, "sweep", "", "`part`: do only the part of the run that the environment names, as Slurm's job arrays and Kubernetes' Indexed Jobs set it\n"+
		"(SLURM_ARRAY_TASK_ID, or JOB_COMPLETION_INDEX and RESIDUUM_SHARDS); merge: put the parts together and report, or name those that are lost")
	f.StringVar(&c.Out, "out", c.Out, "`folder` for the report")
	nets := f.String("nets", strings.Join(c.Nets, ","), "`list` of nets to study, out of "+strings.Join(allNets, ","))
	if err := f.Parse(args, help); err != nil {
		return c, err
	}
	c.Nets, c.args = strings.Split(*nets, ","), args
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

// check finds what is wrong with flags that are not numbers.
func (c Config) check() error {
	var errs []error
	if c.Out == "" {
		errs = append(errs, errors.New(`flag -out is "": want a folder`))
	}
	if c.Data == "" {
		errs = append(errs, errors.New(`flag -data is "": want embedded, whole or a folder`))
	}
	if c.Sweep != "" && c.Sweep != sweepPart && c.Sweep != sweepMerge {
		errs = append(errs, fmt.Errorf("flag -sweep is %q: want %s or %s", c.Sweep, sweepPart, sweepMerge))
	}
	for i, n := range c.Nets {
		if !slices.Contains(allNets, n) || slices.Contains(c.Nets[:i], n) {
			errs = append(errs, fmt.Errorf("flag -nets has %q: want different ones of %s", n, strings.Join(allNets, ",")))
		}
	}
	return errors.Join(errs...)
}
