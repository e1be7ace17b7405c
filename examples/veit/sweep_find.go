package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/residuum-go/residuum/internal/atomicfile"
	"github.com/residuum-go/residuum/unravel"
)

// find is what is known about a net.
type find struct {
	res  *Net
	from *store // which has come furthest in training it; nil if none has begun
}

// find puts together what starts know about a net. They may be running: nothing of theirs is changed.
func (r *run) find(j *job, starts []*start) (find, error) {
	f := find{res: j.res}
	for _, s := range starts {
		res, err := s.read(j.res)
		if err != nil {
			return f, err
		}
		other := &job{r, j.seed, res}
		if err := s.damaged(res, other.check()); err != nil {
			return f, err
		}
		switch {
		case f.res.trained() && res.trained():
			if f.res, err = union(f.res, res); err != nil {
				return f, fmt.Errorf("%s and %s: %w", f.from.path(res.Name, res.Seed, ".json"), s.path(res.Name, res.Seed, ".json"), err)
			}
		case !f.res.trained() && (res.trained() || len(res.Training) > len(f.res.Training)):
			f = find{res, s.store}
		}
	}
	(&job{r, j.seed, f.res}).sortDone()
	return f, nil
}

// into copies what is known to a store that is this process's own.
func (f find) into(to *store, starts []*start) error {
	if f.from == nil {
		return nil
	}
	if f.from.dir != to.dir {
		checkpoint, err := os.ReadFile(f.from.checkpoint(f.res))
		if err == nil {
			err = atomicfile.Write(to.checkpoint(f.res), checkpoint)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // a boosted ensemble has none
			return err
		}
	}
	if !f.res.trained() { // training may have gone on, and results must not be behind the checkpoint
		var err error
		if f.res, err = f.from.read(f.res); err != nil {
			return err
		}
	}
	if err := to.save(f.res); err != nil {
		return err
	}
	for _, kind := range journals {
		var found []string
		for _, s := range starts {
			if path := s.journalPath(f.res, kind); exists(path) {
				found = append(found, path)
			}
		}
		if len(found) > 0 {
			if err := unravel.MergeJournals(to.journalPath(f.res, kind), found...); err != nil {
				return err
			}
		}
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// union returns what two runs know about a net that both have trained. What both know has to be the same, times aside.
func union(a, b *Net) (*Net, error) {
	all, ours, theirs := fields(a), fields(a.timeless()), fields(b.timeless())
	for name, value := range theirs {
		switch old, known := ours[name]; {
		case !known:
			all[name] = value
		case name != "done" && !bytes.Equal(old, value):
			return nil, fmt.Errorf("they disagree about %q, which two runs find alike", name)
		}
	}
	text, err := json.Marshal(all)
	if err != nil {
		return nil, err
	}
	sum := new(Net)
	if err := json.Unmarshal(text, sum); err != nil {
		return nil, err
	}
	for _, part := range b.Done {
		if !slices.Contains(sum.Done, part) {
			sum.Done = append(sum.Done, part)
		}
	}
	return sum, nil
}

// fields are the fields of a net's results as JSON. What was not measured is absent.
func fields(n *Net) map[string]json.RawMessage {
	fields := map[string]json.RawMessage{}
	if text, err := json.Marshal(n); err != nil || json.Unmarshal(text, &fields) != nil {
		panic(fmt.Sprintf("veit: results of %s are no JSON: %v", n.Name, err)) // they were read from some
	}
	return fields
}
