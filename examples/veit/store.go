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

// openStore begins a store, or finds that of an earlier run with the same flags.
func openStore(cfg Config, level string, sets ...*data.Dataset) (*store, error) {
	s := &store{filepath.Join(cfg.Out, "kept")}
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return nil, fmt.Errorf("keep results: %w", err)
	}
	cfg.Out, cfg.Data, cfg.Nets, cfg.Seeds, cfg.Studies = "", "", nil, 0, true // these say where, which and how many, not what is found
	want := origin{cfg, digest(sets), level}
	var got origin
	path := filepath.Join(s.dir, "origin.json")
	switch err := readJSON(path, &got); {
	case errors.Is(err, fs.ErrNotExist):
		return s, s.begin(path, want)
	case err != nil:
		return nil, err
	}
	a, _ := json.Marshal(want) // of plain fields, which cannot fail
	b, _ := json.Marshal(got)
	if string(a) != string(b) {
		return nil, fmt.Errorf("%s keeps the results of a run with other flags, data or instruction set:\n  there: %s\n  now:   %s\n"+
			"give the same flags, another -out, or delete that folder", s.dir, b, a)
	}
	return s, nil
}

// begin writes down for what the store is. Results that are there already may be of any run.
func (s *store) begin(path string, o origin) error {
	kept, err := filepath.Glob(filepath.Join(s.dir, "*-*.*"))
	if err != nil || len(kept) > 0 {
		return errors.Join(err, fmt.Errorf("%s is missing, which says what %s is about: delete that folder", path, kept))
	}
	return writeJSON(path, o)
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

// load returns what is known about a net, or new results if nothing is.
func (s *store) load(name string, seed uint64) (*Net, error) {
	fresh := &Net{Name: name, Seed: seed}
	if s == nil {
		return fresh, nil
	}
	n := &Net{}
	switch err := readJSON(s.path(name, seed, ".json"), n); {
	case errors.Is(err, fs.ErrNotExist):
		return fresh, nil
	case err != nil:
		return nil, err
	case n.Name != name || n.Seed != seed:
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

// journal opens the scores of a trained net, measured in the way called kind.
func (s *store) journal(n *Net, model nn.Module, kind string) (*unravel.Journal, error) {
	if s == nil {
		return nil, nil
	}
	identity := unravel.Identity(nn.State(model)) + " " + kind
	return unravel.OpenJournal(s.path(n.Name, n.Seed, "-"+kind+".jsonl"), identity)
}

// readJSON reads a file that writeJSON has written.
func readJSON(path string, v any) error {
	if info, err := os.Stat(path); err != nil {
		return err
	} else if !info.Mode().IsRegular() { // a pipe would keep us waiting
		return fmt.Errorf("%s: %w", path, atomicfile.ErrNotRegular)
	}
	if err := atomicfile.Clean(path); err != nil {
		return err
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
