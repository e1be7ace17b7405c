package boost

import (
	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
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
	// Curvature returns d2 l(y_i, F_i) / dF_ik^2 for every i and k, [N, K].
	Curvature(f, y *tensor.Tensor) *tensor.Tensor
}

// Scorer is a loss of a classification.
type Scorer interface {
	// Correct reports for every row whether the class that the scores predict is the target's. Scores
	// that are not all finite predict none, as in [tensor.Predictions].
	Correct(f, y *tensor.Tensor) []bool
}

// gradient returns dl(y_i, F_i)/dF_i for every row, [N, K], by autograd: rows do not interact, so it
// is the gradient of the sum of the rows' losses.
func gradient(loss Loss, f, y *tensor.Tensor) *tensor.Tensor {
	v := autograd.NewTape(0).Input(f)
	return autograd.VJP(autograd.Sum(loss.Rows(v, y)), nil, v)[0].Value().Clone()
}

// hessian returns the diagonal of the Hessian, d2 l(y_i, F_i) / dF_ik^2, [N, K]: in closed form if
// the loss is Curved, else by hessianByAutograd.
func hessian(loss Loss, f, y *tensor.Tensor) *tensor.Tensor {
	switch l := loss.(type) {
	case Curved:
		return l.Curvature(f, y)
	case Robust: // its second derivative is 0 almost everywhere, or at most 1
		return tensor.Full(1, f.Shape()...)
	}
	return hessianByAutograd(loss, f, y)
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

// meanLoss returns the weighted mean loss of scores f on d.
func meanLoss(loss Loss, f *tensor.Tensor, d Data) float64 {
	return d.mean(loss.Rows(autograd.Const(f), d.Y).Value().Data())
}

// scoreOf returns the score of f on the rows of d that have a weight. Nothing is right for a loss that is not a Scorer.
func scoreOf(loss Loss, f *tensor.Tensor, d Data) data.Score {
	var right []bool
	if s, ok := loss.(Scorer); ok {
		right = s.Correct(f, d.Y)
	}
	var score data.Score
	for i := range f.Dim(0) {
		if d.rowWeight(i) == 0 {
			continue
		}
		score.Examples++
		if right != nil && right[i] {
			score.Correct++
		}
	}
	score.LossSum = meanLoss(loss, f, d) * float64(score.Examples)
	return score
}
