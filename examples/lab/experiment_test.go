package main

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/data/fashion"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/unravel"
)

// tinyExperiment has untrained nets: what is tested does not depend on its weights.
func tinyExperiment(t testing.TB) *experiment {
	t.Helper()
	images := fashion.Embedded()
	e, err := newExperiment(t.Context(), tinyPair(t), images.Test, images.Train.Norm(), fashion.Classes[:])
	require.NoError(t, err)
	return e
}

func TestMeasureAgreesWithEditingTheNetByHand(t *testing.T) {
	e := tinyExperiment(t)
	for text, edit := range map[string]struct{ order, deleted []int }{
		"2 1 2 -3 4 5 6":    {[]int{1, 0, 1, 2, 3, 4, 5}, []int{2}}, // differs from the first step on
		"1 2 3 4 4 -5 6":    {[]int{0, 1, 2, 3, 3, 4, 5}, []int{4}},
		"1 2 3 4 5 6 6":     {[]int{0, 1, 2, 3, 4, 5, 5}, nil}, // differs in the last
		"1 2 3 4 5 -6":      {[]int{0, 1, 2, 3, 4, 5}, []int{5}},
		"1 2 3 4 5":         {[]int{0, 1, 2, 3, 4}, nil}, // a block left out
		"-1 -2 -3 -4 -5 -6": {[]int{0, 1, 2, 3, 4, 5}, []int{0, 1, 2, 3, 4, 5}},
	} {
		requireByHand(t, e, text, edit.order, edit.deleted)
	}
}

// requireByHand compares what is measured of a plan with running the blocks in order, some of them deleted.
func requireByHand(t *testing.T, e *experiment, plan string, order, deleted []int) {
	t.Helper()
	plan = named(plan)
	p, err := parsePlan(plan, e.blocks)
	require.NoError(t, err)
	r, err := e.measure(t.Context(), p)
	require.NoError(t, err)
	require.Equal(t, plan, r.Plan)

	run := func(net unravel.Network, order []int, deleted ...int) *tensor.Tensor {
		y := net.Stem(autograd.Const(e.test.X))
		for _, i := range order {
			if slices.Contains(deleted, i) {
				y = net.Skip(i, y)
			} else {
				y = net.Join(i, net.Skip(i, y), net.Branch(i, y))
			}
		}
		return net.Head(y).Value()
	}
	all := []int{0, 1, 2, 3, 4, 5}
	now, before := run(e.residual.net, order, deleted...), run(e.residual.net, all)
	score, whole := data.ScoreOf(now, e.test.Labels), data.ScoreOf(before, e.test.Labels)
	require.Equal(t, score.Accuracy(), r.Accuracy)
	require.Equal(t, whole.Accuracy(), e.whole.Accuracy)
	require.InDelta(t, score.Accuracy()-whole.Accuracy(), r.Change, 1e-9)
	require.Equal(t, score.Correct-whole.Correct, r.Gained-r.Lost)

	plainNow := data.ScoreOf(run(e.plain.net, order, deleted...), e.test.Labels)
	plainBefore := data.ScoreOf(run(e.plain.net, all), e.test.Labels)
	require.Equal(t, plainNow.Accuracy(), r.Plain.Accuracy)
	require.Equal(t, plainBefore.Accuracy(), e.whole.Plain.Accuracy)
	require.InDelta(t, plainNow.Accuracy()-plainBefore.Accuracy(), r.Plain.Change, 1e-9)

	var mean, change float64
	for _, c := range r.Classes {
		mean += c.Accuracy / 10
		change += c.Change / 10
	}
	require.InDelta(t, r.Accuracy, mean, 1e-9, "100 images of each class")
	require.InDelta(t, r.Change, change, 1e-9)
	for i, at := range e.shown {
		sum := 0.0
		for _, v := range r.Shown[i] {
			sum += v
		}
		require.InDelta(t, 1, sum, 1e-3)
		require.Equal(t, tensor.Predictions(nil, now)[at], slices.Index(r.Shown[i], slices.Max(r.Shown[i])))
	}
}

func TestMeasureCountsThePathsThatAreLeft(t *testing.T) {
	e := tinyExperiment(t)
	p, err := parsePlan(named("1 1 -2 3 4 -5 6"), e.blocks)
	require.NoError(t, err)
	r, err := e.measure(t.Context(), p)
	require.NoError(t, err)
	require.Equal(t, 5, r.Paths.Blocks, "blocks 1, 1, 3, 4, 6")
	require.Equal(t, "32", r.Paths.Count)
	require.Equal(t, 2.5, r.Paths.Mean)
	require.InDeltaSlice(t, []float64{1. / 32, 5. / 32, 10. / 32, 10. / 32, 5. / 32, 1. / 32}, r.Paths.Shares, 1e-12)

	study, err := unravel.NewStudy(unravel.Edited(e.residual.net, p), []data.Batch{e.grade}, unravel.Options{})
	require.NoError(t, err)
	g, err := study.GradientByLength(t.Context(), unravel.GradientOptions{})
	require.NoError(t, err)
	var norms []float64
	var total float64
	for _, l := range g.Norm[0] {
		norms = append(norms, l.Value())
		total += l.Value()
	}
	require.Len(t, r.Gradient.Shares, 6)
	for k, share := range r.Gradient.Shares {
		require.InDelta(t, norms[k]/total, share, 1e-9)
	}
	require.Len(t, e.grade.Labels, 40)
}

func TestMeasureWithoutAnyBlock(t *testing.T) {
	e := tinyExperiment(t)
	p, err := parsePlan(named("-1 -2 -3 -4 -5 -6"), e.blocks)
	require.NoError(t, err)
	r, err := e.measure(t.Context(), p)
	require.NoError(t, err)
	require.Equal(t, pathResult{Blocks: 0, Count: "1", Mean: 0, Shares: []float64{1}}, r.Paths)
	require.Equal(t, []float64{1}, r.Gradient.Shares)
}

func TestMeasureTakesNumbersThatAreNotFiniteForErrors(t *testing.T) {
	logits := tensor.From([]float32{0, 1, float32(math.NaN()), 9, float32(math.Inf(1)), 0, 3, 2}, 4, 2)
	require.Equal(t, []int{1, -1, -1, 0}, tensor.Predictions(nil, logits))
	require.Nil(t, softmax(row(logits, 2)))
}

func TestMeasureAnswersAgainFromTheCache(t *testing.T) {
	e := tinyExperiment(t)
	r, err := e.measure(t.Context(), unravel.Whole(e.residual.net))
	require.NoError(t, err)
	require.Same(t, e.whole, r)
}

// A request that is given up stops within a block, and the next one is served.
func TestMeasureStopsWhenNobodyWaits(t *testing.T) {
	e := tinyExperiment(t)
	ctx, cancel := context.WithCancel(t.Context())
	slow := &watched{Network: e.residual.net, at: cancel}
	e.residual.net = slow
	_, err := e.measure(ctx, unravel.Ablate(e.residual.net, unravel.Delete, 0))
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 1, slow.branches, "blocks that ran")

	slow.at = func() {}
	_, err = e.measure(t.Context(), unravel.Ablate(e.residual.net, unravel.Delete, 0))
	require.NoError(t, err)

	e.turn <- struct{}{} // somebody else is being served
	_, err = e.measure(ctx, unravel.Ablate(e.residual.net, unravel.Delete, 4))
	require.ErrorIs(t, err, context.Canceled)
}

// watched counts the branches that run, and calls at when one does.
type watched struct {
	unravel.Network
	branches int
	at       func()
}

func (w *watched) Branch(i int, y *autograd.Var) *autograd.Var {
	w.branches++
	w.at()
	return w.Network.Branch(i, y)
}

func TestMargin(t *testing.T) {
	require.Zero(t, margin(0, 0, 100))
	// Of 100 images, 4 gained and 16 lost: variance of +1, -1, 0 is 0.2 - 0.12^2.
	require.InDelta(t, 1.96*math.Sqrt((0.2-0.0144)/100), margin(4, 16, 100), 1e-12)
}
