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
// When ctx is done it stops and returns ctx's error; so it does with an error of Recalibrate.
func (s *Study) Evaluate(ctx context.Context, plans []Plan) ([]Score, error) {
	if s.Recalibrate != nil {
		return s.evaluateAlone(ctx, plans)
	}
	root, nodes := grow(plans)
	w := walker{
		ctx:      ctx,
		study:    s,
		run:      s.runner(plans),
		scores:   make([]Score, len(plans)),
		progress: progress{report: s.Progress, total: nodes * len(s.Batches)},
	}
	for b := range s.Batches {
		if err := w.batch(root, b); err != nil {
			return nil, fmt.Errorf("unravel: evaluate: %w", err)
		}
	}
	return w.scores, nil
}

// evaluateAlone measures one plan after the other, each on a net calibrated for it.
func (s *Study) evaluateAlone(ctx context.Context, plans []Plan) ([]Score, error) {
	scores := make([]Score, len(plans))
	p := progress{report: s.Progress}
	for _, plan := range plans {
		p.total += len(plan) * len(s.Batches)
	}
	for i, plan := range plans {
		r := s.runner(plans[i : i+1])
		restore, err := s.Recalibrate(ctx, func(x *autograd.Var) *autograd.Var {
			y := s.Net.Stem(x)
			for _, step := range plan {
				y = r.step(step, 0, y)
			}
			return s.Net.Head(y)
		})
		if err != nil {
			return nil, fmt.Errorf("unravel: recalibrate for plan %v: %w", plan, err)
		}
		alone := Study{Net: s.Net, Batches: s.Batches, Seed: s.Seed, means: s.means}
		if s.Observe != nil {
			alone.Observe = func(_, batch int, logits *tensor.Tensor) { s.Observe(i, batch, logits) }
		}
		one, err := alone.Evaluate(ctx, plans[i:i+1])
		restore()
		if err != nil {
			return nil, err
		}
		scores[i] = one[0]
		p.add(len(plan) * len(s.Batches))
	}
	return scores, nil
}

// node is a state that several plans reach by the same steps: a trie of plans.
type node struct {
	step     Step
	children []*node // small subtrees first
	plans    []int   // plans that end here
	size     int     // nodes in the subtree, itself included
}

// grow makes the trie of plans and counts its steps.
func grow(plans []Plan) (root *node, steps int) {
	root = &node{}
	for i, p := range plans {
		nd := root
		for _, s := range p {
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
	return root, root.size - 1
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
	scores   []Score
	progress progress
	index    int   // of the batch
	live     int64 // bytes of states kept at branchings
}

func (w *walker) batch(root *node, index int) error {
	w.index = index
	stem := w.study.Net.Stem(autograd.Const(w.study.Batches[index].X))
	return w.visit(root, stem, stem, nil)
}

// visit measures all plans below nd, whose state is y. To save memory y may have to be dropped on the
// way; the steps in since lead to it from the state anchor, which is kept.
func (w *walker) visit(nd *node, y, anchor *autograd.Var, since []Step) error {
	for {
		w.finish(nd, y)
		if len(nd.children) == 0 {
			return nil
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
func (w *walker) finish(nd *node, y *autograd.Var) {
	if len(nd.plans) == 0 {
		return
	}
	logits := w.study.Net.Head(y).Value()
	score := ScoreOf(logits, w.study.Batches[w.index].Labels)
	for _, p := range nd.plans {
		w.scores[p] = w.scores[p].Plus(score)
		if w.study.Observe != nil {
			w.study.Observe(p, w.index, logits)
		}
	}
}
