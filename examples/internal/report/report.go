// Package report is the frame of the programs that write a report: a folder with one page, its figures and all numbers,
// which grows while the program goes on.
package report

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
	"runtime"
	"strings"
	"time"

	"github.com/residuum-go/residuum"
	"github.com/residuum-go/residuum/examples/internal/program"
	"github.com/residuum-go/residuum/internal/atomicfile"
	"github.com/residuum-go/residuum/internal/figure"
	"github.com/residuum-go/residuum/internal/filelock"
	"github.com/residuum-go/residuum/unravel"
)

// Figure is one chart of a report with the paragraphs under it.
type Figure struct {
	Name    string // of its files, without extension
	Chart   figure.Chart
	Drawing string // SVG that stands in for the chart, of which only the title then counts
	Text    string // what it shows, and how it was measured
	Table   *Table // numbers that belong to it, if any
	Paper   string // what a paper reports, if one does
}

// Drawings are the figures of a report in their order, by name. Each is drawn if there are results for it.
type Drawings[R any] []struct {
	Name string
	Draw func(*R) (Figure, bool)
}

// Names returns the names of all.
func (d Drawings[R]) Names() (names []string) {
	for _, one := range d {
		names = append(names, one.Name)
	}
	return names
}

// Figures returns those for which there are results.
func (d Drawings[R]) Figures(r *R) (all []Figure) {
	for _, one := range d {
		if f, ok := one.Draw(r); ok {
			f.Name = one.Name
			all = append(all, f)
		}
	}
	return all
}

// Table is a table of a report.
type Table struct {
	Head []string
	Rows [][]string
}

// Section is what a page shows of a figure.
type Section struct {
	Name, Title, Text, Paper string
	Wide, Narrow             template.HTML
	Drawing                  bool
	Table                    *Table
}

// Machine is where a run took place.
type Machine struct {
	OS      string `json:"os"`
	Arch    string `json:"arch"`
	Go      string `json:"go"`
	CPUs    int    `json:"cpus"`
	Workers int    `json:"workers"`
	Level   string `json:"instruction_set"`
}

// ThisMachine describes where this program runs.
func ThisMachine() Machine {
	return Machine{runtime.GOOS, runtime.GOARCH, runtime.Version(), runtime.NumCPU(), residuum.Workers(), residuum.Level()}
}

// Spread writes a mean and, of several values, their standard deviation.
func Spread(format string, values []float64) string {
	s := unravel.SpreadOf(values)
	if len(values) == 1 {
		return fmt.Sprintf(format, s.Mean)
	}
	return fmt.Sprintf(format+" ± "+strings.Replace(format, "+", "", 1), s.Mean, s.Std)
}

//go:embed page.html
var parts string

// Template returns a page, whose source may use what all pages have: "style", the figures' sections as "figures", and a
// table as "table"; and the functions thousands, tight, which keeps numbers and their units on one line, and now.
func Template(source string) *template.Template {
	tight := strings.NewReplacer(" %", "\u00a0%", " ± ", "\u00a0±\u00a0")
	page := template.New("page").Funcs(template.FuncMap{"thousands": program.Thousands, "tight": tight.Replace, "now": time.Now})
	return template.Must(template.Must(page.Parse(parts)).Parse(source))
}

// every is how often a report is written anew while the run goes on.
const every = 10 * time.Second

// Folder is where a report is written, again and again while it grows.
type Folder struct {
	Every time.Duration // how often Due

	dir     string
	written time.Time           // when the report was last
	figures map[string]rendered // by name: figures that stay as they are need not be drawn again
}

// rendered is a figure and what the page shows of it.
type rendered struct {
	figure  Figure
	section Section
}

// NewFolder returns a folder that [Prepare] has made.
func NewFolder(dir string) *Folder {
	return &Folder{Every: every, dir: dir, figures: map[string]rendered{}}
}

// Due reports whether the report is old.
func (d *Folder) Due() bool { return time.Since(d.written) >= d.Every }

// Write puts the whole report into the folder: each file appears complete or not at all, and the page that refers to the
// others comes last. Pictures in PNG, which the page does not need, wait for the end of the run.
func (d *Folder) Write(results any, running bool, figures []Figure, page func([]Section) ([]byte, error)) error {
	var sections []Section
	for _, f := range figures {
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
		if !running && f.Drawing == "" {
			png, err := f.Chart.PNG()
			if err != nil {
				return err
			}
			if err := atomicfile.Write(filepath.Join(d.dir, f.Name+".png"), png); err != nil {
				return err
			}
		}
	}
	numbers, err := json.MarshalIndent(results, "", "  ")
	if err != nil {
		return fmt.Errorf("results.json: %w", err)
	}
	if err := atomicfile.Write(filepath.Join(d.dir, "results.json"), append(numbers, '\n')); err != nil {
		return err
	}
	html, err := page(sections)
	if err != nil {
		return err
	}
	d.written = time.Now()
	return atomicfile.Write(filepath.Join(d.dir, "index.html"), html)
}

// Execute fills in a page.
func Execute(page *template.Template, values any) ([]byte, error) {
	var html bytes.Buffer
	if err := page.Execute(&html, values); err != nil {
		return nil, fmt.Errorf("index.html: %w", err)
	}
	return html.Bytes(), nil
}

// write puts a figure into the folder and returns what the page shows of it.
func (f Figure) write(dir string) (Section, error) {
	s := Section{Name: f.Name, Title: f.Chart.Title, Text: f.Text, Paper: f.Paper, Table: f.Table}
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

// Prepare makes a report folder, takes it for this run alone, and checks that its files, with figures of these names, can
// be written, before any work is done.
func Prepare(dir string, figures []string) (*filelock.Lock, error) {
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
	files := []string{filepath.Join(dir, "index.html"), filepath.Join(dir, "results.json")}
	for _, name := range figures {
		files = append(files, filepath.Join(dir, name+".svg"), filepath.Join(dir, name+".png"))
	}
	for _, file := range files {
		if err := cmp.Or(atomicfile.Check(file), atomicfile.Clean(file)); err != nil {
			return nil, errors.Join(fmt.Errorf("report folder: %w", err), lock.Release())
		}
	}
	return lock, nil
}

// Over is a series of n points, each the mean of a value of every run. Of several, that differ in their seed, bars show the
// standard deviation.
func Over[R any](name string, runs []R, n int, f func(run R, i int) (x, y float64)) figure.Series {
	s := figure.Series{Name: name}
	for i := range n {
		var xs, ys []float64
		for _, run := range runs {
			x, y := f(run, i)
			xs, ys = append(xs, x), append(ys, y)
		}
		y := unravel.SpreadOf(ys)
		s.X, s.Y = append(s.X, unravel.SpreadOf(xs).Mean), append(s.Y, y.Mean)
		if len(runs) > 1 {
			s.Low, s.High = append(s.Low, y.Mean-y.Std), append(s.High, y.Mean+y.Std)
		}
	}
	return s
}
