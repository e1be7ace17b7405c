// Veit trains a residual net, a plain net, a VGG-like net and boosted ensembles on Fashion-MNIST and
// takes them apart, block by block and path by path, as Veit, Wilber and Belongie (2016) did:
//
//	go run ./examples/veit
//
// It writes a report with figures and all numbers; veit -h lists what can be chosen.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/data/fashion"
	"github.com/residuum-go/residuum/unravel"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the process at once
	cfg, err := parse(os.Args[1:], os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if err := do(ctx, cfg, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "veit:", err)
		os.Exit(1)
	}
}

// run is one run of the program.
type run struct {
	cfg         Config
	log         io.Writer
	line        *line
	train, test *data.Dataset
	studied     *data.Dataset // test images of the lesion studies
	graded      *data.Dataset // test images of the gradient studies
	norm        data.Norm
	store       *store
	jobs        []*job
	results     *Results
	written     time.Time // when the report was, or the run began
}

// reportEvery is how often the report is written anew while the run goes on. Its pictures take a second or two,
// which is more than small nets do.
const reportEvery = time.Minute

// do trains, studies and reports. When ctx is done or a part fails, what is there is reported, and
// the error says what is missing.
func do(ctx context.Context, cfg Config, log io.Writer) (err error) {
	lock, err := prepare(cfg.Out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	r, err := newRun(cfg, log)
	if err != nil {
		return err
	}
	return r.report(ctx)
}

// report does everything but choosing the data.
func (r *run) report(ctx context.Context) error {
	failed := r.all(ctx)
	r.line.end()
	if err := write(r.cfg.Out, r.results); err != nil {
		return errors.Join(failed, err)
	}
	page := filepath.Join(r.cfg.Out, "index.html")
	if failed != nil {
		return fmt.Errorf("%w\nmissing: %s\nwhat was measured before is in %s", failed, strings.Join(r.results.Lacks(), "; "), page)
	}
	fmt.Fprintf(r.log, "the report is %s (%v)\n", page, time.Since(r.results.Started).Round(time.Second))
	return nil
}

func newRun(cfg Config, log io.Writer) (*run, error) {
	split, err := loadData(cfg.Data)
	if err != nil {
		return nil, err
	}
	r := &run{cfg: cfg, log: log, line: newLine(log), train: split.Train, test: split.Test, written: time.Now()}
	if r.train, err = shuffled(split.Train, cfg.Train/split.Train.Classes, cfg.Seed); err != nil {
		return nil, fmt.Errorf("flag -train is %d: %w", cfg.Train, err)
	}
	if r.studied, err = shuffled(split.Test, cfg.Test/split.Test.Classes, cfg.Seed); err != nil {
		return nil, fmt.Errorf("flag -test is %d: %w", cfg.Test, err)
	}
	r.graded = r.studied.Select(indices(min(gradientImages, r.studied.Len())))
	r.norm = r.train.Norm()
	r.results = &Results{
		Started: r.written, Config: cfg, Machine: thisMachine(),
		Data: DataInfo{split.Source, r.train.Len(), r.test.Len(), r.studied.Len(), r.graded.Len(), r.train.Classes},
	}
	if cfg.Resume {
		if r.store, err = openStore(cfg, r.results.Machine.Level, r.train, r.test); err != nil {
			return nil, err
		}
	}
	fmt.Fprintf(log, "%s: %d training images, %d test images; %s kernels\n", split.Source, r.train.Len(), r.test.Len(), r.results.Machine.Level)
	return r, r.load()
}

// loadData reads Fashion-MNIST, or CIFAR-10 if its files are in dir.
func loadData(dir string) (fashion.Split, error) {
	if dir == "embedded" {
		return fashion.Embedded(), nil
	}
	if _, err := os.Stat(filepath.Join(dir, "data_batch_1.bin")); dir == "" || err != nil {
		return fashion.Load(dir)
	}
	split := fashion.Split{Source: "CIFAR-10, " + dir}
	var err error
	if split.Train, err = data.LoadCIFAR10Train(os.DirFS(dir)); err == nil {
		split.Test, err = data.LoadCIFAR10Test(os.DirFS(dir))
	}
	return split, err
}

func indices(n int) []int {
	index := make([]int, n)
	for i := range index {
		index[i] = i
	}
	return index
}

// load makes the jobs, with what an earlier run has kept of each.
func (r *run) load() error {
	for i := range r.cfg.Seeds {
		for _, name := range r.cfg.Nets {
			res, err := r.store.load(name, r.cfg.Seed+uint64(i))
			if err != nil {
				return err
			}
			j := &job{r, res.Seed, res}
			if err := r.store.damaged(res, j.check()); err != nil {
				return err
			}
			r.jobs = append(r.jobs, j)
		}
	}
	return nil
}

// all trains and studies one net after the other, all of them with the first seed, then with the next.
// The report is written now and then, so that even a process that is killed leaves one. What an earlier
// run has kept is in it from the beginning.
func (r *run) all(ctx context.Context) error {
	for _, j := range r.jobs {
		r.results.Missing = append(r.results.Missing, j.missing()...)
		if j.has(trainingPart) {
			r.results.add(j.res)
		}
		if len(j.missing()) == 0 {
			r.line.show(true, "%-10s kept from an earlier run", j.label())
		}
	}
	for _, j := range r.jobs {
		if len(j.missing()) == 0 {
			continue
		}
		if err := j.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", j.label(), err)
		}
		if time.Since(r.written) < reportEvery {
			continue
		}
		if err := write(r.cfg.Out, r.results); err != nil {
			return err
		}
		r.written = time.Now()
	}
	return nil
}

// do trains and studies one net, or what of that an earlier run has left.
func (j *job) do(ctx context.Context) error {
	model, err := j.trainNet(ctx)
	if err != nil {
		return err
	}
	if !j.has(trainingPart) {
		j.results.add(j.res)
		j.res.Test = data.Score{}
		for b := range j.test.Batches(j.norm, evaluationBatch) {
			logits := unravel.Forward(model, autograd.Const(b.X)).Value()
			j.res.Test = j.res.Test.Plus(data.ScoreOf(logits, b.Labels))
		}
		if err := j.done(trainingPart); err != nil {
			return err
		}
	}
	j.line.show(true, "%-10s test accuracy %.1f %%", j.label(), percent*j.res.Test.Accuracy())
	return j.study(ctx, model)
}

// label names the net, and the seed if there are several.
func (j *job) label() string {
	if j.cfg.Seeds == 1 {
		return j.res.Name
	}
	return fmt.Sprintf("%s, seed %d", j.res.Name, j.seed)
}

func (j *job) has(part string) bool { return slices.Contains(j.res.Done, part) }

// missing lists the parts that are not done yet.
func (j *job) missing() []string {
	var m []string
	if !j.has(trainingPart) {
		m = append(m, j.label()+": "+trainingPart)
	}
	for _, p := range j.parts() {
		if !j.has(p.name) {
			m = append(m, j.label()+": "+p.name)
		}
	}
	return m
}

// done keeps the results of a part and takes it off the list of what is missing.
func (j *job) done(part string) error {
	j.res.Done = append(j.res.Done, part)
	j.results.Missing = slices.DeleteFunc(j.results.Missing, func(s string) bool { return s == j.label()+": "+part })
	return j.store.save(j.res)
}
