package boost

import (
	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/internal/portions"
	"github.com/residuum-go/residuum/tensor"
)

// Loss is a differentiable loss l(y, F) of a row of K targets y and K raw scores F. These two
// methods are enough for boosting: gradients, Hessians, line searches and F_0 follow by autograd.
// A loss may offer more, see [Starter], [Robust], [Curved] and [Scorer].
type Loss interface {
	// Check reports, with an error that wraps ErrData, whether y [N, K] can be targets.
	Check(y *tensor.Tensor) error
	// Rows returns l(y_i, F_i) for every row, [N], made of ops so that it can be differentiated
	// twice. f and y are [N, K].
	Rows(f *autograd.Var, y *tensor.Tensor) *autograd.Var
}

// Starter is a loss that knows argmin_c sum_i w_i l(y_i, c) in closed form.
type Starter interface {
	// Start returns the K constants c for the targets of d.
	Start(d Data) []float64
}

// Robust is a loss of y - F whose gradient says little about how far to go, such as the absolute error. Leaves of trees
// then take the constants that minimise the loss of their rows, found by Start of y - F, and not sums of gradients
// (Friedman 2001, "Greedy function approximation", sections 4.3 and 4.4). One that is not [Curved] counts 1 for its Hessian.
type Robust interface {
	Starter
	// Robust does nothing; it marks the loss.
	Robust()
}

// Curved is a loss that knows the diagonal of its Hessian in closed form.
type Curved interface {
	// Curvature returns d2 l(y_i, F_i) / dF_ik^2 for every i and k, [N, K], in dst unless that is nil.
	Curvature(dst, f, y *tensor.Tensor) *tensor.Tensor
}

// Scorer is a loss of a classification.
type Scorer interface {
	// Correct reports for every row whether the class that the scores predict is the target's. Scores
	// that are not all finite predict none, as in [tensor.Predictions].
	Correct(f, y *tensor.Tensor) []bool
}

// together is how many scores are computed side by side where rows do not depend on each other: what ops make of them stays
// in the second-level cache.
const together = 1 << 13

// tapePool keeps tapes and their memory.
var tapePool portions.Pool[struct{ *autograd.Tape }]

// parts calls f with a tape for ranges of the rows of scores, side by side.
func (d Data) parts(loss Loss, scores *tensor.Tensor, f func(i, lo, hi int, t *autograd.Tape)) {
	n, rows := scores.Dim(0), d.partRows(loss, scores)
	parallel.For(n, rows, parallel.Func(func(lo, hi int) {
		t := tapePool.Get()
		if t.Tape == nil {
			t.Tape = autograd.NewTape(0)
		}
		f(lo/rows, lo, hi, t.Tape)
		t.Reset()
		tapePool.Put(t)
	}))
}

// partRows returns how many rows a part has: as many as fit, or all, where there are groups, as each [Listwise] loss has.
func (d Data) partRows(loss Loss, scores *tensor.Tensor) int {
	if _, lists := loss.(Listwise); lists || d.Group != nil { // one of lists stands for all rows
		return max(1, scores.Dim(0))
	}
	return max(1, together/scores.Dim(1))
}

// gradient returns dl(y_i, F_i)/dF_i for every row, [N, K], in dst unless that is nil. By autograd it is the gradient of the
// sum of the rows' losses.
func gradient(dst *tensor.Tensor, loss Loss, f *tensor.Tensor, d Data) *tensor.Tensor {
	out := orNew(dst, f)
	d.parts(loss, f, func(_, lo, hi int, t *autograd.Tape) {
		v := t.Input(f.Slice(lo, hi))
		g := autograd.VJP(autograd.Sum(loss.Rows(v, d.Y.Slice(lo, hi))), nil, v)[0]
		tensor.Copy(out.Slice(lo, hi), g.Value())
	})
	return out
}

// hessian returns the diagonal of the Hessian, d2 l(y_i, F_i) / dF_ik^2, [N, K]: in closed form if
// the loss is Curved, else by hessianByAutograd.
func hessian(dst *tensor.Tensor, loss Loss, f *tensor.Tensor, d Data) *tensor.Tensor {
	out := orNew(dst, f)
	d.parts(loss, f, func(_, lo, hi int, _ *autograd.Tape) {
		f, y, out := f.Slice(lo, hi), d.Y.Slice(lo, hi), out.Slice(lo, hi)
		switch l := loss.(type) {
		case Curved:
			l.Curvature(out, f, y)
		case Robust: // its second derivative is 0 almost everywhere, or at most 1
			ones(out)
		default:
			tensor.Copy(out, hessianByAutograd(loss, f, y))
		}
	})
	return out
}

// orNew returns dst, or if that is nil a new tensor of the shape of like.
func orNew(dst, like *tensor.Tensor) *tensor.Tensor {
	if dst != nil {
		return dst
	}
	return tensor.New(like.Shape()...)
}

// ones sets all elements to 1.
func ones(t *tensor.Tensor) *tensor.Tensor {
	for i := range t.Data() {
		t.Data()[i] = 1
	}
	return t
}

// hessianByAutograd is hessian by differentiating twice: the gradient of column k of the gradient,
// summed over rows, holds in its own column k the diagonal entries, for rows do not interact.
// That is one second-order pass per score.
func hessianByAutograd(loss Loss, f, y *tensor.Tensor) *tensor.Tensor {
	n, k := f.Dim(0), f.Dim(1)
	v := autograd.NewTape(0).Input(f)
	g := autograd.Grad(autograd.Sum(loss.Rows(v, y)), nil, v)[0]
	out := tensor.New(n, k)
	for j := range k {
		seed := tensor.New(n, k)
		for i := range n {
			seed.Data()[i*k+j] = 1
		}
		column := autograd.VJP(g, autograd.Const(seed), v)[0].Value().Data()
		for i := range n {
			out.Data()[i*k+j] = column[i*k+j]
		}
	}
	return out
}

// losses are sums over rows that have a weight: others have no part in them, whatever their loss.
type losses struct {
	sum, weight       float64
	examples, correct int
}

func (l losses) mean() float64 { return l.sum / l.weight }

// lossesOf sums the losses of scores f on d. Nothing is right for a loss that is not a Scorer.
func lossesOf(loss Loss, f *tensor.Tensor, d Data) losses {
	parts := make([]losses, portions.Ceil(f.Dim(0), d.partRows(loss, f)))
	scorer, classes := loss.(Scorer)
	d.parts(loss, f, func(part, lo, hi int, t *autograd.Tape) {
		f, y := f.Slice(lo, hi), d.Y.Slice(lo, hi)
		var right []bool
		if classes {
			right = scorer.Correct(f, y)
		}
		var p losses
		for i, v := range loss.Rows(t.Input(f), y).Value().Data() {
			if w := d.rowWeight(lo + i); w > 0 {
				p.sum += w * float64(v)
				p.weight += w
				p.examples++
				if classes && right[i] {
					p.correct++
				}
			}
		}
		parts[part] = p
	})
	var all losses
	for _, p := range parts {
		all = losses{all.sum + p.sum, all.weight + p.weight, all.examples + p.examples, all.correct + p.correct}
	}
	return all
}

// meanLoss returns the weighted mean loss of scores f on d.
func meanLoss(loss Loss, f *tensor.Tensor, d Data) float64 { return lossesOf(loss, f, d).mean() }

// scoreOf returns the score of f on the rows of d that have a weight.
func scoreOf(loss Loss, f *tensor.Tensor, d Data) data.Score {
	l := lossesOf(loss, f, d)
	return data.Score{Examples: l.examples, Correct: l.correct, LossSum: l.mean() * float64(l.examples)}
}
