package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/residuum-go/residuum/examples/internal/program"
	"github.com/residuum-go/residuum/unravel"
)

// What -sweep may be.
const (
	sweepPart  = "part"  // do this process's part of the run, which the environment names
	sweepMerge = "merge" // put what the parts have found together, and report it
)

// start is one start of a part of a sweep. It has a folder of its own, parts/3-of-6-123456 of the report, to which no
// other process ever writes: a part may be started again at any time, also while an earlier start of it still runs.
// Each begins with what all others have found by then.
type start struct {
	*store
	record
}

// record is part.json in its folder. The folder of a run that was no sweep has none.
type record struct {
	Index   int     `json:"index"`
	Count   int     `json:"count"`
	Share   float64 `json:"share"`   // of the cost of the whole run, as it was foreseen
	Workers int     `json:"workers"` // processor cores that it used
	Seconds float64 `json:"seconds"` // from its beginning to the end, or if it was killed to within a minute of that
	Done    []timed `json:"done"`
}

// timed are units that were measured together.
type timed struct {
	Units   []unit  `json:"units"`
	Seconds float64 `json:"seconds"`
}

// portion is this process's part of a sweep.
type portion struct {
	*start
	begun time.Time
	noted time.Time // when part.json last said how long it has run
	mine  []unit
	known map[unit]bool // pieces whose scores are in some journal
}

// finished records what has been measured.
func (s *portion) finished(units []unit, took time.Duration) error {
	s.Done = append(s.Done, timed{units, took.Seconds()})
	return s.note()
}

// note records how long this start has run.
func (s *portion) note() error {
	s.noted = time.Now()
	s.Seconds = s.noted.Sub(s.begun).Seconds()
	return writeJSON(s.recordPath(), s.record)
}

// runs is called again and again while something is measured, and notes it once a minute. Whether that can be written
// finished will say.
func (s *portion) runs() {
	if s != nil && s.start != nil && time.Since(s.noted) > time.Minute {
		_ = s.note()
	}
}

// progress shows how far the thing is that is being measured.
func (j *job) progress(bar *program.Bar, done, total int) {
	bar.Show(done, total)
	j.share.runs()
}

func (s *start) recordPath() string { return filepath.Join(s.dir, "part.json") }

// beginPart finds out which part this process has to do and what others have found of it already, and makes a folder
// for the rest.
func (r *run) beginPart() error {
	shard, err := unravel.ShardFrom(os.Getenv)
	if err != nil {
		return err
	}
	all, err := r.work()
	if err != nil {
		return err
	}
	parts := partition(all, shard.Count)
	var mine parcel
	var cost int64 // of all parts
	for i, p := range parts {
		if cost += p.cost; i == shard.Index {
			mine = p
		}
	}
	earlier, err := r.starts()
	if err != nil {
		return err
	}
	r.share = &portion{begun: time.Now(), mine: mine.units, known: known(earlier)}
	r.out.Printf("part %d of %d, from 0 on: %s", shard.Index, shard.Count, listed(mine.units))
	var finds []find
	left := false
	for _, j := range r.nets() {
		if !r.share.has(j) {
			continue
		}
		f, err := r.find(j, earlier)
		if err != nil {
			return err
		}
		j.res = f.res
		finds, left = append(finds, f), left || len(j.missing()) > 0
	}
	if !left {
		r.share.mine = nil
		r.out.Printf("nothing is left to do: earlier starts have found everything")
		return nil
	}
	r.share.start = &start{record: record{Index: shard.Index, Count: shard.Count, Share: float64(mine.cost) / float64(cost), Workers: r.results.Machine.Workers}}
	return r.beginStart(finds, earlier)
}

// beginStart makes the folder of this start and puts into it what is known of the nets.
func (r *run) beginStart(finds []find, earlier []*start) error {
	parts := filepath.Join(r.cfg.Out, "parts")
	if err := os.MkdirAll(parts, 0o755); err != nil {
		return fmt.Errorf("folder of parts: %w", err)
	}
	dir, err := os.MkdirTemp(parts, fmt.Sprintf("%d-of-%d-*", r.share.Index, r.share.Count))
	if err != nil {
		return fmt.Errorf("folder of this start: %w", err)
	}
	if err := os.Chmod(dir, 0o755); err != nil { // whoever merges may be another user
		return err
	}
	if r.store, err = openStore(dir, r.origin); err != nil {
		return err
	}
	for _, f := range finds {
		if err := f.into(r.store, earlier); err != nil {
			return err
		}
	}
	r.share.store = r.store
	return r.share.note()
}

// has reports whether anything of a net is in the share.
func (s *portion) has(j *job) bool {
	return slices.ContainsFunc(s.mine, func(u unit) bool { return u.Net == j.res.Name && u.Seed == j.seed })
}

// part does this process's part of the run.
func (r *run) part(ctx context.Context) error {
	if err := r.all(ctx); err != nil {
		return fmt.Errorf("%w\nstart this part again, and it goes on from there", err)
	}
	if r.share.start != nil {
		r.out.Printf("done in %v; what it found is in %s", time.Since(r.share.begun).Round(time.Second), r.store.dir)
	}
	return nil
}

// starts lists the starts of all parts, by the names of their folders, and what an ordinary run has kept.
func (r *run) starts() ([]*start, error) {
	kept := &start{store: &store{r.cfg.keptDir()}}
	var all []*start
	switch err := kept.about(r.origin); {
	case err == nil:
		all = append(all, kept)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	parts := filepath.Join(r.cfg.Out, "parts")
	entries, err := os.ReadDir(parts)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries {
		s := &start{store: &store{filepath.Join(parts, e.Name())}}
		switch err := readJSON(s.recordPath(), &s.record); {
		case errors.Is(err, fs.ErrNotExist):
			continue // it has only just begun
		case err != nil:
			return nil, err
		case s.Index < 0 || s.Index >= s.Count || s.Workers < 1 || s.Seconds < 0:
			return nil, fmt.Errorf("%s: it is about part %d of %d, with %d workers for %v s", s.recordPath(), s.Index, s.Count, s.Workers, s.Seconds)
		}
		if err := s.about(r.origin); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// known are the pieces that starts have measured.
func known(starts []*start) map[unit]bool {
	all := map[unit]bool{}
	for _, s := range starts {
		for _, d := range s.Done {
			for _, u := range d.Units {
				all[u] = true
			}
		}
	}
	return all
}
