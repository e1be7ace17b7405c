package unravel

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/unravel/paths"
)

// frozen returns, for a residual MLP without biases and a path, what the path makes of y_0 in all
// blocks with every ReLU frozen as it was in the forward pass, as far as the head's output.
func frozen(net *toy, acts *Activations, path paths.Path) *tensor.Tensor {
	// At fixed masks every block is linear; its value at v is its Jacobian at y times v, which is
	// the derivative of <VJP(u), v> by u.
	tape := evaluationTape()
	jvp := func(f func(*autograd.Var) *autograd.Var, y, v *tensor.Tensor) *tensor.Tensor {
		tape.Reset()
		in := tape.Input(y)
		out := f(in)
		u := tape.Input(tensor.New(out.Shape()...))
		g := autograd.Grad(out, u, in)[0]
		return autograd.VJP(g, autograd.Const(v), u)[0].Value().Clone()
	}
	v := acts.State[0]
	for i, taken := range path {
		y := acts.State[i]
		if taken {
			v = jvp(func(y *autograd.Var) *autograd.Var { return net.Branch(i, y) }, y, v)
		} else {
			v = jvp(func(y *autograd.Var) *autograd.Var { return net.Skip(i, y) }, y, v)
		}
		if net.blocks[i].relu {
			v = tensor.ReLUGrad(nil, acts.State[i+1], v)
		}
	}
	return net.Head(autograd.Const(v)).Value()
}

func TestContributionsEqualFrozenPaths(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 1))
	net := newMLP(rng, 8, 0.7, 0) // no biases
	b := randomBatch(rng, 3, 5, 4)
	direction := centred(b.Labels, 3)
	c, err := studyOf(net, b).Contributions(context.Background(), ContributionOptions{})
	require.NoError(t, err)
	acts := record(net, b.X, false)
	want := table(9, 5)
	for k := range want {
		for path := range paths.New(8).OfLength(k) {
			addDots(want[k], 1, direction, frozen(net, acts, path))
		}
		for e := range 5 {
			require.InDelta(t, want[k][e], c.State[k][e], 1e-4)
			require.InDelta(t, 0, c.Offset[k][e], 1e-4)
		}
	}
	for e := range 5 {
		require.InDelta(t, 0, c.Rest[e], 1e-4)
	}
}

// TestContributionsEqualAllPaths: what y_0 contributes along the paths of one length, by the gradients along
// all of them.
func TestContributionsEqualAllPaths(t *testing.T) {
	for name, e := range zoo() {
		t.Run("net="+name, func(t *testing.T) {
			direction := centred(e.batch.Labels, 3)
			c, err := studyOf(e.net, e.batch).Contributions(context.Background(), ContributionOptions{Direction: direction})
			require.NoError(t, err)
			acts := record(e.net, e.batch.X, false)
			g := logitGradient(evaluationTape(), e.net, acts.State[e.net.Len()], direction)
			for k, got := range c.State {
				want := make([]float64, len(got))
				for path := range PathsOf(e.net).OfLength(k) {
					addDots(want, 1, along(e.net, acts, path, g), acts.State[0])
				}
				require.InDeltaSlice(t, want, got, 1e-5*max(1, tensor.Norm(acts.Logits)))
			}
		})
	}
}

func TestContributionsAddUp(t *testing.T) {
	// In the conv net every block and the head have biases. Its head is affine at fixed masks, so
	// what is left must be the head's offset.
	for name, e := range zoo() {
		t.Run("net="+name, func(t *testing.T) {
			direction := centred(e.batch.Labels, 3)
			c, err := studyOf(e.net, e.batch).Contributions(context.Background(), ContributionOptions{Direction: direction})
			require.NoError(t, err)
			acts := record(e.net, e.batch.X, false)
			last := acts.State[e.net.Len()]
			offset := make([]float64, e.batch.X.Dim(0))
			addDots(offset, 1, direction, acts.Logits)
			addDots(offset, -1, logitGradient(evaluationTape(), e.net, last, direction), last)
			for i := range offset {
				require.InDelta(t, offset[i], c.Rest[i], 1e-4)
				sum := c.Rest[i]
				for k := range c.State {
					sum += c.State[k][i] + c.Offset[k][i]
				}
				require.InDelta(t, c.Logit[i], sum, 1e-9)
			}
		})
	}
}

func TestCentred(t *testing.T) {
	d := centred([]int{1}, 4)
	require.Equal(t, []float32{-0.25, 0.75, -0.25, -0.25}, d.Data())
}

func TestBlockContributions(t *testing.T) {
	rng := rand.New(rand.NewPCG(12, 1))
	net, _ := newLinear(rng, 6, 3, 0.5)
	b := randomBatch(rng, 3, 5, 3)
	direction := centred(b.Labels, 3)
	acts := record(net, b.X, true)
	blocks, err := studyOf(net, b).BlockContributions(context.Background(), ContributionOptions{})
	require.NoError(t, err)
	mean := func(t *tensor.Tensor) float64 {
		sums := make([]float64, 5)
		addDots(sums, 1, direction, t)
		return SpreadOf(sums).Mean
	}
	for i, c := range blocks {
		require.Equal(t, i, c.Block)
		// With identity skips and an identity head, the direct path adds f_i itself to the logits.
		require.InDelta(t, mean(acts.Branch[i]), c.Direct.Mean, 1e-5)
		require.InDelta(t, c.Direct.Mean, c.Lens.Mean, 1e-5)
		// In a linear net the whole contribution of a block is what deleting it takes away.
		deleted := Run(net, Ablate(ofLen(6), Delete, i), autograd.Const(b.X)).Value()
		require.InDelta(t, mean(tensor.Sub(nil, acts.Logits, deleted)), c.Total.Mean, 1e-5)
	}
}

func TestLensTelescopes(t *testing.T) {
	for name, e := range zoo() {
		t.Run("net="+name, func(t *testing.T) {
			n := e.net.Len()
			direction := centred(e.batch.Labels, 3)
			sum := 0.0
			blocks, err := studyOf(e.net, e.batch).BlockContributions(context.Background(), ContributionOptions{Direction: direction})
			require.NoError(t, err)
			for _, c := range blocks {
				sum += c.Lens.Mean
			}
			plans := EarlyExits(ofLen(n))
			require.Len(t, plans, n+1)
			require.Equal(t, Whole(ofLen(n)), plans[n])
			values := make([]float64, e.batch.X.Dim(0))
			addDots(values, 1, direction, Run(e.net, plans[n], autograd.Const(e.batch.X)).Value())
			addDots(values, -1, direction, Run(e.net, plans[0], autograd.Const(e.batch.X)).Value())
			require.InDelta(t, SpreadOf(values).Mean, sum, 1e-5)
		})
	}
}
