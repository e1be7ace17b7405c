package unravel

import (
	"context"
	"fmt"
	"slices"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/internal/cancelled"
	"github.com/residuum-go/residuum/tensor"
)

// Evaluate returns the score of each plan over all batches. Plans with a common beginning share the
// work for it: deleting each of n blocks in turn costs about n/2 forward passes, not n.
//
// When ctx is done it stops and returns ctx's error, with its cause; so it does with an error of OnLogits, of
// Recalibrate or of the journal. What the journal holds by then is kept.
func (s *Study) Evaluate(ctx context.Context, plans []Plan) ([]data.Score, error) {
	scores, err := s.evaluate(ctx, plans, s.keys())
	if err != nil {
		return nil, fmt.Errorf("unravel: Evaluate: %w", err)
	}
	return scores, nil
}

// evaluate is Evaluate with the keys of the study's journal.
func (s *Study) evaluate(ctx context.Context, plans []Plan, ks *keys) ([]data.Score, error) {
	for _, p := range plans {
		p.check(s.net.Len())
	}
	if s.opts.Recalibrate != nil {
		return s.evaluateAlone(ctx, plans, ks)
	}
	w := s.sweep(ctx, plans, ks)
	w.progress.report = s.opts.Progress
	var means []*tensor.Tensor
	if slices.ContainsFunc(w.missing, Plan.averages) {
		var err error
		if means, err = s.datasetMeans(ctx); err != nil {
			return nil, err
		}
	}
	return w.compute(&runner{s.net, s.opts.Seed, means})
}

// evaluateAlone measures one plan after the other, each on a net calibrated for it.
func (s *Study) evaluateAlone(ctx context.Context, plans []Plan, ks *keys) ([]data.Score, error) {
	p := progress{report: s.opts.Progress}
	for _, plan := range plans {
		p.total += len(plan) * len(s.batches)
	}
	r := runner{net: s.net, seed: s.opts.Seed}
	var scores []data.Score
	for i, plan := range plans {
		w := s.sweep(ctx, plans[i:i+1], ks)
		w.first = i
		if len(w.missing) > 0 {
			if err := s.recalibrate(ctx, &r, plan); err != nil {
				return nil, err
			}
		}
		one, err := w.compute(&r)
		if err != nil {
			return nil, err
		}
		scores = append(scores, one...)
		p.add(len(plan) * len(s.batches))
	}
	return scores, nil
}

// recalibrate makes r ready for a plan: with the net that is calibrated for it, and with the means if it needs them.
func (s *Study) recalibrate(ctx context.Context, r *runner, plan Plan) (err error) {
	if plan.averages() && r.means == nil {
		if r.means, err = s.datasetMeans(ctx); err != nil {
			return err
		}
	}
	r.net, err = s.opts.Recalibrate(ctx, func(net Network, x *autograd.Var) *autograd.Var {
		return runner{net, r.seed, r.means}.logits(plan, x)
	})
	if err != nil {
		return fmt.Errorf("recalibrate for plan %s: %w", plan.Describe(s.net), err)
	}
	if r.net == nil {
		return fmt.Errorf("Options.Recalibrate returned no network for plan %s", plan.Describe(s.net))
	}
	return nil
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

// sweep visits the tries of all batches, depth first.
type sweep struct {
	ctx      context.Context
	study    *Study
	keys     *keys // if there is a journal
	plans    []Plan
	first    int            // place of the first plan among all that are evaluated
	missing  []Plan         // those whose score on some batch has to be computed
	roots    []*node        // by batch: of those plans
	scores   [][]data.Score // by batch, then plan
	progress progress

	run     *runner
	index   int   // of the batch
	live    int64 // bytes of states kept at branchings
	checked bool  // the labels are known to be classes of the net
}

// sweep takes from the journal what it holds and returns what computes the rest.
func (s *Study) sweep(ctx context.Context, plans []Plan, ks *keys) *sweep {
	w := &sweep{ctx: ctx, study: s, keys: ks, plans: plans}
	for b := range s.batches {
		w.scores = append(w.scores, make([]data.Score, len(plans)))
		root := grow(plans, w.unknown(b))
		w.roots = append(w.roots, root)
		w.progress.total += root.size - 1
	}
	return w
}

// unknown returns the plans whose score on a batch has to be computed, and takes the others' from the
// journal.
func (w *sweep) unknown(batch int) []int {
	var unknown []int
	for i, p := range w.plans {
		if w.keys != nil {
			if found, ok := w.study.opts.Journal.find(w.key(batch, p)); ok {
				w.scores[batch][i] = found.Score
				continue
			}
		}
		unknown = append(unknown, i)
		w.missing = append(w.missing, p)
	}
	return unknown
}

// key returns the key of a plan's score on a batch.
func (w *sweep) key(batch int, p Plan) string {
	return w.keys.of(batch, w.keys.plan(p, w.study.opts.Recalibrate != nil))
}

// compute runs what is unknown and returns the scores of all plans.
func (w *sweep) compute(run *runner) ([]data.Score, error) {
	w.run = run
	for b, root := range w.roots {
		if err := w.batch(root, b); err != nil {
			return nil, err
		}
	}
	return w.sums(), nil
}

// sums adds up the batches in their order, so that it does not matter which of them the journal held.
func (w *sweep) sums() []data.Score {
	sums := make([]data.Score, len(w.plans))
	for _, scores := range w.scores {
		for i, s := range scores {
			sums[i] = sums[i].Plus(s)
		}
	}
	return sums
}

func (w *sweep) batch(root *node, index int) error {
	if len(root.children)+len(root.plans) == 0 {
		return nil
	}
	w.index = index
	stem := w.run.net.Stem(autograd.Const(w.study.batches[index].X))
	return w.visit(root, stem, stem, nil)
}

// visit measures all plans below nd, whose state is y. To save memory y may have to be dropped on the
// way; the steps in since lead to it from the state anchor, which is kept.
func (w *sweep) visit(nd *node, y, anchor *autograd.Var, since []Step) error {
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

func (w *sweep) step(s Step, y *autograd.Var) (*autograd.Var, error) {
	if err := cancelled.Err(w.ctx); err != nil {
		return nil, err
	}
	y = w.run.step(s, w.index, y)
	w.progress.add(1)
	return y, nil
}

// replay computes a dropped state again.
func (w *sweep) replay(y *autograd.Var, steps []Step) *autograd.Var {
	for _, s := range steps {
		y = w.run.step(s, w.index, y)
	}
	return y
}

// finish scores the plans that end at nd.
func (w *sweep) finish(nd *node, y *autograd.Var) error {
	if len(nd.plans) == 0 {
		return nil
	}
	logits := w.run.net.Head(y).Value()
	if !w.checked {
		if err := w.study.checkClasses(logits); err != nil {
			return err
		}
		w.checked = true
	}
	score := data.ScoreOf(logits, w.study.batches[w.index].Labels)
	for i, p := range nd.plans {
		w.scores[w.index][p] = score
		if w.study.opts.OnLogits != nil {
			if err := w.study.opts.OnLogits(w.first+p, w.index, logits); err != nil {
				return err
			}
		}
		if w.keys != nil && i == 0 {
			plan := w.plans[p]
			l := line{w.key(w.index, plan), plan.String(), w.index, finding{Score: score}}
			if err := w.study.opts.Journal.add(l); err != nil {
				return err
			}
		}
	}
	return nil
}
