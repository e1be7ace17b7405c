package unravel

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/internal/cancelled"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/unravel/paths"
)

// Gradient is the gradient of a batch's mean cross-entropy, taken apart by path length. G_{i,k} is
// the sum over all paths from y_i to the loss that take k of the branches i+1 to n: for i = 0 and an
// n of 54, C(54,k) paths.
type Gradient struct {
	// Norm[i][k] is the logarithm of the Euclidean norm of G_{i,k} over the whole batch, for the
	// states i = 0..n and lengths k = 0..n (or the limit, if lower).
	Norm [][]paths.Log
	// Whole is the norm of the gradient at y_0, of all lengths together.
	Whole paths.Log

	byLength []scaled // G_{0,k}
	shape    []int    // of y_0
}

// At returns G_{0,k} as a tensor times 2^exp, of the shape of y_0, or nil if it is zero. The tensor
// must not be modified.
func (g *Gradient) At(k int) (t *tensor.Tensor, exp int) { return g.byLength[k].t, g.byLength[k].exp }

// Shares returns by length the part of |G_{0,k}| in the sum of these norms.
func (g *Gradient) Shares() []float64 { return paths.Shares(g.Norm[0]) }

// Sum returns the sum of G_{0,k} over k, the ordinary gradient by y_0 unless the lengths are limited.
func (g *Gradient) Sum() *tensor.Tensor { return sumScaled(g.byLength, g.shape) }

// GradientOptions says which gradient GradientByLength takes apart.
type GradientOptions struct {
	Batch int // of the study
	Limit int // longest path length; 0, or more than the net has blocks, for no limit
}

// GradientByLength computes, for every length, the gradient that all paths of this length carry
// together, at the activations of the whole net:
//
//	G_{i,k} = S_i^T M_i G_{i+1,k} + J_i^T M_i G_{i+1,k-1}
//
// with S_i and J_i the Jacobians of the block's skip and branch and M_i that of what follows the sum.
// The sum over k is the ordinary gradient. It takes n(n+1)/2 block backward passes (about n/2
// ordinary backward passes, less because no weight gradients are needed), or n*limit if only lengths
// up to a limit are wanted. The exponents of the gradients are kept apart, so nets of a thousand blocks
// neither under- nor overflow. For gradients by the net's input rather than y_0 see [FromInput].
//
// It panics if the study has no such batch.
func (s *Study) GradientByLength(ctx context.Context, o GradientOptions) (*Gradient, error) {
	s.checkBatch("GradientByLength", o.Batch)
	limit, err := longest("GradientOptions", o.Limit, PathsOf(s.net))
	if err != nil {
		return nil, err
	}
	g, err := s.gradientByLength(ctx, o.Batch, limit, s.opts.Progress)
	if err != nil {
		return nil, fmt.Errorf("unravel: GradientByLength: %w", err)
	}
	return g, nil
}

// gradientByLength reports to report how many gradients have been taken through one block.
func (s *Study) gradientByLength(ctx context.Context, batch, limit int, report func(done, total int)) (*Gradient, error) {
	r, seed, err := s.recursion(batch, limit)
	if err != nil {
		return nil, err
	}
	r.progress = progress{report: report, total: r.passes()}
	norms, err := r.run(ctx, seed)
	if err != nil {
		return nil, err
	}
	g := &Gradient{Norm: norms, byLength: r.g, shape: r.acts.State[0].Shape()}
	whole := scaled{t: g.Sum()}
	g.Whole = whole.norm()
	return g, nil
}

// squares estimates the sum over all paths p of length k of |g_p|^2, with g_p the gradient that the
// path carries to y_0 (the norm taken over the whole batch). Multiplying every branch Jacobian by an
// independent random sign, for each example its own, makes all cross terms vanish on average: E
// |G_{0,k}|^2 is that sum. Each draw costs as much as GradientByLength. The result is by draw, then length.
func (s *Study) squares(ctx context.Context, batch, limit, draws int, report func(done, total int)) ([][]paths.Log, error) {
	r, start, err := s.recursion(batch, limit)
	if err != nil {
		return nil, err
	}
	r.progress = progress{report: report, total: draws * r.passes()}
	var squares [][]paths.Log
	for d := range draws {
		rng := rand.New(rand.NewPCG(s.opts.Seed+uint64(batch), uint64(d)))
		r.signs = func() []float32 {
			signs := make([]float32, s.batches[batch].X.Dim(0))
			for i := range signs {
				signs[i] = float32(1 - 2*rng.IntN(2))
			}
			return signs
		}
		norms, err := r.run(ctx, start.Clone())
		if err != nil {
			return nil, err
		}
		one := norms[0]
		for k := range one {
			one[k] *= 2
		}
		squares = append(squares, one)
	}
	return squares, nil
}

// rmsNorms returns by length the root mean square norm of a single path, given squares: with C(n,k) paths that is the
// root of the sum divided by C(n,k).
func rmsNorms(set paths.Set, squares [][]paths.Log) []paths.Log {
	norms := make([]paths.Log, len(squares[0]))
	for k := range norms {
		var draws []paths.Log
		for _, d := range squares {
			draws = append(draws, d[k])
		}
		if mean := paths.LogMean(draws...); mean != paths.LogZero {
			norms[k] = (mean - set.LogCount(k)) / 2
		} else {
			norms[k] = paths.LogZero
		}
	}
	return norms
}

// recursion takes gradients by length from the output of a net to its first block.
type recursion struct {
	net      Network
	acts     *Activations
	tape     *autograd.Tape
	limit    int
	signs    func() []float32 // of one block, by example; nil for none
	watch    func(passage)    // if not nil, sees each gradient pass each block
	g        []scaled         // by length, at the state reached so far
	progress progress
}

// passage is the gradient of one length going backward through one block.
type passage struct {
	block  int
	length int // before the block: branches taken among the later ones
	exp    int // of all the tensors here
	at     *block
	// The gradients by the skip's output and by the branch's, and what becomes of them at the
	// block's input. Without a skip the first and the third are nil.
	bySkip, byBranch, fromSkip, fromBranch *tensor.Tensor
}

// recursion begins one on a batch of the study, with the gradient of its mean cross-entropy by y_n.
func (s *Study) recursion(batch, limit int) (r *recursion, seed *tensor.Tensor, err error) {
	acts, err := s.record(batch, false)
	if err != nil {
		return nil, nil, err
	}
	r = &recursion{net: s.net, acts: acts, tape: evaluationTape(), limit: limit}
	return r, lossGradient(r.tape, s.net, acts.State[s.net.Len()], s.batches[batch].Labels), nil
}

// run takes seed, a gradient by y_n that it may overwrite, to y_0. It returns the norms at every
// state by length and leaves the gradients in r.g.
func (r *recursion) run(ctx context.Context, seed *tensor.Tensor) ([][]paths.Log, error) {
	n := r.net.Len()
	norms := make([][]paths.Log, n+1)
	r.g = make([]scaled, r.limit+1)
	r.g[0] = scaled{t: seed}
	norms[n] = r.norms()
	for i := n - 1; i >= 0; i-- {
		if err := r.back(ctx, i); err != nil {
			return nil, err
		}
		norms[i] = r.norms()
		r.progress.add(passes(n-i, r.limit))
	}
	return norms, nil
}

// passes returns how many gradients go through one block in a whole run, if every block has a skip.
func (r *recursion) passes() int {
	sum := 0
	for after := range r.net.Len() {
		sum += passes(after+1, r.limit)
	}
	return sum
}

// passes returns how many lengths there are in front of a block with after-1 blocks behind it.
func passes(after, limit int) int { return min(after, limit+1) }

// norms returns the norms by length. It runs between blocks, so it also keeps all in range.
func (r *recursion) norms() []paths.Log {
	ls := make([]paths.Log, len(r.g))
	for k := range ls {
		ls[k] = r.g[k].norm()
	}
	return ls
}

// back takes all gradients through block i. Long lengths come first: then G_k has passed the skip
// in place before the branch's share of G_{k-1} is added to it.
func (r *recursion) back(ctx context.Context, i int) error {
	b := recordBlock(r.tape, r.net, i, r.acts.State[i])
	var signs []float32
	if r.signs != nil {
		signs = r.signs()
	}
	next := make([]scaled, len(r.g))
	for k := r.limit; k >= 0; k-- {
		if err := cancelled.Err(ctx); err != nil {
			return err
		}
		g := r.g[k]
		if g.t == nil {
			continue
		}
		p := passage{block: i, length: k, exp: g.exp, at: b}
		bySkip, byBranch := b.split(g.t)
		p.byBranch = byBranch.Value()
		if b.skip != nil {
			p.bySkip = bySkip.Value()
			p.fromSkip = b.throughSkip(bySkip)
		}
		if k < r.limit || r.watch != nil {
			p.fromBranch = b.throughBranch(byBranch)
		}
		if r.watch != nil {
			r.watch(p)
		}
		if k < r.limit {
			next[k+1].add(p.fromBranch, g.exp, signs, false)
		}
		if b.skip == nil {
			continue
		}
		if slices.Equal(p.fromSkip.Shape(), g.t.Shape()) { // else the block changes the shape
			if p.fromSkip != g.t {
				tensor.Copy(g.t, p.fromSkip) // off the tape, into memory no longer needed
			}
			next[k].add(g.t, g.exp, nil, true)
		} else {
			next[k].add(p.fromSkip, g.exp, nil, false)
		}
	}
	r.g = next
	return nil
}
