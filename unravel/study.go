package unravel

import (
	"context"
	"fmt"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
)

// Study is a network, the examples it is measured on, and how. Methods may not be called
// concurrently on one Study, but many studies may share a network.
type Study struct {
	Net     Network
	Batches []Batch
	// Reference holds the examples that DatasetMean averages over; nil means those of Batches.
	Reference []Batch
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
	// Recalibrate, if set, is called before a plan is measured, with the edited net as a function,
	// and returns how to undo what it did. It serves to estimate batch norm's running statistics anew,
	// which a lesion leaves stale: Recalibrate: nn.Recalibrate(net.BatchNorms(), images). Plans then
	// share no work.
	Recalibrate func(ctx context.Context, forward func(x *autograd.Var) *autograd.Var) (restore func(), err error)

	// Journal, if set, remembers what Evaluate finds. Observe does not see what is remembered.
	Journal *Journal

	means []*tensor.Tensor // by block, computed when first needed
	keys  []keys           // by batch, when another study has computed them
}

func (s *Study) memory() int64 {
	if s.Memory > 0 {
		return s.Memory
	}
	return 1 << 30
}

// runner returns what runs plans. Its error is ctx's.
func (s *Study) runner(ctx context.Context, plans []Plan) (*runner, error) {
	r := &runner{net: s.Net, seed: s.Seed}
	for _, p := range plans {
		p.check(s.Net.Len())
		for _, step := range p {
			if step.Do == DatasetMean && s.means == nil {
				if err := s.computeMeans(ctx); err != nil {
					return nil, err
				}
			}
		}
	}
	r.means = s.means
	return r, nil
}

// computeMeans runs the whole net on the reference examples and averages what each branch gives
// over the examples, in float64.
func (s *Study) computeMeans(ctx context.Context) error {
	batches := s.Reference
	if batches == nil {
		batches = s.Batches
	}
	sums := make([][]float64, s.Net.Len())
	shapes := make([][]int, s.Net.Len())
	var examples int
	for _, b := range batches {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("unravel: dataset means: %w", err)
		}
		a := Record(s.Net, b.X, true)
		examples += b.X.Dim(0)
		for i, f := range a.Branch {
			each := f.Len() / f.Dim(0)
			if sums[i] == nil {
				sums[i] = make([]float64, each)
				shapes[i] = append([]int{1}, f.Shape()[1:]...)
			}
			for j, v := range f.Data() {
				sums[i][j%each] += float64(v)
			}
		}
	}
	for i, sum := range sums {
		m := tensor.New(shapes[i]...)
		for j, v := range sum {
			m.Data()[j] = float32(v / float64(examples))
		}
		s.means = append(s.means, m)
	}
	return nil
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
