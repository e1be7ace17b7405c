package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/residuum-go/residuum/examples/internal/program"
	"github.com/residuum-go/residuum/examples/internal/report"
	"github.com/residuum-go/residuum/internal/figure"
	"github.com/residuum-go/residuum/unravel"
	"github.com/residuum-go/residuum/unravel/paths"
)

// unraveled draws the paths of a small net.
func unraveled(*Results) (report.Figure, bool) {
	return report.Figure{
		Chart: figure.Chart{Title: "The unraveled view of three blocks"}, Drawing: paths.New(3).Unraveled().SVG(),
		Text: "A net of three residual blocks, written out: f3 reads what f1 and f2 have made, f2 what f1 has made, and every sum passes its skip on, " +
			"so that there are eight ways from the input to the output. Deleting f2 takes away the four of them that go through it; in a net without skips it would take away the only one.",
		Paper: "Figures 1 and 2 show the same, as drawings.",
	}, true
}

func pathLengths(r *Results) (report.Figure, bool) {
	n := r.net("residual")
	if n == nil || n.Paths == nil {
		return report.Figure{}, false
	}
	p := n.Paths
	c := figure.Chart{
		Title: "How long the paths are", XLabel: "path length, blocks", YLabel: "share of all paths, %",
		Series: []figure.Series{curve("residual", len(p.Distribution), func(k int) (float64, float64) {
			return float64(k), percent * p.Distribution[k]
		})},
	}
	text := fmt.Sprintf("The residual net of %d blocks has 2^%d = %s paths. Their lengths follow the binomial distribution, counted exactly: "+
		"%.1f %% of the paths have a length from %d to %d.",
		len(n.Blocks), len(n.Blocks), grouped(p.Count), percent*p.MiddleShare, p.Middle[0], p.Middle[1])
	return report.Figure{Chart: c, Text: text, Paper: "Figure 6a: with 54 blocks more than 95 % of all paths go through 19 to 35."}, true
}

// grouped writes digits, however many, as 1,234,567.
func grouped(digits string) string {
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// pathsLeft draws what deletions leave of the paths of each length, which needs no measurement.
func pathsLeft(r *Results) (report.Figure, bool) {
	res := r.net("residual")
	if res == nil || res.Paths == nil {
		return report.Figure{}, false
	}
	n := len(res.Blocks)
	c := figure.Chart{Title: "Paths left after deleting blocks", XLabel: "path length, blocks", YLabel: "share of paths left, %"}
	all := paths.New(n)
	for _, d := range []int{1, n * 10 / 54, n * 20 / 54} {
		left := paths.New(n - d)
		c.Series = append(c.Series, curve(fmt.Sprintf("%d deleted", d), n+1, func(k int) (float64, float64) {
			if k > n-d {
				return float64(k), 0
			}
			return float64(k), percent * (left.LogCount(k) - all.LogCount(k)).Value()
		}))
		for i := range c.Series {
			c.Series[i].Style = figure.Curve
		}
	}
	text := fmt.Sprintf("Of the C(%d,k) paths of length k, C(%d-d,k) avoid the d deleted blocks; this is arithmetic, not measured. Deletion takes the long paths above all.", n, n)
	return report.Figure{Chart: c, Text: text, Paper: "Figure 7: the same for 1, 10 and 20 of 54 blocks. Many of the effective paths, 5 to 17 blocks long, outlive 10 deletions."}, true
}

// by is a series over path lengths, mean over the nets.
func by(name string, nets []*Net, y func(n *Net, l unravel.Lengths) float64) figure.Series {
	return report.Over(name, nets, len(nets[0].Gradient.ByLength), func(n *Net, i int) (float64, float64) {
		l := n.Gradient.ByLength[i]
		return float64(l.Length), y(n, l)
	})
}

// log10 converts a natural logarithm. Norms are drawn by exponent, for they may leave the range of float64.
func log10(l paths.Log) float64 { return float64(l) / math.Ln10 }

func gradientNorms(r *Results) (report.Figure, bool) {
	nets := r.pick("residual", func(n *Net) bool { return n.Gradient != nil })
	if len(nets) == 0 {
		return report.Figure{}, false
	}
	one := by("one path, sampled", nets, func(_ *Net, l unravel.Lengths) float64 { return log10(l.Sampled.Mean) })
	interval := ""
	if len(nets) == 1 {
		interval = " with its 95 % interval"
		for _, l := range nets[0].Gradient.ByLength {
			one.Low, one.High = append(one.Low, log10(l.Sampled.Low)), append(one.High, log10(l.Sampled.High))
		}
	}
	c := figure.Chart{
		Title: "Gradient by path length", XLabel: "path length, blocks", YLabel: "log10 of the gradient norm",
		Series: []figure.Series{
			one,
			by("one path, RMS", nets, func(_ *Net, l unravel.Lengths) float64 { return log10(l.RMS) }),
			by("count x mean", nets, func(_ *Net, l unravel.Lengths) float64 { return log10(l.Bound) }),
			by("sum of all, exact", nets, func(_ *Net, l unravel.Lengths) float64 { return log10(l.Exact) }),
		},
		Marks: []figure.Mark{{Name: "ordinary gradient", At: mean(each(nets, func(n *Net) float64 { return log10(n.Gradient.Whole) }))}},
	}
	text := fmt.Sprintf("Gradient of the mean loss of %s test images at the input of the first block. "+
		"Sampled: mean norm along %d random paths of each length%s, as in section 5. "+
		"RMS: the root mean square over all paths of the length, from %d draws of random signs. "+
		"Count x mean bounds the norm of what all paths of a length carry together; the exact norm is that of their sum, computed for all 2^%d paths by the recursion over lengths. "+
		"Where the exact curve lies below the bound, paths of the same length cancel. The sum over all lengths equals the ordinary gradient within %.1g of its norm. "+
		"Per further block the RMS norm falls by a factor of %s at lengths up to a quarter of the net.",
		program.Thousands(r.Data.Gradient), samplesByLength, interval, signDraws, len(nets[0].Blocks), nets[0].SumError, report.Spread("%.2f", each(nets, decay)))
	return report.Figure{Chart: c, Text: text + bars(r), Paper: "Figure 6b: the norm of the gradient along a sampled path falls roughly exponentially with its length."}, true
}

// decay is the factor by which the RMS norm of a path falls with each block, over the first quarter of the lengths.
func decay(n *Net) float64 {
	ls := n.Gradient.ByLength
	last := max(1, len(ls)/4)
	return math.Exp(-float64(ls[last].RMS-ls[0].RMS) / float64(last))
}

// share is a series of what each length carries, in percent of the sum over lengths.
func share(name string, nets []*Net, of func(*unravel.LengthReport) []float64) figure.Series {
	byNet := map[*Net][]float64{}
	for _, n := range nets {
		byNet[n] = of(n.Gradient)
	}
	return by(name, nets, func(n *Net, l unravel.Lengths) float64 {
		return percent * byNet[n][l.Length-n.Gradient.ByLength[0].Length]
	})
}

func gradientShares(r *Results) (report.Figure, bool) {
	nets := r.pick("residual", func(n *Net) bool { return n.Gradient != nil })
	if len(nets) == 0 {
		return report.Figure{}, false
	}
	c := figure.Chart{
		Title: "Which path lengths carry the gradient", XLabel: "path length, blocks", YLabel: "share, %",
		Series: []figure.Series{
			share("count x mean norm", nets, (*unravel.LengthReport).BoundShares),
			share("count x RMS norm", nets, (*unravel.LengthReport).RMSShares),
			share("exact norm", nets, (*unravel.LengthReport).ExactShares),
			by("number of paths", nets, func(_ *Net, l unravel.Lengths) float64 { return percent * l.Share }),
		},
	}
	c.Series[3].Low, c.Series[3].High = nil, nil
	text := fmt.Sprintf("Share of each length in the sum over lengths, beside its share of all paths. The table has the effective lengths, the smallest set that carries a given part of the gradient, "+
		"and how many of all paths have such a length. The mean norm comes from %d random paths of each length and is ragged where few paths carry most; the RMS norm is over all paths.", samplesByLength)
	if len(nets) > 1 {
		text += " A semicolon separates seeds."
	}
	return report.Figure{Chart: c, Text: text + bars(r), Table: effectiveTable(nets),
		Paper: "Figure 6c, count x sampled norm: almost all of the gradient comes from lengths 5 to 17 of 54, which are 0.45 % of all paths."}, true
}

// effectiveTable has the lengths that carry most of the gradient, by each way to measure it.
func effectiveTable(nets []*Net) *report.Table {
	t := &report.Table{Head: []string{"norm", "gradient, %", "lengths", "paths, %"}}
	for _, by := range []struct {
		name string
		of   func(n *Net, i int) paths.EffectiveLengths
	}{
		{"count x mean", func(n *Net, i int) paths.EffectiveLengths { return n.Gradient.EffectiveSampled[i] }},
		{"count x RMS", func(n *Net, i int) paths.EffectiveLengths {
			return effectiveRMS(n, n.Gradient.EffectiveSampled[i].Fraction)
		}},
		{"exact", func(n *Net, i int) paths.EffectiveLengths { return n.Gradient.EffectiveExact[i] }},
	} {
		for i, e := range nets[0].Gradient.EffectiveSampled {
			of := func(n *Net) paths.EffectiveLengths { return by.of(n, i) }
			t.Rows = append(t.Rows, []string{by.name, fmt.Sprintf("%.0f", percent*e.Fraction), lengths(nets, of),
				distinct(nets, func(n *Net) string { return fmt.Sprintf("%.2g", percent*of(n).Share) })})
		}
	}
	return t
}

// effectiveRMS returns the effective lengths by count x RMS norm.
func effectiveRMS(n *Net, fraction float64) paths.EffectiveLengths {
	return paths.New(len(n.Blocks)).Effective(countRMS(n.Gradient), fraction)
}

// countRMS is count x RMS norm of a net whose blocks all add their skips, by length.
func countRMS(g *unravel.LengthReport) []paths.Log {
	v := make([]paths.Log, len(g.ByLength))
	for k, l := range g.ByLength {
		v[k] = l.RMS + l.Count
	}
	return v
}

// span writes an ascending set of lengths shortly: "1 to 3, 5".
func span(ks []int) string {
	if len(ks) == 0 {
		return "none"
	}
	var runs []string
	for i := 0; i < len(ks); {
		j := i
		for j+1 < len(ks) && ks[j+1] == ks[j]+1 {
			j++
		}
		if i == j {
			runs = append(runs, fmt.Sprint(ks[i]))
		} else {
			runs = append(runs, fmt.Sprintf("%d to %d", ks[i], ks[j]))
		}
		i = j + 1
	}
	return strings.Join(runs, ", ")
}

func growth(r *Results) (report.Figure, bool) {
	nets := r.pick("residual", func(n *Net) bool { return len(n.Growth) > 0 && n.trained() })
	if len(nets) == 0 {
		return report.Figure{}, false
	}
	shot := func(name string, y func(s Snapshot) float64) figure.Series {
		return report.Over(name, nets, len(nets[0].Growth), func(n *Net, i int) (float64, float64) {
			return float64(n.Growth[i].Images) / 1000, y(n.Growth[i])
		})
	}
	bound := func(s Snapshot) []paths.Log {
		set, v := paths.New(len(s.Single)-1), make([]paths.Log, len(s.Single))
		for k, l := range s.Single {
			v[k] = l + set.LogCount(k)
		}
		return v
	}
	longest := func(es []paths.EffectiveLengths) float64 { return float64(slices.Max(append(es[1].Lengths, 0))) } // none if there is no gradient
	c := figure.Chart{
		Title: "Effective depth during training", XLabel: "training images seen, thousands", YLabel: "path length, blocks", LogX: true,
		Series: []figure.Series{
			shot("mean, exact norm", func(s Snapshot) float64 { return meanLength(s.Exact) }),
			shot("longest of 95 %, exact norm", func(s Snapshot) float64 { return longest(s.Lengths) }),
			shot("mean, count x RMS", func(s Snapshot) float64 { return meanLength(bound(s)) }),
			shot("longest of 95 %, count x RMS", func(s Snapshot) float64 { return longest(s.Bound) }),
		},
	}
	first, last := nets[0].Growth[0], len(nets[0].Growth)-1
	at := func(i int) []float64 {
		return each(nets, func(n *Net) float64 { return meanLength(n.Growth[i].Exact) })
	}
	text := fmt.Sprintf("Lengths of the paths that carry the gradient of the residual net, on %s test images, while it is trained. Mean: weighted by the norm that each length carries, "+
		"exact, or count x RMS norm of one path. Longest: the upper end of the smallest set of lengths with 95 %% of the sum. By exact norm the mean length goes from %s after %s images to %s at the end.",
		program.Thousands(r.Data.Gradient), report.Spread("%.1f", at(0)), program.Thousands(first.Images), report.Spread("%.1f", at(last)))
	return report.Figure{Chart: c, Text: text + bars(r), Paper: "Not measured in the paper. Littwin and Wolf (2016) argue that the effective depth of a residual net grows during training."}, true
}

// meanLength is the mean of path lengths weighted by what each carries.
func meanLength(v []paths.Log) float64 {
	var m float64
	for k, s := range paths.Shares(v) {
		m += float64(k) * s
	}
	return m
}
