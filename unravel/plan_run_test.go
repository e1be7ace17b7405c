package unravel

import (
	"context"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/unravel/paths"
)

// edited returns the net with blocks replaced, put in another order or repeated: what a person would do by hand.
func edited(net *toy, blocks ...toyBlock) *toy {
	return &toy{stem: net.stem, head: net.head, blocks: blocks}
}

func TestPlansEqualEditingByHand(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	net := newMLP(rng, 5, 0.7, 0.1)
	b := randomBatch(rng, 3, 6, 4)
	with := func(i int, change func(f *autograd.Var) *autograd.Var) *toy {
		blocks := append([]toyBlock(nil), net.blocks...)
		f := blocks[i].branch
		blocks[i].branch = func(y *autograd.Var) *autograd.Var { return change(f(y)) }
		return edited(net, blocks...)
	}
	mean := func(f *autograd.Var) *autograd.Var {
		return autograd.BroadcastTo(autograd.MeanKeep(f, 0), f.Shape()...)
	}
	bs := net.blocks
	const relu2 = 2 // block 2 has a ReLU after the sum, block 3 a projection
	resample, noise := Step{Block: 1, Do: Resample, Draw: 3}, Step{Block: 1, Do: Noise, Amount: 0.5, Draw: 4}
	deleted := toyBlock{skip: bs[3].skip, branch: func(y *autograd.Var) *autograd.Var { return autograd.Scale(bs[3].branch(y), 0) }}
	n := net.Len()
	for name, c := range map[string]struct {
		plan Plan
		want *toy
	}{
		"delete": {Ablate(ofLen(n), Delete, 3), edited(net, bs[0], bs[1], bs[2], deleted, bs[4])},
		"zero":   {Ablate(ofLen(n), Zero, 3), edited(net, bs[0], bs[1], bs[2], deleted, bs[4])},
		"scale":  {Plan{{Block: 0}, {Block: 1, Do: Scale, Amount: 0.5}, {Block: 2}, {Block: 3}, {Block: 4}}, with(1, func(f *autograd.Var) *autograd.Var { return autograd.Scale(f, 0.5) })},
		"resample": {Plan{{Block: 0}, resample, {Block: 2}, {Block: 3}, {Block: 4}}, with(1, func(f *autograd.Var) *autograd.Var {
			return autograd.Gather(f, others((&runner{}).rand(resample, 0), 6))
		})},
		"noise": {Plan{{Block: 0}, noise, {Block: 2}, {Block: 3}, {Block: 4}}, with(1, func(f *autograd.Var) *autograd.Var {
			rng := (&runner{}).rand(noise, 0)
			return autograd.Add(f, autograd.Const(normal(rng, 0.5*tensor.Norm(f.Value())/math.Sqrt(30), 6, 5)))
		})},
		"batch mean": {Ablate(ofLen(n), BatchMean, relu2), with(relu2, mean)},
		// The study's only batch is also its reference, so the dataset mean is the batch mean.
		"dataset mean": {Ablate(ofLen(n), DatasetMean, relu2), with(relu2, mean)},
		"order":        {Plan{{Block: 4}, {Block: 1}, {Block: 2}, {Block: 3}, {Block: 0}}, edited(net, bs[4], bs[1], bs[2], bs[3], bs[0])},
		"repeat":       {Repeat(ofLen(n), 1, 3), edited(net, bs[0], bs[1], bs[1], bs[1], bs[2], bs[3], bs[4])},
		"leave out":    {Plan{{Block: 0}, {Block: 3}}, edited(net, bs[0], bs[3])},
		"nothing left": {Plan{}, edited(net)},
	} {
		t.Run(name, func(t *testing.T) {
			want := Forward(c.want, autograd.Const(b.X)).Value()
			s := Study{net: net, batches: []data.Batch{b}, opts: Options{OnLogits: func(plan, batch int, logits *tensor.Tensor) error {
				require.True(t, tensor.AllClose(want, logits, 1e-5, 1e-6))
				return nil
			}}}
			scores, err := s.Evaluate(context.Background(), []Plan{c.plan})
			require.NoError(t, err)
			require.Equal(t, 6, scores[0].Examples)
			require.InDelta(t, data.ScoreOf(want, b.Labels).Loss(), scores[0].Loss(), 1e-5)
		})
	}
}

// TestDeletingRealBlocks: to delete a block of a real net is to set the last layer of its branch to zero.
func TestDeletingRealBlocks(t *testing.T) {
	for name, e := range residual() {
		net := e.net.(*resnet.Net)
		if !net.Sums(0) {
			continue
		}
		t.Run("net="+name, func(t *testing.T) {
			x, matter := autograd.Const(e.batch.X), 0
			for i := range net.Len() {
				want := Run(net, Ablate(net, Delete, i), x).Value()
				edited := residual()[name].net.(*resnet.Net)
				for name, p := range nn.Params(edited) {
					layer, ok := strings.CutPrefix(name, net.Block(i).Name+".")
					if ok && lastLayer(edited, layer) {
						p.Value.Zero()
					}
				}
				got := Forward(edited, x).Value()
				require.True(t, tensor.AllClose(want, got, 1e-6, 1e-6), "block %d", i)
				if !tensor.AllClose(want, Forward(net, x).Value(), 1e-3, 1e-3) {
					matter++
				}
			}
			require.Positive(t, matter)
		})
	}
}

// lastLayer reports whether a parameter of a block belongs to what comes last in its branch.
func lastLayer(net *resnet.Net, name string) bool {
	layer, number := "conv", "2."
	if net.Config().Kind == resnet.Original && !net.Config().WithoutBatchNorm {
		layer = "bn"
	}
	if net.Config().Bottleneck {
		number = "3."
	}
	return name == layer+number+"weight" || name == layer+number+"bias"
}

func TestDeletingPlainBlocks(t *testing.T) {
	e := zoo()["conv"]
	net := e.net.(*toy)
	plan := Ablate(net, Delete, 5) // the plain block: its input passes
	want := edited(net, append(append([]toyBlock(nil), net.blocks[:5]...), toyBlock{
		branch: func(y *autograd.Var) *autograd.Var { return y }, plain: true,
	})...)
	require.True(t, tensor.Equal(Forward(want, autograd.Const(e.batch.X)).Value(), Run(net, plan, autograd.Const(e.batch.X)).Value()))
}

// TestDeletionsFollowPaths: a net with all blocks deleted but those of a path, in a linear net, is the sum over the path's subsets;
// so the whole net is the sum over all 2^n paths.
func TestSumOverAllPathsIsTheLinearNet(t *testing.T) {
	e := zoo()["linear"]
	n := e.net.Len()
	want := Forward(e.net, autograd.Const(e.batch.X)).Value()
	sum := tensor.New(want.Shape()...)
	for _, path := range paths.New(n).Gray() {
		y := autograd.Const(e.batch.X)
		for i, taken := range path {
			if taken {
				y = e.net.Branch(i, y)
			}
		}
		tensor.Add(sum, sum, y.Value())
	}
	requireClose(t, want, sum)
}
