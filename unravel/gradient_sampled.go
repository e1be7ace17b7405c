package unravel

import (
	"context"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/internal/cancelled"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/unravel/paths"
)

// SampledNorm is an estimate of the mean norm of the gradient that a single path of one length carries.
type SampledNorm struct {
	Length int `json:"length"`
	// Mean is the logarithm of the mean of the sampled norms at y_0; Low and High bound its 95 %
	// confidence interval, corrected for the skewness of the norms. It wants 20 draws or more.
	Mean paths.Log `json:"mean"`
	Low  paths.Log `json:"low"`
	High paths.Log `json:"high"`
	// Exhaustive says that there were no more paths and batches than draws, so that all were
	// measured and Mean is exact.
	Exhaustive bool        `json:"exhaustive"`
	Norms      []paths.Log `json:"norms"` // the logarithm of the norm at y_0, by draw
}

// SampleOptions says what SampleGradients measures.
type SampleOptions struct {
	Lengths []int // path lengths; nil means every length that a path can have
	Draws   int   // per length
}

// SampleGradients measures the gradient that single paths carry, as Veit 2016, section 5 and figure 6b
// do: each draw takes a random batch of the study and a random path of the given length, runs the
// batch forward through the whole net, and takes the gradient of its mean cross-entropy backward
// through the branch in the blocks on the path and through the skip alone in all others. The
// norm is that over the whole batch at the input of the first block; for the net's input see [FromInput].
//
// When ctx is done its error is returned.
func (s *Study) SampleGradients(ctx context.Context, o SampleOptions) ([]SampledNorm, error) {
	set := PathsOf(s.net)
	if o.Lengths == nil {
		o.Lengths = span(set.Shortest(), set.Blocks()-set.Shortest()+1)
	}
	if err := o.check(set); err != nil {
		return nil, err
	}
	norms, err := s.sampleGradients(ctx, o, s.opts.Progress)
	if err != nil {
		return nil, fmt.Errorf("unravel: SampleGradients: %w", err)
	}
	return norms, nil
}

// sampleGradients is SampleGradients with options that have been checked.
func (s *Study) sampleGradients(ctx context.Context, o SampleOptions, report func(done, total int)) ([]SampledNorm, error) {
	set := PathsOf(s.net)
	norms := make([]SampledNorm, len(o.Lengths))
	samples := make([][]*sample, len(s.batches)) // by batch
	m := measurer{ctx: ctx, study: s, net: s.net, memory: s.memory(), tape: evaluationTape()}
	m.progress.report = report
	for i, k := range o.Lengths {
		rng := rand.New(rand.NewPCG(s.opts.Seed, uint64(k)))
		draws, all := draw(set, k, len(s.batches), o.Draws, rng)
		norms[i] = SampledNorm{Length: k, Exhaustive: all, Norms: make([]paths.Log, len(draws))}
		for j, w := range draws {
			w.norm = &norms[i].Norms[j]
			samples[w.batch] = append(samples[w.batch], w)
		}
		m.progress.total += len(draws) * set.Blocks()
	}
	for b := range s.batches {
		if err := m.batch(b, samples[b]); err != nil {
			return nil, err
		}
	}
	for i := range norms {
		norms[i].summarise()
	}
	return norms, nil
}

// check returns an error that names the option that does not fit.
func (o SampleOptions) check(set paths.Set) error {
	if o.Draws < 1 {
		return misfit("SampleOptions", "Draws", o.Draws, "want at least 1")
	}
	for i, k := range o.Lengths {
		if set.CountOfLength(k).Sign() == 0 {
			return misfit("SampleOptions", fmt.Sprintf("Lengths[%d]", i), k, "the net's paths have lengths from %d to %d", set.Shortest(), set.Blocks())
		}
	}
	return nil
}

// summarise computes the mean and its confidence interval.
func (s *SampledNorm) summarise() {
	s.Mean = paths.LogMean(s.Norms...)
	s.Low, s.High = s.Mean, s.Mean
	if s.Exhaustive || s.Mean == paths.LogZero || len(s.Norms) < 2 {
		return
	}
	relative := make([]float64, len(s.Norms)) // to the mean, hence of size 1
	for i, l := range s.Norms {
		relative[i] = (l - s.Mean).Value()
	}
	low, high := meanInterval(relative, 0.95)
	s.Low = s.Mean + paths.Log(math.Log(max(low, 0)))
	s.High = s.Mean + paths.Log(math.Log(high))
}

// sample is one path taken backward from the loss of one batch.
type sample struct {
	batch int
	path  paths.Path
	g     *scaled    // where it has come to; shared with samples that agree so far
	norm  *paths.Log // where its result goes
}

// draw returns samples of length k: all there are if they are no more than draws, else independent
// random ones.
func draw(set paths.Set, k, batches, draws int, rng *rand.Rand) (samples []*sample, all bool) {
	if _, all := drawn(set, k, batches, draws); all {
		for b := range batches {
			for p := range set.OfLength(k) {
				samples = append(samples, &sample{batch: b, path: slices.Clone(p)})
			}
		}
		return samples, true
	}
	for range draws {
		samples = append(samples, &sample{batch: rng.IntN(batches), path: set.Sample(k, rng)})
	}
	return samples, false
}

// drawn returns how many samples draw returns, and whether these are all.
func drawn(set paths.Set, k, batches, draws int) (count int, all bool) {
	total := set.CountOfLength(k)
	total.Mul(total, big.NewInt(int64(batches)))
	if total.Cmp(big.NewInt(int64(draws))) <= 0 {
		return int(total.Int64()), true
	}
	return draws, false
}

// measurer takes the samples of one batch after the other back to y_0.
type measurer struct {
	ctx      context.Context
	study    *Study
	net      Network
	memory   int64
	tape     *autograd.Tape
	progress progress
}

// batch measures the samples of one batch, as many side by side as memory allows.
func (m *measurer) batch(batch int, samples []*sample) error {
	if len(samples) == 0 {
		return nil
	}
	acts, err := m.study.record(batch, false)
	if err != nil {
		return err
	}
	var largest int
	for _, y := range acts.State {
		largest = max(largest, y.Len())
	}
	// A gradient, what the tape makes of it, and a copy of that are alive at once.
	side := int(min(max(1, m.memory/(3*4*int64(max(largest, 1)))), math.MaxInt32))
	start := &scaled{t: lossGradient(m.tape, m.net, acts.State[m.net.Len()], m.study.batches[batch].Labels)}
	for chunk := range slices.Chunk(samples, side) {
		for _, w := range chunk {
			w.g = start
		}
		if err := m.back(acts, chunk); err != nil {
			return err
		}
		for _, w := range chunk {
			*w.norm = w.g.norm()
		}
	}
	return nil
}

// back takes samples from the last block to the first.
func (m *measurer) back(acts *Activations, samples []*sample) error {
	type turn struct {
		from   *scaled
		branch bool
	}
	for i := m.net.Len() - 1; i >= 0; i-- {
		b := recordBlock(m.tape, m.net, i, acts.State[i])
		done := map[turn]*scaled{} // samples that have agreed so far and still do share the work
		for _, w := range samples {
			if err := cancelled.Err(m.ctx); err != nil {
				return err
			}
			t := turn{w.g, w.path[i]}
			if done[t] == nil {
				done[t] = b.pass(t.from, t.branch)
			}
			w.g = done[t]
		}
		m.progress.add(len(samples))
	}
	return nil
}

// pass takes one gradient through the branch or the skip of b.
func (b *block) pass(g *scaled, branch bool) *scaled {
	if g.t == nil {
		return g
	}
	bySkip, byBranch := b.split(g.t)
	var to *tensor.Tensor
	if branch {
		to = b.throughBranch(byBranch)
	} else if to = b.throughSkip(bySkip); to == g.t {
		return g
	}
	next := &scaled{t: to.Clone(), exp: g.exp}
	next.norm() // keeps it in range
	return next
}
