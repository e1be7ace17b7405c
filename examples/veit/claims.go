package main

import (
	"fmt"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"

	"github.com/residuum-go/residuum/examples/internal/report"
	"github.com/residuum-go/residuum/unravel"
)

// Claim is what a paper says, beside what this run has found.
type Claim struct {
	Claim, There, Here string
	Holds              string // yes, no or partly
	But                string // what there is to add to that
}

// Verdict is whether the claim holds, in a few words.
func (c Claim) Verdict() string { return strings.TrimSuffix(c.Holds+", "+c.But, ", ") }

// What counts as small and as large below, in points of accuracy.
const (
	harmless = 2  // a deletion that nobody would notice
	harmful  = 20 // one that everybody would
	jump     = 30 // a step of a curve that is not smooth
	noise    = 10 // a step of a curve in the wrong direction that a few draws may make
	ruined   = 15 // accuracy near the chance of 10 %
)

// claims lists the claims for which there are results.
func claims(r *Results) []Claim {
	return slices.Concat(deletionClaims(r), orderClaims(r), lengthClaims(r), gradientClaims(r), trainingClaims(r), growthClaims(r))
}

// untested lists what the preset paper looks at and this run does not.
func untested(r *Results) []string {
	var all []string
	for _, u := range []struct {
		what   string
		tested bool
	}{
		{"stochastic depth", slices.Contains(r.Config.Nets, "stochastic")},
		{"training on few blocks at a time", slices.Contains(r.Config.Nets, "effective")},
		{"a VGG without batch norm, as in the paper", slices.Contains(r.Config.Nets, "vgg-nobn")},
		{"effective depth during training", r.Config.Snapshots > 0},
		{"batch norm estimated anew after a deletion", r.Config.Recalibrate},
	} {
		if !u.tested {
			all = append(all, u.what)
		}
	}
	return all
}

// costs is by how many points the deletion of each block lowers the accuracy.
func costs(n *Net) []float64 { return lost(n.DeleteOne, *n.Whole) }

// left is the accuracy without each block, in percent.
func left(n *Net) []float64 {
	v := make([]float64, len(n.DeleteOne))
	for i, s := range n.DeleteOne {
		v[i] = percent * s.Accuracy()
	}
	return v
}

// byBlock is the mean over the nets of what of gives for each block.
func byBlock(nets []*Net, of func(*Net) []float64) []float64 {
	sum := make([]float64, len(of(nets[0])))
	for _, n := range nets {
		for i, v := range of(n) {
			sum[i] += v / float64(len(nets))
		}
	}
	return sum
}

// above lists the blocks, counted from 1, that cost at least so many points.
func above(costs []float64, points float64) []int {
	var blocks []int
	for i, c := range costs {
		if c >= points {
			blocks = append(blocks, i+1)
		}
	}
	return blocks
}

func median(n *Net) float64 { return unravel.SpreadOf(costs(n)).Median }

// downsampling is the mean loss of accuracy of the blocks that change the shape, NaN if there are none.
func downsampling(n *Net) float64 {
	var v []float64
	for i, x := range costs(n) {
		if n.Blocks[i].Downsample {
			v = append(v, x)
		}
	}
	return stat.Mean(v, nil)
}

func deletionClaims(r *Results) []Claim {
	var all []Claim
	if nets := r.pick("residual", deleted); len(nets) > 0 {
		all = append(all, oneBlock(nets), anyBlock(nets))
	}
	vgg := Claim{Claim: "Deleting one layer of a VGG takes it to chance (fig. 3)", There: "every layer"}
	var here []string
	var remain []float64
	for _, kind := range [][2]string{{"vgg-nobn", "without batch norm"}, {"vgg", "with batch norm"}} {
		if nets := r.pick(kind[0], deleted); len(nets) > 0 {
			here = append(here, kind[1]+" "+remains(nets, "layers"))
			remain = append(remain, byBlock(nets, left)...)
		}
	}
	if here != nil {
		vgg.Here = strings.Join(here, "; ")
		vgg.Holds, vgg.But = destroyed(remain)
		all = append(all, vgg)
	}
	if nets := r.pick("plain", deleted); len(nets) > 0 {
		plain := Claim{Claim: "... and one block of a plain net", There: "not measured", Here: remains(nets, "blocks")}
		plain.Holds, plain.But = destroyed(byBlock(nets, left))
		all = append(all, plain)
	}
	return all
}

func oneBlock(nets []*Net) Claim {
	c := Claim{Claim: "Deleting one block of a residual net does not matter (fig. 3)", There: "no noticeable change, modest at downsampling blocks", Holds: "no"}
	cost := byBlock(nets, costs)
	c.Here = fmt.Sprintf("median loss %s points; %s of %d blocks cost less than %d points; downsampling blocks %s", report.Spread("%.1f", each(nets, median)),
		distinct(nets, func(n *Net) string { return fmt.Sprint(len(n.Blocks) - len(above(costs(n), harmless))) }),
		len(cost), harmless, report.Spread("%.1f", each(nets, downsampling)))
	if unravel.SpreadOf(cost).Median < harmless {
		c.Holds = "yes"
		if bad := above(cost, harmful); bad != nil {
			c.But = "but for " + blocks(bad)
		}
	}
	return c
}

func anyBlock(nets []*Net) Claim {
	c := Claim{Claim: "... whichever block it is", There: "no exception named", Holds: "yes"}
	c.Here = fmt.Sprintf("the first block costs %s points, the next worst %s", report.Spread("%.1f", each(nets, func(n *Net) float64 { return costs(n)[0] })),
		distinct(nets, func(n *Net) string {
			others := costs(n)[1:]
			worst := slices.Max(others)
			return fmt.Sprintf("%.1f (block %d)", worst, 2+slices.Index(others, worst))
		}))
	if bad := above(byBlock(nets, costs), noise); bad != nil {
		c.Holds, c.But = "no", "not "+blocks(bad)
	}
	return c
}

// blocks names blocks, counted from 1.
func blocks(bad []int) string {
	switch {
	case len(bad) == 1 && bad[0] == 1:
		return "the first block"
	case len(bad) == 1:
		return "block " + span(bad)
	}
	return "blocks " + span(bad)
}

// remains says what a net is still worth without one of its blocks.
func remains(nets []*Net, parts string) string {
	return fmt.Sprintf("%s of %d %s leave less than %d %% accuracy, the best %s %%",
		distinct(nets, func(n *Net) string { return fmt.Sprint(len(n.DeleteOne) - len(above(left(n), ruined))) }),
		len(nets[0].DeleteOne), parts, ruined, report.Spread("%.1f", each(nets, func(n *Net) float64 { return slices.Max(left(n)) })))
}

// destroyed is the verdict on nets that keep these accuracies.
func destroyed(remain []float64) (holds, but string) {
	switch d := unravel.SpreadOf(remain); {
	case d.Max < ruined:
		return "yes", ""
	case d.Median < ruined:
		return "yes", "to chance or near it"
	case d.Median < 2*ruined:
		return "partly", fmt.Sprintf("to %.1f %% in the median", d.Median)
	}
	return "no", ""
}

// near is the index of the lesions of at most so many blocks, the largest such, else the first.
func near(all []Lesions, count int) int {
	at := 0
	for i, l := range all {
		if l.Count <= count {
			at = i
		}
	}
	return at
}

// smooth is the verdict on a curve of lesions that is said to go down smoothly.
func smooth(nets []*Net, of func(*Net) []Lesions) (holds, but string) {
	first := spared(nets, of, count)
	holds = "yes"
	for i, l := range of(nets[0]) {
		accuracy := mean(drawn(nets, of, i))
		if k := slices.Index(first.X, count(l)); k >= 0 && first.Y[k] > accuracy+noise {
			return "partly", "only while the first block stays"
		}
		if i > 0 {
			if fall := mean(drawn(nets, of, i-1)) - accuracy; fall > jump || fall < -noise {
				holds = "no"
			}
		}
	}
	return holds, ""
}

// drawn returns the accuracy of each net in the draws of lesion i, in percent.
func drawn(nets []*Net, of func(*Net) []Lesions, i int) []float64 {
	return each(nets, func(n *Net) float64 { return percent * of(n)[i].accuracy().Mean })
}

func orderClaims(r *Results) []Claim {
	var all []Claim
	if nets := r.pick("residual", thinned); len(nets) > 0 {
		all = append(all, severalBlocks(nets))
	}
	if nets := r.pick("residual", reordered); len(nets) > 0 {
		all = append(all, otherOrder(nets))
	}
	return all
}

func severalBlocks(nets []*Net) Claim {
	c := Claim{Claim: "Error grows smoothly with the number of deleted blocks (fig. 5a)", There: "error near 20 % at 10 of 54, severe at 20"}
	n, lesions := len(nets[0].Blocks), afterDeletions(nets[0])
	wrong := func(i int) []float64 {
		v := drawn(nets, afterDeletions, i)
		for k := range v {
			v[k] = percent - v[k]
		}
		return v
	}
	var here []string
	at := []int{near(lesions, n*5/54), near(lesions, n*10/54), near(lesions, n*22/54)}
	for _, i := range slices.Compact(at) {
		here = append(here, fmt.Sprintf("%s %% at %d", report.Spread("%.1f", wrong(i)), lesions[i].Count))
	}
	c.Here = fmt.Sprintf("error %s of %d", strings.Join(here, ", "), n)
	if c.Holds, c.But = smooth(nets, afterDeletions); c.Holds == "yes" {
		i := near(lesions, n*10/54)
		if more := mean(wrong(i)) / 20; more > 1.25 {
			c.But = fmt.Sprintf("but worse than there: %.1f times the error at %d", more, lesions[i].Count)
		}
	}
	return c
}

func otherOrder(nets []*Net) Claim {
	c := Claim{Claim: "Error grows smoothly as blocks are re-ordered (fig. 5b)", There: "smooth in Kendall's tau"}
	n, lesions := len(nets[0].Blocks), afterSwaps(nets[0])
	few, many := near(lesions, max(1, n*4/54)), near(lesions, max(1, n*17/54))
	if few != many {
		c.Here = fmt.Sprintf("accuracy %s %% after %d swaps, ", report.Spread("%.1f", drawn(nets, afterSwaps, few)), lesions[few].Count)
	}
	c.Here += fmt.Sprintf("%s %% after %d (tau %.2f)", report.Spread("%.1f", drawn(nets, afterSwaps, many)), lesions[many].Count, mean(each(nets, func(n *Net) float64 { return afterSwaps(n)[many].tau() })))
	first := spared(nets, afterSwaps, count)
	if i := slices.Index(first.X, count(lesions[many])); i >= 0 {
		c.Here += fmt.Sprintf("; %.1f %% in the draws that leave the first block in its place", first.Y[i])
	}
	c.Holds, c.But = smooth(nets, afterSwaps)
	return c
}
