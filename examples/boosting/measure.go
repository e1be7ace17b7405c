package main

import (
	"context"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/unravel"
)

// network is what can be both trained and taken apart.
type network interface {
	nn.Module
	unravel.Network
	BlockName(i int) string
}

// examined is a model under study.
type examined struct {
	net     network
	study   *unravel.Study
	labels  []int
	classes int
	begin   func(phase string) func(done, total int) // shows the progress of a phase
	show    func(done, total int)                    // that of the phase under way
	kept    [][]float64                              // logits of each plan of an evaluation, row by row, less their mean over the classes
	result  *Model
}

// examine measures everything on a trained model.
func (r *run) examine(ctx context.Context, net network, batches []data.Batch, seed uint64, result *Model, label string) error {
	e := &examined{net: net, result: result, begin: func(phase string) func(done, total int) { return r.out.Bar(label + ", " + phase).Show }}
	for _, b := range batches {
		e.labels = append(e.labels, b.Labels...)
	}
	var err error
	e.study, err = unravel.NewStudy(net, batches, unravel.Options{Seed: seed, OnLogits: e.keep, Progress: func(done, total int) { e.show(done, total) }})
	if err != nil {
		return err
	}
	n := net.Len()
	plans := unravel.EarlyExits(net)
	for m := range n {
		plans = append(plans, unravel.Only(net, m))
	}
	scores, err := e.evaluate(ctx, append(plans, unravel.DeleteEach(net)...))
	if err != nil {
		return err
	}
	result.Exits, result.DeleteOne, result.Test = scores[:n+1], scores[2*n+1:], scores[n]
	exits, alone := e.kept[:n+1], e.kept[n+1:2*n+1]
	e.calibration(exits[n])
	e.members(exits)
	e.diversity(exits, alone)
	e.isolation(exits, alone)
	if err := e.lesions(ctx, exits[n], seed, r.cfg.Draws); err != nil {
		return err
	}
	if _, features := net.(*resnet.Net); features && net.Sums(0) {
		return e.states(ctx)
	}
	return nil
}

// evaluate returns the scores of plans and keeps their logits.
func (e *examined) evaluate(ctx context.Context, plans []unravel.Plan) ([]data.Score, error) {
	e.kept, e.show = make([][]float64, len(plans)), e.begin("with and without its members")
	return e.study.Evaluate(ctx, plans)
}

func (e *examined) keep(plan, _ int, logits *tensor.Tensor) error {
	e.classes = logits.Dim(1)
	for row := range slices.Chunk(logits.Data(), e.classes) {
		mean := 0.0
		for _, v := range row {
			mean += float64(v) / float64(len(row))
		}
		for _, v := range row {
			e.kept[plan] = append(e.kept[plan], float64(v)-mean)
		}
	}
	return nil
}

// probabilities returns the softmax of a row of logits.
func probabilities(row []float64) []float64 {
	p := make([]float64, len(row))
	top := slices.Max(row)
	for i, v := range row {
		p[i] = math.Exp(v - top)
	}
	floats.Scale(1/floats.Sum(p), p)
	return p
}

const bins = 15 // of a reliability diagram, as Guo et al. 2017 have

// calibration fills in reliability and expected calibration error (Guo, Pleiss, Sun, Weinberger 2017, section 2).
func (e *examined) calibration(logits []float64) {
	all := make([]Bin, bins)
	for i, y := range e.labels {
		p := probabilities(e.row(logits, i))
		k := floats.MaxIdx(p)
		b := &all[min(int(p[k]*bins), bins-1)]
		b.Images++
		b.Confidence += p[k]
		if k == y {
			b.Accuracy++
		}
	}
	for i := range all {
		if b := &all[i]; b.Images > 0 {
			b.Confidence /= float64(b.Images)
			b.Accuracy /= float64(b.Images)
			e.result.ECE += math.Abs(b.Confidence-b.Accuracy) * float64(b.Images) / float64(len(e.labels))
		}
	}
	e.result.Bins = all
}

func (e *examined) row(logits []float64, i int) []float64 {
	return logits[i*e.classes : (i+1)*e.classes]
}

// residual returns the negative gradient of the loss by the logits of each image: one-hot labels less probabilities.
func (e *examined) residual(logits []float64) []float64 {
	g := make([]float64, 0, len(logits))
	for i, y := range e.labels {
		p := probabilities(e.row(logits, i))
		floats.Scale(-1, p)
		p[y]++
		g = append(g, p...)
	}
	return g
}

// cosine is the mean over the images of the cosine between rows of a and b. Images with a row of zeros do not count.
func (e *examined) cosine(a, b []float64) float64 {
	sum, n := 0.0, 0
	for i := range e.labels {
		x, y := e.row(a, i), e.row(b, i)
		if size := floats.Norm(x, 2) * floats.Norm(y, 2); size > 0 {
			sum += floats.Dot(x, y) / size
			n++
		}
	}
	return sum / float64(max(n, 1))
}

// focus is the correlation over the images of the lengths of rows of a and b.
func (e *examined) focus(a, b []float64) float64 {
	var x, y []float64
	for i := range e.labels {
		x, y = append(x, floats.Norm(e.row(a, i), 2)), append(y, floats.Norm(e.row(b, i), 2))
	}
	if floats.Max(x)-floats.Min(x) < 1e-6 || floats.Max(y)-floats.Min(y) < 1e-6 {
		return 0
	}
	return stat.Correlation(x, y, nil)
}

// right reports for each image whether it is classified rightly.
func (e *examined) right(logits []float64) []bool {
	out := make([]bool, len(e.labels))
	for i, y := range e.labels {
		out[i] = floats.MaxIdx(e.row(logits, i)) == y
	}
	return out
}

func (e *examined) members(exits [][]float64) {
	n := e.net.Len()
	atEnd := e.residual(exits[n])
	whole := difference(exits[n], exits[0])
	for m := range n {
		d, own := difference(exits[m+1], exits[m]), e.residual(exits[m])
		w := Member{
			Name: e.net.BlockName(m), OwnCosine: e.cosine(d, own), EndCosine: e.cosine(d, atEnd),
			LossRemoved: e.result.Exits[m].Loss() - e.result.Exits[m+1].Loss(), Size: ratio(floats.Norm(d, 2), floats.Norm(whole, 2)),
			Focus:     e.focus(own, d),
			Explained: ratio(max(floats.Dot(d, own), 0)*floats.Dot(d, own), floats.Dot(d, d)*floats.Dot(own, own)),
		}
		before, after := e.right(exits[m]), e.right(exits[m+1])
		for i := range before {
			switch {
			case after[i] && !before[i]:
				w.Mended += 1 / float64(len(before))
			case before[i] && !after[i]:
				w.Broken += 1 / float64(len(before))
			}
		}
		e.result.Members = append(e.result.Members, w)
	}
}

func difference(a, b []float64) []float64 { return floats.SubTo(make([]float64, len(a)), a, b) }

// ratio is a / b, or 0 if both are.
func ratio(a, b float64) float64 {
	if a == 0 {
		return 0
	}
	return a / b
}

func (e *examined) diversity(exits, alone [][]float64) {
	n, pairs := e.net.Len(), 0
	for a := range n {
		for b := range a {
			x, y := difference(exits[a+1], exits[a]), difference(exits[b+1], exits[b])
			e.result.Correlation += ratio(floats.Dot(x, y), floats.Norm(x, 2)*floats.Norm(y, 2))
			for i := range e.labels {
				if floats.MaxIdx(e.row(alone[a], i)) != floats.MaxIdx(e.row(alone[b], i)) {
					e.result.Disagreement += 1 / float64(len(e.labels))
				}
			}
			pairs++
		}
	}
	e.result.Correlation /= float64(max(pairs, 1))
	e.result.Disagreement /= float64(max(pairs, 1))
}

func (e *examined) isolation(exits, alone [][]float64) {
	whole := difference(exits[e.net.Len()], exits[0])
	sum := make([]float64, len(whole))
	for _, logits := range alone {
		floats.Add(sum, difference(logits, exits[0]))
	}
	size, rest := floats.Dot(whole, whole), difference(whole, sum)
	e.result.Isolation = Isolation{Share: floats.Dot(sum, whole) / size, Explained: 1 - floats.Dot(rest, rest)/size}
	for _, ok := range e.right(floats.AddTo(make([]float64, len(sum)), sum, exits[0])) {
		if ok {
			e.result.Isolation.Accuracy += 1 / float64(len(e.labels))
		}
	}
}

// lesions deletes several members at random, and puts members into other orders.
func (e *examined) lesions(ctx context.Context, whole []float64, seed uint64, draws int) error {
	n := e.net.Len()
	var counts []int
	for _, k := range []int{1, n / 4, n / 2, 3 * n / 4} {
		if k > 0 && !slices.Contains(counts, k) {
			counts = append(counts, k)
		}
	}
	o := unravel.CurveOptions{Counts: counts, Draws: draws, Seed: seed}
	var err error
	if e.result.DeleteSome, err = e.points(ctx, whole, unravel.DeletionCurve(e.net, o)); err != nil {
		return err
	}
	o.Counts = append([]int{0}, counts...)
	groups := unravel.Interchangeable(e.net, e.study.Batches()[0].X.Slice(0, 1))
	e.result.Reorder, err = e.points(ctx, whole, unravel.SwapCurve(e.net, groups, o))
	return err
}

// points measures the plans of a curve.
func (e *examined) points(ctx context.Context, whole []float64, points []unravel.Point) ([]Lesion, error) {
	var out []Lesion
	size := floats.Norm(whole, 2) / math.Sqrt(float64(len(whole)))
	for _, p := range points {
		scores, err := e.evaluate(ctx, p.Plans)
		if err != nil {
			return nil, err
		}
		l := Lesion{Count: int(p.X)}
		for i, s := range scores {
			l.Accuracy += s.Accuracy() / float64(len(scores))
			l.Tau += p.Plans[i].Tau() / float64(len(scores))
			l.Change = max(l.Change, floats.Distance(e.kept[i], whole, math.Inf(1))/size)
		}
		out = append(out, l)
	}
	return out, nil
}

// states measures the alignment in the space of the states, too.
func (e *examined) states(ctx context.Context) error {
	e.show = e.begin("alignment")
	found, err := e.study.Iterative(ctx)
	if err != nil {
		return err
	}
	for _, b := range found.Blocks {
		e.result.Members[b.Block].StateOwnCosine = b.EarlyCosine.Mean
		e.result.Members[b.Block].StateEndCosine = b.Cosine.Mean
	}
	return nil
}
