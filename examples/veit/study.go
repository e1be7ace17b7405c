package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
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
func (r *run) study(ctx context.Context, model network, res *Net) error {
	s := &unravel.Study{Net: model, Seed: r.cfg.Seed, Batches: r.batches(r.studied, evaluationBatch)}
	for _, p := range r.parts(res.Name) {
		start := time.Now()
		s.Progress = func(done, total int) {
			left := time.Duration(float64(time.Since(start)) / float64(done) * float64(total-done))
			r.line.show(false, "%-9s %s  %.0f %%  %v left", res.Name, p.name, percent*float64(done)/float64(total), left.Round(time.Second))
		}
		if err := p.measure(r, ctx, s, res); err != nil {
			return err
		}
		r.done(res.Name, p.name)
		r.line.show(true, "%-9s %s: done in %v", res.Name, p.name, time.Since(start).Round(time.Second/10))
	}
	return nil
}

// part is one thing that is measured on a net.
type part struct {
	name    string
	measure func(r *run, ctx context.Context, s *unravel.Study, res *Net) error
}

// parts lists what is measured on the net called name, in order.
func (r *run) parts(name string) []part {
	if !r.cfg.Studies {
		return nil
	}
	parts := []part{
		{"deleting one block", (*run).deleteOne},
		{"deleting random blocks", (*run).deleteRandom},
		{"re-ordering blocks", (*run).reorder},
	}
	if name == "residual" {
		parts = append(parts, part{"gradient by path length", (*run).gradient})
	}
	if name == "residual" || name == "boost" {
		parts = append(parts, part{"forward contributions", (*run).forward}, part{"iterative inference", (*run).link})
	}
	return parts
}

func (r *run) deleteOne(ctx context.Context, s *unravel.Study, res *Net) error {
	n := s.Net.Len()
	scores, err := s.Evaluate(ctx, append(unravel.DeleteEach(n), unravel.Whole(n)))
	if err != nil {
		return err
	}
	res.DeleteOne, res.Whole = scores[:n], &scores[n]
	return nil
}

func (r *run) deleteRandom(ctx context.Context, s *unravel.Study, res *Net) error {
	n := s.Net.Len()
	points := unravel.DeletionCurve(n, steps(n*3/4, 8), r.cfg.Draws, r.cfg.Seed)
	if err := s.Measure(ctx, points); err != nil {
		return err
	}
	res.DeleteRandom = lesions(points)
	return nil
}

func (r *run) reorder(ctx context.Context, s *unravel.Study, res *Net) error {
	n := s.Net.Len()
	groups := unravel.Interchangeable(s.Net, s.Batches[0].X.Slice(0, 1))
	points := unravel.SwapCurve(n, groups, append([]int{0}, steps(n, 7)...), r.cfg.Draws, r.cfg.Seed)
	points[0].Plans = points[0].Plans[:1] // no swaps: all draws are the same
	if err := s.Measure(ctx, points); err != nil {
		return err
	}
	res.Reorder = lesions(points)
	return nil
}

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

func (r *run) gradient(ctx context.Context, s *unravel.Study, res *Net) error {
	paths := unravel.PathsOf(s.Net)
	res.Paths = &PathCount{Count: paths.Count().String(), Distribution: paths.Distribution()}
	n := paths.Blocks()
	for half := 0; res.Paths.MiddleShare < 0.95; half++ {
		res.Paths.Middle = [2]int{max(n/2-half, 0), min((n+1)/2+half, n)}
		res.Paths.MiddleShare = paths.Share(res.Paths.Middle[0], res.Paths.Middle[1])
	}
	g := *s
	g.Batches = r.batches(r.graded, r.graded.Len())
	var err error
	if res.Gradient, err = g.Lengths(ctx, unravel.LengthOptions{Draws: samplesByLength, Signs: signDraws}); err != nil {
		return err
	}
	res.SumError, err = sumError(ctx, s.Net, g.Batches[0])
	return err
}

// sumError compares the sum of the gradients by length with the gradient that ordinary
// backpropagation computes in one go.
func sumError(ctx context.Context, net unravel.Network, b unravel.Batch) (float64, error) {
	g, err := unravel.GradientByLength(ctx, net, b, -1, nil)
	if err != nil {
		return 0, err
	}
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

func (r *run) forward(ctx context.Context, s *unravel.Study, res *Net) error {
	exits, err := s.Evaluate(ctx, unravel.EarlyExits(s.Net.Len()))
	if err != nil {
		return err
	}
	picard, err := s.Picard(ctx, s.Net.Len())
	if err != nil {
		return err
	}
	b := r.batches(r.graded, r.graded.Len())[0]
	c, err := unravel.Contributions(ctx, s.Net, b.X, unravel.Centred(b.Labels, r.graded.Classes), s.Progress)
	if err != nil {
		return err
	}
	res.Forward = &ForwardStudy{EarlyExit: exits, Picard: picard, Rest: mean(c.Rest), Logit: mean(c.Logit)}
	for k := range c.State {
		res.Forward.State = append(res.Forward.State, mean(c.State[k]))
		res.Forward.Offset = append(res.Forward.Offset, mean(c.Offset[k]))
	}
	return nil
}

func mean(v []float64) float64 { return unravel.SpreadOf(v).Mean }

func (r *run) link(ctx context.Context, s *unravel.Study, res *Net) error {
	g := *s
	g.Batches = r.batches(r.graded, r.graded.Len())
	_, blocks, err := g.Iterative(ctx)
	res.Link = blocks
	return err
}

// batches returns a dataset as the studies take it.
func (r *run) batches(d *data.Dataset, size int) []unravel.Batch {
	var bs []unravel.Batch
	for lo := 0; lo < d.Len(); lo += size {
		hi := min(lo+size, d.Len())
		bs = append(bs, unravel.Batch{X: d.Images(nil, r.norm, lo, hi), Labels: d.Labels[lo:hi]})
	}
	return bs
}

// shuffled returns n images of each class in random order, all of them if n is 0.
func shuffled(d *data.Dataset, n int, seed uint64) (*data.Dataset, error) {
	if n == 0 {
		return d, nil
	}
	s, err := d.Subset(n, seed)
	if err != nil {
		return nil, fmt.Errorf("choose images: %w", err)
	}
	return s.Select(rand.New(rand.NewPCG(seed, 1)).Perm(s.Len())), nil
}
