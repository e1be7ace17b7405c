package main

import (
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestQuantiles(t *testing.T) {
	for name, c := range map[string]struct {
		v      []float64
		median float64
		spread [2]float64
	}{
		"none": {nil, 0, [2]float64{}},
		"one":  {[]float64{3}, 3, [2]float64{3, 3}},
		"two":  {[]float64{4, 2}, 3, [2]float64{2.5, 3.5}},
		"odd":  {[]float64{5, 1, 9, 3, 7}, 5, [2]float64{3, 7}},
		"even": {[]float64{1, 2, 3, 10}, 2.5, [2]float64{1.75, 4.75}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.median, median(c.v))
			require.Equal(t, c.spread, quartiles(c.v))
		})
	}
	require.Equal(t, []float64{2, 3}, pairwise([]float64{2, 6, 8}, []float64{1, 2}))
}

func sample() Result {
	c := &Case{Suite: "gemm", Name: "square/nn/100x100x100", Flops: 2e6, Bytes: 120e3}
	r := newResult(c, 2)
	process := &process{}
	process.hello.Version = "1.2"
	r.fill(c, []*participant{
		{name: ours, ms: []float64{0.01, 0.02, 0.03}},
		{name: yardstick, ms: []float64{1}, work: 500e6},
		{name: "torch", process: process, ms: []float64{0.04, 0.06, 0.05}},
		{name: "numpy", process: process, ms: []float64{0.1}},
	})
	return r
}

func TestResult(t *testing.T) {
	r := sample()
	require.Equal(t, 0.02, r.OursMS)
	require.Equal(t, "torch", r.Best)
	require.InDelta(t, 2.5, r.Ratio, 1e-12)
	require.InDeltaSlice(t, []float64{(3 + 5./3) / 2, 3.5}, r.RatioSpread[:], 1e-12)
	require.InDelta(t, 100, r.GFlops, 1e-9)
	require.InDelta(t, 500, r.Peak, 1e-9)
	require.InDelta(t, 0.2, r.PeakFraction, 1e-12)
	require.Zero(t, r.Copy)
}

func TestResultOfMemoryIsAgainstACopy(t *testing.T) {
	c := &Case{Suite: "memory", Bytes: 60e6, Copy: true}
	r := newResult(c, 1)
	r.fill(c, []*participant{{name: ours, ms: []float64{2}}, {name: yardstick, ms: []float64{4}, work: 160e6}})
	require.InDelta(t, 40, r.Copy, 1e-9)
	require.InDelta(t, 0.75, r.PeakFraction, 1e-12)
	require.Zero(t, r.Ratio, "without peers")
}

func TestJSONHasTheAgreedFields(t *testing.T) {
	path := t.TempDir() + "/results.json"
	run := newRun("a machine", []string{"-suite", "gemm", "-case", "n8$", "-peers", ""})
	run.add(sample())
	require.NoError(t, run.write(path))
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	var file struct {
		Machine, Date, Command string
		Cases                  int
		Mean                   float64
		Results                []map[string]any
	}
	require.NoError(t, json.Unmarshal(text, &file))
	require.Equal(t, "a machine", file.Machine)
	require.Equal(t, "go run ./bench/compare -suite gemm -case 'n8$' -peers ''", file.Command)
	require.Regexp(t, `^\d{4}-\d\d-\d\d$`, file.Date)
	require.Equal(t, 1, file.Cases)
	require.InDelta(t, 2.5, file.Mean, 1e-12)
	list := file.Results
	require.Len(t, list, 1)
	for _, field := range []string{"suite", "case", "threads", "ours_ms", "peers", "ratio", "peak_fraction"} {
		require.Contains(t, list[0], field)
	}
	require.Equal(t, map[string]any{"torch": 0.05, "numpy": 0.1}, list[0]["peers"])

	again, err := readRun(path)
	require.NoError(t, err)
	require.Equal(t, run.Mean, again.Mean)
	require.Equal(t, sample().Peers, again.Results[0].Peers)
	_, err = readRun(path + "none")
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestTableIsAligned(t *testing.T) {
	other := sample()
	other.Case, other.OursMS = "a", 1234.5
	other.Missing = map[string]string{"gomlx": "go build: failed\nfor a long reason"}
	other.Disagree = map[string]float64{"torch c": 0.5}
	var out strings.Builder
	writeTables(&out, []Result{sample(), other})
	require.Contains(t, out.String(), "gemm, 2 threads, milliseconds a call")
	require.Contains(t, out.String(), "gomlx is missing: go build: failed\n")
	require.Contains(t, out.String(), "0.0500 WRONG")
	require.Contains(t, out.String(), "geometric mean")
	width := 0
	for line := range strings.Lines(out.String()) {
		if strings.HasPrefix(line, "|") {
			if width == 0 {
				width = utf8.RuneCountInString(line)
			}
			require.Equal(t, width, utf8.RuneCountInString(line), line)
		}
	}
	require.Positive(t, width)
}

func TestDigits(t *testing.T) {
	for v, want := range map[float64]string{1234.5: "1234", 99.94: "99.9", 1: "1.00", 0.012345: "0.0123", 0.000009: "0.00000900", 0: "0"} {
		require.Equal(t, want, digits(v))
	}
}

func TestRelativeError(t *testing.T) {
	nan := float32(math.NaN())
	require.Zero(t, relativeError([]float32{1, 2}, []float32{1, 2}))
	require.InDelta(t, 0.1, relativeError([]float32{3.3, 4.4}, []float32{3, 4}), 1e-6)
	require.True(t, math.IsInf(relativeError([]float32{nan}, []float32{1}), 1))
	require.True(t, math.IsInf(relativeError([]float32{1}, []float32{0}), 1))
}

func TestRoofline(t *testing.T) {
	copying := sample()
	copying.Suite, copying.Copy, copying.Peak, copying.GBytes, copying.OursMS = "memory", 40, 0, 30, 10
	c := roofline([]Result{sample(), copying})
	require.Len(t, c.Series, 3, "two suites and the roof")
	roof := c.Series[2]
	require.InDelta(t, 500, roof.Y[1], 1e-9, "the ridge is at the peak")
	require.InDelta(t, 500./40, roof.X[1], 1e-9)
	_, err := c.SVG()
	require.NoError(t, err)
}
