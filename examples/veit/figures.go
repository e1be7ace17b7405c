package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/residuum-go/residuum/examples/internal/program"
	"github.com/residuum-go/residuum/examples/internal/report"
	"github.com/residuum-go/residuum/internal/figure"
)

var drawings = report.Drawings[Results]{
	{"unraveled", unraveled},
	{"training", training},
	{"delete-one", deleteOne},
	{"delete-one-by-training", deleteTrained},
	{"delete-one-recalibrated", deleteRecalibrated},
	{"delete-random", deleteRandom},
	{"delete-random-by-training", deleteRandomTrained},
	{"reorder", reorder},
	{"reorder-boosted", reorderBoosted},
	{"path-lengths", pathLengths},
	{"paths-left", pathsLeft},
	{"gradient-norms", gradientNorms},
	{"gradient-shares", gradientShares},
	{"growth", growth},
	{"contributions", contributions},
	{"forward", forward},
	{"boosting", boosting},
	{"boosting-growth", boostingGrowth},
}

const percent = 100

var chance = figure.Mark{Name: "chance", At: 10}

// look gives a net the same colour in all figures.
func look(name string) int { return 1 + slices.Index(allNets, name) }

// pick returns the results of a net with each seed for which there is what a figure needs.
func (r *Results) pick(name string, has func(*Net) bool) []*Net {
	return slices.DeleteFunc(r.seeds(name), func(n *Net) bool { return !has(n) })
}

// curve is a series with a point for each index, made of f's values.
func curve(name string, n int, f func(i int) (x, y float64)) figure.Series {
	s := figure.Series{Name: name}
	for i := range n {
		x, y := f(i)
		s.X, s.Y = append(s.X, x), append(s.Y, y)
	}
	return s
}

// bars says what the error bars of report.Over are.
func bars(r *Results) string {
	switch least, most := r.seedCounts(); {
	case most == 1:
		return ""
	case least == most:
		return fmt.Sprintf(" Means over %d seeds; bars are one standard deviation over the seeds to either side.", most)
	default:
		return fmt.Sprintf(" Means over the seeds, of which the nets have %d to %d, as the table says; bars are one standard deviation over the seeds to either side.", least, most)
	}
}

// trained returns the least and the most seeds with which a net was trained, of those nets that were.
func (r *Results) seedCounts() (least, most int) {
	for _, name := range r.Config.Nets {
		if n := len(r.seeds(name)); n > 0 {
			most = max(most, n)
			least = min(cmp.Or(least, n), n)
		}
	}
	return max(least, 1), max(most, 1)
}

// distinct lists what the seeds give where they differ.
func distinct(nets []*Net, f func(*Net) string) string {
	var all []string
	for _, n := range nets {
		if s := f(n); !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return strings.Join(all, "; ")
}

// each applies f to every net.
func each(nets []*Net, f func(*Net) float64) []float64 {
	v := make([]float64, len(nets))
	for i, n := range nets {
		v[i] = f(n)
	}
	return v
}

func training(r *Results) (report.Figure, bool) {
	c := figure.Chart{Title: "Training", XLabel: "training images seen, thousands", YLabel: "test accuracy, %", LogX: true}
	text, ends := "Held-out accuracy while the nets are trained, with the same data and seed for all.", ""
	for _, name := range r.Config.Nets {
		nets := r.pick(name, (*Net).trained)
		if len(nets) > 0 {
			ends += fmt.Sprintf(", %s %s %%", name, report.Spread("%.1f", each(nets, accuracy)))
		} else if nets = r.pick(name, func(n *Net) bool { return len(n.Training) > 0 }); len(nets) > 0 {
			nets = nets[:1] // the one that is being trained
		} else {
			continue
		}
		s := report.Over(name, nets, len(nets[0].Training), func(n *Net, i int) (float64, float64) {
			return float64(n.Training[i].Images) / 1000, percent * n.Training[i].TestAccuracy
		})
		s.Look = look(name)
		c.Series = append(c.Series, s)
	}
	if ends != "" {
		text += " At the end: " + strings.TrimPrefix(ends, ", ") + "."
	}
	text += fmt.Sprintf(" On %s test images, within the first epoch on %s of them.", program.Thousands(r.Data.Test), program.Thousands(r.Data.Studied))
	text += " For the boosted ensembles each stage counts its rows once, though its learner makes several passes over them." + bars(r)
	return report.Figure{Chart: c, Text: text, Paper: "On CIFAR-10, trained to the end: 6.10 % error for the 110-layer residual net and 5.96 % for the one that only " +
		"ever had 23 random blocks of 54 active, no significant difference (section 5). Huang et al. (2016) report 6.41 % without and 5.25 % with stochastic depth."}, len(c.Series) > 0
}
