package main

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/data/fashion"
)

// small is a run of a second or two that still goes through every part.
func small(t *testing.T) Config {
	c, err := parse([]string{
		"-data", "embedded", "-train", "500", "-test", "50", "-blocks", "3", "-plain-blocks", "3", "-width", "8", "-epochs", "1", "-draws", "2",
		"-out", filepath.Join(t.TempDir(), "report"),
	}, io.Discard)
	require.NoError(t, err)
	return c
}

func readResults(t *testing.T, dir string) *Results {
	raw, err := os.ReadFile(filepath.Join(dir, "results.json"))
	require.NoError(t, err)
	r := new(Results)
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(r))
	return r
}

func TestRunWritesTheWholeReport(t *testing.T) {
	c := small(t)
	if testing.Short() {
		c.Nets = []string{"residual", "plain", "boost"}
	}
	require.NoError(t, do(t.Context(), c, io.Discard))

	r := readResults(t, c.Out)
	require.Empty(t, r.Missing)
	require.Len(t, r.Nets, len(c.Nets))
	for _, n := range r.Nets {
		require.Equal(t, 2000, n.Test.Examples, n.Name)
		require.Greater(t, n.Test.Loss(), 0.0, n.Name)
		seen := []int{64, 128, 256, 500} // in steps of 64
		if n.Name == "boost" || n.Name == "chained" {
			seen = []int{500, 1000, 1500}
		}
		require.Len(t, n.Training, len(seen), n.Name)
		for i, reading := range n.Training {
			require.Equal(t, seen[i], reading.Images, n.Name)
		}
		last := n.Training[len(seen)-1]
		require.Greater(t, last.Accuracy, 0.1, "%s: better than chance on what it was trained on", n.Name)
		require.InDelta(t, n.Test.Accuracy(), last.TestAccuracy, 1e-9, n.Name)
		require.Len(t, n.DeleteOne, len(n.Blocks), n.Name)
		require.Equal(t, 50, n.Whole.Examples, n.Name)
		require.NotEmpty(t, n.DeleteRandom, n.Name)
		require.Equal(t, *n.Whole, n.Reorder[0].Scores[0], "%s: no swaps are no change", n.Name)
		require.Equal(t, 1.0, n.Reorder[0].Tau[0], n.Name)
	}
	res := r.net("residual")
	require.Equal(t, "8", res.Paths.Count)
	require.Equal(t, []float64{0.125, 0.375, 0.375, 0.125}, res.Paths.Distribution)
	require.Less(t, res.SumError, 1e-5, "the sum over path lengths is the ordinary gradient")
	require.Len(t, res.Forward.Picard, 4)
	require.Equal(t, *res.Whole, res.Forward.Picard[3].Score, "Picard order n is the whole net")
	require.Equal(t, *res.Whole, res.Forward.EarlyExit[3])
	require.Len(t, res.Forward.State, 4)
	require.NotZero(t, res.Forward.State[0], "the path past all blocks")
	require.Zero(t, res.Forward.Offset[0], "no bias lies on it")

	page, err := os.ReadFile(filepath.Join(c.Out, "index.html"))
	require.NoError(t, err)
	if !testing.Short() {
		require.Len(t, claims(r), 11)
	}
	for _, c := range claims(r) {
		require.Contains(t, []string{"yes", "no", "partly"}, c.Holds, c.Claim)
		require.Contains(t, string(page), "<td>"+c.Claim+"</td>")
	}
	all := drawings.Figures(r)
	require.Equal(t, 13, len(all))
	for _, f := range all {
		require.Contains(t, string(page), f.Chart.Title)
		require.Contains(t, string(page), `<a href="#`+f.Name+`">`)
		require.Contains(t, string(page), `<section id="`+f.Name+`">`)
		if f.Drawing == "" {
			raw, err := os.ReadFile(filepath.Join(c.Out, f.Name+".png"))
			require.NoError(t, err)
			_, err = png.Decode(bytes.NewReader(raw))
			require.NoError(t, err)
		}
		if strings.HasPrefix(f.Name, "reorder") {
			for _, s := range f.Chart.Series {
				require.True(t, slices.IsSorted(s.X), "%s: %s: in order of tau", f.Name, s.Name)
			}
		}
		raw, err := os.ReadFile(filepath.Join(c.Out, f.Name+".svg"))
		require.NoError(t, err)
		require.NoError(t, xml.Unmarshal(raw, new(struct{ XMLName xml.Name })))
	}
	require.NotContains(t, string(page), "<script", "the page needs nothing but itself")
	require.NotContains(t, string(page), "src=")
}

// stopper cancels a run when its log first mentions something.
type stopper struct {
	bytes.Buffer
	at     string
	cancel func()
}

func (s *stopper) Write(p []byte) (int, error) {
	n, err := s.Buffer.Write(p)
	if strings.Contains(s.String(), s.at) {
		s.cancel()
	}
	return n, err
}

func TestStoppedRunReportsWhatItHasAndNamesWhatIsMissing(t *testing.T) {
	c := small(t)
	c.Nets = []string{"residual", "boost"}
	ctx, cancel := context.WithCancel(context.Background())
	err := do(ctx, c, &stopper{at: "deleting one block: done", cancel: cancel})
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "residual: deleting random blocks")
	require.ErrorContains(t, err, "; boost\n")

	r := readResults(t, c.Out)
	require.NotContains(t, r.Missing, "residual: deleting one block")
	require.Contains(t, r.Missing, "boost: training")
	require.NotNil(t, r.net("residual").DeleteOne)
	require.Nil(t, r.net("residual").DeleteRandom)
	page, err := os.ReadFile(filepath.Join(c.Out, "index.html"))
	require.NoError(t, err)
	require.Contains(t, string(page), "Missing: residual: deleting random blocks")
	files, err := os.ReadDir(c.Out)
	require.NoError(t, err)
	for _, f := range files {
		require.NotEqual(t, ".tmp", filepath.Ext(f.Name()), "left behind: %s", f.Name())
	}
}

func TestRunStoppedInTrainingSaysWhere(t *testing.T) {
	c := small(t)
	c.Epochs = 3
	ctx, cancel := context.WithCancel(context.Background())
	err := do(ctx, c, &stopper{at: "500 images", cancel: cancel})
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "of 3")
	r := readResults(t, c.Out)
	require.NotEmpty(t, r.net("residual").Training, "what it had learned is shown")
	require.Contains(t, r.Missing, "residual: training")
}

func TestUnwritableFolderFailsBeforeAnyWork(t *testing.T) {
	c := small(t)
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	c.Out = filepath.Join(file, "report")
	var log bytes.Buffer
	err := do(context.Background(), c, &log)
	require.ErrorContains(t, err, "report folder")
	require.ErrorContains(t, err, file)
	require.Empty(t, log.String())
	if runtime.GOOS != "windows" && os.Getuid() != 0 {
		c.Out = t.TempDir()
		require.NoError(t, os.Chmod(c.Out, 0o500))
		require.ErrorIs(t, do(context.Background(), c, &log), os.ErrPermission)
	}
}

func TestTheReportIsWrittenWhileTheRunGoesOn(t *testing.T) {
	c := small(t)
	c.Nets = []string{"plain"}
	r, err := newRun(c, io.Discard)
	require.NoError(t, err)
	r.folder.Every = 0
	lock, err := prepare(c.Out)
	require.NoError(t, err)
	require.NoError(t, r.all(t.Context()))
	require.NoError(t, lock.Release())
	results := readResults(t, c.Out)
	require.Len(t, results.Nets, 1)
	require.True(t, results.Running)
	page, err := os.ReadFile(filepath.Join(c.Out, "index.html"))
	require.NoError(t, err)
	require.Contains(t, string(page), `http-equiv="refresh"`)
	require.NoError(t, r.report(t.Context()))
	page, err = os.ReadFile(filepath.Join(c.Out, "index.html"))
	require.NoError(t, err)
	require.NotContains(t, string(page), `http-equiv="refresh"`, "a report that is complete stays as it is")
}

func TestMissingDataIsNamed(t *testing.T) {
	c := small(t)
	c.Data = filepath.Join(t.TempDir(), "nowhere")
	require.ErrorContains(t, do(context.Background(), c, io.Discard), "nowhere")
}

func TestTheWholeSetIsTakenWhenAsked(t *testing.T) {
	require.Equal(t, "embedded", parsed(t, nil).Data, "else every machine trains on the same images")
	if testing.Short() {
		t.Skip("reads 70,000 images")
	}
	split, err := loadData("whole")
	if _, absent := os.Stat(fashion.SystemDir); absent != nil {
		require.ErrorContains(t, err, "install the Debian package dataset-fashion-mnist")
		return
	}
	require.NoError(t, err)
	require.Equal(t, 60_000, split.Train.Len())
}

func TestFlags(t *testing.T) {
	var help bytes.Buffer
	_, err := parse([]string{"-h"}, &help)
	require.True(t, errors.Is(err, flag.ErrHelp))
	for _, name := range []string{"-blocks", "-width", "-epochs", "-data", "-out", "-seed", "-nets"} {
		require.Contains(t, help.String(), name)
	}
	for _, args := range [][]string{
		{"-data", ""}, {"-blocks", "4"}, {"-width", "0"}, {"-epochs", "-1"}, {"-nets", "resnet"}, {"-draws", "0"}, {"-out", ""}, {"-train", "15"}, {"-test", "-10"},
		{"-blocks", "3000000"}, {"-plain-blocks", "3003"}, {"-width", "100000"}, {"-vgg-width", "100000"}, {"-stride", "33"}, {"-epochs", "10000000"}, {"-seeds", "1001"},
		{"-draws", "100000"}, {"-snapshots", "65"}, {"-test", "1"},
	} {
		_, err := parse(args, io.Discard)
		require.ErrorContains(t, err, "flag "+args[0], args)
	}
	_, err = parse([]string{"stray"}, io.Discard)
	require.ErrorContains(t, err, "stray")
}

func TestMoreImagesThanThereAre(t *testing.T) {
	for _, c := range []func(c *Config){func(c *Config) { c.Train = 20_000 }, func(c *Config) { c.Test = 20_000 }} {
		cfg := small(t)
		c(&cfg)
		require.ErrorContains(t, do(t.Context(), cfg, io.Discard), " is 20000: data: Subset: class 0 holds")
	}
}

func TestSpansAreShort(t *testing.T) {
	require.Equal(t, "none", span(nil))
	require.Equal(t, "3", span([]int{3}))
	require.Equal(t, "0 to 2, 5, 7 to 8", span([]int{0, 1, 2, 5, 7, 8}))
}

func TestStepsAreAscendingAndEndAtTheLast(t *testing.T) {
	require.Equal(t, []int{1, 2}, steps(2, 7))
	require.Equal(t, []int{1, 3, 6, 10, 14, 20}, steps(20, 7))
}
