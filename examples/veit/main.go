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
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/data/fashion"
	"github.com/residuum-go/residuum/examples/internal/program"
	"github.com/residuum-go/residuum/examples/internal/report"
	"github.com/residuum-go/residuum/train"
)

func main() { program.Main("veit", parse, do) }

// run is one run of the program.
type run struct {
	cfg         Config
	out         *program.Output
	train, test *data.Dataset
	studied     *data.Dataset // test images of the lesion studies
	graded      *data.Dataset // test images of the gradient studies
	norm        data.Norm
	origin      origin
	store       *store
	jobs        []*job
	results     *Results
	folder      *report.Folder // of the report; nil of a part of a sweep, which has none
	share       *portion       // of a sweep, if this run is a part of one
	merge       *merge         // of a sweep, if this run is one
}

// do trains, studies and reports. When ctx is done or a part fails, what is there is reported, and
// the error says what is missing.
func do(ctx context.Context, cfg Config, log io.Writer) (err error) {
	if cfg.Sweep == sweepPart {
		r, err := newRun(cfg, log)
		if err != nil {
			return err
		}
		return r.part(ctx)
	}
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
	page := filepath.Join(r.cfg.Out, "index.html")
	r.out.Printf("%s shows what is known so far", page)
	failed := r.all(ctx)
	r.out.Clear()
	r.results.Running = false
	if err := r.writeReport(); err != nil {
		return errors.Join(failed, err)
	}
	if failed != nil {
		return fmt.Errorf("%w\nmissing: %s\nwhat was measured before is in %s", failed, strings.Join(r.results.Lacks(), "; "), page)
	}
	if r.merge != nil {
		r.out.Printf("%s", strings.TrimSpace(r.merge.costs()))
	}
	r.out.Printf("the report is %s (%v)", page, time.Since(r.results.Started).Round(time.Second))
	return nil
}

func newRun(cfg Config, log io.Writer) (*run, error) {
	split, err := loadData(cfg.Data)
	if err != nil {
		return nil, err
	}
	r := &run{cfg: cfg, out: program.NewOutput(log), train: split.Train, test: split.Test, folder: report.NewFolder(cfg.Out)}
	if r.train, err = shuffled(split.Train, cfg.Train/split.Train.Classes, cfg.Seed); err != nil {
		return nil, fmt.Errorf("flag -train is %d: %w", cfg.Train, err)
	}
	if r.studied, err = shuffled(split.Test, cfg.Test/split.Test.Classes, cfg.Seed); err != nil {
		return nil, fmt.Errorf("flag -test is %d: %w", cfg.Test, err)
	}
	r.graded = r.studied.Select(indices(min(gradientImages, r.studied.Len())))
	r.norm = r.train.Norm()
	r.results = &Results{
		Started: time.Now(), Running: true, Config: cfg, Machine: report.ThisMachine(),
		Data: DataInfo{split.Source, r.train.Len(), r.test.Len(), r.studied.Len(), r.graded.Len(), r.train.Classes},
	}
	r.out.Printf("%s: %s training images, %s test images; %s kernels", split.Source,
		program.Thousands(r.train.Len()), program.Thousands(r.test.Len()), r.results.Machine.Level)
	r.origin = originOf(cfg, r.results.Machine.Level, r.train, r.test)
	switch {
	case cfg.Sweep == sweepPart:
		r.folder, err = nil, r.beginPart()
	case cfg.Sweep == sweepMerge:
		err = r.beginMerge()
	case cfg.Resume:
		r.store, err = openStore(cfg.keptDir(), r.origin)
	}
	if err != nil {
		return nil, err
	}
	return r, r.load()
}

// loadData reads what -data names.
func loadData(name string) (fashion.Split, error) {
	switch name {
	case "embedded":
		return fashion.Embedded(), nil
	case "whole":
		split, err := fashion.Load(fashion.SystemDir)
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("flag -data is whole: %w: install the Debian package dataset-fashion-mnist, name a folder that has its files, or say -data embedded", err)
		}
		return split, err
	}
	dir := name
	if _, err := os.Stat(filepath.Join(dir, "data_batch_1.bin")); err != nil {
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

// nets lists all nets with all seeds, as jobs that know nothing yet.
func (r *run) nets() []*job {
	var all []*job
	for i := range r.cfg.Seeds {
		for _, name := range r.cfg.Nets {
			seed := r.cfg.Seed + uint64(i)
			all = append(all, &job{r, seed, &Net{Name: name, Seed: seed}})
		}
	}
	return all
}

// load makes the jobs, with what an earlier run has kept of each.
func (r *run) load() error {
	for _, j := range r.nets() {
		if r.share != nil && !r.share.has(j) {
			continue
		}
		var err error
		if j.res, err = r.store.load(j.res); err != nil {
			return err
		}
		if err := r.store.damaged(j.res, j.check()); err != nil {
			return err
		}
		r.jobs = append(r.jobs, j)
	}
	return nil
}

// all trains and studies one net after the other, all of them with the first seed, then with the next. What an
// earlier run has kept is in the report from the beginning.
func (r *run) all(ctx context.Context) error {
	for _, j := range r.jobs {
		r.results.Missing = append(r.results.Missing, j.missing()...)
		if len(j.res.Training) > 0 {
			r.results.add(j.res)
		}
		if len(j.missing()) == 0 {
			r.out.Printf("%-10s kept from an earlier run", j.label())
		}
	}
	if err := r.show(); err != nil {
		return err
	}
	for _, j := range r.jobs {
		if len(j.missing()) == 0 || r.lacks(j) {
			continue
		}
		if err := j.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", j.label(), err)
		}
	}
	return r.lost()
}

// show brings the report up to date if it is old.
func (r *run) show() error {
	if r.folder == nil || !r.folder.Due() {
		return nil
	}
	return r.writeReport()
}

// do trains and studies one net, or what of that an earlier run has left.
func (j *job) do(ctx context.Context) error {
	start := time.Now()
	model, err := j.trainNet(ctx)
	if err != nil {
		return err
	}
	if !j.has(trainingPart) {
		if j.res.Test.Examples == 0 {
			if j.res.Test, err = j.tested(ctx, model, j.test); err != nil {
				return err
			}
		}
		if err := j.finish(j.training(), time.Since(start)); err != nil {
			return err
		}
	}
	j.out.Printf("%-10s test accuracy %.1f %%", j.label(), percent*j.res.Test.Accuracy())
	return j.study(ctx, model)
}

// tested returns the score of a net on a set of images.
func (j *job) tested(ctx context.Context, model network, set *data.Dataset) (data.Score, error) {
	return train.Evaluate(ctx, model, set.Batches(j.norm, evaluationBatch))
}

// label names the net, and the seed if there are several.
func (j *job) label() string {
	if j.cfg.Seeds == 1 {
		return j.res.Name
	}
	return fmt.Sprintf("%s, seed %d", j.res.Name, j.seed)
}

func (j *job) has(part string) bool { return slices.Contains(j.res.Done, part) }

// missing lists the parts that are not done yet, of those that this process has to do.
func (j *job) missing() []string {
	var m []string
	if !j.has(trainingPart) {
		m = append(m, j.label()+": "+trainingPart)
	}
	for _, p := range j.parts() {
		if len(j.left(p)) > 0 {
			m = append(m, j.label()+": "+p.name)
		}
	}
	return m
}

// left lists what this process has still to do of a part: all of it, unless it has a share in a sweep.
func (j *job) left(p part) []unit {
	if j.has(p.name) {
		return nil
	}
	units := j.units(p)
	if j.share != nil {
		units = slices.DeleteFunc(units, func(u unit) bool { return !slices.Contains(j.share.mine, u) || j.share.known[u] })
	}
	return units
}

// finish keeps what was found of a part. If that is all of it, it is taken off the list of what is missing, and shown.
func (j *job) finish(units []unit, took time.Duration) error {
	if part := units[0].Part; len(units) == units[0].Of {
		j.res.Done = append(j.res.Done, part)
		j.sortDone()
		j.results.Missing = slices.DeleteFunc(j.results.Missing, func(s string) bool { return s == j.label()+": "+part })
	}
	if err := j.store.save(j.res); err != nil {
		return err
	}
	if j.share != nil {
		return j.share.finished(units, took)
	}
	return j.show()
}

// sortDone brings the parts that are done into their order, whichever was done first.
func (j *job) sortDone() {
	order := []string{trainingPart}
	for _, p := range j.allParts() {
		order = append(order, p.name)
	}
	slices.SortFunc(j.res.Done, func(a, b string) int { return slices.Index(order, a) - slices.Index(order, b) })
}
