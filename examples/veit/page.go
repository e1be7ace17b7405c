package main

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"os"
	"path/filepath"

	"github.com/residuum-go/residuum/internal/atomicfile"
	"github.com/residuum-go/residuum/internal/filelock"
)

//go:embed page.html
var pageSource string

var page = template.Must(template.New("page").Parse(pageSource))

type section struct {
	Title, Text, Paper string
	Wide, Narrow       template.HTML
	Drawing            bool
}

// row is a line of the table of nets, over all seeds.
type row struct {
	Name, About                    string
	Seeds, Blocks, Parameters      int
	Accuracy, Loss, Gain, Duration string
}

// rows returns a line for each net that has been trained and tested.
func rows(r *Results) []row {
	var all []row
	tested := func(n *Net) bool { return n.Test.Examples > 0 }
	accuracy := func(n *Net) float64 { return percent * n.Test.Accuracy() }
	for _, name := range r.Config.Nets {
		nets := r.pick(name, tested)
		if len(nets) == 0 {
			continue
		}
		n := nets[0]
		all = append(all, row{
			Name: name, About: n.About, Seeds: len(nets), Blocks: len(n.Blocks), Parameters: n.Parameters,
			Accuracy: spread("%.2f", each(nets, accuracy)), Loss: spread("%.3f", each(nets, func(n *Net) float64 { return n.Test.Loss() })),
			Duration: spread("%.0f", each(nets, func(n *Net) float64 { return n.Seconds })),
			Gain:     r.gain(nets, accuracy),
		})
	}
	return all
}

// gain is by how much nets are better than the residual net of the same seed.
func (r *Results) gain(nets []*Net, of func(*Net) float64) string {
	var gains []float64
	for _, n := range nets {
		for _, res := range r.seeds("residual") {
			if res.Seed == n.Seed && res.Test.Examples > 0 {
				gains = append(gains, of(n)-of(res))
			}
		}
	}
	if len(gains) == 0 || nets[0].Name == "residual" {
		return ""
	}
	return spread("%+.2f", gains)
}

// write puts the whole report into the folder: each file appears complete or not at all, and the page
// that refers to the others comes last.
func write(dir string, r *Results) error {
	var sections []section
	for _, f := range figures(r) {
		s, err := f.write(dir)
		if err != nil {
			return err
		}
		sections = append(sections, s)
	}
	numbers, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("results.json: %w", err)
	}
	if err := atomicfile.Write(filepath.Join(dir, "results.json"), append(numbers, '\n')); err != nil {
		return err
	}
	var html bytes.Buffer
	if err := page.Execute(&html, map[string]any{"Results": r, "Nets": rows(r), "Figures": sections}); err != nil {
		return fmt.Errorf("index.html: %w", err)
	}
	return atomicfile.Write(filepath.Join(dir, "index.html"), html.Bytes())
}

// write puts a figure into the folder and returns what the page shows of it.
func (f Figure) write(dir string) (section, error) {
	s := section{Title: f.Chart.Title, Text: f.Text, Paper: f.Paper}
	if f.Drawing != "" {
		s.Wide, s.Narrow, s.Drawing = inline([]byte(f.Drawing)), inline([]byte(f.Drawing)), true
		return s, atomicfile.Write(filepath.Join(dir, f.Name+".svg"), []byte(f.Drawing))
	}
	wide, err := f.Chart.SVG()
	if err != nil {
		return s, err
	}
	narrow, err := f.Chart.NarrowSVG()
	if err != nil {
		return s, err
	}
	png, err := f.Chart.PNG()
	if err != nil {
		return s, err
	}
	s.Wide, s.Narrow = inline(wide), inline(narrow)
	return s, errors.Join(atomicfile.Write(filepath.Join(dir, f.Name+".svg"), wide), atomicfile.Write(filepath.Join(dir, f.Name+".png"), png))
}

// inline takes the XML declaration off an SVG file, so that it can stand in a page.
func inline(svg []byte) template.HTML {
	if i := bytes.Index(svg, []byte("<svg")); i > 0 {
		svg = svg[i:]
	}
	return template.HTML(svg)
}

// reportFiles lists all files that a report may have.
func reportFiles(dir string) []string {
	files := []string{filepath.Join(dir, "index.html"), filepath.Join(dir, "results.json")}
	for _, d := range drawings {
		files = append(files, filepath.Join(dir, d.name+".svg"), filepath.Join(dir, d.name+".png"))
	}
	return files
}

// prepare makes the report folder, takes it for this run alone, and checks that its files can be written, before
// any work is done.
func prepare(dir string) (*filelock.Lock, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("report folder: %w", err)
	}
	lock, err := filelock.Acquire(filepath.Join(dir, "report")) // inside, for the folder may be all that we can write to
	var held *filelock.HeldError
	if errors.As(err, &held) {
		err = fmt.Errorf("%w: wait for it, or give another -out", &filelock.HeldError{Path: dir, Holder: held.Holder})
	}
	if err != nil {
		return nil, fmt.Errorf("report folder: %w", err)
	}
	for _, file := range reportFiles(dir) {
		if err := cmp.Or(atomicfile.Check(file), atomicfile.Clean(file)); err != nil {
			return nil, errors.Join(fmt.Errorf("report folder: %w", err), lock.Release())
		}
	}
	return lock, nil
}
