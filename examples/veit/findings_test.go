package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/unravel"
)

// TestFindingsPageSaysWhatTheResultsSay holds the main numbers of docs/findings.md against the results that are
// committed with it. With -v it prints them.
func TestFindingsPageSaysWhatTheResultsSay(t *testing.T) {
	raw, err := os.ReadFile("../../docs/findings.md")
	require.NoError(t, err)
	page := strings.Join(strings.Fields(string(raw)), " ")
	r := readResults(t, "../../docs/findings")

	over := func(net string, f func(n *Net) float64) unravel.Spread {
		return unravel.SpreadOf(each(r.seeds(net), f))
	}
	test := func(n *Net) float64 { return 100 * n.Test.Accuracy() }
	less := func(net string) string { // than the residual net of the same seed
		whole := r.seeds("residual")
		i := -1
		return points(over(net, func(n *Net) float64 { i++; return test(n) - test(whole[i]) }), "%+.2f ± %.2f")
	}
	loss := func(block func(lost []float64) float64) func(n *Net) float64 {
		return func(n *Net) float64 { return block(lost(n)) }
	}
	first := func(lost []float64) float64 { return lost[0] }
	median := func(v []float64) float64 { return unravel.SpreadOf(v).Median }
	downsampling := func(n *Net) float64 {
		var v []float64
		for i, x := range lost(n) {
			if n.Blocks[i].Downsample {
				v = append(v, x)
			}
		}
		return unravel.SpreadOf(v).Mean
	}
	broken := func(count int) string { // error after so many random deletions
		return points(over("residual", func(n *Net) float64 { return 100 - drawn(t, n.DeleteRandom, count) }), "%.1f ± %.1f %%") + fmt.Sprint(" at ", count)
	}
	swapped := func(count int) string {
		return points(over("residual", func(n *Net) float64 { return drawn(t, n.Reorder, count) }), "%.1f ± %.1f %%") + fmt.Sprint(" after ", count)
	}
	depth := func(at int) string {
		return points(over("residual", func(n *Net) float64 { return meanLength(n.Growth[at].Exact) }), "%.1f ± %.1f")
	}
	link := func(f func(b unravel.Iteration) float64) func(n *Net) float64 {
		return func(n *Net) float64 { return f(n.Link[len(n.Link)-1]) }
	}

	sayings := []string{
		"median loss " + points(over("residual", loss(median)), "%.1f ± %.1f points"),
		"downsampling blocks " + points(over("residual", downsampling), "%.1f ± %.1f"),
		"the first block costs " + points(over("residual", loss(first)), "%.1f ± %.1f points"),
		broken(5), broken(10), broken(22), swapped(4), swapped(17),
		"factor " + points(over("residual", decay), "%.2f ± %.2f") + " for each block",
		less("effective") + " points", less("stochastic") + " points",
		"downsampling blocks cost " + points(over("stochastic", downsampling), "%.1f ± %.1f points"),
		"median " + points(over("stochastic", loss(median)), "%.1f ± %.1f"),
		depth(0) + " after 3,712 images", depth(5) + " after 120,000",
		points(over("residual", link(func(b unravel.Iteration) float64 { return b.Cosine.Mean })), "%.3f ± %.3f") + " at the last",
		points(over("chained", loss(func(v []float64) float64 { return unravel.SpreadOf(v).Max })), "%.1f ± %.1f"),
	}
	for _, net := range allNets {
		require.Len(t, r.seeds(net), 3, net)
		sayings = append(sayings, "`"+net+"` | ", points(over(net, test), "| %.2f ± %.2f |"))
	}
	for _, s := range sayings {
		t.Log(s)
		require.Contains(t, page, s)
	}
}

func points(s unravel.Spread, format string) string { return fmt.Sprintf(format, s.Mean, s.Std) }

// lost is the accuracy that deleting each block costs, in points.
func lost(n *Net) []float64 {
	var v []float64
	for _, s := range n.DeleteOne {
		v = append(v, 100*(n.Whole.Accuracy()-s.Accuracy()))
	}
	return v
}

// drawn is the mean accuracy of the plans that change so many blocks.
func drawn(t *testing.T, all []Lesions, count int) float64 {
	for _, l := range all {
		if l.Count == count {
			return 100 * l.accuracy().Mean
		}
	}
	require.Fail(t, "not measured", "%d blocks", count)
	return 0
}
