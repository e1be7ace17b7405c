package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/examples/internal/program"
	"github.com/residuum-go/residuum/examples/internal/report"
	"github.com/residuum-go/residuum/internal/figure"
	"github.com/residuum-go/residuum/unravel"
)

// Which lesions a net has been through.
func deleted(n *Net) bool   { return n.DeleteOne != nil }
func thinned(n *Net) bool   { return n.DeleteRandom != nil }
func reordered(n *Net) bool { return n.Reorder != nil }

func afterDeletions(n *Net) []Lesions { return n.DeleteRandom }
func afterSwaps(n *Net) []Lesions     { return n.Reorder }

// count is how many blocks are deleted, or swaps made.
func count(l Lesions) float64 { return float64(l.Count) }

// deletions adds a curve of the accuracy after deleting each block, for each net that has one, and
// says in words how much is lost.
func (r *Results) deletions(c *figure.Chart, names []string) (text string) {
	for _, name := range names {
		nets := r.pick(name, deleted)
		if len(nets) == 0 {
			continue
		}
		s := report.Over(name, nets, len(nets[0].DeleteOne), func(n *Net, i int) (float64, float64) {
			return float64(i + 1), percent * n.DeleteOne[i].Accuracy()
		})
		s.Look = look(name)
		c.Series = append(c.Series, s)
		text += fmt.Sprintf("%s: %s. ", name, losses(nets, func(n *Net) ([]data.Score, data.Score) { return n.DeleteOne, *n.Whole }))
	}
	return text
}

// losses says how much accuracy the deletion of single blocks costs.
func losses(nets []*Net, of func(*Net) (deleted []data.Score, whole data.Score)) string {
	var medians, worst []float64
	block := 0
	for _, n := range nets {
		lost := lost(of(n))
		d := unravel.SpreadOf(lost)
		medians, worst = append(medians, d.Median), append(worst, d.Max)
		block = 1 + slices.Index(lost, d.Max)
	}
	where := fmt.Sprintf(" (block %d)", block)
	if len(nets) > 1 {
		where = ""
	}
	return fmt.Sprintf("median loss of accuracy %s points, largest %s%s", report.Spread("%.1f", medians), report.Spread("%.1f", worst), where)
}

// lost returns how much accuracy each deletion costs, in points.
func lost(deleted []data.Score, whole data.Score) []float64 {
	v := make([]float64, len(deleted))
	for i, s := range deleted {
		v[i] = percent * (whole.Accuracy() - s.Accuracy())
	}
	return v
}

// boundaries marks the blocks of the residual nets that change the shape.
func (r *Results) boundaries(c *figure.Chart) {
	n := r.net("residual")
	if n == nil {
		return
	}
	for i, b := range n.Blocks {
		if b.Downsample {
			c.Marks = append(c.Marks, figure.Mark{Name: fmt.Sprintf("stage %d begins", b.Stage), At: float64(i + 1), Vertical: true})
		}
	}
}

func deletionChart(title string) figure.Chart {
	return figure.Chart{Title: title, XLabel: "block deleted", YLabel: "test accuracy, %", YMax: 100, Marks: []figure.Mark{chance}}
}

// differentlyTrained are residual nets that differ in how they were trained alone.
var differentlyTrained = []string{"residual", "stochastic", "effective"}

// others returns the nets that are not residual nets trained in a special way.
func (r *Results) others() []string {
	return slices.DeleteFunc(slices.Clone(r.Config.Nets), func(name string) bool { return slices.Contains(differentlyTrained[1:], name) })
}

func deleteOne(r *Results) (report.Figure, bool) {
	c := deletionChart("Deleting one block")
	text := fmt.Sprintf("One block at a time is replaced by its skip, without training again; measured on %s test images. ", program.Thousands(r.Data.Studied))
	text += r.deletions(&c, r.others())
	r.boundaries(&c)
	text += "In a net without skips nothing but the shape-preserving (or subsampled) input of the deleted layer goes on." + bars(r)
	return report.Figure{Chart: c, Text: text, Paper: "Figure 3: in the 110-layer residual net no single deletion has a noticeable effect, except a modest one at the downsampling blocks; " +
		"in a 15-layer VGG each deletion takes the error to chance. Figure 4 is the same for a 200-layer net on ImageNet, which this program does not repeat."}, len(c.Series) > 0
}

func deleteTrained(r *Results) (report.Figure, bool) {
	c := deletionChart("Deleting one block, by how the net was trained")
	text := r.deletions(&c, differentlyTrained)
	text = "Residual nets that differ only in their training: all blocks on each batch, stochastic depth, or a fixed number of random blocks. " + text + bars(r)
	r.boundaries(&c)
	return report.Figure{Chart: c, Text: text, Paper: "Figure 8: training with stochastic depth improves resilience only slightly, chiefly at the downsampling blocks, " +
		"because the ordinary residual net does not depend on single blocks either. The paper does not delete blocks of the net trained on effective paths."}, len(c.Series) > 1
}

func deleteRecalibrated(r *Results) (report.Figure, bool) {
	c := deletionChart("Deleting one block, batch norm estimated anew")
	text := fmt.Sprintf("A deleted block changes what the later ones read, while their batch norm still subtracts the means of the whole net. "+
		"Here these statistics are estimated anew after each deletion, from %d training images, and no weight is changed. ", calibrationImages)
	for _, name := range []string{"residual", "vgg", "plain"} {
		nets := r.pick(name, func(n *Net) bool { return n.Recalibrated != nil })
		if len(nets) == 0 {
			continue
		}
		s := report.Over(name+", estimated anew", nets, len(nets[0].Recalibrated), func(n *Net, i int) (float64, float64) {
			return float64(i + 1), percent * n.Recalibrated[i].Accuracy()
		})
		s.Look = look(name)
		c.Series = append(c.Series, s)
		old := report.Over(name+", as trained", nets, len(nets[0].DeleteOne), func(n *Net, i int) (float64, float64) {
			return float64(i + 1), percent * n.DeleteOne[i].Accuracy()
		})
		old.Low, old.High, old.Look = nil, nil, look(name)+len(allNets)
		c.Series = append(c.Series, old)
		text += fmt.Sprintf("%s: %s, whole net %s %%. ", name,
			losses(nets, func(n *Net) ([]data.Score, data.Score) { return n.Recalibrated, *n.WholeRecalibrated }),
			report.Spread("%.1f", each(nets, func(n *Net) float64 { return percent * n.WholeRecalibrated.Accuracy() })))
	}
	r.boundaries(&c)
	text += "As trained: the same deletions with the statistics that training has left, without bars." + bars(r)
	return report.Figure{Chart: c, Text: text, Paper: "Not in the paper."}, len(c.Series) > 0
}

// draws is a series of mean accuracies over the random lesions of each kind. With one seed the bars go
// from the lowest to the highest of the draws.
func draws(name string, nets []*Net, of func(*Net) []Lesions, x func(Lesions) float64) figure.Series {
	s := report.Over(name, nets, len(of(nets[0])), func(n *Net, i int) (float64, float64) {
		l := of(n)[i]
		return x(l), percent * l.accuracy().Mean
	})
	if len(nets) == 1 {
		for _, l := range of(nets[0]) {
			a := l.accuracy()
			s.Low, s.High = append(s.Low, percent*a.Min), append(s.High, percent*a.Max)
		}
	}
	s.Look = look(name)
	return s
}

// spared is the mean accuracy over those of the random lesions, of all seeds, that leave the first block
// where it is. Which blocks are drawn matters more than how many while the net cannot do without that one.
func spared(nets []*Net, of func(*Net) []Lesions, x func(Lesions) float64) figure.Series {
	s := figure.Series{Name: "residual, first block spared", Look: 1 + len(allNets)}
	for i := range of(nets[0]) {
		all := Lesions{Count: of(nets[0])[i].Count}
		for _, n := range nets {
			for j, plan := range of(n)[i].Plans {
				if first, _, _ := strings.Cut(plan, " "); first == "0" || strings.HasPrefix(first, "0-") {
					all.Tau, all.Scores = append(all.Tau, of(n)[i].Tau[j]), append(all.Scores, of(n)[i].Scores[j])
				}
			}
		}
		if len(all.Scores) > 0 {
			s.X, s.Y = append(s.X, x(all)), append(s.Y, percent*all.accuracy().Mean)
		}
	}
	return s
}

// drawn says what the points of draws are.
func (r *Results) drawn() string {
	least, most := r.seedCounts()
	text := fmt.Sprintf(" %d draws for each seed.%s", r.Config.Draws, bars(r))
	if most == 1 {
		text = fmt.Sprintf(" Means over %d draws.", r.Config.Draws)
	}
	if least == 1 {
		text += " With one seed, bars reach from the lowest to the highest draw."
	}
	return text
}

// randomDeletions adds a curve for each net and says what is left.
func (r *Results) randomDeletions(c *figure.Chart, names []string) (text string) {
	for _, name := range names {
		nets := r.pick(name, thinned)
		if len(nets) == 0 {
			continue
		}
		c.Series = append(c.Series, draws(name, nets, afterDeletions, count))
		if !nets[0].residual() {
			continue
		}
		tenth := near(nets[0].DeleteRandom, len(nets[0].Blocks)*10/54) // as the paper's 10 of 54
		text += fmt.Sprintf("%s: %s %% with %d blocks deleted. ", name,
			report.Spread("%.1f", each(nets, func(n *Net) float64 { return percent * n.DeleteRandom[tenth].accuracy().Mean })), nets[0].DeleteRandom[tenth].Count)
	}
	return text
}

const paperRandom = "Figure 5a: the error grows smoothly with the number of deleted blocks. With 10 of 54 deleted, 2^44 paths are left and the error is still near 0.2; the drop is severe at 20."

func deleteRandom(r *Results) (report.Figure, bool) {
	c := deletionChart("Deleting several random blocks")
	c.XLabel = "blocks deleted"
	text := "Deleting k of n blocks leaves 2^(n-k) of the 2^n paths. First block spared: those draws alone that do not delete it, without bars. " + r.randomDeletions(&c, r.others())
	if nets := r.pick("residual", thinned); len(nets) > 0 {
		c.Series = append(c.Series, spared(nets, afterDeletions, count))
	}
	return report.Figure{Chart: c, Text: text + r.drawn(), Paper: paperRandom}, len(c.Series) > 0
}

func deleteRandomTrained(r *Results) (report.Figure, bool) {
	c := deletionChart("Deleting several random blocks, by how the net was trained")
	c.XLabel = "blocks deleted"
	text := "The residual nets of equal form. " + r.randomDeletions(&c, differentlyTrained)
	return report.Figure{Chart: c, Text: text + r.drawn(), Paper: paperRandom + " For the net trained in the ordinary way only."}, len(c.Series) > 1
}

// reorderings adds a curve over Kendall's tau for each net and says what is left.
func (r *Results) reorderings(c *figure.Chart, names []string) (text string) {
	c.XLabel, c.YLabel = "Kendall's tau (1: order unchanged)", "test accuracy, %"
	c.YMax, c.Marks = 100, []figure.Mark{chance}
	for _, name := range names {
		nets := r.pick(name, reordered)
		if len(nets) == 0 {
			continue
		}
		c.Series = append(c.Series, byX(draws(name, nets, afterSwaps, Lesions.tau)))
		if name == "residual" {
			c.Series = append(c.Series, byX(spared(nets, afterSwaps, Lesions.tau)))
		}
		last := len(nets[0].Reorder) - 1
		text += fmt.Sprintf("%s: %s %% after %d swaps. ", name,
			report.Spread("%.1f", each(nets, func(n *Net) float64 { return percent * n.Reorder[last].accuracy().Mean })), nets[0].Reorder[last].Count)
	}
	return text
}

var boosted = []string{"boost", "chained"}

func reorder(r *Results) (report.Figure, bool) {
	c := figure.Chart{Title: "Re-ordering blocks"}
	text := r.reorderings(&c, slices.DeleteFunc(slices.Clone(r.Config.Nets), func(name string) bool { return slices.Contains(boosted, name) }))
	text = "k random swaps of two blocks of equal shape, for several k. First block spared: those draws alone that leave it in its place, without bars. " + text + r.drawn()
	return report.Figure{Chart: c, Text: text, Paper: "Figure 5b: the error grows smoothly as Kendall's tau falls; blocks can be moved about without making the net fail."}, len(c.Series) > 0
}

func reorderBoosted(r *Results) (report.Figure, bool) {
	c := figure.Chart{Title: "Re-ordering boosting stages"}
	text := r.reorderings(&c, append([]string{"residual"}, boosted...))
	text += "Permuting the stages of plain additive boosting changes the prediction by nothing but rounding, so its line is flat by construction and says nothing; " +
		"in the chained ensemble each learner reads features of the one before it, so there order can matter." + r.drawn()
	return report.Figure{Chart: c, Text: text, Paper: "Not in the paper."}, len(r.seeds("boost"))+len(r.seeds("chained")) > 0
}

// byX sorts the points of a series.
func byX(s figure.Series) figure.Series {
	order := indices(len(s.X))
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(s.X[a], s.X[b]) })
	sorted := s
	sorted.X, sorted.Y, sorted.Low, sorted.High = nil, nil, nil, nil
	for _, i := range order {
		sorted.X, sorted.Y = append(sorted.X, s.X[i]), append(sorted.Y, s.Y[i])
		if s.Low != nil {
			sorted.Low, sorted.High = append(sorted.Low, s.Low[i]), append(sorted.High, s.High[i])
		}
	}
	return sorted
}
