package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/residuum-go/residuum/internal/figure"
	"github.com/residuum-go/residuum/unravel"
)

// Figure is one chart of the report with the paragraph under it.
type Figure struct {
	Name  string // of its files, without extension
	Chart figure.Chart
	Text  string // what it shows, and how it was measured
}

// figures returns the figures for which there are results.
func figures(r *Results) []Figure {
	var all []Figure
	for _, make := range []func(*Results) (Figure, bool){
		training, deleteOne, deleteRandom, reorder, pathLengths, gradientNorms, gradientShares, contributions, forward, boosting,
	} {
		if f, ok := make(r); ok {
			all = append(all, f)
		}
	}
	return all
}

const percent = 100

// curve is a series with a point for each index, made of f's values.
func curve(name string, n int, f func(i int) (x, y float64)) figure.Series {
	s := figure.Series{Name: name}
	for i := range n {
		x, y := f(i)
		s.X, s.Y = append(s.X, x), append(s.Y, y)
	}
	return s
}

// spread is a series of means with bars from the lowest to the highest of the draws.
func spread(name string, ls []Lesions, x func(Lesions) float64) figure.Series {
	s := figure.Series{Name: name}
	for _, l := range ls {
		a := l.accuracy()
		s.X, s.Y = append(s.X, x(l)), append(s.Y, percent*a.Mean)
		s.Low, s.High = append(s.Low, percent*a.Min), append(s.High, percent*a.Max)
	}
	return s
}

var chance = figure.Mark{Name: "chance", At: 10}

func training(r *Results) (Figure, bool) {
	c := figure.Chart{Title: "Training", XLabel: "training images seen, thousands", YLabel: "test accuracy, %"}
	text := "Held-out accuracy while the nets are trained, with the same data and seed for all. "
	for _, n := range r.Nets {
		if len(n.Training) == 0 {
			continue
		}
		c.Series = append(c.Series, curve(n.Name, len(n.Training), func(i int) (float64, float64) {
			return float64(n.Training[i].Images) / 1000, percent * n.Training[i].TestAccuracy
		}))
		text += fmt.Sprintf("%s: %.1f %% at the end, with %d parameters. ", n.Name, percent*n.Test.Accuracy(), n.Parameters)
	}
	text += "For the boosted ensembles each stage counts its rows once, though its learner makes several passes over them."
	return Figure{"training", c, text}, len(c.Series) > 0
}

func deleteOne(r *Results) (Figure, bool) {
	c := figure.Chart{
		Title: "Deleting one block", XLabel: "block deleted", YLabel: "test accuracy, %", Marks: []figure.Mark{chance},
	}
	text := fmt.Sprintf("One block at a time is replaced by its skip, without training again (Veit et al. 2016, section 4.1); measured on %d test images. ", r.Data.Studied)
	for _, n := range r.Nets {
		if n.DeleteOne == nil {
			continue
		}
		c.Series = append(c.Series, curve(n.Name, len(n.DeleteOne), func(i int) (float64, float64) {
			return float64(i + 1), percent * n.DeleteOne[i].Accuracy()
		}))
		drops := make([]float64, len(n.DeleteOne))
		worst := 0
		for i, s := range n.DeleteOne {
			drops[i] = percent * (n.Whole.Accuracy() - s.Accuracy())
			if drops[i] > drops[worst] {
				worst = i
			}
		}
		text += fmt.Sprintf("%s: median loss of accuracy %.1f points, largest %.1f (block %d). ",
			n.Name, unravel.SpreadOf(drops).Median, drops[worst], worst+1)
	}
	if res := r.net("residual"); res != nil && res.DeleteOne != nil {
		for i, b := range res.Blocks {
			if b.Downsample {
				c.Marks = append(c.Marks, figure.Mark{Name: fmt.Sprintf("stage %d begins", b.Stage), At: float64(i + 1), Vertical: true})
			}
		}
	}
	text += "In a net without skips nothing but the shape-preserving (or subsampled) input of the deleted layer goes on."
	return Figure{"delete-one", c, text}, len(c.Series) > 0
}

func deleteRandom(r *Results) (Figure, bool) {
	c := figure.Chart{
		Title: "Deleting several random blocks", XLabel: "blocks deleted", YLabel: "test accuracy, %", Marks: []figure.Mark{chance},
	}
	for _, n := range r.Nets {
		if n.DeleteRandom != nil {
			c.Series = append(c.Series, spread(n.Name, n.DeleteRandom, func(l Lesions) float64 { return float64(l.Count) }))
		}
	}
	text := fmt.Sprintf("Mean accuracy over %d random choices of the deleted blocks; bars reach from the lowest to the highest. "+
		"Deleting k of n blocks leaves 2^(n-k) of the 2^n paths (section 4.2).", r.Config.Draws)
	return Figure{"delete-random", c, text}, len(c.Series) > 0
}

func reorder(r *Results) (Figure, bool) {
	c := figure.Chart{
		Title: "Re-ordering blocks", XLabel: "Kendall's tau between the new order and the old (1 = unchanged)", YLabel: "test accuracy, %",
		Marks: []figure.Mark{chance},
	}
	for _, n := range r.Nets {
		if n.Reorder != nil {
			byTau := slices.SortedFunc(slices.Values(n.Reorder), func(a, b Lesions) int { return cmp.Compare(a.tau(), b.tau()) })
			c.Series = append(c.Series, spread(n.Name, byTau, Lesions.tau))
		}
	}
	text := fmt.Sprintf("k random swaps of two blocks of equal shape, %d draws for each k (section 4.3); bars reach from the lowest to the highest. "+
		"Permuting the stages of plain additive boosting changes the prediction by nothing but rounding, so its line is flat by construction and says nothing; "+
		"in the chained ensemble each learner reads features of the one before it, so there order can matter.", r.Config.Draws)
	return Figure{"reorder", c, text}, len(c.Series) > 0
}

func pathLengths(r *Results) (Figure, bool) {
	n := r.net("residual")
	if n == nil || n.Paths == nil {
		return Figure{}, false
	}
	p := n.Paths
	c := figure.Chart{
		Title: "How long the paths are", XLabel: "path length, blocks", YLabel: "share of all paths, %",
		Series: []figure.Series{curve("residual", len(p.Distribution), func(k int) (float64, float64) {
			return float64(k), percent * p.Distribution[k]
		})},
	}
	text := fmt.Sprintf("The residual net of %d blocks has 2^%d = %s paths. Their lengths follow the binomial distribution (section 3), counted exactly: "+
		"%.1f %% of the paths have a length from %d to %d.",
		len(n.Blocks), len(n.Blocks), p.Count, percent*p.MiddleShare, p.Middle[0], p.Middle[1])
	return Figure{"path-lengths", c, text}, true
}

// by is a series over path lengths.
func by(name string, lengths []unravel.Lengths, y func(l unravel.Lengths) float64) figure.Series {
	return curve(name, len(lengths), func(i int) (float64, float64) { return float64(lengths[i].Length), y(lengths[i]) })
}

// log10 converts a natural logarithm. Norms are drawn by exponent, for they may leave the range of float64.
func log10(l unravel.Log) float64 { return float64(l) / math.Ln10 }

func gradientNorms(r *Results) (Figure, bool) {
	n := r.net("residual")
	if n == nil || n.Gradient == nil {
		return Figure{}, false
	}
	ls := n.Gradient.ByLength
	one := by("one path, sampled", ls, func(l unravel.Lengths) float64 { return log10(l.Sampled.Mean) })
	for _, l := range ls {
		one.Low, one.High = append(one.Low, log10(l.Sampled.Low)), append(one.High, log10(l.Sampled.High))
	}
	c := figure.Chart{
		Title: "Gradient by path length", XLabel: "path length, blocks", YLabel: "log10 of the gradient norm at the first block",
		Series: []figure.Series{
			one,
			by("one path, RMS", ls, func(l unravel.Lengths) float64 { return log10(l.RMS) }),
			by("count x mean", ls, func(l unravel.Lengths) float64 { return log10(l.Bound) }),
			by("sum of all, exact", ls, func(l unravel.Lengths) float64 { return log10(l.Exact) }),
		},
		Marks: []figure.Mark{{Name: "ordinary gradient", At: log10(n.Gradient.Whole)}},
	}
	text := fmt.Sprintf("Gradient of the mean loss of %d test images at the input of the first block. "+
		"Sampled: mean norm along %d random paths of each length with its 95 %% interval, as in section 4.4. "+
		"RMS: the root mean square over all paths of the length, from %d draws of random signs. "+
		"Count x mean bounds the norm of what all paths of a length carry together; the exact norm is that of their sum, computed for all 2^%d paths by the recursion over lengths. "+
		"Where the exact curve lies below the bound, paths of the same length cancel. The sum over all lengths equals the ordinary gradient within %.1g of its norm.",
		r.Data.Gradient, samplesByLength, signDraws, len(n.Blocks), n.SumError)
	return Figure{"gradient-norms", c, text}, true
}

// share is a series of what each length carries, scaled to a sum of 100 %.
func share(name string, lengths []unravel.Lengths, of func(l unravel.Lengths) unravel.Log) figure.Series {
	top := unravel.LogZero
	for _, l := range lengths {
		top = max(top, of(l))
	}
	var sum float64
	for _, l := range lengths {
		sum += (of(l) - top).Value()
	}
	return by(name, lengths, func(l unravel.Lengths) float64 { return percent * (of(l) - top).Value() / sum })
}

func gradientShares(r *Results) (Figure, bool) {
	n := r.net("residual")
	if n == nil || n.Gradient == nil {
		return Figure{}, false
	}
	g := n.Gradient
	c := figure.Chart{
		Title: "Which path lengths carry the gradient", XLabel: "path length, blocks", YLabel: "share, %",
		Series: []figure.Series{
			share("count x mean norm", g.ByLength, func(l unravel.Lengths) unravel.Log { return l.Bound }),
			share("exact norm", g.ByLength, func(l unravel.Lengths) unravel.Log { return l.Exact }),
			by("number of paths", g.ByLength, func(l unravel.Lengths) float64 { return percent * l.Share }),
		},
	}
	text := "Share of each length in the sum over lengths, beside its share of all paths. The effective lengths are the smallest set that carries a given part: "
	for i, e := range g.EffectiveSampled {
		x := g.EffectiveExact[i]
		text += fmt.Sprintf("%.0f %% is carried by lengths %s by count x mean norm (%.3g %% of all paths), and by lengths %s by exact norm (%.3g %%). ",
			percent*e.Fraction, span(e.Lengths), percent*e.Share, span(x.Lengths), percent*x.Share)
	}
	text += "The paper finds lengths 5 to 17 of 54 in its net, 0.45 % of all paths."
	return Figure{"gradient-shares", c, text}, true
}

// span writes a set of lengths shortly.
func span(ks []int) string {
	switch {
	case len(ks) == 0:
		return "none"
	case len(ks) == 1:
		return fmt.Sprint(ks[0])
	case ks[len(ks)-1]-ks[0] == len(ks)-1:
		return fmt.Sprintf("%d to %d", ks[0], ks[len(ks)-1])
	}
	return fmt.Sprint(ks)
}

func contributions(r *Results) (Figure, bool) {
	n := r.net("residual")
	if n == nil || n.Forward == nil {
		return Figure{}, false
	}
	f := n.Forward
	length := func(v []float64) func(k int) (float64, float64) {
		return func(k int) (float64, float64) { return float64(k), v[k] }
	}
	c := figure.Chart{
		Title: "What each path length adds to the right logit", XLabel: "path length, blocks", YLabel: "logit of the right class less the mean logit",
		Series: []figure.Series{
			curve("from the stem's output", len(f.State), length(f.State)),
			curve("from biases on the way", len(f.Offset), length(f.Offset)),
		},
		Marks: []figure.Mark{{Name: "none", At: 0}},
	}
	text := fmt.Sprintf("With every ReLU held as it is, the net is affine, and a logit is the sum of what all 2^%d paths contribute, exactly. "+
		"Shown is the sum for each length, mean over %d test images: of the paths that begin at the stem's output, and of those that begin at a bias inside a block, "+
		"which count the branches from there on. With %.3g from the head's own biases they add up to the logit, %.3g. Large terms of opposite sign are paths that cancel.",
		len(n.Blocks), r.Data.Gradient, f.Rest, f.Logit)
	return Figure{"contributions", c, text}, true
}

func forward(r *Results) (Figure, bool) {
	c := figure.Chart{
		Title: "What the blocks contribute forward", XLabel: "m", YLabel: "test accuracy, %", Marks: []figure.Mark{chance},
	}
	for _, name := range []string{"residual", "boost"} {
		n := r.net(name)
		if n == nil || n.Forward == nil {
			continue
		}
		exits, picard := n.Forward.EarlyExit, n.Forward.Picard
		c.Series = append(c.Series,
			curve(name+", first m blocks", len(exits), func(m int) (float64, float64) { return float64(m), percent * exits[m].Accuracy() }),
			curve(name+", Picard order m", len(picard), func(m int) (float64, float64) { return float64(m), percent * picard[m].Score.Accuracy() }))
	}
	text := "First m blocks: the head reads the state after m blocks (early exit). Picard order m: branches are nested at most m deep, " +
		"so that every block reads what the blocks before it made of order m-1; order 0 is the stem alone, order n the whole net. A low order that classifies well means that short paths suffice forward as well."
	return Figure{"forward", c, text}, len(c.Series) > 0
}

func boosting(r *Results) (Figure, bool) {
	c := figure.Chart{Title: "Do blocks act like boosting stages?", XLabel: "block", YLabel: "cosine of f(y) and -dL/dy"}
	for _, name := range []string{"residual", "boost"} {
		n := r.net(name)
		if n == nil || n.Link == nil {
			continue
		}
		c.Series = append(c.Series,
			curve(name+", backprop", len(n.Link), func(i int) (float64, float64) { return float64(i + 1), n.Link[i].Cosine.Mean }),
			curve(name+", early exit", len(n.Link), func(i int) (float64, float64) { return float64(i + 1), n.Link[i].EarlyCosine.Mean }))
	}
	c.Marks = []figure.Mark{{Name: "no relation", At: 0}}
	text := "A boosting stage is fitted to the negative gradient of the loss at the ensemble so far. For each block, the mean cosine between what it adds and the negative gradient at its input " +
		"(Jastrzebski et al. 2018), with the gradient from backpropagation through all later blocks, and with that of the head applied at once, which is the true analogue of a pseudo-residual. " +
		"In the boosted ensemble a state holds the image beside the scores; no later learner reads the scores, so the early-exit gradient is the pseudo-residual itself."
	return Figure{"boosting", c, text}, len(c.Series) > 0
}
