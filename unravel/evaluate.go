package unravel

import (
	"context"
	"fmt"
	"slices"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
)

// Evaluate returns the score of each plan over all batches. Plans with a common beginning share the
// work for it: deleting each of n blocks in turn costs about n/2 forward passes, not n.
//
// When ctx is done it stops and returns ctx's error; so it does with an error of Recalibrate or of the
// journal. What the journal holds by then is kept.
func (s *Study) Evaluate(ctx context.Context, plans []Plan) ([]Score, error) {
	if s.Recalibrate != nil {
		return s.evaluateAlone(ctx, plans)
	}
	run, err := s.runner(ctx, plans)
	if err != nil {
		return nil, err
	}
	w := walker{
		ctx:      ctx,
		study:    s,
		run:      run,
		plans:    plans,
		keys:     s.allKeys(),
		progress: progress{report: s.Progress},
	}
	roots := make([]*node, len(s.Batches))
	for b := range s.Batches {
		w.scores = append(w.scores, make([]Score, len(plans)))
		roots[b] = grow(plans, w.unknown(b))
		w.progress.total += roots[b].size - 1
	}
	for b, root := range roots {
		if err := w.batch(root, b); err != nil {
			return nil, fmt.Errorf("unravel: evaluate: %w", err)
		}
	}
	return w.sums(), nil
}

// evaluateAlone measures one plan after the other, each on a net calibrated for it.
func (s *Study) evaluateAlone(ctx context.Context, plans []Plan) ([]Score, error) {
	scores := make([]Score, len(plans))
	p := progress{report: s.Progress}
	for _, plan := range plans {
		p.total += len(plan) * len(s.Batches)
	}
	keys := s.allKeys()
	for i := range plans {
		var err error
		if scores[i], err = s.calibrated(ctx, plans[i:i+1], i, keys); err != nil {
			return nil, err
		}
		p.add(len(plans[i]) * len(s.Batches))
	}
	return scores, nil
}

// calibrated measures one plan, the i-th, on a net calibrated for it.
func (s *Study) calibrated(ctx context.Context, plan []Plan, i int, ks []keys) (Score, error) {
	r, err := s.runner(ctx, plan)
	if err != nil {
		return Score{}, err
	}
	alone := Study{Net: s.Net, Batches: s.Batches, Reference: s.Reference, Seed: s.Seed, Journal: s.Journal, means: s.means, keys: ks}
	if s.Observe != nil {
		alone.Observe = func(_, batch int, logits *tensor.Tensor) { s.Observe(i, batch, logits) }
	}
	if !alone.knows(plan[0]) {
		restore, err := s.Recalibrate(ctx, func(x *autograd.Var) *autograd.Var {
			y := s.Net.Stem(x)
			for _, step := range plan[0] {
				y = r.step(step, 0, y)
			}
			return s.Net.Head(y)
		})
		if err != nil {
			return Score{}, fmt.Errorf("unravel: recalibrate for plan %v: %w", plan[0], err)
		}
		defer restore()
	}
	scores, err := alone.Evaluate(ctx, plan)
	if err != nil {
		return Score{}, err
	}
	return scores[0], nil
}

// knows reports whether the journal holds the plan's score on every batch.
func (s *Study) knows(p Plan) bool {
	for _, k := range s.allKeys() {
		if _, ok := s.Journal.lines[k.of(p.String())]; !ok {
			return false
		}
	}
	return s.Journal != nil
}

// node is a state that several plans reach by the same steps: a trie of plans.
type node struct {
	step     Step
	children []*node // small subtrees first
	plans    []int   // plans that end here
	size     int     // nodes in the subtree, itself included
}

// grow makes the trie of those plans that are chosen. Its size is one more than its steps.
func grow(plans []Plan, chosen []int) *node {
	root := &node{}
	for _, i := range chosen {
		nd := root
		for _, s := range plans[i] {
			j := slices.IndexFunc(nd.children, func(c *node) bool { return c.step == s })
			if j < 0 {
				j = len(nd.children)
				nd.children = append(nd.children, &node{step: s})
			}
			nd = nd.children[j]
		}
		nd.plans = append(nd.plans, i)
	}
	root.measure()
	return root
}

// measure sorts children by size. A state is kept while its children are visited, but not for the
// last one. With the largest last, no more than log2 of the number of plans are kept at once.
func (nd *node) measure() {
	nd.size = 1
	for _, c := range nd.children {
		c.measure()
		nd.size += c.size
	}
	slices.SortStableFunc(nd.children, func(a, b *node) int { return a.size - b.size })
}

// walker visits a trie depth first.
type walker struct {
	ctx      context.Context
	study    *Study
	run      *runner
	plans    []Plan
	scores   [][]Score // by batch, then plan
	progress progress
	index    int    // of the batch
	live     int64  // bytes of states kept at branchings
	keys     []keys // by batch, if there is a journal
}

// unknown returns the plans whose score on a batch has to be computed, and takes the others' from the
// journal.
func (w *walker) unknown(batch int) []int {
	if w.study.Journal == nil {
		return span(0, len(w.plans))
	}
	var unknown []int
	for i, p := range w.plans {
		found, ok := w.study.Journal.lines[w.keys[batch].of(p.String())]
		w.scores[batch][i] = found.Score
		if !ok {
			unknown = append(unknown, i)
		}
	}
	return unknown
}

// sums adds up the batches in their order, so that it does not matter which of them the journal held.
func (w *walker) sums() []Score {
	sums := make([]Score, len(w.plans))
	for _, scores := range w.scores {
		for i, s := range scores {
			sums[i] = sums[i].Plus(s)
		}
	}
	return sums
}

func (w *walker) batch(root *node, index int) error {
	if len(root.children)+len(root.plans) == 0 {
		return nil
	}
	w.index = index
	stem := w.study.Net.Stem(autograd.Const(w.study.Batches[index].X))
	return w.visit(root, stem, stem, nil)
}

// visit measures all plans below nd, whose state is y. To save memory y may have to be dropped on the
// way; the steps in since lead to it from the state anchor, which is kept.
func (w *walker) visit(nd *node, y, anchor *autograd.Var, since []Step) error {
	for {
		if err := w.finish(nd, y); err != nil || len(nd.children) == 0 {
			return err
		}
		last := len(nd.children) - 1
		bytes := 4 * int64(y.Value().Len())
		keep := last > 0 && w.live+bytes <= w.study.memory()
		if keep {
			w.live += bytes
		}
		for _, c := range nd.children[:last] {
			next, err := w.step(c.step, y)
			if err != nil {
				return err
			}
			if keep {
				err = w.visit(c, next, y, []Step{c.step})
			} else {
				y = nil
				if err = w.visit(c, next, anchor, append(slices.Clip(since), c.step)); err == nil {
					y = w.replay(anchor, since)
				}
			}
			if err != nil {
				return err
			}
		}
		if keep {
			w.live -= bytes
		}
		nd = nd.children[last]
		var err error
		if y, err = w.step(nd.step, y); err != nil {
			return err
		}
		since = append(since, nd.step)
	}
}

func (w *walker) step(s Step, y *autograd.Var) (*autograd.Var, error) {
	if err := w.ctx.Err(); err != nil {
		return nil, err
	}
	y = w.run.step(s, w.index, y)
	w.progress.add(1)
	return y, nil
}

// replay computes a dropped state again.
func (w *walker) replay(y *autograd.Var, steps []Step) *autograd.Var {
	for _, s := range steps {
		y = w.run.step(s, w.index, y)
	}
	return y
}

// finish scores the plans that end at nd.
func (w *walker) finish(nd *node, y *autograd.Var) error {
	if len(nd.plans) == 0 {
		return nil
	}
	logits := w.study.Net.Head(y).Value()
	score := ScoreOf(logits, w.study.Batches[w.index].Labels)
	for i, p := range nd.plans {
		w.scores[w.index][p] = score
		if w.study.Observe != nil {
			w.study.Observe(p, w.index, logits)
		}
		if j := w.study.Journal; j != nil && i == 0 {
			plan := w.plans[p].String()
			if err := j.add(line{w.keys[w.index].of(plan), plan, w.index, finding{Score: score}}); err != nil {
				return err
			}
		}
	}
	return nil
}
