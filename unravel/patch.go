package unravel

import (
	"context"
	"fmt"
	"math"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
)

// Patch is the direct path from one block's output to what another block's branch reads: through the
// skips between them alone. To may be n, the head.
type Patch struct {
	From int `json:"from"`
	To   int `json:"to"`
}

// AllPatches returns the n(n+1)/2 patches of a net of n blocks, by From, then To.
func AllPatches(n int) []Patch {
	var ps []Patch
	for i := range n {
		for j := i + 1; j <= n; j++ {
			ps = append(ps, Patch{i, j})
		}
	}
	return ps
}

// PatchScore is what a patch does.
type PatchScore struct {
	Patch
	Score Score `json:"score"`
	// Distance is the RMS change of the logits relative to the RMS of the whole net's.
	Distance float64 `json:"distance"`
}

// PatchPaths measures each patch: block To reads its input as if the branch of block From had been
// ablated as do says, while what every other block reads from it, and what the blocks between
// the two compute, is as in the whole net. What follows from To's changed output is computed
// anew. This is path patching of one edge (Wang et al. 2022, "Interpretability in the Wild";
// Goldowsky-Dill et al. 2023, "Localizing Model Behavior with Path Patching"). do.Block is
// ignored. Where a block without a skip lies between, the path is cut and nothing changes.
func (s *Study) PatchPaths(ctx context.Context, do Step, patches []Patch) ([]PatchScore, error) {
	n := s.Net.Len()
	r, err := s.runner(ctx, []Plan{{{Do: do.Do}}})
	if err != nil {
		return nil, err
	}
	scores := make([]PatchScore, len(patches))
	byFrom := make([][]int, n) // indices of patches
	for i, p := range patches {
		if p.From < 0 || p.From >= p.To || p.To > n {
			panic(fmt.Sprintf("unravel: PatchPaths: from block %d to block %d of %d", p.From, p.To, n))
		}
		scores[i].Patch = p
		byFrom[p.From] = append(byFrom[p.From], i)
	}
	var size float64
	p := progress{report: s.Progress, total: len(patches) * len(s.Batches)}
	for b, batch := range s.Batches {
		w := patcher{run: r, acts: Record(s.Net, batch.X, true), batch: b}
		size += tensor.Dot(w.acts.Logits, w.acts.Logits)
		for from, which := range byFrom {
			do.Block = from
			at := w.chain(do, which, patches)
			for _, i := range which {
				if err := ctx.Err(); err != nil {
					return nil, fmt.Errorf("unravel: path patching: %w", err)
				}
				logits := w.finish(at[patches[i].To], patches[i].To)
				scores[i].Score = scores[i].Score.Plus(ScoreOf(logits, batch.Labels))
				d := tensor.Sub(nil, logits, w.acts.Logits)
				scores[i].Distance += tensor.Dot(d, d)
				p.add(1)
			}
		}
	}
	for i := range scores {
		scores[i].Distance = math.Sqrt(scores[i].Distance / size)
	}
	return scores, nil
}

// patcher patches the paths of one batch.
type patcher struct {
	run   *runner
	acts  *Activations
	batch int
}

// chain returns the states y_j, for every j = To of the patches, with do.Block's branch ablated and all
// branches between frozen.
func (w *patcher) chain(do Step, which []int, patches []Patch) map[int]*autograd.Var {
	last := do.Block
	wanted := map[int]bool{}
	for _, i := range which {
		wanted[patches[i].To] = true
		last = max(last, patches[i].To)
	}
	states := map[int]*autograd.Var{}
	y := autograd.Const(w.acts.State[do.Block])
	for i := do.Block; i < last; i++ {
		f := autograd.Const(w.acts.Branch[i])
		switch {
		case i == do.Block && do.Do == Delete:
			y = bypass(w.run.net, i, y)
		case i == do.Block:
			y = w.join(i, y, w.run.ablate(do, w.batch, f))
		default:
			y = w.join(i, y, f)
		}
		if wanted[i+1] {
			states[i+1] = y
		}
	}
	return states
}

// join returns what follows block i with input y to its skip and branch output f.
func (w *patcher) join(i int, y, f *autograd.Var) *autograd.Var {
	if !w.run.net.Sums(i) {
		return w.run.net.Join(i, nil, f)
	}
	return w.run.net.Join(i, w.run.net.Skip(i, y), f)
}

// finish lets the branch of block i read y in an otherwise whole net and returns the logits.
func (w *patcher) finish(y *autograd.Var, i int) *tensor.Tensor {
	net := w.run.net
	if i < net.Len() {
		y = w.join(i, autograd.Const(w.acts.State[i]), net.Branch(i, y))
		for i++; i < net.Len(); i++ {
			y = whole(net, i, y)
		}
	}
	return net.Head(y).Value()
}
