// Boosting sets residual networks and boosting side by side on Fashion-MNIST, by the same data, budget and code: a residual
// net trained end to end and one trained block by block as boosting does, GrowNet, boosted perceptrons and trees, a bag,
// and a net without skips.
//
//	go run ./examples/boosting
//
// It writes a report with figures and all numbers; boosting -h lists what can be chosen.
package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/residuum-go/residuum/boost"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/data/fashion"
	"github.com/residuum-go/residuum/examples/internal/program"
	"github.com/residuum-go/residuum/examples/internal/report"
)

func main() { program.Main("boosting", parse, do) }

const percent = 100

// Config is what the flags choose.
type Config struct {
	Members   int      `json:"members"`
	Width     int      `json:"width"`
	Epochs    int      `json:"epochs"`
	Train     int      `json:"train"`
	Test      int      `json:"test"`
	Draws     int      `json:"draws"`
	Seed      uint64   `json:"seed"`
	Seeds     int      `json:"seeds"`
	Models    []string `json:"models"`
	Papers    bool     `json:"papers"`
	Published string   `json:"-"`
	Out       string   `json:"-"`
}

const about = `Boosting trains residual networks and boosted ensembles on the same images by the same code, takes all of them apart
in the same way, and writes a report: in which sense a residual network behaves like boosting, and in which it does not.

The report folder holds index.html (one page with everything), the figures as SVG and PNG, and results.json with every
number. They grow while the run goes on. Ctrl-C stops early: what has been measured by then is reported. Without flags it
takes some minutes on two cores.`

// parse reads the command line. It returns flag.ErrHelp after writing the help.
func parse(args []string, help io.Writer) (Config, error) {
	var all []string
	for _, r := range recipes {
		all = append(all, r.name)
	}
	c := Config{Members: 9, Width: 16, Epochs: 3, Test: 1000, Draws: 10, Seeds: 3, Out: "report-boosting"}
	f := program.NewFlags("boosting", about)
	f.IntVar(&c.Members, "members", program.Range{Least: 3, Most: 300, Multiple: 3}, "blocks, stages or nets of each model")
	f.IntVar(&c.Width, "width", program.Range{Least: 1, Most: 1024}, "channels of the first stage of the convolutional nets")
	f.IntVar(&c.Epochs, "epochs", program.Range{Least: 1, Most: 1000}, "passes over the images for each member, and for a net that is trained end to end")
	images := program.Range{Least: 0, Most: 1e6, Multiple: 10}
	f.IntVar(&c.Train, "train", images, "training images, the same number of each of the 10 classes, all if 0")
	f.IntVar(&c.Test, "test", images, "test images, the same number of each class, all if 0")
	f.IntVar(&c.Draws, "draws", program.Range{Least: 1, Most: 10_000}, "random draws for each number of deleted members and of swaps")
	f.Uint64Var(&c.Seed, "seed", 1, "of all random choices; later ones count up from it")
	f.IntVar(&c.Seeds, "seeds", program.Range{Least: 1, Most: 100}, "how many of each model")
	f.BoolVar(&c.Papers, "papers", true, "also repeat experiments of the papers, in small")
	f.StringVar(&c.Published, "published", "", "`folder` with resnet20-12fca82f.th and resnet56-4bfd9763.th, nets for CIFAR-10 by Y. Idelbayev, and its test_batch.bin: takes these nets apart, too")
	f.StringVar(&c.Out, "out", c.Out, "`folder` for the report")
	models := f.String("models", strings.Join(all, ","), "`list` of models, out of "+strings.Join(all, ",")+", or none with -published")
	if err := f.Parse(args, help); err != nil {
		return c, err
	}
	if *models != "" {
		c.Models = strings.Split(*models, ",")
	}
	var errs []error
	if c.Out == "" {
		errs = append(errs, errors.New(`flag -out is "": want a folder`))
	}
	for i, n := range c.Models {
		if !slices.Contains(all, n) || slices.Contains(c.Models[:i], n) {
			errs = append(errs, fmt.Errorf("flag -models has %q: want different ones of %s", n, strings.Join(all, ",")))
		}
	}
	if at := slices.Index(c.Models, "refined"); at == 0 || at > 0 && c.Models[at-1] != "boostresnet" {
		errs = append(errs, errors.New("flag -models has refined: want boostresnet before it"))
	}
	return c, errors.Join(errs...)
}

// run is one run of the program.
type run struct {
	cfg         Config
	out         *program.Output
	train, test *data.Dataset
	norm        data.Norm
	fit, held   boost.Data // the same as inputs of package boost
	batches     []data.Batch
	results     *Results
	folder      *report.Folder
}

// do trains, examines and reports. When ctx is done or a part fails, what is there is reported.
func do(ctx context.Context, cfg Config, log io.Writer) (err error) {
	lock, err := report.Prepare(cfg.Out, drawings.Names())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	r, err := newRun(cfg, log)
	if err != nil {
		return err
	}
	failed := r.all(ctx)
	r.out.Clear()
	r.results.Running = false
	if err := r.write(); err != nil {
		return errors.Join(failed, err)
	}
	page := filepath.Join(cfg.Out, "index.html")
	if failed != nil {
		return fmt.Errorf("%w\nwhat was measured before is in %s", failed, page)
	}
	r.out.Printf("the report is %s (%v)", page, time.Since(r.results.Started).Round(time.Second))
	return nil
}

func newRun(cfg Config, log io.Writer) (*run, error) {
	split := fashion.Embedded()
	r := &run{cfg: cfg, out: program.NewOutput(log), train: split.Train, test: split.Test, folder: report.NewFolder(cfg.Out)}
	for _, part := range []struct {
		set   **data.Dataset
		count int
		flag  string
	}{{&r.train, cfg.Train, "-train"}, {&r.test, cfg.Test, "-test"}} {
		if part.count == 0 {
			continue
		}
		some, err := (*part.set).Subset(part.count/split.Train.Classes, rand.New(rand.NewPCG(cfg.Seed, 0)))
		if err != nil {
			return nil, fmt.Errorf("flag %s is %d: %w", part.flag, part.count, err)
		}
		*part.set = some
	}
	r.norm = r.train.Norm()
	for _, part := range []struct {
		set *data.Dataset
		to  *boost.Data
	}{{r.train, &r.fit}, {r.test, &r.held}} {
		var err error
		if *part.to, err = boost.DataOf(part.set.Batch(r.norm, 0, part.set.Len()), part.set.Classes); err != nil {
			return nil, err
		}
	}
	r.batches = slices.Collect(r.test.Batches(r.norm, evaluationBatch))
	r.results = &Results{
		Started: time.Now(), Running: true, Config: cfg, Machine: report.ThisMachine(), Source: split.Source, Train: r.train.Len(), Test: r.test.Len(),
	}
	r.out.Printf("%s: %s training images, %s test images; %s kernels", split.Source, program.Thousands(r.train.Len()), program.Thousands(r.test.Len()), r.results.Machine.Level)
	return r, nil
}

// all makes one model after the other, all of them with the first seed, then with the next.
func (r *run) all(ctx context.Context) error {
	if err := r.published(ctx); err != nil {
		return err
	}
	for i := range r.cfg.Seeds {
		seed := r.cfg.Seed + uint64(i)
		before := new(trained)
		for _, name := range r.cfg.Models {
			recipe := recipes[slices.IndexFunc(recipes, func(r recipe) bool { return r.name == name })]
			j := &job{run: r, seed: seed, result: &Model{Name: name, About: recipe.about, Seed: seed}, before: before}
			t, err := j.do(ctx, recipe)
			if err != nil {
				return err
			}
			*before = t
			r.results.Models = append(r.results.Models, j.result)
			if r.folder.Due() {
				if err := r.write(); err != nil {
					return err
				}
			}
		}
	}
	if !r.cfg.Papers {
		return nil
	}
	var err error
	r.results.Papers, err = r.papers(ctx)
	return err
}

// write brings the report up to date.
func (r *run) write() error {
	return r.folder.Write(r.results, r.results.Running, drawings.Figures(r.results), func(s []report.Section) ([]byte, error) {
		return report.Execute(page, map[string]any{"Results": r.results, "Models": table(r.results), "Abouts": abouts(r.results), "Figures": s})
	})
}
