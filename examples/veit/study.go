package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/examples/internal/program"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/unravel"
)

const (
	evaluationBatch = 250
	gradientImages  = 100 // of the test images, for the gradient studies
	samplesByLength = 30  // random paths of each length
	signDraws       = 3
)

// study measures everything about a trained net that the report shows, part by part.
func (j *job) study(ctx context.Context, model network) error {
	journal, err := j.store.journal(j.res, model, "sweeps")
	if err != nil {
		return err
	}
	if journal != nil {
		defer journal.Close()
	}
	var bar *program.Bar // of the part that is measured
	s, err := unravel.NewStudy(model, slices.Collect(j.studied.Batches(j.norm, evaluationBatch)), unravel.Options{
		Seed: j.seed, Journal: journal, Progress: func(done, total int) { bar.Show(done, total) },
	})
	if err != nil {
		return err
	}
	for _, p := range j.parts() {
		if j.has(p.name) {
			continue
		}
		start := time.Now()
		bar = j.out.Bar(fmt.Sprintf("%-10s %s", j.label(), p.name))
		if err := p.measure(j, ctx, s); err != nil {
			return err
		}
		if err := j.done(p.name); err != nil {
			return err
		}
		j.out.Printf("%-10s %s: done in %v", j.label(), p.name, time.Since(start).Round(time.Second/10))
	}
	return nil
}

// part is one thing that is measured on a net.
type part struct {
	name    string
	measure func(j *job, ctx context.Context, s *unravel.Study) error
	check   func(j *job, c *checker) // of what an earlier run has measured
	forget  func(n *Net)             // clears what an earlier run has not completed
}

// trainingPart is the first part of every net.
const trainingPart = "training"

// parts lists what this run measures on the net, in order.
func (j *job) parts() []part {
	if !j.cfg.Studies {
		return nil
	}
	return j.allParts()
}

// allParts lists what can be known about the net.
func (j *job) allParts() []part {
	parts := []part{
		{"deleting one block", (*job).deleteOne, (*job).checkDeleteOne, func(n *Net) { n.DeleteOne, n.Whole = nil, nil }},
		{"deleting random blocks", (*job).deleteRandom, (*job).checkDeleteRandom, func(n *Net) { n.DeleteRandom = nil }},
		{"re-ordering blocks", (*job).reorder, (*job).checkReorder, func(n *Net) { n.Reorder = nil }},
	}
	name := j.res.Name
	if j.cfg.Recalibrate && (name == "residual" || name == "plain" || name == "vgg") {
		parts = append(parts, part{"deleting one block, batch norm estimated anew", (*job).deleteRecalibrated, (*job).checkRecalibrated,
			func(n *Net) { n.Recalibrated, n.WholeRecalibrated = nil, nil }})
	}
	if name == "residual" {
		parts = append(parts, part{"gradient by path length", (*job).gradient, (*job).checkGradient, func(n *Net) { n.Paths, n.Gradient, n.SumError = nil, nil, 0 }})
	}
	if name == "residual" || name == "boost" {
		parts = append(parts,
			part{"forward contributions", (*job).forward, (*job).checkForward, func(n *Net) { n.Forward = nil }},
			part{"iterative inference", (*job).link, (*job).checkLink, func(n *Net) { n.Link = nil }})
	}
	return parts
}

func (j *job) deleteOne(ctx context.Context, s *unravel.Study) error {
	n := s.Net().Len()
	scores, err := s.Evaluate(ctx, append(unravel.DeleteEach(s.Net()), unravel.Whole(s.Net())))
	if err != nil {
		return err
	}
	j.res.DeleteOne, j.res.Whole = scores[:n], &scores[n]
	return nil
}

func (j *job) deleteRandom(ctx context.Context, s *unravel.Study) error {
	n := s.Net().Len()
	points := unravel.DeletionCurve(s.Net(), unravel.CurveOptions{Counts: deletionCounts(n), Draws: j.cfg.Draws, Seed: j.seed})
	if err := s.Measure(ctx, points); err != nil {
		return err
	}
	j.res.DeleteRandom = lesions(points)
	return nil
}

func (j *job) reorder(ctx context.Context, s *unravel.Study) error {
	n := s.Net().Len()
	groups := unravel.Interchangeable(s.Net(), s.Batches()[0].X.Slice(0, 1))
	points := unravel.SwapCurve(s.Net(), groups, unravel.CurveOptions{Counts: swapCounts(n), Draws: j.cfg.Draws, Seed: j.seed})
	points[0].Plans = points[0].Plans[:1] // no swaps: all draws are the same
	if err := s.Measure(ctx, points); err != nil {
		return err
	}
	j.res.Reorder = lesions(points)
	return nil
}

// How many of n blocks are deleted, and how many swaps are made.
func deletionCounts(n int) []int { return steps(n*3/4, 8) }
func swapCounts(n int) []int     { return append([]int{0}, steps(n, 7)...) }

// steps returns up to count numbers from 1 to last, close together at the beginning.
func steps(last, count int) []int {
	var ks []int
	for i := 1; i <= count; i++ {
		k := max(1, last*i*i/(count*count))
		if len(ks) == 0 || k > ks[len(ks)-1] {
			ks = append(ks, k)
		}
	}
	return ks
}

func lesions(points []unravel.Point) []Lesions {
	ls := make([]Lesions, len(points))
	for i, p := range points {
		ls[i] = Lesions{Count: int(p.X), Scores: p.Scores}
		for _, plan := range p.Plans {
			ls[i].Plans = append(ls[i].Plans, plan.String())
			ls[i].Tau = append(ls[i].Tau, plan.Tau())
		}
	}
	return ls
}

func (j *job) gradient(ctx context.Context, s *unravel.Study) error {
	res := j.res
	set := unravel.PathsOf(s.Net())
	res.Paths = &PathCount{Count: set.Count().String(), Distribution: set.Distribution()}
	n := set.Blocks()
	for half := 0; res.Paths.MiddleShare < 0.95; half++ {
		res.Paths.Middle = [2]int{max(n/2-half, 0), min((n+1)/2+half, n)}
		res.Paths.MiddleShare = set.Share(res.Paths.Middle[0], res.Paths.Middle[1])
	}
	g, err := j.onGraded(s)
	if err != nil {
		return err
	}
	if res.Gradient, err = g.Lengths(ctx, unravel.LengthOptions{Draws: samplesByLength, Signs: signDraws}); err != nil {
		return err
	}
	res.SumError, err = sumError(ctx, g)
	return err
}

// sumError compares the sum of the gradients by length with the gradient that ordinary
// backpropagation computes in one go.
func sumError(ctx context.Context, s *unravel.Study) (float64, error) {
	g, err := s.GradientByLength(ctx, unravel.GradientOptions{})
	if err != nil {
		return 0, err
	}
	net, b := s.Net(), s.Batches()[0]
	tape := autograd.NewTape(0)
	tape.SetTraining(false)
	stem := tape.Input(net.Stem(autograd.Const(b.X)).Value())
	y := stem
	for i := range net.Len() {
		y = net.Join(i, net.Skip(i, y), net.Branch(i, y))
	}
	loss := autograd.CrossEntropy(net.Head(y), b.Labels, 0)
	want := autograd.VJP(loss, nil, stem)[0].Value()
	return tensor.Norm(tensor.Sub(nil, g.Sum(), want)) / tensor.Norm(want), nil
}

func (j *job) forward(ctx context.Context, s *unravel.Study) error {
	exits, err := s.Evaluate(ctx, unravel.EarlyExits(s.Net()))
	if err != nil {
		return err
	}
	picard, err := s.Picard(ctx, s.Net().Len())
	if err != nil {
		return err
	}
	g, err := j.onGraded(s)
	if err != nil {
		return err
	}
	c, err := g.Contributions(ctx, unravel.ContributionOptions{})
	if err != nil {
		return err
	}
	f := &ForwardStudy{EarlyExit: exits, Picard: picard, Rest: mean(c.Rest), Logit: mean(c.Logit)}
	for k := range c.State {
		f.State, f.Offset = append(f.State, mean(c.State[k])), append(f.Offset, mean(c.Offset[k]))
	}
	j.res.Forward = f
	return nil
}

func mean(v []float64) float64 { return unravel.SpreadOf(v).Mean }

func (j *job) link(ctx context.Context, s *unravel.Study) error {
	g, err := j.onGraded(s)
	if err != nil {
		return err
	}
	r, err := g.Iterative(ctx)
	if err != nil {
		return err
	}
	j.res.Link = r.Blocks
	return nil
}

// onGraded returns the study on the images for gradients, as one batch.
func (j *job) onGraded(s *unravel.Study) (*unravel.Study, error) {
	return unravel.NewStudy(s.Net(), j.whole(j.graded), s.Options())
}

// whole returns a dataset as one batch.
func (r *run) whole(d *data.Dataset) []data.Batch {
	return []data.Batch{d.Batch(r.norm, 0, d.Len())}
}

// shuffled returns n images of each class in random order, all of them if n is 0.
func shuffled(d *data.Dataset, n int, seed uint64) (*data.Dataset, error) {
	if n == 0 {
		return d, nil
	}
	s, err := d.Subset(n, rand.New(rand.NewPCG(seed, 0)))
	if err != nil {
		return nil, err
	}
	return s.Select(rand.New(rand.NewPCG(seed, 1)).Perm(s.Len())), nil
}
