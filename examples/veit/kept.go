package main

import (
	"fmt"
	"slices"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/unravel"
	"github.com/residuum-go/residuum/unravel/paths"
)

// check returns an error unless the kept results are ones that this run could have found. Figures and
// studies index them freely, so all lengths are checked here, and every number that counts something.
func (j *job) check() error {
	c := &checker{}
	j.checkTraining(c)
	parts := j.allParts()
	for i, name := range j.res.Done {
		known := name == trainingPart || slices.ContainsFunc(parts, func(p part) bool { return p.name == name })
		c.want(known && !slices.Contains(j.res.Done[:i], name), "done: %q is no part of the studies of this net, or there twice", name)
	}
	c.want(len(j.res.Done) == 0 || j.has(trainingPart), "done: %q without %q", j.res.Done, trainingPart)
	for _, p := range parts {
		if j.has(p.name) {
			p.check(j, c)
		} else {
			p.forget(j.res) // it will be measured
		}
	}
	return c.err
}

// checker remembers the first thing that is wrong.
type checker struct{ err error }

func (c *checker) want(ok bool, format string, args ...any) {
	if !ok && c.err == nil {
		c.err = fmt.Errorf(format, args...)
	}
}

func (c *checker) length(what string, got, want int) {
	c.want(got == want, "%s: %d values, want %d", what, got, want)
}

func (c *checker) shares(what string, v []float64) {
	for _, x := range v {
		c.want(0 <= x && x <= 1+1e-9, "%s: %v, want 0 to 1", what, x)
	}
}

func (c *checker) scores(what string, examples int, scores ...data.Score) {
	for _, s := range scores {
		c.want(s.Examples == examples, "%s: score on %d images, want %d", what, s.Examples, examples)
		c.want(s.Correct >= 0 && s.NonFinite >= 0 && s.Correct <= s.Examples-s.NonFinite && s.LossSum >= 0, "%s: impossible score %+v", what, s)
	}
}

// whole checks a score that has to be there.
func (c *checker) whole(what string, examples int, s *data.Score) {
	if s == nil {
		c.want(false, "%s: absent", what)
		return
	}
	c.scores(what, examples, *s)
}

func (c *checker) effective(what string, longest int, all []paths.EffectiveLengths) {
	c.length(what, len(all), 3)
	for _, e := range all {
		c.shares(what, []float64{e.Fraction, e.Carried, e.Share})
		for i, l := range e.Lengths {
			c.want(0 <= l && l <= longest && (i == 0 || l > e.Lengths[i-1]), "%s: lengths %v, want ascending ones up to %d", what, e.Lengths, longest)
		}
	}
}

func (c *checker) iterations(what string, blocks, images int, all []unravel.Iteration) {
	c.length(what, len(all), blocks)
	for i, it := range all {
		c.want(it.Block == i, "%s: block %d in place of %d", what, it.Block, i)
		c.scores(what, images, it.Exit)
	}
}

// lesions checks scores of random plans by their counts.
func (c *checker) lesions(what string, counts []int, examples int, all []Lesions) {
	c.length(what, len(all), len(counts))
	for i, l := range all {
		c.want(i < len(counts) && l.Count == counts[i], "%s: count %d, want %v", what, l.Count, counts)
		n := len(l.Scores)
		c.want(n > 0 && len(l.Plans) == n && len(l.Tau) == n, "%s: %d plans, %d tau and %d scores", what, len(l.Plans), len(l.Tau), n)
		for _, tau := range l.Tau {
			c.want(-1 <= tau && tau <= 1, "%s: tau %v", what, tau)
		}
		c.scores(what, examples, l.Scores...)
	}
}

// blocks is how many blocks the net has.
func (j *job) blocks() int {
	if j.ensemble() {
		return j.cfg.Blocks
	}
	cfg, _ := j.convolutional(j.res.Name)
	n := 0
	for _, stage := range cfg.Blocks {
		n += stage
	}
	return n
}

// readingImages lists the images seen by each entry of Training at the end.
func (j *job) readingImages() []int {
	var seen []int
	if j.ensemble() {
		for stage := range j.cfg.Blocks {
			seen = append(seen, (stage+1)*j.train.Len())
		}
		return seen
	}
	for _, step := range j.readingSteps() {
		seen = append(seen, j.images(step))
	}
	return seen
}

// checkTraining also serves a net that is still being trained.
func (j *job) checkTraining(c *checker) {
	n, seen := j.res, j.readingImages()
	for i, e := range n.Training {
		c.want(i < len(seen) && e.Images == seen[i] && e.Loss >= 0 && e.Seconds >= 0, "training: impossible reading %+v", e)
		c.shares("training", []float64{e.Accuracy, e.TestAccuracy})
	}
	c.want(n.Parameters >= 0 && n.Seconds >= 0, "parameters %d, training_seconds %v", n.Parameters, n.Seconds)
	steps := j.snapshotSteps()
	for i, s := range n.Growth {
		c.want(i < len(steps) && s.Images == j.images(steps[i]), "growth: not expected after %d images", s.Images)
		c.scores("growth", j.graded.Len(), s.Score)
		c.length("growth, log_exact_by_length", len(s.Exact), j.blocks()+1)
		c.length("growth, log_rms_by_length", len(s.Single), j.blocks()+1)
		c.effective("growth, effective_by_rms", j.blocks(), s.Bound)
		c.effective("growth, effective_exact", j.blocks(), s.Lengths)
		c.iterations("growth, boosting_link", j.blocks(), j.graded.Len(), s.Boosting)
	}
	if !j.has(trainingPart) {
		n.Test = data.Score{}
		return
	}
	c.length("training", len(n.Training), len(seen))
	c.length("growth", len(n.Growth), len(steps))
	c.length("blocks", len(n.Blocks), j.blocks())
	for _, b := range n.Blocks {
		c.want(1 <= b.Stage && b.Stage <= len(n.Blocks), "blocks: stage %d", b.Stage)
	}
	c.scores("test", j.test.Len(), n.Test)
}

// checkReached returns an error if training has passed more than the kept results tell of: they are saved first.
func (j *job) checkReached(at data.State) error {
	step := at.Epoch*j.batchesPerEpoch() + at.Next/batchSize
	passed := func(steps []int) int {
		return len(slices.DeleteFunc(steps, func(s int) bool { return s > step }))
	}
	c, readings, snapshots := &checker{}, passed(j.readingSteps()), passed(j.snapshotSteps())
	c.want(len(j.res.Training) >= readings && len(j.res.Growth) >= snapshots,
		"it tells of %d readings and %d snapshots, but the checkpoint beside it has passed %d and %d", len(j.res.Training), len(j.res.Growth), readings, snapshots)
	return j.store.damaged(j.res, c.err)
}

func (j *job) checkDeleteOne(c *checker) {
	c.length("delete_one", len(j.res.DeleteOne), j.blocks())
	c.scores("delete_one", j.studied.Len(), j.res.DeleteOne...)
	c.whole("whole", j.studied.Len(), j.res.Whole)
}

func (j *job) checkDeleteRandom(c *checker) {
	c.lesions("delete_random", deletionCounts(j.blocks()), j.studied.Len(), j.res.DeleteRandom)
}

func (j *job) checkReorder(c *checker) {
	c.lesions("reorder", swapCounts(j.blocks()), j.studied.Len(), j.res.Reorder)
}

func (j *job) checkRecalibrated(c *checker) {
	c.length("delete_one_recalibrated", len(j.res.Recalibrated), j.blocks())
	c.scores("delete_one_recalibrated", j.studied.Len(), j.res.Recalibrated...)
	c.whole("whole_recalibrated", j.studied.Len(), j.res.WholeRecalibrated)
}

func (j *job) checkGradient(c *checker) {
	p, g, n := j.res.Paths, j.res.Gradient, j.blocks()
	if p == nil || g == nil {
		c.want(false, "paths or gradient: absent")
		return
	}
	c.want(p.Count == paths.New(n).Count().String(), "paths: %q of them", p.Count)
	c.length("paths, share_by_length", len(p.Distribution), n+1)
	c.shares("paths, share_by_length", p.Distribution)
	c.length("gradient, by_length", len(g.ByLength), n+1)
	for k, l := range g.ByLength {
		c.want(l.Length == k && l.Sampled != nil, "gradient, by_length: length %d in place of %d, or not sampled", l.Length, k)
	}
	c.effective("gradient, effective_sampled", n, g.EffectiveSampled)
	c.effective("gradient, effective_exact", n, g.EffectiveExact)
	c.length("gradient, log_exact_by_state", len(g.State), n+1)
	for _, at := range g.State {
		c.length("gradient, log_exact_by_state", len(at), n+1)
	}
	c.want(j.res.SumError >= 0, "gradient_sum_error: %v", j.res.SumError)
}

func (j *job) checkForward(c *checker) {
	f, n := j.res.Forward, j.blocks()
	if f == nil {
		c.want(false, "forward: absent")
		return
	}
	c.length("forward, early_exit", len(f.EarlyExit), n+1)
	c.scores("forward, early_exit", j.studied.Len(), f.EarlyExit...)
	c.length("forward, picard", len(f.Picard), n+1)
	for m, p := range f.Picard {
		c.want(p.Order == m && p.Distance >= 0, "forward, picard: order %d at distance %v in place of %d", p.Order, p.Distance, m)
		c.scores("forward, picard", j.studied.Len(), p.Score)
	}
	c.length("forward, logit_by_length_from_state", len(f.State), n+1)
	c.length("forward, logit_by_length_from_biases", len(f.Offset), n+1)
}

func (j *job) checkLink(c *checker) {
	c.iterations("boosting_link", j.blocks(), j.graded.Len(), j.res.Link)
}
