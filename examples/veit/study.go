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
		Seed: j.seed, Journal: journal, Progress: func(done, total int) { j.progress(bar, done, total) },
	})
	if err != nil {
		return err
	}
	for _, p := range j.parts() {
		left := j.left(p)
		if len(left) == 0 {
			continue
		}
		start := time.Now()
		bar = j.out.Bar(fmt.Sprintf("%-10s %s", j.label(), p.name))
		if err := j.measure(ctx, p, left, s); err != nil {
			return err
		}
		if err := j.finish(left, time.Since(start)); err != nil {
			return err
		}
		j.out.Printf("%-10s %s: done in %v", j.label(), p.name, time.Since(start).Round(time.Second/10))
	}
	return nil
}

// measure measures a part, or those pieces of it that are left to this process; the journal then has what they found.
func (j *job) measure(ctx context.Context, p part, left []unit, s *unravel.Study) error {
	if p.measure != nil {
		return p.measure(j, ctx, s)
	}
	if p.recalibrate {
		journal, err := j.store.journal(j.res, s.Net().(network), "recalibrated")
		if err != nil {
			return err
		}
		if journal != nil {
			defer journal.Close()
		}
		if s, err = j.recalibrated(s, journal); err != nil {
			return err
		}
	}
	points := p.points(j, s)
	if len(left) < left[0].Of {
		_, err := s.Evaluate(ctx, plansOf(left, points))
		return err
	}
	if err := s.Measure(ctx, points); err != nil {
		return err
	}
	p.take(j.res, points)
	return nil
}

// part is one thing that is measured on a net: by measure, or as the scores of the plans of points, which take records.
type part struct {
	name        string
	measure     func(j *job, ctx context.Context, s *unravel.Study) error
	points      func(j *job, s *unravel.Study) []unravel.Point
	take        func(n *Net, measured []unravel.Point)
	recalibrate bool                     // batch norm's statistics after each lesion
	passes      func(j *job) int64       // what it costs: forward passes of an image through the net
	check       func(j *job, c *checker) // of what an earlier run has measured
	forget      func(n *Net)             // clears what an earlier run has not completed
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
		{name: "deleting one block", points: (*job).deletions, take: takeDeletions, passes: (*job).deletionPasses,
			check: (*job).checkDeleteOne, forget: func(n *Net) { n.DeleteOne, n.Whole = nil, nil }},
		{name: "deleting random blocks", points: (*job).randomDeletions, passes: (*job).randomDeletionPasses,
			take:  func(n *Net, measured []unravel.Point) { n.DeleteRandom = lesions(measured) },
			check: (*job).checkDeleteRandom, forget: func(n *Net) { n.DeleteRandom = nil }},
		{name: "re-ordering blocks", points: (*job).swaps, passes: (*job).swapPasses,
			take:  func(n *Net, measured []unravel.Point) { n.Reorder = lesions(measured) },
			check: (*job).checkReorder, forget: func(n *Net) { n.Reorder = nil }},
	}
	name := j.res.Name
	if j.cfg.Recalibrate && (name == "residual" || name == "plain" || name == "vgg") {
		parts = append(parts, part{name: "deleting one block, batch norm estimated anew", recalibrate: true,
			points: (*job).deletions, take: takeRecalibrated, passes: (*job).recalibratedPasses,
			check: (*job).checkRecalibrated, forget: func(n *Net) { n.Recalibrated, n.WholeRecalibrated = nil, nil }})
	}
	if name == "residual" {
		parts = append(parts, part{name: "gradient by path length", measure: (*job).gradient, passes: (*job).gradientPasses,
			check: (*job).checkGradient, forget: func(n *Net) { n.Paths, n.Gradient, n.SumError = nil, nil, 0 }})
	}
	if name == "residual" || name == "boost" {
		parts = append(parts,
			part{name: "forward contributions", measure: (*job).forward, passes: (*job).forwardPasses,
				check: (*job).checkForward, forget: func(n *Net) { n.Forward = nil }},
			part{name: "iterative inference", measure: (*job).link, passes: (*job).linkPasses,
				check: (*job).checkLink, forget: func(n *Net) { n.Link = nil }})
	}
	return parts
}

// deletions are the net without each of its blocks, and the whole net.
func (j *job) deletions(s *unravel.Study) []unravel.Point {
	return []unravel.Point{{Plans: unravel.DeleteEach(s.Net())}, {Plans: []unravel.Plan{unravel.Whole(s.Net())}}}
}

func takeDeletions(n *Net, measured []unravel.Point) {
	n.DeleteOne, n.Whole = measured[0].Scores, &measured[1].Scores[0]
}

func takeRecalibrated(n *Net, measured []unravel.Point) {
	n.Recalibrated, n.WholeRecalibrated = measured[0].Scores, &measured[1].Scores[0]
}

func (j *job) randomDeletions(s *unravel.Study) []unravel.Point {
	return unravel.DeletionCurve(s.Net(), unravel.CurveOptions{Counts: deletionCounts(s.Net().Len()), Draws: j.cfg.Draws, Seed: j.seed})
}

func (j *job) swaps(s *unravel.Study) []unravel.Point {
	groups := unravel.Interchangeable(s.Net(), s.Batches()[0].X.Slice(0, 1))
	points := unravel.SwapCurve(s.Net(), groups, unravel.CurveOptions{Counts: swapCounts(s.Net().Len()), Draws: j.cfg.Draws, Seed: j.seed})
	points[0].Plans = points[0].Plans[:1] // no swaps: all draws are the same
	return points
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
