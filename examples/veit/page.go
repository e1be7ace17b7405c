package main

import (
	_ "embed"

	"github.com/residuum-go/residuum/examples/internal/program"
	"github.com/residuum-go/residuum/examples/internal/report"
	"github.com/residuum-go/residuum/internal/filelock"
)

//go:embed page.html
var pageSource string

var page = report.Template(pageSource)

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
			gain = report.Spread("%+.2f", gains)
		}
		all = append(all, row{
			Name: name, About: n.About, Seeds: len(nets), Blocks: len(n.Blocks), Parameters: program.Thousands(n.Parameters),
			Accuracy: report.Spread("%.2f", each(nets, accuracy)), Loss: report.Spread("%.3f", each(nets, func(n *Net) float64 { return n.Test.Loss() })),
			Duration: report.Spread("%.0f", each(nets, func(n *Net) float64 { return n.Seconds })),
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

// writeReport brings the report up to date.
func (r *run) writeReport() error {
	return r.folder.Write(r.results, r.results.Running, drawings.Figures(r.results), func(s []report.Section) ([]byte, error) { return pageOf(r.results, s) })
}

// pageOf returns the page with these figures.
func pageOf(r *Results, figures []report.Section) ([]byte, error) {
	return report.Execute(page, map[string]any{"Results": r, "Claims": claims(r), "Untested": untested(r), "Nets": rows(r), "Figures": figures})
}

// prepare makes the report folder ready, before any work is done.
func prepare(dir string) (*filelock.Lock, error) {
	return report.Prepare(dir, drawings.Names())
}
