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
	"reflect"
	"strings"
	"time"

	"github.com/residuum-go/residuum/examples/internal/program"
	"github.com/residuum-go/residuum/internal/atomicfile"
	"github.com/residuum-go/residuum/internal/filelock"
)

//go:embed page.html
var pageSource string

var page = template.Must(template.New("page").Funcs(template.FuncMap{"thousands": program.Thousands, "tight": tight.Replace, "now": time.Now}).Parse(pageSource))

// tight keeps numbers and their units on one line.
var tight = strings.NewReplacer(" %", "\u00a0%", " ± ", "\u00a0±\u00a0")

type section struct {
	Name, Title, Text, Paper string
	Wide, Narrow             template.HTML
	Drawing                  bool
	Table                    *Table
}

// row is a line of the table of nets, over all seeds.
type row struct {
	Name, About, Parameters        string
	Seeds, Blocks                  int
	Accuracy, Loss, Gain, Duration string
}

// rows returns a line for each net that has been trained and tested.
func rows(r *Results) []row {
	var all []row
	for _, name := range r.Config.Nets {
		nets := r.pick(name, (*Net).trained)
		if len(nets) == 0 {
			continue
		}
		n, gain := nets[0], ""
		if gains := r.gains(nets, accuracy); len(gains) > 0 {
			gain = spread("%+.2f", gains)
		}
		all = append(all, row{
			Name: name, About: n.About, Seeds: len(nets), Blocks: len(n.Blocks), Parameters: program.Thousands(n.Parameters),
			Accuracy: spread("%.2f", each(nets, accuracy)), Loss: spread("%.3f", each(nets, func(n *Net) float64 { return n.Test.Loss() })),
			Duration: spread("%.0f", each(nets, func(n *Net) float64 { return n.Seconds })),
			Gain:     gain,
		})
	}
	return all
}

// gains are by how much nets are better than the residual net of the same seed.
func (r *Results) gains(nets []*Net, of func(*Net) float64) []float64 {
	var gains []float64
	for _, n := range nets {
		for _, res := range r.seeds("residual") {
			if res.Seed == n.Seed && res.trained() && n != res {
				gains = append(gains, of(n)-of(res))
			}
		}
	}
	return gains
}

// reportEvery is how often the report is written anew while the run goes on.
const reportEvery = 10 * time.Second

// folder is where a report is written, again and again while it grows.
type folder struct {
	dir     string
	every   time.Duration
	written time.Time           // when the report was last
	figures map[string]rendered // by name: figures that stay as they are need not be drawn again
}

// rendered is a figure and what the page shows of it.
type rendered struct {
	figure  Figure
	section section
}

func newFolder(dir string) *folder {
	return &folder{dir: dir, every: reportEvery, figures: map[string]rendered{}}
}

// write puts the whole report into the folder: each file appears complete or not at all, and the page
// that refers to the others comes last. Pictures in PNG, which the page does not need, wait for the end of the run.
func (d *folder) write(r *Results) error {
	var sections []section
	for _, f := range figures(r) {
		old, known := d.figures[f.Name]
		if !known || !reflect.DeepEqual(f, old.figure) {
			s, err := f.write(d.dir)
			if err != nil {
				return err
			}
			old = rendered{f, s}
			d.figures[f.Name] = old
		}
		sections = append(sections, old.section)
		if !r.Running && f.Drawing == "" {
			png, err := f.Chart.PNG()
			if err != nil {
				return err
			}
			if err := atomicfile.Write(filepath.Join(d.dir, f.Name+".png"), png); err != nil {
				return err
			}
		}
	}
	numbers, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("results.json: %w", err)
	}
	if err := atomicfile.Write(filepath.Join(d.dir, "results.json"), append(numbers, '\n')); err != nil {
		return err
	}
	html, err := pageOf(r, sections)
	if err != nil {
		return err
	}
	d.written = time.Now()
	return atomicfile.Write(filepath.Join(d.dir, "index.html"), html)
}

// pageOf returns the page with these figures.
func pageOf(r *Results, figures []section) ([]byte, error) {
	var html bytes.Buffer
	err := page.Execute(&html, map[string]any{"Results": r, "Claims": claims(r), "Untested": untested(r), "Nets": rows(r), "Figures": figures})
	if err != nil {
		return nil, fmt.Errorf("index.html: %w", err)
	}
	return html.Bytes(), nil
}

// write puts a figure into the folder and returns what the page shows of it.
func (f Figure) write(dir string) (section, error) {
	s := section{Name: f.Name, Title: f.Chart.Title, Text: f.Text, Paper: f.Paper, Table: f.Table}
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
	s.Wide, s.Narrow = inline(wide), inline(narrow)
	return s, atomicfile.Write(filepath.Join(dir, f.Name+".svg"), wide)
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
