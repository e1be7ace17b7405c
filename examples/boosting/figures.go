package main

import (
	_ "embed"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/residuum-go/residuum/boost"
	"github.com/residuum-go/residuum/examples/internal/program"
	"github.com/residuum-go/residuum/examples/internal/report"
	"github.com/residuum-go/residuum/internal/figure"
)

//go:embed page.html
var pageSource string

var page = report.Template(pageSource)

var drawings = report.Drawings[Results]{
	{"learning", learning},
	{"truncation", truncation},
	{"reliability", reliability},
	{"alignment", alignment},
	{"alignment-end", alignmentEnd},
	{"alignment-states", alignmentStates},
	{"left-over", leftOver},
	{"focus", focus},
	{"loss-removed", lossRemoved},
	{"isolation", isolation},
	{"delete-one", deleteOne},
	{"delete-random", deleteRandom},
	{"reorder", reorder},
	{"bound", bound},
	{"edges", edges},
	{"published-alignment", publishedAlignment},
	{"published-truncation", publishedTruncation},
	{"rings", rings},
}

// look gives a model the same colour in all figures.
func look(name string) int {
	return 1 + slices.IndexFunc(recipes, func(r recipe) bool { return r.name == name })
}

// residualNets are those whose members read what the earlier ones wrote, and add to it.
var residualNets = []string{"residual", "boostresnet", "refined"}

// additive are those whose members do not read what others wrote.
var additive = []string{"mlps", "trees", "bagged"}

// draw adds a curve for each model that has one: n points, over the seeds.
func (r *Results) draw(c *figure.Chart, names []string, n func(*Model) int, f func(m *Model, i int) (x, y float64)) bool {
	for _, name := range names {
		if models := r.of(name); len(models) > 0 && n(models[0]) > 0 {
			s := report.Over(name, models, n(models[0]), f)
			s.Look = look(name)
			c.Series = append(c.Series, s)
		}
	}
	return len(c.Series) > 0
}

// list says something of each model in words, with the spread over the seeds.
func (r *Results) list(names []string, format string, f func(*Model) float64) string {
	var parts []string
	for _, name := range names {
		if models := r.of(name); len(models) > 0 {
			parts = append(parts, name+" "+report.Spread(format, each(models, f)))
		}
	}
	return strings.Join(parts, ", ")
}

// bars says what error bars are.
func (r *Results) bars() string {
	if r.Config.Seeds == 1 {
		return ""
	}
	return fmt.Sprintf(" Means over %d seeds; bars and what stands behind ± are one standard deviation over the seeds.", r.Config.Seeds)
}

func members(m *Model) int { return len(m.Members) }

// ofMember is a figure with a curve of some measure over the members.
func (r *Results) ofMember(title, label, text string, names []string, f func(Member) float64) (report.Figure, bool) {
	c := figure.Chart{Title: title, XLabel: "member", YLabel: label, Marks: []figure.Mark{{Name: "0", At: 0}}}
	ok := r.draw(&c, names, members, func(m *Model, i int) (float64, float64) { return float64(i + 1), f(m.Members[i]) })
	text += " Mean over the members: " + r.list(names, "%.3f", func(m *Model) float64 { return meanOf(m, f) }) + "." + r.bars()
	return report.Figure{Chart: c, Text: text}, ok
}

// meanOf is the mean of a measure over the members of a model.
func meanOf(m *Model, f func(Member) float64) float64 {
	sum := 0.0
	for _, w := range m.Members {
		sum += f(w) / float64(len(m.Members))
	}
	return sum
}

func learning(r *Results) (report.Figure, bool) {
	c := figure.Chart{Title: "Learning", XLabel: "epoch, or member added", YLabel: "test accuracy, %"}
	ok := r.draw(&c, r.Config.Models, func(m *Model) int { return len(m.Curve) }, func(m *Model, i int) (float64, float64) {
		return float64(m.Curve[i].Step), percent * m.Curve[i].Test.Accuracy()
	})
	text := fmt.Sprintf("Accuracy on test images while a model learns: after each epoch of a net that is trained end to end (residual, plain, refined), after each "+
		"member of the others. Every member, and each net that is trained end to end, sees the images %d times; a corrective step of grownet shows them to all members once more. "+
		"The first point of boostresnet is its stem, and its points are by the auxiliary heads, which truncation does not have.", r.Config.Epochs)
	return report.Figure{Chart: c, Text: text + r.bars()}, ok
}

func truncation(r *Results) (report.Figure, bool) {
	c := figure.Chart{Title: "Truncation: the first m members alone", XLabel: "members kept, m", YLabel: "test accuracy, %", YMax: 100, Marks: []figure.Mark{chance}}
	ok := r.draw(&c, r.Config.Models, func(m *Model) int { return len(m.Exits) }, func(m *Model, i int) (float64, float64) {
		return float64(i), percent * m.Exits[i].Accuracy()
	})
	return report.Figure{Chart: c, Text: "The model ends behind member m and is read out by its own head. Stages of boosting are made for that, one after the other. In a net that was trained end to end " +
		"no block was ever asked for it. With half of the members: " + r.list(r.Config.Models, "%.1f", func(m *Model) float64 {
		return percent * m.Exits[len(m.Exits)/2].Accuracy()
	}) + " %; with all: " + r.list(r.Config.Models, "%.1f", accuracy) + " %." + r.bars()}, ok
}

var chance = figure.Mark{Name: "chance", At: 10}

func accuracy(m *Model) float64 { return percent * m.Test.Accuracy() }

func reliability(r *Results) (report.Figure, bool) {
	c := figure.Chart{Title: "Calibration", XLabel: "confidence, %", YLabel: "right among those, %", YMax: 100}
	perfect := figure.Series{Name: "perfect", X: []float64{0, 100}, Y: []float64{0, 100}, Look: len(recipes) + 1}
	for _, name := range r.Config.Models {
		s := figure.Series{Name: name, Look: look(name)}
		for b := range bins {
			var confidence, right, images float64
			for _, m := range r.of(name) {
				n := float64(m.Bins[b].Images)
				confidence, right, images = confidence+n*m.Bins[b].Confidence, right+n*m.Bins[b].Accuracy, images+n
			}
			if images >= 10 {
				s.X, s.Y = append(s.X, percent*confidence/images), append(s.Y, percent*right/images)
			}
		}
		if len(s.X) > 0 {
			c.Series = append(c.Series, s)
		}
	}
	ok := len(c.Series) > 0
	c.Series = append(c.Series, perfect)
	return report.Figure{Chart: c, Text: fmt.Sprintf("Test images by the largest probability that a model gives, in %d bins of equal width, those of all seeds together; bins with fewer than 10 images are left out. "+
		"Expected calibration error (Guo et al. 2017), in points: ", bins) + r.list(r.Config.Models, "%.1f", func(m *Model) float64 { return percent * m.ECE }) + "." + r.bars()}, ok
}

func alignment(r *Results) (report.Figure, bool) {
	return r.ofMember("Does a member follow the gradient at its own input?", "cosine with the negative gradient",
		"Cosine, mean over the test images, of what a member adds to the logits with the negative gradient of the loss by the logits of the model that ends before it: "+
			"labels less probabilities, what the members before have left over, and what a boosting stage is fitted to.", r.Config.Models, func(m Member) float64 { return m.OwnCosine })
}

func alignmentEnd(r *Results) (report.Figure, bool) {
	return r.ofMember("Does a member follow the gradient at the end?", "cosine with the negative gradient",
		"The same with the gradient by the logits of the whole model: what all members together have left over.", r.Config.Models, func(m Member) float64 { return m.EndCosine })
}

func alignmentStates(r *Results) (report.Figure, bool) {
	c := figure.Chart{Title: "The same in the space of the states", XLabel: "member", YLabel: "cosine with the negative gradient", Marks: []figure.Mark{{Name: "0", At: 0}}}
	r.draw(&c, residualNets, members, func(m *Model, i int) (float64, float64) { return float64(i + 1), m.Members[i].StateOwnCosine })
	own := len(c.Series)
	ok := r.draw(&c, residualNets, members, func(m *Model, i int) (float64, float64) { return float64(i + 1), m.Members[i].StateEndCosine })
	for i := range c.Series {
		if i < own {
			c.Series[i].Name += ", own"
		} else {
			c.Series[i].Name += ", end"
			c.Series[i].Look += len(recipes)
		}
	}
	return report.Figure{Chart: c, Text: "Cosine of a block's branch with the negative gradient by the state that it reads, of the loss with all later blocks deleted (own) and of the whole net's (end). " +
		"Mean over the blocks, own: " + r.list(residualNets, "%.3f", func(m *Model) float64 { return meanOf(m, func(w Member) float64 { return w.StateOwnCosine }) }) +
		"; end: " + r.list(residualNets, "%.3f", func(m *Model) float64 { return meanOf(m, func(w Member) float64 { return w.StateEndCosine }) }) + "." + r.bars(),
		Paper: "Jastrzebski et al. 2018, section 4: in a ResNet-110 the cosine at the end is positive for all blocks and grows towards the output, to about 0.1."}, ok
}

func leftOver(r *Results) (report.Figure, bool) {
	return r.ofMember("How much of what was left over does a member fit?", "share of the squares explained",
		"The share of the squares of labels less probabilities, over all test images, that the best multiple of what the member adds would take away. A member that points uphill on the whole fits nothing.",
		r.Config.Models, func(m Member) float64 { return m.Explained })
}

func focus(r *Results) (report.Figure, bool) {
	return r.ofMember("Does a member add most where most was left over?", "correlation over the images",
		"Correlation, over the test images, of how much the members before have left over, the length of the negative gradient at the member's input, with how much the member adds, the length of what it adds to the logits. "+
			"One might expect it of learners that are fitted to what was left over, and it is not so: a weak learner is surest where the answer is easy, and shrinkage leaves something over there for the next one, too. "+
			"The bag is the control, whose members know nothing of each other. Before the first member of an ensemble the same is left over of each image, and there is no correlation.",
		r.Config.Models, func(m Member) float64 { return m.Focus })
}

func lossRemoved(r *Results) (report.Figure, bool) {
	f, ok := r.ofMember("Loss removed by each member", "nats",
		"The loss of the model that ends before the member less that of the model that ends behind it. Below zero, the member makes matters worse for a model that would end there.",
		r.Config.Models, func(m Member) float64 { return m.LossRemoved })
	f.Text += " Share of all (member, seed) that remove loss: " + r.list(r.Config.Models, "%.2f", helpful) + "."
	return f, ok
}

// helpful is the share of the members that lower the loss of a model that ends with them.
func helpful(m *Model) float64 {
	return meanOf(m, func(w Member) float64 {
		if w.LossRemoved > 0 {
			return 1
		}
		return 0
	})
}

func isolation(r *Results) (report.Figure, bool) {
	f, ok := r.ofMember("What a member adds, and what comes of members alone", "size of what it adds, of all",
		"The curves: length of what a member adds to the logits, as a share of what all of them add. The table: each member by itself, all others deleted, adds something to the logits of the model without members; "+
			"these are summed. The share is the sum's part along what all members add together, explained is how much of that the sum gets right, and the accuracy is the sum's. "+
			"Correlation is between what two members add in their places, and disagreement the share of images on which two members alone predict different classes, means over all pairs.",
		r.Config.Models, func(m Member) float64 { return m.Size })
	f.Table = &report.Table{Head: []string{"model", "share", "explained", "accuracy of the sum, %", "of the model, %", "correlation", "disagreement"}}
	for _, name := range slices.Concat(r.Config.Models, publishedNames()) {
		if models := r.of(name); len(models) > 0 {
			f.Table.Rows = append(f.Table.Rows, []string{
				name, report.Spread("%.2f", each(models, func(m *Model) float64 { return m.Isolation.Share })),
				report.Spread("%.2f", each(models, func(m *Model) float64 { return m.Isolation.Explained })),
				report.Spread("%.1f", each(models, func(m *Model) float64 { return percent * m.Isolation.Accuracy })), report.Spread("%.1f", each(models, accuracy)),
				report.Spread("%.2f", each(models, func(m *Model) float64 { return m.Correlation })), report.Spread("%.2f", each(models, func(m *Model) float64 { return m.Disagreement })),
			})
		}
	}
	return f, ok
}

func deleteOne(r *Results) (report.Figure, bool) {
	c := figure.Chart{Title: "Deleting one member", XLabel: "member deleted", YLabel: "test accuracy, %", YMax: 100, Marks: []figure.Mark{chance}}
	ok := r.draw(&c, r.Config.Models, members, func(m *Model, i int) (float64, float64) { return float64(i + 1), percent * m.DeleteOne[i].Accuracy() })
	return report.Figure{Chart: c, Text: "One member at a time is left out, and nothing is trained again. Largest loss of accuracy, in points: " + r.list(r.Config.Models, "%.1f", worstDeletion) + "." + r.bars()}, ok
}

// worstDeletion is the accuracy that the worst deletion of one member costs, in points.
func worstDeletion(m *Model) float64 {
	least := 1.0
	for _, s := range m.DeleteOne {
		least = min(least, s.Accuracy())
	}
	return accuracy(m) - percent*least
}

func deleteRandom(r *Results) (report.Figure, bool) {
	c := figure.Chart{Title: "Deleting several members", XLabel: "members deleted", YLabel: "test accuracy, %", YMax: 100, Marks: []figure.Mark{chance}}
	ok := r.draw(&c, r.Config.Models, func(m *Model) int { return len(m.DeleteSome) }, func(m *Model, i int) (float64, float64) {
		return float64(m.DeleteSome[i].Count), percent * m.DeleteSome[i].Accuracy
	})
	return report.Figure{Chart: c, Text: fmt.Sprintf("k random members are left out, %d draws.", r.Config.Draws) + r.bars()}, ok
}

func reorder(r *Results) (report.Figure, bool) {
	c := figure.Chart{Title: "Re-ordering members", XLabel: "swaps of two members", YLabel: "test accuracy, %", YMax: 100, Marks: []figure.Mark{chance}}
	names := slices.DeleteFunc(slices.Clone(r.Config.Models), func(name string) bool { return slices.Contains(additive, name) })
	ok := r.draw(&c, names, func(m *Model) int { return len(m.Reorder) }, func(m *Model, i int) (float64, float64) {
		return float64(m.Reorder[i].Count), percent * m.Reorder[i].Accuracy
	})
	f := report.Figure{Chart: c, Text: fmt.Sprintf("k random swaps of two members that read and write states of one shape, %d draws. ", r.Config.Draws) +
		"Plain additive ensembles are not in the figure. Their members read the input and never what another one wrote, so their sum is the same in any order, by construction: " +
		"a flat line for them would be no finding about boosting. The table shows it: the largest change of a logit, over the root of the logits' mean square, is rounding." + r.bars()}
	f.Table = &report.Table{Head: []string{"model", "largest change of a logit", "accuracy lost, points"}}
	for _, name := range r.Config.Models {
		if models := r.of(name); len(models) > 0 {
			f.Table.Rows = append(f.Table.Rows, []string{name, fmt.Sprintf("%.1g", slices.Max(each(models, change))), report.Spread("%.1f", each(models, lostByOrder))})
		}
	}
	return f, ok
}

// change is the largest change of the logits by re-ordering.
func change(m *Model) float64 {
	most := 0.0
	for _, l := range m.Reorder {
		most = max(most, l.Change)
	}
	return most
}

// lostByOrder is the accuracy that the most swaps cost, in points.
func lostByOrder(m *Model) float64 { return accuracy(m) - percent*m.Reorder[len(m.Reorder)-1].Accuracy }

func bound(r *Results) (report.Figure, bool) {
	c := figure.Chart{Title: "The bound on the training error of BoostResNet", XLabel: "modules trained: the stem, then blocks", YLabel: "share of the training images", LogY: true}
	models := r.of("boostresnet")
	if len(models) == 0 {
		return report.Figure{}, false
	}
	held, all := 0, 0
	for i, s := range []struct {
		name string
		of   func(w boost.WeakModule) float64
	}{
		{"training error", func(w boost.WeakModule) float64 { return w.Train.Error() }},
		{"exponential loss", func(w boost.WeakModule) float64 { return w.Exponential }},
		{"bound by the edges", func(w boost.WeakModule) float64 { return w.Bound }},
	} {
		series := report.Over(s.name, models, len(models[0].Modules), func(m *Model, i int) (float64, float64) { return float64(i + 1), s.of(m.Modules[i]) })
		series.Look = i + 1
		c.Series = append(c.Series, series)
	}
	for _, m := range models {
		for _, w := range m.Modules {
			all++
			if w.Holds {
				held++
			}
		}
	}
	return report.Figure{Chart: c, Text: fmt.Sprintf("The error on the training images, the exponential loss that is always above it, and 9 exp(-sum of gamma squared over 2), the bound of the theorem, which is above both where the "+
		"weak learning condition holds: here for %d of %d modules. With ten classes both bounds begin at 9 and say nothing until they are below 1.", held, all) + r.bars(),
		Paper: "Huang et al. 2018, theorem 4.2, for two classes: exp(-T gamma^2 / 2). The paper shows no bound in numbers."}, true
}

func edges(r *Results) (report.Figure, bool) {
	c := figure.Chart{Title: "Edges of BoostResNet", XLabel: "modules trained: the stem, then blocks", YLabel: "on the weighted training images", Marks: []figure.Mark{{Name: "0", At: 0}}}
	models := r.of("boostresnet")
	if len(models) == 0 {
		return report.Figure{}, false
	}
	for i, s := range []struct {
		name string
		of   func(w boost.WeakModule) float64
	}{{"edge of the hypothesis", func(w boost.WeakModule) float64 { return w.Edge }}, {"gamma", func(w boost.WeakModule) float64 { return w.Gamma }}} {
		series := report.Over(s.name, models, len(models[0].Modules), func(m *Model, i int) (float64, float64) { return float64(i + 1), s.of(m.Modules[i]) })
		series.Look = i + 1
		c.Series = append(c.Series, series)
	}
	least := math.Inf(1)
	for _, m := range models {
		for _, w := range m.Modules {
			least = min(least, w.Gamma)
		}
	}
	end := r.list([]string{"boostresnet", "refined", "residual"}, "%.1f", accuracy)
	return report.Figure{Chart: c, Text: fmt.Sprintf("The edge of each module's hypothesis and gamma, its normalised growth; the least gamma is %.3f. Test accuracy, %%: %s.", least, end) + r.bars(),
		Paper: "Huang et al. 2018, figure 4, 50 blocks on SVHN: gamma is always above 0 and edges grow with the depth. Figure 3: on SVHN BoostResNet is comparable with training end to end after far fewer gradient updates, " +
			"on CIFAR-10 the refined net stays slightly below it."}, true
}

func publishedNames() (names []string) {
	for _, of := range publishedNets {
		names = append(names, of.name)
	}
	return names
}

func publishedAlignment(r *Results) (report.Figure, bool) {
	c := figure.Chart{Title: "Published nets: do blocks follow the gradient?", XLabel: "place of the block, % of the depth", YLabel: "cosine with the negative gradient", Marks: []figure.Mark{{Name: "0", At: 0}}}
	for _, name := range publishedNames() {
		for _, s := range []struct {
			name string
			of   func(Member) float64
		}{
			{", logits, own", func(m Member) float64 { return m.OwnCosine }}, {", state, own", func(m Member) float64 { return m.StateOwnCosine }},
			{", state, end", func(m Member) float64 { return m.StateEndCosine }},
		} {
			if models := r.of(name); len(models) > 0 {
				series := report.Over(name+s.name, models, members(models[0]), func(m *Model, i int) (float64, float64) {
					return percent * float64(i+1) / float64(len(m.Members)), s.of(m.Members[i])
				})
				series.Look = len(c.Series) + 1
				c.Series = append(c.Series, series)
			}
		}
	}
	names := publishedNames()
	mean := func(f func(Member) float64) string {
		return r.list(names, "%.3f", func(m *Model) float64 { return meanOf(m, f) })
	}
	return report.Figure{Chart: c, Text: "ResNet-20 and ResNet-56 for CIFAR-10, trained by others to the end, on test images as JPEG copies. Mean over the blocks, logits at the block's own place: " + mean(func(m Member) float64 { return m.OwnCosine }) +
		"; logits at the end: " + mean(func(m Member) float64 { return m.EndCosine }) + "; states, own: " + mean(func(m Member) float64 { return m.StateOwnCosine }) + "; states, end: " + mean(func(m Member) float64 { return m.StateEndCosine }) + ".",
		Paper: "Jastrzebski et al. 2018, section 4: in a ResNet-110 the cosine at the end is positive for all blocks and grows towards the output, to about 0.1."}, len(c.Series) > 0
}

func publishedTruncation(r *Results) (report.Figure, bool) {
	c := figure.Chart{Title: "Published nets: truncation and deletion", XLabel: "place of the block, % of the depth", YLabel: "test accuracy, %", YMax: 100, Marks: []figure.Mark{chance}}
	for _, name := range publishedNames() {
		if models := r.of(name); len(models) > 0 {
			m := models[0]
			exit, cut := figure.Series{Name: name + " truncated", Look: len(c.Series) + 1}, figure.Series{Name: name + ", block deleted", Look: len(c.Series) + 2}
			for i, s := range m.Exits {
				exit.X, exit.Y = append(exit.X, percent*float64(i)/float64(members(m))), append(exit.Y, percent*s.Accuracy())
			}
			for i, s := range m.DeleteOne {
				cut.X, cut.Y = append(cut.X, percent*float64(i+1)/float64(members(m))), append(cut.Y, percent*s.Accuracy())
			}
			c.Series = append(c.Series, exit, cut)
		}
	}
	return report.Figure{Chart: c, Text: fmt.Sprintf("The nets end behind a block, or are without it. On %s test images: ", program.Thousands(r.Config.Test)) + r.list(publishedNames(), "%.1f", accuracy) +
		" % whole. Share of the blocks that lower the loss of a net that ends with them: " + r.list(publishedNames(), "%.2f", helpful) + "."}, len(c.Series) > 0
}

func rings(r *Results) (report.Figure, bool) {
	if r.Papers == nil {
		return report.Figure{}, false
	}
	c := figure.Chart{Title: "Boosted representations, and what the papers' parts are worth", XLabel: "layers", YLabel: "test error on rings, %"}
	for i, l := range r.Papers.Rings {
		s := report.Over(l.Name, l.Test, len(l.Test[0]), func(t []float64, i int) (float64, float64) { return float64(i + 1), percent * t[i] })
		s.Look = i + 1
		c.Series = append(c.Series, s)
	}
	f := report.Figure{Chart: c, Text: "The curves: two classes that take turns on five rings in the plane, 1,000 examples, by RFRBoost and ResFGB. The table: GrowNet on the clothes, whole and without one of its parts; " +
		"and the root of the mean square error of y = a + b² + 0.1 noise by three layers fitted to 1,600 examples, tested on 400." + r.bars(),
		Paper: "The regression is the example in the repository of RFRBoost's authors: test error 0.2466 of gradient and 0.2481 of greedy RFRBoost, three layers of 64 random features (SWIM, not normal ones as here), one seed."}
	f.Table = &report.Table{Head: []string{"experiment", "here"}}
	for _, a := range r.Papers.Ablation {
		var v []float64
		for _, s := range a.Test {
			v = append(v, percent*s.Accuracy())
		}
		f.Table.Rows = append(f.Table.Rows, []string{a.Name + ", test accuracy, %", report.Spread("%.1f", v)})
	}
	for _, l := range r.Papers.Regression {
		var v []float64
		for _, t := range l.Test {
			v = append(v, t[len(t)-1])
		}
		f.Table.Rows = append(f.Table.Rows, []string{l.Name + ", three layers, root mean square error", report.Spread("%.3f", v)})
	}
	return f, true
}

// table is the table of models.
func table(r *Results) *report.Table {
	t := &report.Table{Head: []string{"model", "members", "test accuracy, %", "test loss, nats", "calibration error, points", "parameters", "file, kB", "training, s"}}
	for _, name := range slices.Concat(r.Config.Models, publishedNames()) {
		models := r.of(name)
		if len(models) == 0 {
			continue
		}
		m := models[0]
		row := []string{
			name, fmt.Sprint(len(m.Members)), report.Spread("%.1f", each(models, accuracy)), report.Spread("%.3f", each(models, func(m *Model) float64 { return m.Test.Loss() })),
			report.Spread("%.1f", each(models, func(m *Model) float64 { return percent * m.ECE })), "", "", "",
		}
		if m.Parameters > 0 {
			row[5] = program.Thousands(m.Parameters)
		}
		if m.Bytes > 0 {
			row[6], row[7] = program.Thousands(int(m.Bytes/1000)), report.Spread("%.0f", each(models, func(m *Model) float64 { return m.Seconds }))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// abouts says what the models are.
func abouts(r *Results) (all []*Model) {
	for _, name := range slices.Concat(r.Config.Models, publishedNames()) {
		if models := r.of(name); len(models) > 0 {
			all = append(all, models[0])
		}
	}
	return all
}
