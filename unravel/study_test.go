package unravel

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/unravel/paths"
	"github.com/stretchr/testify/require"
)

func TestForwardAgreesEverywhere(t *testing.T) {
	for name, e := range zoo() {
		t.Run("net="+name, func(t *testing.T) {
			want := Forward(e.net, autograd.Const(e.batch.X)).Value()
			a := record(e.net, e.batch.X, true)
			require.True(t, tensor.Equal(want, a.Logits))
			require.True(t, tensor.Equal(want, Run(e.net, Whole(e.net), autograd.Const(e.batch.X)).Value()))
			for i, f := range a.Branch {
				require.True(t, tensor.Equal(f, e.net.Branch(i, autograd.Const(a.State[i])).Value()))
			}
		})
	}
}

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

// randomPlans returns plans with everything in them.
func randomPlans(rng *rand.Rand, groups [][]int, n, count int) []Plan {
	var plans []Plan
	for range count {
		p := Shuffle(ofLen(n), groups, rng)
		for i := range p {
			if rng.IntN(3) == 0 {
				p[i].Do = Ablation(rng.IntN(len(ablationNames)))
				p[i].Amount = 0.5
				p[i].Draw = uint64(rng.IntN(2))
			}
		}
		plans = append(plans, p)
	}
	return plans
}

func TestSharingChangesNoBits(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	net := newConvNet(rng)
	batches := []data.Batch{randomBatch(rng, 3, 4, 6, 6, 2), randomBatch(rng, 3, 2, 6, 6, 2)}
	n := net.Len()
	groups := Interchangeable(net, batches[0].X.Slice(0, 1))
	require.Equal(t, [][]int{{0, 1}, {2}, {3}, {4}, {5}}, groups)
	plans := append(randomPlans(rng, groups, n, 20), DeletePairs(ofLen(n))...)
	plans = append(plans, DeleteEach(ofLen(n))...)
	plans = append(plans, plans[3]) // the same plan twice
	var want []data.Score
	for _, p := range plans {
		s := Study{net: net, batches: batches, opts: Options{Seed: 5}}
		one, err := s.Evaluate(context.Background(), []Plan{p})
		require.NoError(t, err)
		want = append(want, one[0])
	}
	for _, memory := range []int64{0, 1, 3000} {
		t.Run(fmt.Sprintf("memory=%d", memory), func(t *testing.T) {
			s := Study{net: net, batches: batches, opts: Options{Seed: 5, Memory: memory}}
			last := 0
			s.opts.Progress = func(done, total int) {
				require.Equal(t, last+1, done)
				last = done
				require.LessOrEqual(t, done, total)
			}
			got, err := s.Evaluate(context.Background(), plans)
			require.NoError(t, err)
			require.Equal(t, want, got)
		})
	}
}

func TestWorkOfSharedPlans(t *testing.T) {
	const n = 54
	single := DeleteEach(ofLen(n))
	require.LessOrEqual(t, float64(grow(single, span(0, len(single))).size), 0.55*n*n)
	pairs := DeletePairs(ofLen(n))
	require.LessOrEqual(t, float64(grow(pairs, span(0, len(pairs))).size), 0.4*n*n*(n-1)/2)
}

func TestStudyStopsWhenCancelled(t *testing.T) {
	e := zoo()["mlp"]
	ctx, cancel := context.WithCancel(context.Background())
	s := Study{net: e.net, batches: []data.Batch{e.batch}, opts: Options{Progress: func(done, total int) {
		if done == 5 {
			cancel()
		}
	}}}
	_, err := s.Evaluate(ctx, DeleteEach(ofLen(9)))
	require.ErrorIs(t, err, context.Canceled)
	_, err = s.Evaluate(ctx, []Plan{Ablate(ofLen(9), DatasetMean, 1)})
	require.ErrorContains(t, err, "dataset means: context canceled")
}

func TestOthersHasNoFixedPoint(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for n := 2; n < 20; n++ {
		seen := map[int]bool{}
		for i, j := range others(rng, n) {
			require.NotEqual(t, i, j)
			seen[j] = true
		}
		require.Len(t, seen, n)
	}
}

func TestSpreadOf(t *testing.T) {
	s := SpreadOf([]float64{4, 1, 3, 2})
	require.Equal(t, 2.5, s.Mean)
	require.Equal(t, 2.5, s.Median)
	require.InDelta(t, 1.2909944, s.Std, 1e-6)
	require.InDelta(t, 2.5+3.1824463*1.2909944/2, s.High, 1e-5)
	require.Equal(t, Spread{Draws: 1, Mean: 2, Min: 2, Median: 2, Max: 2, Low: 2, High: 2}, SpreadOf([]float64{2}))
}

// TestMeanInterval: without skewness it is Student's, for the exponential distribution, where Student's interval for 20 draws
// holds the mean at a rate of 92 %, it keeps to 95 %.
func TestMeanInterval(t *testing.T) {
	low, high := meanInterval([]float64{4, 1, 3, 2}, 0.95)
	s := SpreadOf([]float64{4, 1, 3, 2})
	require.InDelta(t, s.Low, low, 1e-12)
	require.InDelta(t, s.High, high, 1e-12)
	low, high = meanInterval([]float64{3, 3, 3}, 0.95)
	require.Equal(t, []float64{3, 3}, []float64{low, high})
	rng := rand.New(rand.NewPCG(1, 1))
	const trials, draws = 4000, 20
	covered := 0.0
	for range trials {
		values := make([]float64, draws)
		for i := range values {
			values[i] = rng.ExpFloat64()
		}
		if low, high := meanInterval(values, 0.95); low <= 1 && 1 <= high {
			covered += 1.0 / trials
		}
	}
	require.InDelta(t, 0.95, covered, 3*math.Sqrt(0.95*0.05/trials))
}

func TestDeletionCurve(t *testing.T) {
	points := DeletionCurve(ofLen(10), CurveOptions{Counts: []int{0, 1, 3, 9, 10}, Draws: 12, Seed: 1})
	for i, want := range []int{1, 10, 12, 10, 1} {
		require.Len(t, points[i].Plans, want)
		seen := map[string]bool{}
		for _, p := range points[i].Plans {
			require.Len(t, p.Deleted(), int(points[i].X))
			seen[p.String()] = true
		}
		require.Len(t, seen, want, "draws differ")
	}
	require.Equal(t, points, DeletionCurve(ofLen(10), CurveOptions{Counts: []int{0, 1, 3, 9, 10}, Draws: 12, Seed: 1}))
}

func TestReordering(t *testing.T) {
	groups := [][]int{{0, 1, 2, 3}, {4}, {5, 6, 7}}
	const n = 8
	rng := rand.New(rand.NewPCG(2, 3))
	group := func(b int) int {
		for i, g := range groups {
			if b >= g[0] && b <= g[len(g)-1] {
				return i
			}
		}
		return -1
	}
	for range 50 {
		for _, p := range []Plan{Swaps(ofLen(n), groups, 5, rng), Shuffle(ofLen(n), groups, rng), Reverse(ofLen(n), groups)} {
			seen := map[int]bool{}
			for i, s := range p {
				require.Equal(t, group(i), group(s.Block), "stays within its group")
				seen[s.Block] = true
			}
			require.Len(t, seen, n)
		}
	}
	require.Equal(t, 1.0, Whole(ofLen(n)).Tau())
	require.Equal(t, -1.0, Reverse(ofLen(3), [][]int{{0, 1, 2}}).Tau())
	require.InDelta(t, 1-2*9.0/28, Reverse(ofLen(n), groups).Tau(), 1e-12) // 6 + 3 of 28 pairs turned round
	require.Equal(t, Whole(ofLen(2)), Swaps(ofLen(2), [][]int{{0}, {1}}, 3, rng))
	require.Equal(t, 1.0, SwapCurve(ofLen(n), groups, CurveOptions{Counts: []int{0, 2}, Draws: 3, Seed: 1})[0].Plans[2].Tau())
}

func TestGreedy(t *testing.T) {
	e := zoo()["mlp"]
	s := studyOf(e.net, e.batch)
	steps, err := s.Greedy(context.Background(), 3)
	require.NoError(t, err)
	singles, err := s.Evaluate(context.Background(), DeleteEach(ofLen(9)))
	require.NoError(t, err)
	for _, single := range singles {
		require.LessOrEqual(t, steps[0].Score.LossSum, single.LossSum)
	}
	all, err := s.Evaluate(context.Background(), []Plan{Ablate(ofLen(9), Delete, steps[0].Block, steps[1].Block, steps[2].Block)})
	require.NoError(t, err)
	require.Equal(t, all[0], steps[2].Score)

	ctx, cancel := context.WithCancel(context.Background())
	last := 0
	s.opts.Progress = func(done, total int) {
		require.GreaterOrEqual(t, done, last)
		require.Equal(t, 3*wholeStep, total)
		if last = done; done == wholeStep {
			cancel()
		}
	}
	first, err := s.Greedy(ctx, 3)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, steps[:1], first)
}

// The intervals of a deletion curve hold the mean over all choices of blocks at least at their rate. Draws are all
// different, so that their mean is more certain than the interval assumes.
func TestDeletionCurveCovers(t *testing.T) {
	e := zoo()["mlp"]
	s := studyOf(e.net, e.batch)
	all := DeletionCurve(ofLen(9), CurveOptions{Counts: []int{3}, Draws: 84, Seed: 1})
	require.NoError(t, s.Measure(context.Background(), all))
	score := map[string]data.Score{}
	for i, p := range all[0].Plans {
		score[p.String()] = all[0].Scores[i]
	}
	require.Len(t, score, 84)
	const trials = 1000
	covered := 0.0
	for seed := range uint64(trials) {
		drawn := DeletionCurve(ofLen(9), CurveOptions{Counts: []int{3}, Draws: 20, Seed: seed})[0]
		for _, p := range drawn.Plans {
			drawn.Scores = append(drawn.Scores, score[p.String()])
		}
		if loss := drawn.Loss(); loss.Low <= all[0].Loss().Mean && all[0].Loss().Mean <= loss.High {
			covered += 1.0 / trials
		}
	}
	require.GreaterOrEqual(t, covered, 0.95-3*math.Sqrt(0.95*0.05/trials))
	t.Log(covered)
}

func TestPlanText(t *testing.T) {
	p := Plan{{Block: 0}, {Block: 1}, {Block: 2}, {Block: 3, Do: Delete}, {Block: 5}, {Block: 4, Do: Noise, Amount: 0.5, Draw: 7}, {Block: 4}}
	require.Equal(t, "0-2 delete:3 5 noise:4*0.5#7 4", p.String())
	text, err := json.Marshal(p)
	require.NoError(t, err)
	var q Plan
	require.NoError(t, json.Unmarshal(text, &q))
	require.Equal(t, p, q)
	require.Error(t, json.Unmarshal([]byte(`[{"do":"vanish"}]`), &q))
	require.PanicsWithValue(t, "unravel: plan 9: keep of block 9 of a net with 9 blocks", func() {
		Run(zoo()["mlp"].net, Plan{{Block: 9}}, autograd.Const(tensor.New(1, 4)))
	})
}

func TestRecordOfAPlan(t *testing.T) {
	e := zoo()["conv"]
	s := studyOf(e.net, e.batch)
	whole, err := s.Record(t.Context(), Whole(ofLen(6)), RecordOptions{Branches: true})
	require.NoError(t, err)
	require.Equal(t, record(e.net, e.batch.X, true), whole)
	a, err := s.Record(t.Context(), Ablate(ofLen(6), DatasetMean, 1), RecordOptions{Branches: true})
	require.NoError(t, err)
	require.True(t, tensor.Equal(whole.State[1], a.State[1]))
	require.True(t, tensor.Equal(whole.Branch[1], a.Branch[1]))
	require.False(t, tensor.Equal(whole.State[2], a.State[2]))
}

func TestStages(t *testing.T) {
	e := zoo()["conv"]
	require.Equal(t, [][]int{{0, 1}, {2, 3}, {4, 5}}, Stages(e.net, e.batch.X.Slice(0, 1)))
	require.Equal(t, []int{2, 3}, DeleteGroups(ofLen(6), Stages(e.net, e.batch.X))[1].Deleted())
	require.Equal(t, []int{3, 4}, DeleteRuns(ofLen(5), 2)[3].Deleted())
	require.Len(t, DeleteRuns(ofLen(5), 2), 4)
}

func TestOnlyRandom(t *testing.T) {
	p := OnlyRandom(ofLen(9), 4, rand.New(rand.NewPCG(1, 1)))
	require.Len(t, p, 9)
	require.Len(t, p.Deleted(), 5)
	for _, s := range p {
		if s.Do != Delete {
			require.Equal(t, Step{Block: s.Block, Do: Scale, Amount: 9.0 / 4}, s)
		}
	}
	require.Equal(t, Whole(ofLen(9)), OnlyRandom(ofLen(9), 9, rand.New(rand.NewPCG(1, 1))))
}

// TestTrainingAPlan: a plan runs on a training tape, and deleted blocks get no gradient.
func TestTrainingAPlan(t *testing.T) {
	w := []*autograd.Param{autograd.NewParam(tensor.Full(0.1, 3, 3)), autograd.NewParam(tensor.Full(0.1, 3, 3))}
	net := &toy{stem: chain(), head: chain()}
	for _, p := range w {
		net.blocks = append(net.blocks, toyBlock{branch: func(y *autograd.Var) *autograd.Var {
			return autograd.MatMul(y, p.On(y), tensor.NN)
		}})
	}
	tape := autograd.NewTape(1)
	logits := Run(net, Only(ofLen(2), 1), tape.Input(tensor.Full(1, 2, 3)))
	tape.Backward(autograd.CrossEntropy(logits, []int{0, 1}, 0))
	require.Nil(t, w[0].Grad)
	require.Positive(t, tensor.Norm(w[1].Grad))
}

func TestBitsDoNotDependOnWorkers(t *testing.T) {
	e := zoo()["conv"]
	results := make([]any, 0)
	for _, workers := range []int{1, 2, 5} {
		restore := parallel.SetWorkers(workers)
		s := Study{net: e.net, batches: []data.Batch{e.batch}, opts: Options{Seed: 3}}
		scores, err := s.Evaluate(context.Background(), DeletePairs(ofLen(6)))
		require.NoError(t, err)
		r, err := s.Lengths(context.Background(), LengthOptions{Draws: 3, Signs: 2})
		require.NoError(t, err)
		restore()
		results = append(results, []any{scores, r})
	}
	require.Equal(t, results[0], results[1])
	require.Equal(t, results[0], results[2])
}
