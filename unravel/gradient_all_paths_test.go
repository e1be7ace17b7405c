package unravel

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/tensor"
)

// allPaths goes from the loss back along every one of the 2^n paths, of which those that agree so far share
// their way, and returns by length the sum of their gradients by y_0 and of the squared norms. Blocks are cut
// with Detach.
func allPaths(net Network, b data.Batch) (sums []*tensor.Tensor, squares []float64) {
	n := net.Len()
	acts := record(net, b.X, false)
	in := make([]*autograd.Var, n)
	outBranch, outSkip := make([]*autograd.Var, n), make([]*autograd.Var, n)
	for i := range n {
		in[i] = evaluationTape().Input(acts.State[i])
		skip, branch := net.Skip(i, in[i]), net.Branch(i, in[i])
		outBranch[i] = net.Join(i, autograd.Detach(skip), branch)
		outSkip[i] = net.Join(i, skip, autograd.Detach(branch))
	}
	for range n + 1 {
		sums = append(sums, tensor.New(acts.State[0].Shape()...))
	}
	squares = make([]float64, n+1)
	var back func(i, length int, g *tensor.Tensor)
	back = func(i, length int, g *tensor.Tensor) {
		if i < 0 {
			tensor.Add(sums[length], sums[length], g)
			squares[length] += tensor.Dot(g, g)
			return
		}
		seed := autograd.Const(g)
		back(i-1, length+1, autograd.VJP(outBranch[i], seed, in[i])[0].Value().Clone())
		back(i-1, length, autograd.VJP(outSkip[i], seed, in[i])[0].Value().Clone())
	}
	last := evaluationTape().Input(acts.State[n])
	back(n-1, 0, autograd.VJP(autograd.CrossEntropy(net.Head(last), b.Labels, 0), nil, last)[0].Value())
	return sums, squares
}

// TestTwelveBlocks compares the exact gradients of nets of 12 blocks with sums over their 4096 paths.
func TestTwelveBlocks(t *testing.T) {
	rng := rand.New(rand.NewPCG(12, 12))
	c := resnet.Config{Blocks: []int{4, 4, 4}, Width: 2, Image: resnet.Shape{Height: 6, Width: 6, Channels: 1}, Classes: 3}
	bottleneck := c
	bottleneck.Kind, bottleneck.Shortcut, bottleneck.Bottleneck = resnet.Original, resnet.OptionC, true
	images := randomBatch(rng, 3, 2, 6, 6, 1)
	for name, e := range map[string]animal{
		"mlp":                   {newMLP(rng, 12, 0.7, 0.1), randomBatch(rng, 3, 5, 4)},
		"preactivation":         {newResNet(rng, c), images},
		"original C bottleneck": {newResNet(rng, bottleneck), images},
	} {
		t.Run("net="+name, func(t *testing.T) {
			sums, squares := allPaths(e.net, e.batch)
			g, err := gradientOf(context.Background(), e.net, e.batch, 0)
			require.NoError(t, err)
			for k, want := range sums {
				got, exp := g.At(k)
				requireClose(t, want, sumScaled([]scaled{{got, exp}}, want.Shape()))
			}
			s := studyOf(e.net, e.batch)
			sampled, err := s.SampleGradients(context.Background(), SampleOptions{Draws: 1000})
			require.NoError(t, err)
			for k, l := range sampled {
				require.True(t, l.Exhaustive)
				var sum float64
				for _, norm := range l.Norms {
					sum += (2 * norm).Value()
				}
				require.InDelta(t, squares[k], sum, 1e-5*squares[k], "length %d", k)
			}
		})
	}
}
