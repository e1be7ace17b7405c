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
	r := readResults(t, "../../docs/findings")
	for _, net := range allNets {
		require.Len(t, r.seeds(net), 3, net)
		row := fmt.Sprintf("(?m)^\\| `%s` \\|.*\\| %s \\| 3 \\|$", net, spread("%.2f", each(r.seeds(net), tested)))
		t.Log(row)
		require.Regexp(t, row, string(raw))
	}
	page := strings.Join(strings.Fields(string(raw)), " ")
	for _, s := range findings(t, r) {
		t.Log(s)
		require.Contains(t, page, s)
	}
}

// findings returns sentences, or parts of them, with numbers from the results.
func findings(t *testing.T, r *Results) []string {
	over := func(net, format string, f func(*Net) float64) string { return spread(format, each(r.seeds(net), f)) }
	residual := func(format string, f func(*Net) float64) string { return over("residual", format, f) }
	less := func(net string) string { // than the residual net of the same seed
		v := each(r.seeds(net), tested)
		for i, n := range r.seeds("residual") {
			v[i] -= tested(n)
		}
		return spread("%.2f", v)
	}
	wrong := func(count int) string {
		return residual("%.1f", func(n *Net) float64 { return percent - drawn(t, n.DeleteRandom, count) })
	}
	moved := func(count int) string {
		return residual("%.1f", func(n *Net) float64 { return drawn(t, n.Reorder, count) })
	}
	length := func(at int) string {
		return residual("%.1f", func(n *Net) float64 { return meanLength(n.Growth[at].Exact) })
	}
	worst := func(n *Net) float64 { return loss(n).Max }
	return []string{
		"median loss " + residual("%.1f", median) + " points",
		"the first block costs " + residual("%.1f", func(n *Net) float64 { return lost(n.DeleteOne, *n.Whole)[0] }) + " points",
		"downsampling blocks " + residual("%.1f", downsampling),
		"downsampling blocks cost " + over("stochastic", "%.1f", downsampling) + " points instead of " + residual("%.1f", downsampling),
		"median " + over("stochastic", "%.1f", median) + " instead of " + residual("%.1f", median),
		wrong(5) + " % at 5", wrong(10) + " % at 10", wrong(22) + " % at 22",
		moved(4) + " % after 4", moved(17) + " % after 17",
		"factor " + residual("%.2f", decay) + " for each block",
		less("effective") + " points", less("stochastic") + " points",
		length(0) + " after 3,712 images", length(5) + " after 120,000",
		residual("%.3f", func(n *Net) float64 { return n.Link[len(n.Link)-1].Cosine.Mean }) + " at the last",
		"whose stages read each other, " + over("chained", "%.1f", worst),
	}
}

// tested is the test accuracy of a net, in percent.
func tested(n *Net) float64 { return percent * n.Test.Accuracy() }

// loss is how much accuracy the deletion of a block costs, in points.
func loss(n *Net) unravel.Spread { return unravel.SpreadOf(lost(n.DeleteOne, *n.Whole)) }

func median(n *Net) float64 { return loss(n).Median }

// downsampling is the mean loss of the blocks that change the shape.
func downsampling(n *Net) float64 {
	var v []float64
	for i, x := range lost(n.DeleteOne, *n.Whole) {
		if n.Blocks[i].Downsample {
			v = append(v, x)
		}
	}
	return mean(v)
}

// drawn is the mean accuracy of the draws that change so many blocks, in percent.
func drawn(t *testing.T, all []Lesions, count int) float64 {
	for _, l := range all {
		if l.Count == count {
			return percent * l.accuracy().Mean
		}
	}
	require.Fail(t, "not measured", "%d blocks", count)
	return 0
}
