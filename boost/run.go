package boost

import (
	"fmt"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
)

// chunk is how many rows are evaluated together.
const chunk = 512

// run is the state of an ensemble on a set of rows between two stages: what the blocks of Ensemble
// carry in one wide tensor, kept apart so that a stage touches only what it changes.
type run struct {
	x        *tensor.Tensor // [N, row...]
	flat     *tensor.Tensor // the same memory as [N, d]
	scores   *tensor.Tensor // F, [N, K]
	features *tensor.Tensor // z, [N, f]; nil in a plain ensemble and before the first chained stage
	chained  bool
}

// run returns the state before the first stage.
func (e *Ensemble) run(x *tensor.Tensor, chained bool) *run {
	n := e.rows("Predict", x)
	return &run{
		x:       x.Reshape(append([]int{n}, e.row...)...),
		flat:    x.Reshape(n, e.inputs),
		scores:  tensor.BroadcastTo(nil, e.start, n, e.outputs),
		chained: chained,
	}
}

// rows returns the number of rows of x for the given method.
func (e *Ensemble) rows(method string, x *tensor.Tensor) int {
	if x.Rank() == 0 || x.Len() != x.Dim(0)*e.inputs {
		panic(fmt.Sprintf("boost: %s: %v: fitted on rows of shape %v", method, x.Shape(), e.row))
	}
	return x.Dim(0)
}

// inputs returns rows lo to hi as a learner gets them that sees so many features.
func (r *run) inputs(lo, hi, sees int) *tensor.Tensor {
	if sees == 0 {
		return r.x.Slice(lo, hi)
	}
	return tensor.Concat(nil, 1, r.flat.Slice(lo, hi), r.features.Slice(lo, hi))
}

// gather returns the rows of a sample as a learner gets them that sees so many features.
func (r *run) gather(s sample, sees int) *tensor.Tensor {
	x := s.of(r.x)
	if sees == 0 {
		return x
	}
	return tensor.Concat(nil, 1, x.Reshape(x.Dim(0), -1), s.of(r.features))
}

// output returns h(x), [N, K], and in a chained run the learner's features, [N, f].
func (r *run) output(l Hypothesis, sees int) (h, z *tensor.Tensor) {
	n := r.x.Dim(0)
	h = tensor.New(r.scores.Shape()...)
	for lo := 0; lo < n; lo += chunk {
		hi := min(lo+chunk, n)
		x := autograd.Const(r.inputs(lo, hi, sees))
		if !r.chained {
			tensor.Copy(h.Slice(lo, hi), l.Forward(x).Value())
			continue
		}
		inner := l.(Featured)
		f := inner.Features(x)
		if z == nil {
			z = tensor.New(n, f.Shape()[1])
		}
		tensor.Copy(z.Slice(lo, hi), f.Value())
		tensor.Copy(h.Slice(lo, hi), inner.Output(f).Value())
	}
	return h, z
}

// add moves on by one stage.
func (r *run) add(h, z *tensor.Tensor, scale float32) {
	tensor.AddScaled(r.scores, r.scores, scale, h)
	r.features = z
}
