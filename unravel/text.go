package unravel

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/residuum-go/residuum/unravel/paths"
)

// What results print for a person: a line each, or a table.

// aligned returns rows of cells as a table whose columns are aligned to the right.
func aligned(rows [][]string) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, cells := range rows {
		fmt.Fprintln(w, strings.Join(cells, "\t")+"\t")
	}
	_ = w.Flush() // a strings.Builder takes everything
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " ")
	}
	return strings.Join(lines, "\n")
}

// measured returns the quantity, or a dash if it is none.
func measured(l paths.Log) string {
	if l == paths.LogZero {
		return "-"
	}
	return l.String()
}

func percent(share float64) string { return fmt.Sprintf("%.3g %%", 100*share) }

// String returns a line such as "0.412 (95 %: 0.3 to 0.524; median 0.41, 0.14 to 0.57, 4 draws)".
func (s Spread) String() string {
	return fmt.Sprintf("%.3g (95 %%: %.3g to %.3g; median %.3g, %.3g to %.3g, %d draws)", s.Mean, s.Low, s.High, s.Median, s.Min, s.Max, s.Draws)
}

// String returns a line such as "3: error 0.412 (95 %: ...)".
func (p Point) String() string {
	if len(p.Scores) == 0 {
		return fmt.Sprintf("%g: %d plans, not measured", p.X, len(p.Plans))
	}
	return fmt.Sprintf("%g: error %v", p.X, p.Error())
}

// String returns a line such as "without layer2.0: 91.3 % of 10000 right, loss 0.2412".
func (r Removal) String() string { return fmt.Sprintf("without %s: %v", r.Name, r.Score) }

// String returns a line such as "order 3: 91.3 % of 10000 right, loss 0.2412, logits 0.0712 away".
func (p PicardOrder) String() string {
	return fmt.Sprintf("order %d: %v, logits %.3g away", p.Order, p.Score, p.Distance)
}

// String returns a line such as "layer1.0 > layer2.1: 91.3 % of 10000 right, loss 0.2412, logits 0.0712 away".
func (p PatchScore) String() string {
	return fmt.Sprintf("%s: %v, logits %.3g away", p.Name, p.Score, p.Distance)
}

// String returns a line such as "length 7: norm 0.0123 (95 %: 0.0101 to 0.0149, 30 draws)".
func (s SampledNorm) String() string {
	if s.Exhaustive {
		return fmt.Sprintf("length %d: norm %v (all %d)", s.Length, s.Mean, len(s.Norms))
	}
	return fmt.Sprintf("length %d: norm %v (95 %%: %v to %v, %d draws)", s.Length, s.Mean, s.Low, s.High, len(s.Norms))
}

// String returns a line such as "layer2.0: direct 0.31, total 0.42, lens 0.35", of the means over the examples.
func (b BlockContribution) String() string {
	return fmt.Sprintf("%s: direct %.3g, total %.3g, lens %.3g", b.Name, b.Direct.Mean, b.Total.Mean, b.Lens.Mean)
}

// String returns a table of the norms at y_0 by length.
func (g *Gradient) String() string {
	rows := [][]string{{"length", "norm", "share"}}
	for k, share := range g.Shares() {
		rows = append(rows, []string{fmt.Sprint(k), measured(g.Norm[0][k]), percent(share)})
	}
	return aligned(append(rows, []string{"together", measured(g.Whole), ""}))
}

// String returns a table by path length of the means over the examples, and what is left.
func (c *Contribution) String() string {
	rows := [][]string{{"length", "state", "offset"}}
	number := func(v []float64) string { return fmt.Sprintf("%.3g", SpreadOf(v).Mean) }
	for k := range c.State {
		rows = append(rows, []string{fmt.Sprint(k), number(c.State[k]), number(c.Offset[k])})
	}
	return aligned(append(rows, []string{"rest", number(c.Rest), ""}, []string{"logit", number(c.Logit), ""}))
}

// String returns a table by block of the means over the examples.
func (r *IterativeReport) String() string {
	rows := [][]string{{"block", "cosine", "early cosine", "ratio", "loss removed", "early exit"}, {"stem", "", "", "", "", percent(r.Stem.Accuracy())}}
	number := func(f float64) string { return fmt.Sprintf("%.3f", f) }
	for _, b := range r.Blocks {
		rows = append(rows, []string{b.Name, number(b.Cosine.Mean), number(b.EarlyCosine.Mean), number(b.Ratio.Mean), number(b.LossRemoved), percent(b.Exit.Accuracy())})
	}
	return aligned(rows)
}

// String returns a table by path length, with a dash for what was not measured, and the lengths that carry most.
func (r *LengthReport) String() string {
	rows := [][]string{{"length", "paths", "of all", "together", "share", "one path", "RMS", "cancellation", "alignment"}}
	shares := r.ExactShares()
	for i, l := range r.ByLength {
		one := "-"
		if l.Sampled != nil {
			one = l.Sampled.Mean.String()
		}
		rows = append(rows, []string{fmt.Sprint(l.Length), l.Count.String(), percent(l.Share), l.Exact.String(), percent(shares[i]), one,
			measured(l.RMS), measured(l.Cancellation), measured(l.Alignment)})
	}
	text := aligned(rows) + fmt.Sprintf("\nordinary gradient: norm %v", r.Whole)
	for _, e := range r.EffectiveExact {
		text += "\n" + e.String()
	}
	return text
}
