package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// tiny is the command line of a run of the paper's preset that takes about a second.
func tiny(out string, more ...string) []string {
	return append([]string{
		"-preset", "paper", "-data", "embedded", "-train", "300", "-test", "50", "-blocks", "3", "-width", "4", "-vgg-width", "4", "-plain-blocks", "3",
		"-draws", "2", "-snapshots", "2", "-out", out,
	}, more...)
}

func parsed(t *testing.T, args []string) Config {
	c, err := parse(args, io.Discard)
	require.NoError(t, err)
	return c
}

func TestPaperPresetMeasuresEveryNetWithEverySeed(t *testing.T) {
	nets := []string{"residual", "stochastic", "vgg-nobn", "plain"}
	if testing.Short() {
		nets = nets[:2]
	}
	c := parsed(t, tiny(filepath.Join(t.TempDir(), "report"), "-seeds", "2", "-nets", strings.Join(nets, ",")))
	require.NoError(t, do(context.Background(), c, io.Discard))
	r := readResults(t, c.Out)
	require.Empty(t, r.Missing)
	require.Len(t, r.Nets, 2*len(nets))
	for _, name := range nets {
		both := r.seeds(name)
		require.Len(t, both, 2, name)
		require.Equal(t, []uint64{1, 2}, []uint64{both[0].Seed, both[1].Seed})
		require.NotEqual(t, both[0].Training, both[1].Training, name)
		require.NotEqual(t, both[0].DeleteRandom[0].Plans, both[1].DeleteRandom[0].Plans, name)
	}
	for _, n := range r.seeds("residual") {
		require.Len(t, n.Recalibrated, 3)
		require.Len(t, n.Growth, 2)
		require.Equal(t, []int{300, 600}, []int{n.Growth[0].Images, n.Growth[1].Images})
		require.Equal(t, n.Gradient.EffectiveExact, n.Growth[1].Lengths, "the last snapshot is the trained net")
		require.Equal(t, n.Link, n.Growth[1].Boosting)
	}
	page, err := os.ReadFile(filepath.Join(c.Out, "index.html"))
	require.NoError(t, err)
	for _, title := range []string{"by how the net was trained", "batch norm estimated anew", "Effective depth during training", "Iterative inference during training"} {
		require.Contains(t, string(page), title)
	}
	require.Contains(t, string(page), "Means over 2 seeds")
	all := drawings.Figures(r)
	require.Equal(t, 17, len(all))
	bars := all[1].Chart.Series[0]
	a, b := percent*r.seeds("residual")[0].Training[3].TestAccuracy, percent*r.seeds("residual")[1].Training[3].TestAccuracy
	require.InDelta(t, (a+b)/2, bars.Y[3], 1e-9)
	require.InDelta(t, math.Abs(a-b)/math.Sqrt2, bars.High[3]-bars.Y[3], 1e-9, "standard deviation over two seeds")
	// The same again takes everything from what was kept.
	var log bytes.Buffer
	again, err := newRun(c, &log)
	require.NoError(t, err)
	require.NoError(t, again.all(t.Context()))
	require.Equal(t, 2*len(nets), strings.Count(log.String(), "kept from an earlier run"))
	require.Equal(t, r.Nets, again.results.Nets)
}

// timeless returns results as JSON without what depends on time.
func timeless(t *testing.T, r *Results) string {
	var nets []*Net
	for _, n := range r.Nets {
		nets = append(nets, n.timeless())
	}
	text, err := json.Marshal(nets)
	require.NoError(t, err)
	return string(text)
}

func TestKeptResultsOfOtherFlagsAreRefused(t *testing.T) {
	out := filepath.Join(t.TempDir(), "report")
	nets := []string{"-seeds", "1", "-nets", "plain"}
	measured(t, tiny(out, nets...))
	err := do(context.Background(), parsed(t, tiny(out, append(nets, "-epochs", "3")...)), io.Discard)
	require.ErrorContains(t, err, `"epochs":3`)
	require.ErrorContains(t, err, "delete that folder")
	err = do(context.Background(), parsed(t, tiny(out, append(nets, "-train", "200")...)), io.Discard)
	require.ErrorContains(t, err, "keeps the results of a run with other flags")
	// More seeds and other nets add to what is there.
	require.Len(t, measured(t, tiny(out, "-seeds", "2", "-nets", "plain")).Nets, 2)
}

func TestCIFAR10FolderIsRecognised(t *testing.T) {
	dir := t.TempDir()
	rng := rand.New(rand.NewPCG(1, 1))
	for _, name := range []string{"data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"} {
		var raw []byte
		for i := range 60 {
			raw = append(raw, byte(i%10))
			for range 3 * 32 * 32 {
				raw = append(raw, byte(rng.IntN(256)))
			}
		}
		require.NoError(t, os.WriteFile(filepath.Join(dir, name+".bin"), raw, 0o644))
	}
	out := filepath.Join(t.TempDir(), "report")
	args := tiny(out, "-seeds", "1", "-nets", "residual,vgg", "-data", dir)
	r := measured(t, args)
	require.Contains(t, r.Data.Source, "CIFAR-10")
	require.Equal(t, 60, r.Data.Test)
	require.Empty(t, r.Missing)

	require.NoError(t, os.Remove(filepath.Join(dir, "data_batch_3.bin")))
	require.ErrorContains(t, do(context.Background(), parsed(t, args), io.Discard), "data_batch_3.bin")
}

func TestPresets(t *testing.T) {
	quick := parsed(t, nil)
	require.Equal(t, "quick", quick.Preset)
	require.False(t, quick.Resume)
	for _, args := range [][]string{{"-preset", "paper"}, {"--preset=paper"}, {"-seed", "7", "-preset=paper"}} {
		c := parsed(t, args)
		require.Equal(t, "paper", c.Preset)
		require.Equal(t, 54, c.Blocks)
		require.Equal(t, allNets, c.Nets)
	}
	require.Equal(t, 9, parsed(t, []string{"-blocks", "9", "-preset", "paper"}).Blocks, "a flag goes before the preset")
	_, err := parse([]string{"-preset", "fast"}, io.Discard)
	require.ErrorContains(t, err, `flag -preset is "fast"`)
}

func TestSnapshotsHalve(t *testing.T) {
	require.Equal(t, []int{12, 25, 50, 100}, halvings(100, 4))
	require.Equal(t, []int{1, 2, 5}, halvings(5, 6))
	require.Empty(t, halvings(100, 0))
}

// docs/findings.md rests on these files; whoever changes what results.json holds has to bring them along.
func TestCommittedFindingsAreWhole(t *testing.T) {
	dir := filepath.Join("..", "..", "docs", "findings")
	r := readResults(t, dir)
	require.Equal(t, "paper", r.Config.Preset)
	require.NotNil(t, r.net("residual").Gradient)
	page, err := os.ReadFile(dir + ".md")
	require.NoError(t, err)
	for _, f := range drawings.Figures(r) {
		_, err := os.Stat(filepath.Join(dir, f.Name+".svg"))
		require.NoError(t, err)
	}
	for _, n := range r.Nets {
		require.Contains(t, string(page), n.Name)
	}
}
