package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// TestPerformancePageShowsTheResults holds the tables of docs/performance.md to the files in bench/results.
// go run ./bench/compare -page docs/performance.md makes them anew.
func TestPerformancePageShowsTheResults(t *testing.T) {
	raw, err := os.ReadFile("../../docs/performance.md")
	require.NoError(t, err)
	page := string(raw)
	again, err := filled(page, "../..")
	require.NoError(t, err)
	require.Equal(t, again, page)

	files, err := filepath.Glob("../results/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, f := range files {
		name := "bench/results/" + filepath.Base(f)
		require.Regexp(t, `<!-- [^>]*`+regexp.QuoteMeta(name), page, "results that the page does not show")
		run, err := readRun(f)
		require.NoError(t, err)
		for _, what := range []string{run.Machine, run.Date, run.Command} {
			require.NotEmpty(t, what, name)
		}
	}
}

// No line of the page is longer than an editor is wide, and no cell of its tables holds two numbers.
func TestPerformancePageIsNarrow(t *testing.T) {
	raw, err := os.ReadFile("../../docs/performance.md")
	require.NoError(t, err)
	two := regexp.MustCompile(`^[*]*[0-9.]+[*]*[,/ ]+[*(]*[0-9.]+`)
	n := 0
	for line := range strings.Lines(string(raw)) {
		n++
		require.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), 120, "line %d: %s", n, line)
		if strings.HasPrefix(line, "|") {
			for _, cell := range strings.Split(line, "|") {
				require.NotRegexp(t, two, strings.TrimSpace(cell), "line %d: %s", n, line)
			}
		}
	}
}

func TestPageTableHasOneNumberInACell(t *testing.T) {
	run := &Run{Results: []Result{
		{Suite: "conv", Case: "forward/3x3/n8", Threads: 1, PeakFraction: 0.875, Ratio: 1.5},
		{Suite: "conv", Case: "weight-grad/3x3/n8", Threads: 1, PeakFraction: 0.5, Ratio: 0.994},
		{Suite: "conv", Case: "forward/1x1/n8", Threads: 1, PeakFraction: 1.25, Ratio: 0.997},
		{Suite: "conv", Case: "forward/1x1/n8", Threads: 2, Ratio: 2, RatioSpread: [2]float64{1.5, 2.5}, Ratios: map[string]float64{"torch": 3}},
	}}
	var out strings.Builder
	run.writeTable(&out)
	require.Equal(t, `| of peak | forward | weight-grad |
|---------|--------:|------------:|
| 3x3/n8  |    0.88 |        0.50 |
| 1x1/n8  |    1.25 |             |

| best peer | forward | weight-grad |
|-----------|--------:|------------:|
| 3x3/n8    |    1.50 |    **0.99** |
| 1x1/n8    |    1.00 |             |

conv, 2 threads

| torch  | forward |
|--------|--------:|
| 1x1/n8 |    3.00 |

| best peer | forward |
|-----------|--------:|
| 1x1/n8    |    2.00 |

| from   | forward |
|--------|--------:|
| 1x1/n8 |    1.50 |

| to     | forward |
|--------|--------:|
| 1x1/n8 |    2.50 |
`, out.String())
}

func TestFilledMakesTablesOfTheFilesNamed(t *testing.T) {
	root := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(root, "bench", "results"), 0o755))
	run := &Run{
		Mean:    0.5,
		First:   []First{{Task: "all", Peer: "p", Machine: "m", Command: "-suite s"}, {Task: "a step", Case: "net/n1", Peer: "q", Machine: "m", Command: "-suite s"}},
		Results: []Result{{Suite: "train", Case: "net/n1", Threads: 1, Ratio: 2, MemoryRatio: 0.25}},
	}
	require.NoError(t, run.write(filepath.Join(root, "bench", "results", "train.json")))
	page := `Text.
<!-- first bench/results/train.json -->
old
<!-- end -->
More, see bench/results/train.json.
<!-- bench/results/train.json -->
<!-- end -->
`
	got, err := filled(page, root)
	require.NoError(t, err)
	require.Equal(t, `Text.
<!-- first bench/results/train.json -->
| task   | best peer |    ratio | memory | machine |    command |
|--------|----------:|---------:|-------:|--------:|-----------:|
| all    |         p | **0.50** |        |       m | `+"`-suite s`"+` |
| a step |         q |     2.00 |   0.25 |       m | `+"`-suite s`"+` |
<!-- end -->
More, see bench/results/train.json.
<!-- bench/results/train.json -->
| case   | best peer | memory |
|--------|----------:|-------:|
| net/n1 |      2.00 |   0.25 |
<!-- end -->
`, got)
	again, err := filled(got, root)
	require.NoError(t, err)
	require.Equal(t, got, again)

	_, err = filled(strings.ReplaceAll(page, "train.json", "gone.json"), root)
	require.ErrorIs(t, err, os.ErrNotExist)
	run.First[1].Case = "gone"
	_, err = firstTable([]*Run{run})
	require.ErrorContains(t, err, `a step: no result "gone"`)
}
