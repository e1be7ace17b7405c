package unravel

import (
	"context"
	"fmt"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/internal/cancelled"
	"github.com/residuum-go/residuum/tensor"
)

// Patch is the direct path from one block's output to what another block's branch reads: through the
// skips between them alone. To may be n, the head.
type Patch struct {
	From int `json:"from"`
	To   int `json:"to"`
}

// Describe names the blocks of the patch in net: "layer1.0 > layer2.1".
func (p Patch) Describe(net Network) string {
	return BlockName(net, p.From) + " > " + readerName(net, p.To)
}

// NewPatch returns the patch between two blocks of net, or from a block to "head".
func NewPatch[R Ref](net Network, from, to R) Patch {
	return Patch{index("NewPatch", net, from), reader("NewPatch", net, to)}
}

// AllPatches returns the n(n+1)/2 patches of a net of n blocks, by From, then To.
func AllPatches(net Network) []Patch {
	var ps []Patch
	n := net.Len()
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
	Name  string     `json:"name"` // of the two blocks, "layer1.0 > layer2.1"
	Score data.Score `json:"score"`
	// Distance is the RMS change of the logits relative to the RMS of the whole net's. It is NaN if a logit is not
	// finite.
	Distance float64 `json:"distance"`
}

// PatchPaths measures each patch: block To reads its input as if the branch of block From had been
// ablated as do says, while what every other block reads from it, and what the blocks between
// the two compute, is as in the whole net. What follows from To's changed output is computed
// anew. This is path patching of one edge (Wang et al. 2022, "Interpretability in the Wild";
// Goldowsky-Dill et al. 2023, "Localizing Model Behavior with Path Patching"). do.Block is
// ignored. Where a block without a skip lies between, the path is cut and nothing changes.
//
// What the journal holds is not measured again.
func (s *Study) PatchPaths(ctx context.Context, do Step, patches []Patch) ([]PatchScore, error) {
	n := s.net.Len()
	for _, p := range patches {
		if p.From < 0 || p.From >= p.To || p.To > n {
			panic(fmt.Sprintf("unravel: PatchPaths: from block %d to block %d of %d", p.From, p.To, n))
		}
		Plan{{Block: p.From, Do: do.Do}}.check(n)
	}
	r := &runner{net: s.net, seed: s.opts.Seed}
	sums := make([]finding, len(patches))
	ks := s.keys()
	p := progress{report: s.opts.Progress, total: len(patches) * len(s.batches)}
	for b := range s.batches {
		w := patcher{study: s, run: r, do: do, patches: patches, batch: b, keys: ks, progress: &p}
		findings, err := w.measure(ctx)
		if err != nil {
			return nil, fmt.Errorf("unravel: PatchPaths: %w", err)
		}
		for i, f := range findings {
			sums[i] = sums[i].plus(f)
		}
	}
	scores := make([]PatchScore, len(patches))
	for i, f := range sums {
		scores[i] = PatchScore{patches[i], patches[i].Describe(s.net), f.Score, f.distance()}
	}
	return scores, nil
}

// patcher patches the paths of one batch.
type patcher struct {
	study    *Study
	run      *runner
	do       Step
	patches  []Patch
	batch    int
	keys     *keys // if there is a journal
	acts     *Activations
	progress *progress
}

// measure returns what each patch does to the batch.
func (w *patcher) measure(ctx context.Context) ([]finding, error) {
	lines, unknown := w.recall()
	for from, which := range unknown {
		if len(which) == 0 {
			continue
		}
		if w.acts == nil {
			if err := w.prepare(ctx); err != nil {
				return nil, err
			}
		}
		w.do.Block = from
		at := w.chain(which)
		for _, i := range which {
			if err := cancelled.Err(ctx); err != nil {
				return nil, err
			}
			logits := w.finish(at[w.patches[i].To], w.patches[i].To)
			lines[i].finding = against(logits, w.acts.Logits, w.study.batches[w.batch].Labels)
			if w.keys != nil {
				if err := w.study.opts.Journal.add(lines[i]); err != nil {
					return nil, err
				}
			}
			w.progress.add(1)
		}
	}
	findings := make([]finding, len(lines))
	for i, l := range lines {
		findings[i] = l.finding
	}
	return findings, nil
}

// prepare computes what all patches of the batch start from.
func (w *patcher) prepare(ctx context.Context) (err error) {
	if w.do.Do == DatasetMean && w.run.means == nil { // all batches share the runner
		if w.run.means, err = w.study.datasetMeans(ctx); err != nil {
			return err
		}
	}
	w.acts, err = w.study.record(w.batch, true)
	return err
}

// patchText names a patch in a journal.
func patchText(do Step, p Patch) string { return fmt.Sprintf("%v > %d", Plan{do}, p.To) }

// recall returns a line for each patch, with what the journal holds, and by From the patches that it does not.
func (w *patcher) recall() (lines []line, unknown [][]int) {
	lines = make([]line, len(w.patches))
	unknown = make([][]int, w.run.net.Len())
	for i, p := range w.patches {
		w.do.Block = p.From
		lines[i] = line{Plan: patchText(w.do, p), Batch: w.batch}
		known := false
		if w.keys != nil {
			lines[i].Key = w.keys.of(w.batch, w.keys.patch(w.do, p))
			lines[i].finding, known = w.study.opts.Journal.find(lines[i].Key)
		}
		if known {
			w.progress.add(1)
		} else {
			unknown[p.From] = append(unknown[p.From], i)
		}
	}
	return lines, unknown
}

// chain returns the states y_j, for every j = To of the patches, with w.do.Block's branch ablated and all
// branches between frozen.
func (w *patcher) chain(which []int) map[int]*autograd.Var {
	net, do, last := w.run.net, w.do, w.do.Block
	wanted := map[int]bool{}
	for _, i := range which {
		wanted[w.patches[i].To] = true
		last = max(last, w.patches[i].To)
	}
	states := map[int]*autograd.Var{}
	y := autograd.Const(w.acts.State[do.Block])
	for i := do.Block; i < last; i++ {
		f := autograd.Const(w.acts.Branch[i])
		switch {
		case i == do.Block && do.Do == Delete:
			y = bypass(net, i, y)
		case i == do.Block:
			y = net.Join(i, skip(net, i, y), w.run.ablate(do, w.batch, f))
		default:
			y = net.Join(i, skip(net, i, y), f)
		}
		if wanted[i+1] {
			states[i+1] = y
		}
	}
	return states
}

// finish lets the branch of block i read y in an otherwise whole net and returns the logits.
func (w *patcher) finish(y *autograd.Var, i int) *tensor.Tensor {
	net := w.run.net
	if i < net.Len() {
		y = net.Join(i, skip(net, i, autograd.Const(w.acts.State[i])), net.Branch(i, y))
		for i++; i < net.Len(); i++ {
			y = whole(net, i, y)
		}
	}
	return net.Head(y).Value()
}
