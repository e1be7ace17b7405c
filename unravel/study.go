package unravel

import (
	"context"
	"fmt"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/internal/cancelled"
	"github.com/residuum-go/residuum/tensor"
)

// Study is a network, the examples it is measured on, and how. It keeps nothing between calls. Many studies may share a
// network, a journal and batches, also at the same time.
type Study struct {
	net     Network
	batches []data.Batch
	opts    Options
}

// Options says how a [Study] measures; zero values mean the usual thing.
type Options struct {
	// Seed fixes every random number: equal seeds give equal results, whatever else is measured.
	Seed uint64
	// Reference holds the examples that DatasetMean averages over; nil means those of the study. They need no labels.
	Reference []data.Batch
	// Memory limits, in bytes, the states that Evaluate keeps for plans with a common beginning, and
	// the gradients that SampleGradients carries at once. Zero means 1 GiB. A small limit costs
	// time, never precision.
	Memory int64
	// Journal, if set, remembers what Evaluate and PatchPaths find.
	Journal *Journal
	// Progress, if set, is called with the work done so far and all of it, on the goroutine of the call that works: in
	// runs of one block on one batch, in gradients taken through one block, or, by Greedy, in thousandths of a step.
	Progress func(done, total int)
	// OnLogits, if set, sees the logits of every plan on every batch that Evaluate runs, not those of scores that the
	// journal remembers. They must not be modified. Its error ends the call.
	OnLogits func(plan, batch int, logits *tensor.Tensor) error
	// Recalibrate, if set, makes the network that Evaluate measures a plan on. It is given a function that runs the
	// plan on any network, and returns one that has the study's weights and running statistics of batch norm, which a
	// lesion leaves stale, estimated anew. It leaves the study's net alone, since others may be using it:
	//
	//	func(ctx context.Context, run func(net unravel.Network, x *autograd.Var) *autograd.Var) (unravel.Network, error) {
	//		twin := net.Twin() // of a resnet.Net
	//		forward := func(x *autograd.Var) *autograd.Var { return run(twin, x) }
	//		return twin, nn.Recalibrate(ctx, twin, forward, images)
	//	}
	//
	// Plans then share no work. Dataset means stay those of the study's net.
	Recalibrate func(ctx context.Context, run func(net Network, x *autograd.Var) *autograd.Var) (Network, error)
}

// NewStudy returns a study of net on batches, each of which has at least one example and a label for each. What is
// missing or does not fit is a [residuum.ConfigError]. How many classes the net has is known when it first runs:
// a label beyond them is an error of the call that finds it.
func NewStudy(net Network, batches []data.Batch, o Options) (*Study, error) {
	s := &Study{net, batches, o}
	if err := s.check(); err != nil {
		return nil, err
	}
	return s, nil
}

// Net returns the network that is studied.
func (s *Study) Net() Network { return s.net }

// Batches returns the examples that it is studied on.
func (s *Study) Batches() []data.Batch { return s.batches }

// Options returns what the study was made with, for a [NewStudy] that differs in some of it.
func (s *Study) Options() Options { return s.opts }

func (s *Study) memory() int64 {
	if s.opts.Memory > 0 {
		return s.opts.Memory
	}
	return 1 << 30
}

// datasetMeans runs the whole net on the reference examples and averages what each branch gives
// over the examples, in float64. The result is by block, [1, ...].
func (s *Study) datasetMeans(ctx context.Context) ([]*tensor.Tensor, error) {
	batches := s.opts.Reference
	if batches == nil {
		batches = s.batches
	}
	sums := make([][]float64, s.net.Len())
	means := make([]*tensor.Tensor, s.net.Len())
	var examples int
	for _, b := range batches {
		if err := cancelled.Err(ctx); err != nil {
			return nil, fmt.Errorf("dataset means: %w", err)
		}
		a := record(s.net, b.X, true)
		examples += b.X.Dim(0)
		for i, f := range a.Branch {
			each := f.Len() / f.Dim(0)
			if sums[i] == nil {
				sums[i] = make([]float64, each)
				means[i] = tensor.New(append([]int{1}, f.Shape()[1:]...)...)
			}
			for j, v := range f.Data() {
				sums[i][j%each] += float64(v)
			}
		}
	}
	for i, sum := range sums {
		for j, v := range sum {
			means[i].Data()[j] = float32(v / float64(examples))
		}
	}
	return means, nil
}

// progress reports work done, if anybody listens.
type progress struct {
	report      func(done, total int)
	done, total int
}

func (p *progress) add(n int) {
	p.done += n
	if p.report != nil {
		p.report(p.done, p.total)
	}
}

// part returns what takes the reports of a part of the work, whose total p's already includes.
func (p *progress) part() func(done, total int) {
	before := 0
	return func(done, _ int) {
		p.add(done - before)
		before = done
	}
}
