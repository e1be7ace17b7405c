package main

import (
	"fmt"

	"github.com/residuum-go/residuum/examples/internal/program"
	"github.com/residuum-go/residuum/examples/internal/report"
	"github.com/residuum-go/residuum/internal/figure"
)

func contributions(r *Results) (report.Figure, bool) {
	nets := r.pick("residual", func(n *Net) bool { return n.Forward != nil })
	if len(nets) == 0 {
		return report.Figure{}, false
	}
	c := figure.Chart{
		Title: "What each path length adds to the right logit", XLabel: "path length, blocks", YLabel: "right logit less the mean",
		Series: []figure.Series{
			report.Over("from the stem's output", nets, len(nets[0].Forward.State), func(n *Net, k int) (float64, float64) { return float64(k), n.Forward.State[k] }),
			report.Over("from biases on the way", nets, len(nets[0].Forward.Offset), func(n *Net, k int) (float64, float64) { return float64(k), n.Forward.Offset[k] }),
		},
		Marks: []figure.Mark{{Name: "none", At: 0}},
	}
	text := fmt.Sprintf("With every ReLU held as it is, the net is affine, and a logit is the sum of what all 2^%d paths contribute, exactly. "+
		"Shown is the sum for each length, mean over %s test images: of the paths that begin at the stem's output, and of those that begin at a bias inside a block, "+
		"which count the branches from there on. With %s from the head's own biases they add up to the logit, %s. Large terms of opposite sign are paths that cancel.",
		len(nets[0].Blocks), program.Thousands(r.Data.Gradient), report.Spread("%.3g", each(nets, func(n *Net) float64 { return n.Forward.Rest })), report.Spread("%.3g", each(nets, func(n *Net) float64 { return n.Forward.Logit })))
	return report.Figure{Chart: c, Text: text + bars(r), Paper: "Not in the paper."}, true
}

func forward(r *Results) (report.Figure, bool) {
	c := figure.Chart{
		Title: "What the blocks contribute forward", XLabel: "m, blocks or order", YLabel: "test accuracy, %", YMax: 100, Marks: []figure.Mark{chance},
	}
	for _, name := range []string{"residual", "boost"} {
		nets := r.pick(name, func(n *Net) bool { return n.Forward != nil })
		if len(nets) == 0 {
			continue
		}
		c.Series = append(c.Series,
			report.Over(name+", first m blocks", nets, len(nets[0].Forward.EarlyExit), func(n *Net, m int) (float64, float64) {
				return float64(m), percent * n.Forward.EarlyExit[m].Accuracy()
			}),
			report.Over(name+", Picard order m", nets, len(nets[0].Forward.Picard), func(n *Net, m int) (float64, float64) {
				return float64(m), percent * n.Forward.Picard[m].Score.Accuracy()
			}))
	}
	text := "First m blocks: the head reads the state after m blocks (early exit). Picard order m: branches are nested at most m deep, " +
		"so that every block reads what the blocks before it made of order m-1; order 0 is the stem alone, order n the whole net. A low order that classifies well means that short paths suffice forward as well."
	return report.Figure{Chart: c, Text: text + bars(r), Paper: "Not in the paper."}, len(c.Series) > 0
}

const cosineAxis = "cosine of f(y) and -dL/dy"

func boosting(r *Results) (report.Figure, bool) {
	c := figure.Chart{Title: "Do blocks act like boosting stages?", XLabel: "block", YLabel: cosineAxis}
	for _, name := range []string{"residual", "boost"} {
		nets := r.pick(name, func(n *Net) bool { return n.Link != nil })
		if len(nets) == 0 {
			continue
		}
		c.Series = append(c.Series,
			report.Over(name+", backprop", nets, len(nets[0].Link), func(n *Net, i int) (float64, float64) { return float64(i + 1), n.Link[i].Cosine.Mean }),
			report.Over(name+", early exit", nets, len(nets[0].Link), func(n *Net, i int) (float64, float64) { return float64(i + 1), n.Link[i].EarlyCosine.Mean }))
	}
	c.Marks = []figure.Mark{{Name: "no relation", At: 0}}
	text := "A boosting stage is fitted to the negative gradient of the loss at the ensemble so far. For each block, the mean cosine between what it adds and the negative gradient at its input " +
		"(Jastrzebski et al. 2018), with the gradient from backpropagation through all later blocks, and with that of the head applied at once, which is the true analogue of a pseudo-residual. " +
		"In the boosted ensemble a state holds the image beside the scores; no later learner reads the scores, so the early-exit gradient is the pseudo-residual itself."
	return report.Figure{Chart: c, Text: text + bars(r), Paper: "Not in the paper. Jastrzebski et al. (2018) find it positive in all blocks and larger near the output, about 0.1 at the last block of a 110-layer net."}, len(c.Series) > 0
}

func boostingGrowth(r *Results) (report.Figure, bool) {
	nets := r.pick("residual", func(n *Net) bool { return len(n.Growth) > 0 && n.trained() })
	if len(nets) == 0 {
		return report.Figure{}, false
	}
	c := figure.Chart{Title: "Iterative inference during training", XLabel: "block", YLabel: cosineAxis, Marks: []figure.Mark{{Name: "no relation", At: 0}}}
	shots := len(nets[0].Growth)
	for i := (shots + 1) % 2; i < shots; i += 2 { // every other one, the last among them
		name := fmt.Sprintf("after %s images", program.Thousands(nets[0].Growth[i].Images))
		c.Series = append(c.Series, report.Over(name, nets, len(nets[0].Growth[i].Boosting), func(n *Net, b int) (float64, float64) {
			return float64(b + 1), n.Growth[i].Boosting[b].Cosine.Mean
		}))
	}
	text := fmt.Sprintf("The cosine between what each block of the residual net adds and the negative gradient from backpropagation at its input, on %s test images, at several times during training.", program.Thousands(r.Data.Gradient))
	return report.Figure{Chart: c, Text: text + bars(r), Paper: "Not in the paper."}, true
}
