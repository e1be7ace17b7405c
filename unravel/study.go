package unravel

import (
	"context"
	"fmt"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/internal/cancelled"
	"github.com/residuum-go/residuum/tensor"
)

// Study is a network, the examples it is measured on, and how. A method reads the fields when it is called and
// keeps nothing in them, so a Study may be changed between calls, and copied. Many studies may share a network, a
// journal and batches, also at the same time.
//
// A field that is missing or does not fit is an error that names it.
type Study struct {
	Net     Network
	Batches []data.Batch
	// Reference holds the examples that DatasetMean averages over; nil means those of Batches. They need no labels.
	Reference []data.Batch
	// Seed fixes every random number: equal seeds give equal results, whatever else is measured.
	Seed uint64
	// Memory limits, in bytes, the states that Evaluate keeps for plans with a common beginning, and
	// the gradients that SampleGradients carries at once. Zero means 1 GiB. A small limit costs
	// time, never precision.
	Memory int64
	// Progress, if set, is called with the work done so far and all of it: in runs of one block on one
	// batch, or in gradients taken through one block.
	Progress func(done, total int)
	// Observe, if set, sees the logits of every plan on every batch. They must not be modified.
	Observe func(plan, batch int, logits *tensor.Tensor)
	// Recalibrate, if set, makes the network that Evaluate measures a plan on. It is given a function that runs the
	// plan on any network, and returns one that has Net's weights and running statistics of batch norm, which a
	// lesion leaves stale, estimated anew. It leaves Net alone, since others may be using it:
	//
	//	func(ctx context.Context, run func(net unravel.Network, x *autograd.Var) *autograd.Var) (unravel.Network, error) {
	//		twin := net.Twin() // of a resnet.Net
	//		forward := func(x *autograd.Var) *autograd.Var { return run(twin, x) }
	//		return twin, nn.Recalibrate(ctx, twin.BatchNorms(), forward, images)
	//	}
	//
	// Plans then share no work. Dataset means stay those of Net.
	Recalibrate func(ctx context.Context, run func(net Network, x *autograd.Var) *autograd.Var) (Network, error)

	// Journal, if set, remembers what Evaluate and PatchPaths find. Observe does not see what is remembered.
	Journal *Journal
}

func (s *Study) memory() int64 {
	if s.Memory > 0 {
		return s.Memory
	}
	return 1 << 30
}

// datasetMeans runs the whole net on the reference examples and averages what each branch gives
// over the examples, in float64. The result is by block, [1, ...].
func (s *Study) datasetMeans(ctx context.Context) ([]*tensor.Tensor, error) {
	batches := s.Reference
	if batches == nil {
		batches = s.Batches
	}
	sums := make([][]float64, s.Net.Len())
	means := make([]*tensor.Tensor, s.Net.Len())
	var examples int
	for _, b := range batches {
		if err := cancelled.Err(ctx); err != nil {
			return nil, fmt.Errorf("dataset means: %w", err)
		}
		a := Record(s.Net, b.X, true)
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
