package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/internal/atomicfile"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/unravel"
)

// store keeps what a run has found, so that a run that was stopped goes on where it was. For each net
// and seed it holds a checkpoint of the training, a journal of scores, and the results so far. A nil
// store keeps nothing.
type store struct{ dir string }

// origin is what must be the same for kept results to be used.
type origin struct {
	Config Config `json:"config"`
	Data   string `json:"data"` // a hash of all images and labels
	Level  string `json:"instruction_set"`
}

// originOf returns the origin of what a run finds.
func originOf(cfg Config, level string, sets ...*data.Dataset) origin {
	cfg.Out, cfg.Data, cfg.Nets, cfg.Seeds, cfg.Studies = "", "", nil, 0, true // these say where, which and how many, not what is found
	return origin{cfg, digest(sets), level}
}

// keptDir is where results of the whole run are kept.
func (c Config) keptDir() string { return filepath.Join(c.Out, "kept") }

// openStore begins a store in a folder, or finds that of an earlier run of the same origin.
func openStore(dir string, want origin) (*store, error) {
	s := &store{dir}
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return nil, fmt.Errorf("keep results: %w", err)
	}
	if err := atomicfile.Clean(s.originPath()); err != nil {
		return nil, err
	}
	err := s.about(want)
	if errors.Is(err, fs.ErrNotExist) {
		err = s.begin(want)
	}
	return s, err
}

func (s *store) originPath() string { return filepath.Join(s.dir, "origin.json") }

// about returns an error unless the results in the store are of that origin.
func (s *store) about(want origin) error {
	var got origin
	if err := readJSON(s.originPath(), &got); err != nil {
		return err
	}
	a, _ := json.Marshal(want) // of plain fields, which cannot fail
	b, _ := json.Marshal(got)
	if string(a) != string(b) {
		return fmt.Errorf("%s keeps the results of a run with other flags, data or instruction set:\n  there: %s\n  now:   %s\n"+
			"give the same flags, another -out, or delete that folder", s.dir, b, a)
	}
	return nil
}

// begin writes down for what the store is. Results that are there already may be of any run.
func (s *store) begin(o origin) error {
	kept, err := filepath.Glob(filepath.Join(s.dir, "*-*.*"))
	if err != nil || len(kept) > 0 {
		return errors.Join(err, fmt.Errorf("%s is missing, which says what %s is about: delete that folder", s.originPath(), kept))
	}
	return writeJSON(s.originPath(), o)
}

func digest(sets []*data.Dataset) string {
	h := sha256.New()
	for _, d := range sets {
		h.Write(d.Pixels)
		for _, l := range d.Labels {
			h.Write([]byte{byte(l)})
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// path names a file about one net trained with one seed.
func (s *store) path(name string, seed uint64, ending string) string {
	return filepath.Join(s.dir, fmt.Sprintf("%s-%d%s", name, seed, ending))
}

// load returns what is known about a net, and removes what a killed process has left beside it.
func (s *store) load(fresh *Net) (*Net, error) {
	if s == nil {
		return fresh, nil
	}
	if err := atomicfile.Clean(s.path(fresh.Name, fresh.Seed, ".json")); err != nil {
		return nil, err
	}
	return s.read(fresh)
}

// read returns what is known about a net, or its name and seed alone, as they are in fresh.
func (s *store) read(fresh *Net) (*Net, error) {
	n := &Net{}
	switch err := readJSON(s.path(fresh.Name, fresh.Seed, ".json"), n); {
	case errors.Is(err, fs.ErrNotExist):
		return &Net{Name: fresh.Name, Seed: fresh.Seed}, nil
	case err != nil:
		return nil, err
	case n.Name != fresh.Name || n.Seed != fresh.Seed:
		return nil, s.damaged(fresh, fmt.Errorf("it is about %q with seed %d", n.Name, n.Seed))
	}
	return n, nil
}

// damaged names the file of kept results that cannot be used because of err; of nil it makes nil.
func (s *store) damaged(n *Net, err error) error {
	if s == nil || err == nil {
		return err
	}
	return fmt.Errorf("%s: %w; to measure this net anew, delete the files in that folder whose names begin so", s.path(n.Name, n.Seed, ".json"), err)
}

func (s *store) save(n *Net) error {
	if s == nil {
		return nil
	}
	return writeJSON(s.path(n.Name, n.Seed, ".json"), n)
}

// checkpoint returns where training saves its state; empty for nowhere.
func (s *store) checkpoint(n *Net) string {
	if s == nil {
		return ""
	}
	return s.path(n.Name, n.Seed, ".safetensors")
}

// journals are the ways in which scores are measured, each with a journal of its own.
var journals = []string{"sweeps", "recalibrated"}

// journal opens the scores of a trained net, measured in the way called kind.
func (s *store) journal(n *Net, model nn.Module, kind string) (*unravel.Journal, error) {
	if s == nil {
		return nil, nil
	}
	identity := unravel.Identity(nn.State(model)) + " " + kind
	return unravel.OpenJournal(s.journalPath(n, kind), identity)
}

func (s *store) journalPath(n *Net, kind string) string {
	return s.path(n.Name, n.Seed, "-"+kind+".jsonl")
}

// readJSON reads a file that writeJSON has written.
func readJSON(path string, v any) error {
	if info, err := os.Stat(path); err != nil {
		return err
	} else if !info.Mode().IsRegular() { // a pipe would keep us waiting
		return fmt.Errorf("%s: %w", path, atomicfile.ErrNotRegular)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("%s: more than one JSON value", path)
	}
	return nil
}

func writeJSON(path string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return atomicfile.Write(path, append(text, '\n'))
}
