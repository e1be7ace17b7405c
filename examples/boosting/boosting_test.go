package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/unravel"
)

// small is a run of seconds that still goes through every part.
func small(t *testing.T, args ...string) Config {
	c, err := parse(append([]string{
		"-members", "3", "-width", "4", "-epochs", "1", "-train", "500", "-test", "100", "-draws", "2", "-seeds", "2", "-out", filepath.Join(t.TempDir(), "report"),
	}, args...), io.Discard)
	require.NoError(t, err)
	return c
}

func readResults(t *testing.T, path string) *Results {
	t.Helper()
	raw, err := os.ReadFile(path)
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
		c.Seeds = 1
	}
	require.NoError(t, do(t.Context(), c, io.Discard))
	r := readResults(t, filepath.Join(c.Out, "results.json"))
	require.False(t, r.Running)
	require.Len(t, r.Models, len(recipes)*c.Seeds)
	page, err := os.ReadFile(filepath.Join(c.Out, "index.html"))
	require.NoError(t, err)
	require.NotContains(t, string(page), "NaN")
	drawn := drawings.Figures(r)
	require.Len(t, drawn, len(drawings)-2, "all but those of published nets")
	for _, f := range drawn {
		require.Contains(t, string(page), `<section id="`+f.Name+`">`)
		require.FileExists(t, filepath.Join(c.Out, f.Name+".svg"))
		require.FileExists(t, filepath.Join(c.Out, f.Name+".png"))
	}
	for _, m := range r.Models {
		require.Equal(t, 100, m.Test.Examples, m.Name)
		require.NotEmpty(t, m.Curve, m.Name)
		require.Positive(t, m.Bytes, m.Name)
		require.Len(t, m.Members, 3)
		require.Len(t, m.Exits, 4)
		require.Equal(t, m.Test, m.Exits[3], "with all members it is the model")
		require.Equal(t, m.DeleteOne[2], m.Exits[2], "without the last member it is the model cut there")
		images, removed := 0, 0.0
		for _, b := range m.Bins {
			images += b.Images
		}
		require.Equal(t, 100, images)
		for i, w := range m.Members {
			removed += w.LossRemoved
			require.LessOrEqual(t, math.Abs(w.OwnCosine), 1.0)
			require.InDelta(t, m.Exits[i+1].Accuracy()-m.Exits[i].Accuracy(), w.Mended-w.Broken, 1e-9)
		}
		require.InDelta(t, m.Exits[0].Loss()-m.Exits[3].Loss(), removed, 1e-6)
	}
	// By construction, in plain additive ensembles: members alone add up to the model, in any order.
	for _, name := range additive {
		for _, m := range r.of(name) {
			require.InDelta(t, 1, m.Isolation.Explained, 1e-5, name)
			require.InDelta(t, 1, m.Isolation.Share, 1e-5, name)
			require.Less(t, change(m), 1e-5, name)
			require.Zero(t, lostByOrder(m), name)
		}
	}
	for _, m := range r.of("residual") {
		require.Less(t, m.Isolation.Explained, 0.999)
		require.NotZero(t, m.Members[0].StateOwnCosine)
	}
	for _, m := range r.of("boostresnet") {
		require.Len(t, m.Modules, 4)
		for _, w := range m.Modules {
			require.LessOrEqual(t, w.Train.Error(), w.Exponential)
		}
	}
}

// Equal seeds give equal numbers, but for times.
func TestSameNumbers(t *testing.T) {
	var runs []*Results
	for range 2 {
		c := small(t, "-seeds", "1", "-papers=false", "-models", "boostresnet,refined,grownet,bagged")
		require.NoError(t, do(t.Context(), c, io.Discard))
		r := readResults(t, filepath.Join(c.Out, "results.json"))
		for _, m := range r.Models {
			m.Seconds = 0
		}
		runs = append(runs, r)
	}
	require.Equal(t, runs[0].Models, runs[1].Models)
}

func TestStoppedRunReportsWhatThereIs(t *testing.T) {
	c := small(t, "-models", "mlps,trees")
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	enough := errors.New("enough")
	err := do(ctx, c, writer(func(line []byte) {
		if bytes.Contains(line, []byte("mlps, seed 1: test accuracy")) {
			cancel(enough)
		}
	}))
	require.ErrorIs(t, err, enough)
	r := readResults(t, filepath.Join(c.Out, "results.json"))
	require.Len(t, r.Models, 1)
	require.False(t, r.Running)
	require.FileExists(t, filepath.Join(c.Out, "index.html"))
}

type writer func([]byte)

func (w writer) Write(p []byte) (int, error) { w(p); return len(p), nil }

func TestFlags(t *testing.T) {
	for _, args := range [][]string{{"-members", "4"}, {"-models", "residual,residual"}, {"-models", "other"}, {"-models", "refined"}, {"-models", "residual,refined"}, {"-out", ""}, {"-seeds", "0"}} {
		_, err := parse(args, io.Discard)
		require.ErrorContains(t, err, args[0][1:], "%v", args)
	}
	var help bytes.Buffer
	_, err := parse([]string{"-h"}, &help)
	require.ErrorIs(t, err, flag.ErrHelp)
	require.Contains(t, help.String(), "-published")
	c := small(t, "-published", t.TempDir())
	require.ErrorContains(t, do(t.Context(), c, io.Discard), "-published")
}

// A bag is a network whose members can be taken apart like blocks, and gives the mean of its nets' logits.
func TestBagged(t *testing.T) {
	b := bagged{inputs: 2, classes: 3}
	x := tensor.From([]float32{1, 2, 3, 4}, 2, 2)
	want := tensor.New(2, 3)
	for i := range 2 {
		l := &nn.Linear{Weight: autograd.NewParam(tensor.Full(float32(i+1), 3, 2)), Bias: autograd.NewParam(tensor.Full(1, 3))}
		b.nets = append(b.nets, l)
		tensor.AddScaled(want, want, 0.5, l.Forward(autograd.Const(x)).Value())
	}
	require.Equal(t, want.Data(), b.Forward(autograd.Const(x)).Value().Data())
	require.Equal(t, want.Data(), unravel.Forward(b, autograd.Const(x)).Value().Data())
	require.Equal(t, 2*9, nn.Count(b))
}

// The measures, on logits of two images and three classes whose answers are known.
func TestMeasures(t *testing.T) {
	e := &examined{labels: []int{0, 2}, classes: 3, result: &Model{}}
	require.InDeltaSlice(t, []float64{2.0 / 3, -1.0 / 3, -1.0 / 3, -1.0 / 3, -1.0 / 3, 2.0 / 3}, e.residual(make([]float64, 6)), 1e-9)
	require.InDelta(t, 1, e.cosine([]float64{2, -1, -1, 0, 0, 0}, []float64{4, -2, -2, 1, 1, 1}), 1e-9, "an image without a direction does not count")
	require.InDelta(t, 0, e.cosine([]float64{1, 0, 0, 1, 0, 0}, []float64{1, 0, 0, -1, 0, 0}), 1e-9)
	require.InDelta(t, -1, e.focus([]float64{1, 0, 0, 0, 2, 0}, []float64{0, 3, 0, 0, 0, 1}), 1e-9)
	require.Zero(t, e.focus([]float64{1, 0, 0, 0, 1, 0}, []float64{0, 3, 0, 0, 0, 1}), "of each image the same was left over")
	sure := math.Log(18) // 0.9, 0.05, 0.05
	e.calibration([]float64{sure, 0, 0, sure, 0, 0})
	require.Equal(t, Bin{Images: 2, Confidence: 0.9, Accuracy: 0.5}, round(e.result.Bins[13]))
	require.InDelta(t, 0.4, e.result.ECE, 1e-9)
}

func round(b Bin) Bin {
	b.Confidence = math.Round(1e9*b.Confidence) / 1e9
	return b
}
