package main

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/unravel"
)

// Images of each class on which plans are measured. The gradient needs a block backward pass for
// every pair of a block and a length, and says much the same on few images.
const (
	testedPerClass = 100
	gradedPerClass = 4
	shownPerClass  = 3
)

// experiment measures plans on a trained residual net and, as a yardstick, on a plain one. Its methods may be called
// concurrently.
type experiment struct {
	residual, plain *subject
	blocks          []resnet.Block // of either net
	classes         []string
	tested          *data.Dataset // images on which accuracy is measured
	shown           []int         // indices of those that the page shows
	test            data.Batch    // tested, as a net reads it
	grade           data.Batch    // images on which the gradient is measured
	whole           *result
	guess           []int   // the whole residual net's predictions
	plainWhole      float64 // accuracy of the whole plain net

	turn  chan struct{} // holds a token while a plan is measured
	mu    sync.Mutex
	cache map[string]*result
}

// cached plans; an answer takes a few kilobytes.
const maxCached = 1000

// result is what the page shows of a plan.
type result struct {
	Plan     string        `json:"plan"`
	Accuracy float64       `json:"accuracy"`
	Change   float64       `json:"change"` // of accuracy, against the whole net
	Lost     int           `json:"lost"`   // images that the whole net has right and the plan has not
	Gained   int           `json:"gained"` // the reverse
	Plain    plainResult   `json:"plain"`
	Classes  []classResult `json:"classes"`
	Paths    pathResult    `json:"paths"`
	// Gradient is nil if there is none, or one that is not finite.
	Gradient *gradientResult `json:"gradient"`
	// Shown holds the probabilities of the classes for each image that the page shows; nil where
	// they are not finite.
	Shown  [][]float64 `json:"shown"`
	Timing timing      `json:"ms"`
}

// plainResult is what the same plan makes of the plain net.
type plainResult struct {
	Accuracy float64 `json:"accuracy"`
	Change   float64 `json:"change"` // against the whole plain net
}

type classResult struct {
	Accuracy float64 `json:"accuracy"`
	Change   float64 `json:"change"`
	Margin   float64 `json:"margin"` // half the 95 % confidence interval of Change
}

// pathResult is about the 2^n paths that are left.
type pathResult struct {
	Blocks int       `json:"blocks"`
	Count  string    `json:"count"`
	Mean   float64   `json:"mean"`   // length
	Shares []float64 `json:"shares"` // of all paths, by length
}

// gradientResult is about |G_k|, the norm of the gradient that all paths of length k carry together to
// the stem's output. Shares are those of the sum of the norms.
type gradientResult struct {
	Mean   float64   `json:"mean"` // length, weighted by share
	From   int       `json:"from"` // of the smallest set of lengths that carries 95 %
	To     int       `json:"to"`
	Shares []float64 `json:"shares"` // by length
}

// timing is in milliseconds.
type timing struct {
	Accuracy float64 `json:"accuracy"`
	Gradient float64 `json:"gradient"`
}

// newExperiment measures the whole nets and then is ready for plans.
func newExperiment(ctx context.Context, nets pair, set *data.Dataset, norm data.Norm, classes []string) (*experiment, error) {
	e := &experiment{classes: classes, turn: make(chan struct{}, 1), cache: map[string]*result{}}
	for i := range nets.residual.Len() {
		e.blocks = append(e.blocks, nets.residual.Block(i))
	}
	var err error
	if e.tested, err = set.Subset(testedPerClass, rand.New(rand.NewPCG(0, 0))); err != nil {
		return nil, err
	}
	e.shown = firstOfEachClass(e.tested, shownPerClass)
	graded := e.tested.Select(firstOfEachClass(e.tested, gradedPerClass))
	e.test = e.tested.Batch(norm, 0, e.tested.Len())
	e.grade = graded.Batch(norm, 0, graded.Len())
	e.residual, e.plain = newSubject(nets.residual, e.test), newSubject(nets.plain, e.test)
	e.whole, err = e.measure(ctx, unravel.Whole(nets.residual))
	return e, err
}

// firstOfEachClass returns the indices of the first image of each class, then of the second ones, n in all.
func firstOfEachClass(d *data.Dataset, n int) []int {
	index, found := make([]int, n*d.Classes), make([]int, d.Classes)
	for i, class := range d.Labels {
		if found[class] < n {
			index[found[class]*d.Classes+class] = i
			found[class]++
		}
	}
	return index
}

// measure returns what is known of a plan that fits, from the cache if it is there. One plan is
// measured at a time; a request that is given up makes room for the next within a block's run. The only
// error is that of ctx.
func (e *experiment) measure(ctx context.Context, p unravel.Plan) (*result, error) {
	key := formatPlan(p, e.blocks)
	if r := e.cached(key); r != nil {
		return r, nil
	}
	select {
	case e.turn <- struct{}{}:
		defer func() { <-e.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if r := e.cached(key); r != nil { // somebody has asked for the same
		return r, nil
	}
	r := &result{Plan: key}
	start := time.Now()
	if err := e.classify(ctx, p, r); err != nil {
		return nil, err
	}
	r.Timing.Accuracy = milliseconds(start)
	start = time.Now()
	if err := e.unravel(ctx, p, r); err != nil {
		return nil, err
	}
	r.Timing.Gradient = milliseconds(start)
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.cache) >= maxCached {
		clear(e.cache)
	}
	e.cache[key] = r
	return r, nil
}

func milliseconds(since time.Time) float64 {
	return math.Round(float64(time.Since(since).Microseconds())/100) / 10
}

func (e *experiment) cached(key string) *result {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.cache[key]
}

// classify fills in what the plan makes of the test images.
func (e *experiment) classify(ctx context.Context, p unravel.Plan, r *result) error {
	logits, err := e.residual.logits(ctx, p)
	if err != nil {
		return err
	}
	plain, err := e.plain.logits(ctx, p)
	if err != nil {
		return err
	}
	labels, guess := e.test.Labels, tensor.Predictions(nil, logits)
	r.Accuracy, r.Plain.Accuracy = data.ScoreOf(logits, labels).Accuracy(), data.ScoreOf(plain, labels).Accuracy()
	if e.guess == nil { // the first plan is the whole net
		e.guess, e.plainWhole = guess, r.Plain.Accuracy
	}
	r.Plain.Change = r.Plain.Accuracy - e.plainWhole
	for _, i := range e.shown {
		r.Shown = append(r.Shown, softmax(row(logits, i)))
	}
	lost, gained := make([]int, len(e.classes)), make([]int, len(e.classes))
	right, total := make([]int, len(e.classes)), make([]int, len(e.classes))
	for i, label := range labels {
		now, before := guess[i] == label, e.guess[i] == label
		total[label]++
		if now {
			right[label]++
		}
		switch {
		case before && !now:
			lost[label]++
		case now && !before:
			gained[label]++
		}
	}
	for c, n := range total {
		r.Lost += lost[c]
		r.Gained += gained[c]
		r.Classes = append(r.Classes, classResult{
			Accuracy: float64(right[c]) / float64(n),
			Change:   float64(gained[c]-lost[c]) / float64(n),
			Margin:   margin(gained[c], lost[c], n),
		})
	}
	r.Change = float64(r.Gained-r.Lost) / float64(len(guess))
	return nil
}

// margin returns half the 95 % confidence interval, in the normal approximation, of the difference of
// two accuracies on the same n images, of which only gained and lost are judged differently.
func margin(gained, lost, n int) float64 {
	d := float64(gained-lost) / float64(n)
	variance := (float64(gained+lost)/float64(n) - d*d) / float64(n)
	return 1.96 * math.Sqrt(variance)
}

func row(logits *tensor.Tensor, i int) []float32 {
	n := logits.Dim(1)
	return logits.Data()[i*n : (i+1)*n]
}

func finite(vs []float32) bool {
	return !slices.ContainsFunc(vs, func(v float32) bool { return v-v != 0 }) // NaN for NaN and infinities
}

// softmax returns the probabilities that logits stand for, to four digits.
func softmax(logits []float32) []float64 {
	if !finite(logits) {
		return nil
	}
	top, sum := slices.Max(logits), 0.0
	p := make([]float64, len(logits))
	for i, l := range logits {
		p[i] = math.Exp(float64(l - top))
		sum += p[i]
	}
	for i := range p {
		p[i] = math.Round(1e4*p[i]/sum) / 1e4
	}
	return p
}

// unravel fills in the paths of the edited net and the gradient that they carry.
func (e *experiment) unravel(ctx context.Context, p unravel.Plan, r *result) error {
	net := unravel.Edited(e.residual.net, p)
	set := unravel.PathsOf(net)
	r.Paths = pathResult{Blocks: net.Len(), Count: set.Count().String(), Shares: set.Distribution()}
	r.Paths.Mean = mean(r.Paths.Shares)
	study, err := unravel.NewStudy(net, []data.Batch{e.grade}, unravel.Options{})
	if err != nil {
		return err
	}
	g, err := study.GradientByLength(ctx, unravel.GradientOptions{})
	if err != nil {
		return err
	}
	effective := set.Effective(g.Norm[0], 0.95)
	if len(effective.Lengths) == 0 || math.IsNaN(effective.Carried) {
		return nil
	}
	shares := g.Shares()
	r.Gradient = &gradientResult{Mean: mean(shares), From: effective.Lengths[0], To: effective.Lengths[len(effective.Lengths)-1], Shares: shares}
	return nil
}

// mean returns the mean length when shares are those of the lengths 0, 1, ...
func mean(shares []float64) float64 {
	var m float64
	for k, s := range shares {
		m += float64(k) * s
	}
	return m
}
