package main

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"

	"github.com/residuum-go/residuum/examples/internal/report"
	"github.com/residuum-go/residuum/unravel/paths"
)

func lengthClaims(r *Results) []Claim {
	var all []Claim
	if nets := r.pick("residual", func(n *Net) bool { return n.Paths != nil }); len(nets) > 0 {
		n := nets[0]
		p := n.Paths
		all = append(all, Claim{Claim: "Lengths are binomial (fig. 6a)", There: "95 % of the paths take 19 to 35 of 54 blocks", Holds: "yes", But: "arithmetic",
			Here: fmt.Sprintf("%.1f %% take %d to %d of %d, exact count", percent*p.MiddleShare, p.Middle[0], p.Middle[1], len(n.Blocks))})
	}
	return all
}

func gradientClaims(r *Results) []Claim {
	nets := r.pick("residual", func(n *Net) bool { return n.Gradient != nil })
	if len(nets) == 0 {
		return nil
	}
	straight := slices.Min(each(nets, straightness))
	exponential := Claim{
		Claim: "The gradient along a path falls roughly exponentially with its length (fig. 6b)", There: "roughly", Holds: "no",
		Here: fmt.Sprintf("factor %s for each block; straight over %s decades (r² %.3f)", report.Spread("%.2f", each(nets, decay)), distinct(nets, func(n *Net) string {
			ls := n.Gradient.ByLength
			return fmt.Sprintf("%.0f", log10(ls[0].RMS)-log10(ls[len(ls)-1].RMS))
		}), straight),
	}
	if straight > 0.95 {
		exponential.Holds = "yes"
	}
	sampled := func(n *Net) paths.EffectiveLengths { return n.Gradient.EffectiveSampled[2] }
	rms := func(n *Net) paths.EffectiveLengths { return effectiveRMS(n, 0.95) }
	exact := func(n *Net) paths.EffectiveLengths { return n.Gradient.EffectiveExact[1] }
	short := Claim{
		Claim: "Nearly all gradient comes from short paths (fig. 6c)", There: "lengths 5 to 17 of 54, 0.45 % of the paths", Holds: "no",
		Here: fmt.Sprintf("count x sampled norm: 99 %% from lengths %s, %s of the paths; count x RMS norm: 95 %% from %s, %s",
			lengths(nets, sampled), shareOf(nets, sampled), lengths(nets, rms), shareOf(nets, rms)),
	}
	switch {
	case mean(each(nets, func(n *Net) float64 { return rms(n).Share })) < 0.1:
		short.Holds = "yes"
	case longest(nets, rms) < float64(len(nets[0].Blocks))/2:
		short.Holds, short.But = "partly", "from the shorter half of the lengths"
	}
	summed := Claim{
		Claim: "... and what paths of a length really sum to", There: "not measured", Holds: "no", But: "no shorter",
		Here: fmt.Sprintf("exact norm: 95 %% from lengths %s, %s of the paths", lengths(nets, exact), shareOf(nets, exact)),
	}
	if longest(nets, exact) < longest(nets, rms) {
		summed.Holds, summed.But = "yes", "and shorter still"
	}
	return []Claim{exponential, short, summed}
}

// straightness is the share of the variance of the logarithm of the RMS norm that a straight line over length explains.
func straightness(n *Net) float64 {
	var x, y []float64
	for _, l := range n.Gradient.ByLength {
		if !math.IsInf(float64(l.RMS), 0) {
			x, y = append(x, float64(l.Length)), append(y, float64(l.RMS))
		}
	}
	if len(x) < 2 {
		return 0
	}
	return math.Pow(stat.Correlation(x, y, nil), 2)
}

// lengths lists the lengths that each net finds effective, where they differ.
func lengths(nets []*Net, of func(*Net) paths.EffectiveLengths) string {
	return distinct(nets, func(n *Net) string { return span(of(n).Lengths) })
}

// shareOf is their share of all paths.
func shareOf(nets []*Net, of func(*Net) paths.EffectiveLengths) string {
	return distinct(nets, func(n *Net) string { return fmt.Sprintf("%.2g %%", percent*of(n).Share) })
}

// longest is the longest of them, mean over the nets.
func longest(nets []*Net, of func(*Net) paths.EffectiveLengths) float64 {
	return mean(each(nets, func(n *Net) float64 { return float64(slices.Max(append(of(n).Lengths, 0))) }))
}
