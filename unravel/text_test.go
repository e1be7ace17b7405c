package unravel

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/unravel/paths"
)

func TestResultsAsText(t *testing.T) {
	score := data.Score{Examples: 4, Correct: 3, LossSum: 1}
	norm := func(f float64) paths.Log { return paths.Log(math.Log(f)) }
	for want, result := range map[string]fmt.Stringer{
		"2 (95 %: 1 to 3; median 2, 1.5 to 2.5, 3 draws)":                        Spread{Draws: 3, Mean: 2, Min: 1.5, Median: 2, Max: 2.5, Low: 1, High: 3},
		"3: 2 plans, not measured":                                               Point{X: 3, Plans: make([]Plan, 2)},
		"3: error 0.25 (95 %: 0.25 to 0.25; median 0.25, 0.25 to 0.25, 1 draws)": Point{X: 3, Scores: []data.Score{score}},
		"without layer2.0: 75.0 % of 4 right, loss 0.2500":                       Removal{2, "layer2.0", score},
		"order 2: 75.0 % of 4 right, loss 0.2500, logits 0.5 away":               PicardOrder{2, score, 0.5},
		"a > b: 75.0 % of 4 right, loss 0.2500, logits 0.5 away":                 PatchScore{Patch{0, 1}, "a > b", score, 0.5},
		"length 2: norm 0.5 (95 %: 0.25 to 1, 3 draws)":                          SampledNorm{Length: 2, Mean: norm(0.5), Low: norm(0.25), High: 0, Norms: make([]paths.Log, 3)},
		"length 2: norm 0.5 (all 3)":                                             SampledNorm{Length: 2, Mean: norm(0.5), Exhaustive: true, Norms: make([]paths.Log, 3)},
		"layer2.0: direct 1, total 2, lens 3":                                    BlockContribution{Name: "layer2.0", Direct: Spread{Mean: 1}, Total: Spread{Mean: 2}, Lens: Spread{Mean: 3}},
		"" +
			"  length  state  offset\n" +
			"       0    1.5       0\n" +
			"       1     -2    0.25\n" +
			"    rest    0.5\n" +
			"   logit   0.25": &Contribution{[][]float64{{1, 2}, {-2, -2}}, [][]float64{{0, 0}, {0.25, 0.25}}, []float64{0.5, 0.5}, []float64{0.25, 0.25}},
		"" +
			"  block  cosine  early cosine  ratio  loss removed  early exit\n" +
			"   stem                                                   75 %\n" +
			"      a   0.500         0.250  2.000        -1.000        75 %": &IterativeReport{score, []Iteration{
			{Name: "a", Cosine: Spread{Mean: 0.5}, EarlyCosine: Spread{Mean: 0.25}, Ratio: Spread{Mean: 2}, Exit: score, LossRemoved: -1}}},
	} {
		require.Equal(t, want, result.String())
	}
	// What was not measured is a dash.
	report := LengthReport{ByLength: []Lengths{{Exact: norm(0.5), RMS: paths.LogZero, Cancellation: paths.LogZero, Alignment: paths.LogZero, Share: 1}}}
	require.Contains(t, report.String(), "       0      1   100 %       0.5  100 %         -    -             -          -\n")
	require.Equal(t, []float64{1}, report.ExactShares())
	require.Equal(t, []float64{0}, report.RMSShares())
	report.ByLength = append(report.ByLength, Lengths{Exact: norm(1.5), RMS: norm(0.5), Count: norm(4), Bound: norm(3)})
	require.InDeltaSlice(t, []float64{0.25, 0.75}, report.ExactShares(), 1e-12)
	require.InDeltaSlice(t, []float64{0.25, 0.75}, report.BoundShares(), 1e-12)
	require.Equal(t, []float64{0, 1}, report.RMSShares())
	require.Equal(t, 0.75, Point{Scores: []data.Score{score}}.Accuracy().Mean)
	require.PanicsWithValue(t, "unravel: SpreadOf: no values", func() { SpreadOf(nil) })
}
