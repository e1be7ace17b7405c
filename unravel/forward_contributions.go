package unravel

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/internal/cancelled"
	"github.com/residuum-go/residuum/tensor"
)

// Three notions say what the paths of one length do on the way forward, each under its own name:
// frozen-mask contributions ([Study.Contributions]), Picard orders ([Study.Picard]) and truncation of the
// net ([EarlyExits]).

// Contribution takes one number per example, <direction, logits>, apart by path length:
//
//	<direction, logits> = sum over k of (State[k] + Offset[k]) + Rest
//
// At fixed activations a net with piecewise-linear branches is affine. State[k] is what y_0
// contributes along all paths of length k, with every ReLU frozen as it was; Offset[k] is what
// the biases inside the blocks contribute along the ways from there to the head that, with the branch
// the bias sits in, take k branches. Rest comes from the head's own biases. The sum is exact for
// any net whose Join is an addition with or without a ReLU; for branches that are not piecewise linear
// their deviation from the tangent counts as offset.
type Contribution struct {
	State  [][]float64 // by length, by example
	Offset [][]float64
	Rest   []float64 // by example
	Logit  []float64 // <direction, logits>
}

// ContributionOptions says what is taken apart.
type ContributionOptions struct {
	Batch int // of the study
	// Direction [N, classes] makes the number <direction, logits> of each example. Nil stands for the logit of its
	// label minus the mean of all logits: what the softmax sees of it, whatever constant the logits share.
	Direction *tensor.Tensor
}

// direction returns o.Direction, or what stands for it, and panics if it does not fit the logits.
func (s *Study) direction(op string, o ContributionOptions, logits *tensor.Tensor) *tensor.Tensor {
	if o.Direction == nil {
		return centred(s.batches[o.Batch].Labels, logits.Dim(1))
	}
	if !slices.Equal(o.Direction.Shape(), logits.Shape()) {
		panic(fmt.Sprintf("unravel: %s: direction %v for logits %v", op, o.Direction.Shape(), logits.Shape()))
	}
	return o.Direction
}

// centred returns the direction whose product with the logits is that of each label minus the mean.
func centred(labels []int, classes int) *tensor.Tensor {
	d := tensor.Full(-1/float32(classes), len(labels), classes)
	for i, l := range labels {
		d.Set(1-1/float32(classes), i, l)
	}
	return d
}

// Contributions computes the contributions by length for one batch of the study. It costs as much as
// [Study.GradientByLength]. It panics if there is no such batch or if the direction has not the shape of the logits.
func (s *Study) Contributions(ctx context.Context, o ContributionOptions) (*Contribution, error) {
	s.checkBatch("Contributions", o.Batch)
	acts, err := s.record(o.Batch, false)
	if err != nil {
		return nil, fmt.Errorf("unravel: Contributions: %w", err)
	}
	n, examples := s.net.Len(), acts.X.Dim(0)
	direction := s.direction("Contributions", o, acts.Logits)
	r := &recursion{net: s.net, acts: acts, tape: evaluationTape(), limit: n}
	r.progress = progress{report: s.opts.Progress, total: r.passes()}
	c := &Contribution{State: table(n+1, examples), Offset: table(n+1, examples), Logit: make([]float64, examples)}
	addDots(c.Logit, 1, direction, acts.Logits)
	r.watch = func(p passage) {
		f := math.Ldexp(1, p.exp)
		// What an affine map adds to its tangent at y: <g, f(y)> - <J^T g, y>.
		to := c.Offset[p.length+1]
		addDots(to, f, p.byBranch, p.at.branch.Value())
		addDots(to, -f, p.fromBranch, p.at.y.Value())
		if p.at.skip != nil && p.at.skip != p.at.y {
			to := c.Offset[p.length]
			addDots(to, f, p.bySkip, p.at.skip.Value())
			addDots(to, -f, p.fromSkip, p.at.y.Value())
		}
	}
	if _, err := r.run(ctx, logitGradient(r.tape, s.net, acts.State[n], direction)); err != nil {
		return nil, fmt.Errorf("unravel: Contributions: %w", err)
	}
	c.Rest = append(c.Rest, c.Logit...)
	for k, g := range r.g {
		if g.t != nil {
			addDots(c.State[k], math.Ldexp(1, g.exp), g.t, acts.State[0])
		}
		for e := range c.Rest {
			c.Rest[e] -= c.State[k][e] + c.Offset[k][e]
		}
	}
	return c, nil
}

// logitGradient returns the gradient of <direction, logits> by y_n.
func logitGradient(tape *autograd.Tape, net Network, y, direction *tensor.Tensor) *tensor.Tensor {
	tape.Reset()
	in := tape.Input(y)
	return autograd.VJP(net.Head(in), autograd.Const(direction), in)[0].Value().Clone()
}

func table(rows, columns int) [][]float64 {
	t := make([][]float64, rows)
	for i := range t {
		t[i] = make([]float64, columns)
	}
	return t
}

// addDots adds f <a_e, b_e> to sums[e] for every example e.
func addDots(sums []float64, f float64, a, b *tensor.Tensor) {
	each := a.Len() / len(sums)
	for e := range sums {
		sums[e] += f * dot(a.Data()[e*each:(e+1)*each], b.Data()[e*each:(e+1)*each])
	}
}

func dot(a, b []float32) float64 {
	var sum float64
	for i, v := range a {
		sum += float64(v) * float64(b[i])
	}
	return sum
}

// BlockContribution is what one block contributes to <direction, logits>, over the examples.
type BlockContribution struct {
	Block int    `json:"block"`
	Name  string `json:"name"` // of the block
	// Direct is <g, f_i> with g the gradient that reaches the branch's output through skips alone:
	// the path from the block straight to the head.
	Direct Spread `json:"direct"`
	// Total is the same with the whole gradient: through the skips and all later branches.
	Total Spread `json:"total"`
	// Lens is how much the early-exit value changes when the block is passed ("logit lens").
	Lens Spread `json:"lens"`
}

// BlockContributions returns the contributions of every block for one batch of the study. It panics if there is no such
// batch or if the direction has not the shape of the logits.
func (s *Study) BlockContributions(ctx context.Context, o ContributionOptions) ([]BlockContribution, error) {
	s.checkBatch("BlockContributions", o.Batch)
	acts, err := s.record(o.Batch, false)
	if err != nil {
		return nil, fmt.Errorf("unravel: BlockContributions: %w", err)
	}
	net, n, examples := s.net, s.net.Len(), acts.X.Dim(0)
	direction := s.direction("BlockContributions", o, acts.Logits)
	p := progress{report: s.opts.Progress, total: n}
	tape := evaluationTape()
	total := logitGradient(tape, net, acts.State[n], direction)
	direct := total
	blocks := make([]BlockContribution, n)
	after := exits(net, acts.State[n], n, direction)
	for i := n - 1; i >= 0; i-- {
		if err := cancelled.Err(ctx); err != nil {
			return nil, fmt.Errorf("unravel: BlockContributions: %w", err)
		}
		b := recordBlock(tape, net, i, acts.State[i])
		sums := table(3, examples)
		bySkip, byBranch := b.split(direct)
		addDots(sums[0], 1, byBranch.Value(), b.branch.Value())
		if b.skip == nil {
			direct = tensor.New(acts.State[i].Shape()...)
		} else {
			direct = b.throughSkip(bySkip).Clone()
		}
		bySkip, byBranch = b.split(total)
		addDots(sums[1], 1, byBranch.Value(), b.branch.Value())
		total = b.through(bySkip, byBranch)
		before := exits(net, acts.State[i], i, direction)
		for e := range examples {
			sums[2][e] = after[e] - before[e]
		}
		after = before
		blocks[i] = BlockContribution{i, BlockName(net, i), SpreadOf(sums[0]), SpreadOf(sums[1]), SpreadOf(sums[2])}
		p.add(1)
	}
	return blocks, nil
}

// through returns the whole gradient by the block's input: S^T gs + J^T gf.
func (b *block) through(bySkip, byBranch *autograd.Var) *tensor.Tensor {
	g := b.throughBranch(byBranch).Clone()
	if b.skip != nil {
		tensor.Add(g, g, b.throughSkip(bySkip))
	}
	return g
}

// exits returns <direction, logits> by example when block i and all later ones are deleted.
func exits(net Network, y *tensor.Tensor, i int, direction *tensor.Tensor) []float64 {
	sums := make([]float64, y.Dim(0))
	addDots(sums, 1, direction, exit(net, autograd.Const(y), i).Value())
	return sums
}

// exit returns the logits when block i and all later ones are deleted.
func exit(net Network, y *autograd.Var, i int) *autograd.Var {
	for ; i < net.Len(); i++ {
		y = bypass(net, i, y)
	}
	return net.Head(y)
}
