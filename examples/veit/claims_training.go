package main

import (
	"fmt"
	"slices"

	"github.com/residuum-go/residuum/examples/internal/program"
	"github.com/residuum-go/residuum/examples/internal/report"
)

func accuracy(n *Net) float64 { return percent * n.Test.Accuracy() }

func trainingClaims(r *Results) []Claim {
	residual := r.pick("residual", (*Net).trained)
	against := func(c Claim, name string, least float64) []Claim {
		nets := r.pick(name, (*Net).trained)
		gains := r.gains(nets, accuracy)
		if len(gains) == 0 {
			return nil
		}
		c.Here = fmt.Sprintf("%s against %s %% accuracy, %s points", report.Spread("%.2f", each(nets, accuracy)), report.Spread("%.2f", each(residual, accuracy)), report.Spread("%+.2f", gains))
		if c.Holds = "yes"; mean(gains) < least {
			c.Holds, c.But = "no", "at these lengths of training"
		}
		return []Claim{c}
	}
	all := against(Claim{Claim: fmt.Sprintf("Training only %d random blocks of %d is as good (section 5)", active(r.Config.Blocks), r.Config.Blocks),
		There: "23 of 54: 5.96 against 6.10 % error"}, "effective", -1)
	if nets, whole := r.pick("stochastic", deleted), r.pick("residual", deleted); len(nets) > 0 && len(whole) > 0 {
		c := Claim{Claim: "Stochastic depth makes deletion only slightly more harmless (fig. 8)", There: "slightly, mostly at downsampling blocks", Holds: "no"}
		c.Here = fmt.Sprintf("downsampling blocks cost %s points instead of %s; median %s instead of %s", report.Spread("%.1f", each(nets, downsampling)),
			report.Spread("%.1f", each(whole, downsampling)), report.Spread("%.1f", each(nets, median)), report.Spread("%.1f", each(whole, median)))
		if mean(each(nets, downsampling)) < mean(each(whole, downsampling)) && mean(each(nets, median)) < mean(each(whole, median))+harmless {
			c.Holds = "yes"
		}
		all = append(all, c)
	}
	return append(all, against(Claim{Claim: "Stochastic depth gives better nets (Huang et al. 2016)", There: "5.25 against 6.41 % error"}, "stochastic", 0)...)
}

func growthClaims(r *Results) []Claim {
	var all []Claim
	if nets := r.pick("residual", func(n *Net) bool { return len(n.Growth) > 1 && n.trained() }); len(nets) > 0 {
		c := Claim{Claim: "Effective depth grows during training (Littwin and Wolf 2016)", There: "argued from theory", Holds: "no", But: "it falls"}
		shots := nets[0].Growth
		at := func(i int) []float64 {
			return each(nets, func(n *Net) float64 { return meanLength(n.Growth[i].Exact) })
		}
		first, last := at(0), at(len(shots)-1)
		c.Here = fmt.Sprintf("mean length by exact norm %s after %s images, %s after %s", report.Spread("%.1f", first), program.Thousands(shots[0].Images),
			report.Spread("%.1f", last), program.Thousands(shots[len(shots)-1].Images))
		if mean(last) > mean(first) {
			c.Holds, c.But = "yes", ""
		}
		all = append(all, c)
	}
	if nets := r.pick("residual", func(n *Net) bool { return len(n.Link) > 0 }); len(nets) > 0 {
		c := Claim{Claim: "Blocks descend the loss (Jastrzebski et al. 2018)", There: "cosine positive in all blocks, about 0.1 at the last", Holds: "no"}
		c.Here = fmt.Sprintf("positive in %s of %d, %s at the last", distinct(nets, func(n *Net) string { return fmt.Sprint(positive(n)) }),
			len(nets[0].Link), report.Spread("%.3f", each(nets, lastCosine)))
		third := len(nets[0].Link) / 3
		early := mean(each(nets, func(n *Net) float64 { return mean(cosinesOf(n)[:2*third]) }))
		late := mean(each(nets, func(n *Net) float64 { return mean(cosinesOf(n)[2*third:]) }))
		switch {
		case slices.Min(each(nets, func(n *Net) float64 { return slices.Min(cosinesOf(n)) })) > 0 && early > late/3:
			c.Holds = "yes"
		case late > 0.05:
			c.Holds, c.But = "yes", "in the last third"
		}
		all = append(all, c)
	}
	return all
}

// cosinesOf is the mean cosine of each block with the negative gradient.
func cosinesOf(n *Net) []float64 {
	var v []float64
	for _, b := range n.Link {
		v = append(v, b.Cosine.Mean)
	}
	return v
}

func lastCosine(n *Net) float64 { return n.Link[len(n.Link)-1].Cosine.Mean }

func positive(n *Net) int {
	return len(slices.DeleteFunc(cosinesOf(n), func(c float64) bool { return c <= 0 }))
}
