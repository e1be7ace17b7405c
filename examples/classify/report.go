package main

import (
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/examples/internal/program"
)

// report writes answers as they come, as a table or as lines of JSON.
type report struct {
	out         io.Writer
	json        bool
	column      int // width of the table's first column, 0 before its first line
	names       []picture
	known, hits int // pictures with a label, and those of them that are classified so
}

func newReport(cfg config, out io.Writer, pictures []picture) *report {
	return &report{out: out, json: cfg.json, names: pictures}
}

// line is an answer in JSON.
type line struct {
	Picture string        `json:"picture"`
	Label   string        `json:"label,omitempty"`
	Error   string        `json:"error,omitempty"`
	Classes []data.Likely `json:"classes,omitempty"`
}

func (r *report) add(a answer) error {
	if a.label != "" {
		r.known++
		if len(a.likely) > 0 && a.likely[0].Class == a.label {
			r.hits++
		}
	}
	if r.json {
		l := line{Picture: a.name, Label: a.label, Classes: a.likely}
		if a.err != nil {
			l.Error = a.err.Error()
		}
		return json.NewEncoder(r.out).Encode(l)
	}
	if a.err != nil {
		return nil // it is named on standard error
	}
	return r.rows(a)
}

// widest is what the first column of the table grows to at most.
const widest = 60

// rows writes an answer into the table.
func (r *report) rows(a answer) error {
	if r.column == 0 {
		for _, p := range r.names {
			r.column = max(r.column, min(utf8.RuneCountInString(p.name), widest))
		}
		r.column = max(r.column, len("picture"))
		if _, err := fmt.Fprintf(r.out, "%-*s  probability  class\n", r.column, "picture"); err != nil {
			return err
		}
	}
	name := program.Printable(a.name)
	for _, l := range a.likely {
		if _, err := fmt.Fprintf(r.out, "%-*s  %9.2f %%  %s\n", r.column, name, 100*l.Probability, program.Printable(l.Class)); err != nil {
			return err
		}
		name = ""
	}
	return nil
}

// end says how many of the labels were found.
func (r *report) end() error {
	if r.json || r.known == 0 {
		return nil
	}
	_, err := fmt.Fprintf(r.out, "%d of %d are what their labels say\n", r.hits, r.known)
	return err
}
