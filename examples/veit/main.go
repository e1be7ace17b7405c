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
	"github.com/residuum-go/residuum/internal/cpu"
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
	results     *Results
}

// do trains, studies and reports. When ctx is done or a part fails, what is there is reported, and
// the error says what is missing.
func do(ctx context.Context, cfg Config, log io.Writer) error {
	if err := errors.Join(cpu.Err(), prepare(cfg.Out)); err != nil {
		return err
	}
	r, err := newRun(cfg, log)
	if err != nil {
		return err
	}
	failed := r.all(ctx)
	r.line.end()
	if err := write(cfg.Out, r.results); err != nil {
		return errors.Join(failed, err)
	}
	page := filepath.Join(cfg.Out, "index.html")
	if failed != nil {
		return fmt.Errorf("%w\nmissing: %s\nwhat was measured before is in %s", failed, strings.Join(r.results.Missing, "; "), page)
	}
	fmt.Fprintf(log, "the report is %s (%v)\n", page, time.Since(r.results.Started).Round(time.Second))
	return nil
}

func newRun(cfg Config, log io.Writer) (*run, error) {
	split, err := load(cfg.Data)
	if err != nil {
		return nil, err
	}
	r := &run{cfg: cfg, log: log, line: newLine(log), train: split.Train, test: split.Test}
	if r.train, err = shuffled(split.Train, cfg.Train/split.Train.Classes, cfg.Seed); err != nil {
		return nil, err
	}
	if r.studied, err = shuffled(split.Test, cfg.Test/split.Test.Classes, cfg.Seed); err != nil {
		return nil, err
	}
	r.graded = r.studied.Select(indices(min(gradientImages, r.studied.Len())))
	r.norm = r.train.Norm()
	r.results = &Results{
		Started: time.Now(), Config: cfg, Machine: thisMachine(),
		Data: DataInfo{split.Source, r.train.Len(), r.test.Len(), r.studied.Len(), r.graded.Len(), r.train.Classes},
	}
	for _, name := range cfg.Nets {
		r.results.Missing = append(r.results.Missing, name+": training")
		for _, p := range r.parts(name) {
			r.results.Missing = append(r.results.Missing, name+": "+p.name)
		}
	}
	fmt.Fprintf(log, "%s: %d training images, %d test images; %s kernels\n", split.Source, r.train.Len(), r.test.Len(), r.results.Machine.Level)
	return r, nil
}

func load(dir string) (fashion.Split, error) {
	if dir == "embedded" {
		return fashion.Embedded(), nil
	}
	return fashion.Load(dir)
}

func indices(n int) []int {
	index := make([]int, n)
	for i := range index {
		index[i] = i
	}
	return index
}

// all trains and studies one net after the other. The report is written after each, so that even a
// process that is killed leaves one.
func (r *run) all(ctx context.Context) error {
	for _, name := range r.cfg.Nets {
		model, res, err := r.trainNet(ctx, name)
		if err != nil {
			return fmt.Errorf("%s net: %w", name, err)
		}
		for _, b := range r.batches(r.test, evaluationBatch) {
			logits := unravel.Forward(model, autograd.Const(b.X)).Value()
			res.Test = res.Test.Plus(unravel.ScoreOf(logits, b.Labels))
		}
		r.results.Nets = append(r.results.Nets, res)
		r.done(name, "training")
		r.line.show(true, "%-9s test accuracy %.1f %%", name, percent*res.Test.Accuracy())
		if err := r.study(ctx, model, res); err != nil {
			return fmt.Errorf("%s net: %w", name, err)
		}
		if err := write(r.cfg.Out, r.results); err != nil {
			return err
		}
	}
	return nil
}

// done takes a part off the list of what is missing.
func (r *run) done(net, part string) {
	r.results.Missing = slices.DeleteFunc(r.results.Missing, func(s string) bool { return s == net+": "+part })
}
