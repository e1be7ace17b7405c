package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/examples/internal/programtest"
	"github.com/residuum-go/residuum/examples/internal/report"
	"github.com/residuum-go/residuum/unravel/paths"
)

// written is a folder with the results.json, gradients.json and gradients-longer.json that docs/findings.md tells of,
// when those in docs/findings are newer: the test then writes the new numbers into the page.
//
//	git show HEAD:docs/findings/results.json >old/results.json  # and the others
//	go test ./examples/veit -run FindingsPage -written "$PWD/old"
//
// Sentences that it does not know are for a person, and so is what all of them mean.
var written = flag.String("written", "", "folder with the results that docs/findings.md tells of; writes those in docs/findings into it instead")

// TestFindingsPageSaysWhatTheResultsSay holds the main numbers of docs/findings.md against the results that are
// committed with it. With -v it prints them.
func TestFindingsPageSaysWhatTheResultsSay(t *testing.T) {
	const path = "../../docs/findings.md"
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	page, now := string(raw), findings(t, "../../docs/findings")
	if *written != "" {
		page = rewritten(t, page, findings(t, *written), now)
		require.NoError(t, os.WriteFile(path, []byte(page), 0o644))
	}
	for _, s := range now {
		t.Log(s)
		require.Regexp(t, programtest.Loosely(s), page)
	}
}

// rewritten replaces each of the old sentences by the new one in its place. A page on which one of them does not
// stand is another one's.
func rewritten(t *testing.T, page string, old, now []string) string {
	require.Len(t, now, len(old))
	marked := page
	for i, s := range old { // first marks alone, so that a new sentence is never taken for an old one
		require.Regexp(t, programtest.Loosely(s), page)
		marked = regexp.MustCompile(programtest.Loosely(s)).ReplaceAllLiteralString(marked, fmt.Sprintf("\x00%d\x00", i))
	}
	for i, s := range now {
		marked = strings.ReplaceAll(marked, fmt.Sprintf("\x00%d\x00", i), s)
	}
	return marked
}

func TestSentencesAreRewritten(t *testing.T) {
	page := "It takes 1\npoint, not 2 points, and\n| 3 |."
	require.Equal(t, "It takes 2 points, not 1 point, and\n| 4 |.", rewritten(t, page, []string{"1 point,", "2 points", "| 3 |"}, []string{"2 points,", "1 point", "| 4 |"}))
}

// findings returns sentences, or parts of them, with numbers from the results in a folder.
func findings(t *testing.T, dir string) []string {
	read := func(name string) *Results {
		r := new(Results)
		require.NoError(t, readJSON(filepath.Join(dir, name), r))
		return r
	}
	r, g := read("results.json"), read("gradients.json")
	return slices.Concat(rowsOf(t, r), claimed(deletionClaims(r), orderClaims(r), lengthClaims(r), gradientClaims(g), trainingClaims(r), growthClaims(g)),
		aboutLesions(r), aboutGradients(g), aboutLongerGradients(read("gradients-longer.json")))
}

// rowsOf are the ends of the rows of the table of nets.
func rowsOf(t *testing.T, r *Results) []string {
	var all []string
	for _, name := range allNets {
		nets := r.seeds(name)
		require.Len(t, nets, 3, name)
		all = append(all, fmt.Sprintf("| %s | %d | %s | 3 |", nets[0].About, len(nets[0].Blocks), report.Spread("%.2f", each(nets, accuracy))))
	}
	return all
}

// claimed are the rows of the table of claims.
func claimed(claims ...[]Claim) []string {
	var all []string
	for _, c := range slices.Concat(claims...) {
		verdict := strings.Replace(c.Verdict(), "no", "**no**", 1)
		all = append(all, fmt.Sprintf("| %s | %s | %s | %s |", c.Claim, c.There, c.Here, verdict))
	}
	return all
}

func aboutLesions(r *Results) []string {
	worst := func(n *Net) float64 { return slices.Max(costs(n)) }
	return []string{"whose stages read each other, " + report.Spread("%.1f", each(r.seeds("chained"), worst))}
}

// aboutGradients are those that rest on the gradient of the loss.
func aboutGradients(r *Results) []string {
	nets := r.seeds("residual")
	over := func(format string, f func(*Net) float64) string { return report.Spread(format, each(nets, f)) }
	longest := func(at int, of func(Snapshot) []paths.EffectiveLengths) string {
		return distinct(nets, func(n *Net) string { return fmt.Sprint(slices.Max(of(n.Growth[at])[1].Lengths)) })
	}
	exact := func(s Snapshot) []paths.EffectiveLengths { return s.Lengths }
	rms := func(s Snapshot) []paths.EffectiveLengths { return s.Bound }
	boost := func(f func(*Net) float64) string { return report.Spread("%.2f", each(r.seeds("boost"), f)) }
	return []string{
		"add up to " + over("%.0f", cancelled) + " times the norm of the gradient",
		"ordinary gradient within " + fmt.Sprintf("%.0e", slices.Max(each(nets, func(n *Net) float64 { return n.SumError }))) + " of its norm",
		"carry 95 % goes from " + longest(0, exact) + " to " + longest(5, exact) + ", by count x RMS norm from " + longest(0, rms) + " to " + longest(5, rms),
		"in the first two stages, mean " + over("%.3f", func(n *Net) float64 { return mean(cosinesOf(n)[:36]) }) +
			", and rises to " + over("%.2f", func(n *Net) float64 { return slices.Max(cosinesOf(n)[36:]) }) + " in the last",
		"the early-exit cosine, " + boost(func(n *Net) float64 { return n.Link[0].EarlyCosine.Mean }) + " at the first stage, falls to " +
			boost(func(n *Net) float64 { return mean(early(n)[36:]) }) + " in the last third",
	}
}

// aboutLongerGradients are the same of the second run.
func aboutLongerGradients(r *Results) []string {
	nets := r.seeds("residual")
	over := func(format string, f func(*Net) float64) string { return report.Spread(format, each(nets, f)) }
	length := func(n *Net, at int) float64 { return meanLength(n.Growth[at].Exact) }
	last := func(n *Net) int { return len(n.Growth) - 1 }
	longest := func(at int) string {
		return distinct(nets, func(n *Net) string { return fmt.Sprint(slices.Max(n.Growth[at].Lengths[1].Lengths)) })
	}
	lowest := func(n *Net) float64 {
		low := length(n, 0)
		for i := range n.Growth {
			low = min(low, length(n, i))
		}
		return low
	}
	return []string{
		"goes from " + over("%.1f", func(n *Net) float64 { return length(n, 0) }) + " after 18,752 images to " + over("%.1f", lowest) + " at its lowest and " +
			over("%.1f", func(n *Net) float64 { return length(n, last(n)) }) +
			" at the end, and the longest of 95 % from " + longest(0) + " to " + longest(last(nets[0])),
		"95 % comes from lengths " + distinct(nets, func(n *Net) string { return span(n.Gradient.EffectiveSampled[1].Lengths) }) + " of 18 by count x sampled norm, and " +
			distinct(nets, func(n *Net) string { return span(n.Gradient.EffectiveExact[1].Lengths) }) + " by exact norm",
		"positive in " + distinct(nets, func(n *Net) string { return fmt.Sprint(positive(n)) }) + " of 18 blocks, " + over("%.2f", lastCosine) + " at the last",
	}
}

// early is the mean cosine of each block with the gradient of the early exit.
func early(n *Net) []float64 {
	var v []float64
	for _, b := range n.Link {
		v = append(v, b.EarlyCosine.Mean)
	}
	return v
}

// cancelled is what the norms of all paths add up to, over the norm of the gradient.
func cancelled(n *Net) float64 {
	var sum float64
	for _, l := range n.Gradient.ByLength {
		sum += (l.Bound - n.Gradient.Whole).Value()
	}
	return sum
}
