package main

import (
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/examples/internal/programtest"
	"github.com/residuum-go/residuum/examples/internal/report"
)

// TestBoostingPageSaysWhatTheResultsSay holds the numbers of docs/boosting.md against the results that are committed with
// it. With -v it prints them, ready to be put there.
func TestBoostingPageSaysWhatTheResultsSay(t *testing.T) {
	raw, err := os.ReadFile("../../docs/boosting.md")
	require.NoError(t, err)
	r := readResults(t, "../../docs/boosting/results.json")
	require.Equal(t, 3, r.Config.Seeds)
	for _, s := range slices.Concat(rowsOf(r), sentences(r), rowsOf(readResults(t, "../../docs/boosting/published.json"))) {
		t.Log(s)
		require.Regexp(t, programtest.Loosely(s), string(raw))
	}
}

// rowsOf are the rows of the two tables of what members do.
func rowsOf(r *Results) (rows []string) {
	for _, name := range slices.Concat(r.Config.Models, publishedNames()) {
		models := r.of(name)
		if len(models) == 0 {
			continue
		}
		cell := func(format string, f func(*Model) float64) string { return report.Spread(format, each(models, f)) }
		member := func(format string, f func(Member) float64) string {
			return cell(format, func(m *Model) float64 { return meanOf(m, f) })
		}
		rows = append(rows,
			fmt.Sprintf("| %s | %s | %s | %s | %s | %s |", name, cell("%.1f", accuracy),
				cell("%.1f", func(m *Model) float64 { return percent * m.Exits[len(m.Exits)/2].Accuracy() }),
				cell("%.1f", worstDeletion), cell("%.1f", lostByOrder), cell("%.2f", func(m *Model) float64 { return m.Isolation.Explained })),
			fmt.Sprintf("| %s | %s | %s | %s | %s | %s |", name,
				member("%.2f", func(m Member) float64 { return m.OwnCosine }), member("%.2f", func(m Member) float64 { return m.EndCosine }),
				member("%.2f", func(m Member) float64 { return m.Explained }), member("%.2f", func(m Member) float64 { return m.Focus }), cell("%.2f", helpful)))
	}
	return rows
}

// sentences are parts of what the page says in words.
func sentences(r *Results) (all []string) {
	states := func(f func(Member) float64) string {
		return report.Spread("%.2f", each(r.of("residual"), func(m *Model) float64 { return meanOf(m, f) }))
	}
	all = append(all, "in the space of the states "+states(func(m Member) float64 { return m.StateOwnCosine })+" at a block's own input and "+
		states(func(m Member) float64 { return m.StateEndCosine })+" at the end")
	for _, a := range r.Papers.Ablation {
		var v []float64
		for _, s := range a.Test {
			v = append(v, percent*s.Accuracy())
		}
		all = append(all, fmt.Sprintf("| %s | %s |", a.Name, report.Spread("%.1f", v)))
	}
	for _, l := range r.Papers.Regression {
		var v []float64
		for _, t := range l.Test {
			v = append(v, t[len(t)-1])
		}
		all = append(all, fmt.Sprintf("%s %s", l.Name, report.Spread("%.3f", v)))
	}
	held, modules, errors := 0, 0, 0
	for _, m := range r.of("boostresnet") {
		for _, w := range m.Modules {
			modules++
			if w.Holds {
				held++
			}
			if w.Train.Error() <= w.Exponential && (!w.Holds || w.Exponential <= w.Bound) {
				errors++
			}
		}
	}
	return append(all, fmt.Sprintf("held for %d of %d modules", held, modules), fmt.Sprintf("below its bounds after %d of %d", errors, modules),
		"calibration error is "+r.list(r.Config.Models, "%.1f", func(m *Model) float64 { return percent * m.ECE }))
}
