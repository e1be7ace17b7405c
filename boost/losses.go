package boost

import (
	"fmt"
	"math"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
)

// rare is the smallest class share that F_0 uses, so that a class absent from the training targets
// starts at a finite score.
const rare = 1e-6

// SquaredError is l(y, F) = 1/2 sum_k (y_k - F_k)^2, for real targets. Its negative gradient is the
// ordinary residual y - F and its Hessian is 1.
type SquaredError struct{}

// Check accepts every finite target.
func (SquaredError) Check(*tensor.Tensor) error { return nil }

// Rows implements Loss.
func (SquaredError) Rows(f *autograd.Var, y *tensor.Tensor) *autograd.Var {
	d := autograd.Sub(f, autograd.Const(y))
	return autograd.Scale(autograd.Sum(autograd.Square(d), 1), 0.5)
}

// Start returns the weighted mean of the targets.
func (SquaredError) Start(d Data) []float64 { return columnMeans(d) }

// Curvature returns ones.
func (SquaredError) Curvature(dst, f, _ *tensor.Tensor) *tensor.Tensor { return ones(orNew(dst, f)) }

// Softmax is the multi-class cross-entropy l(y, F) = -sum_k y_k log p_k with
// p_k = exp F_k / sum_j exp F_j. Each row of targets is a distribution over the K classes, one-hot
// for plain labels (see DataOf).
type Softmax struct{}

// Check accepts rows that are distributions over at least two classes.
func (Softmax) Check(y *tensor.Tensor) error {
	k := y.Dim(1)
	if k < 2 {
		return fmt.Errorf("targets %v: softmax needs a column for each of at least two classes, see DataOf: %w", y.Shape(), ErrData)
	}
	for i := range y.Dim(0) {
		sum := 0.0
		for _, p := range y.Data()[i*k : (i+1)*k] {
			if p < 0 {
				return fmt.Errorf("targets: row %d has the negative probability %v: %w", i, p, ErrData)
			}
			sum += float64(p)
		}
		if math.Abs(sum-1) > 1e-4 {
			return fmt.Errorf("targets: row %d sums to %v, not to one: %w", i, sum, ErrData)
		}
	}
	return nil
}

// Rows implements Loss.
func (Softmax) Rows(f *autograd.Var, y *tensor.Tensor) *autograd.Var {
	return autograd.SoftCrossEntropy(f, y)
}

// Start returns the logarithms of the class shares, shifted to mean zero: scores are determined up
// to a shift only.
func (Softmax) Start(d Data) []float64 {
	c := columnMeans(d)
	mean := 0.0
	for k, p := range c {
		c[k] = math.Log(max(p, rare))
		mean += c[k] / float64(len(c))
	}
	for k := range c {
		c[k] -= mean
	}
	return c
}

// Curvature returns p_k (1 - p_k), where 1 - p_k is the sum of the other probabilities: the difference has no
// digits left for the class that the scores are sure of.
func (Softmax) Curvature(dst, f, _ *tensor.Tensor) *tensor.Tensor {
	p, k := tensor.Softmax(dst, f), f.Dim(1)
	for i, top := range tensor.ArgMax(p) {
		row, others := p.Data()[i*k:(i+1)*k], 0.0
		for j, v := range row {
			if j != top {
				others += float64(v)
				row[j] = v * (1 - v)
			}
		}
		row[top] *= float32(others)
	}
	return p
}

// Correct compares the largest score with the largest target. A row whose scores are not all finite is wrong.
func (Softmax) Correct(f, y *tensor.Tensor) []bool {
	got, want := tensor.Predictions(nil, f), tensor.ArgMax(y)
	out := make([]bool, len(got))
	for i := range got {
		out[i] = got[i] == want[i]
	}
	return out
}

// Logistic is the binomial deviance l(y, F) = sum_k log(1 + exp F_k) - y_k F_k with targets in [0, 1],
// usually one column of 0 and 1; more columns are independent labels.
type Logistic struct{}

// Check accepts targets in [0, 1].
func (Logistic) Check(y *tensor.Tensor) error {
	for i, p := range y.Data() {
		if p < 0 || p > 1 {
			return fmt.Errorf("targets: %v at row %d is not in [0, 1]: %w", p, i/y.Dim(1), ErrData)
		}
	}
	return nil
}

// Rows implements Loss: y log(1 + exp -F) + (1-y) log(1 + exp F), whose terms do not cancel where F is large.
func (Logistic) Rows(f *autograd.Var, y *tensor.Tensor) *autograd.Var {
	others := tensor.AddScalar(nil, tensor.Neg(nil, y), 1)
	right := autograd.Mul(autograd.Const(y), autograd.Softplus(autograd.Neg(f)))
	return autograd.Sum(autograd.Add(right, autograd.Mul(autograd.Const(others), autograd.Softplus(f))), 1)
}

// Start returns the log-odds of the targets' weighted means.
func (Logistic) Start(d Data) []float64 {
	c := columnMeans(d)
	for k, p := range c {
		p = min(max(p, rare), 1-rare)
		c[k] = math.Log(p / (1 - p))
	}
	return c
}

// Curvature returns p_k (1 - p_k) with p_k = 1 / (1 + exp -F_k) and 1 - p_k = 1 / (1 + exp F_k).
func (Logistic) Curvature(dst, f, _ *tensor.Tensor) *tensor.Tensor {
	p := tensor.Sigmoid(dst, f)
	return tensor.Mul(p, p, tensor.Sigmoid(nil, tensor.Neg(nil, f)))
}

// Correct reports whether every score of the row is on its target's side: F_k > 0 where y_k > 1/2. What is not finite is
// on neither.
func (Logistic) Correct(f, y *tensor.Tensor) []bool {
	out := make([]bool, f.Dim(0))
	k := f.Dim(1)
	for i := range out {
		out[i] = true
		for j := i * k; j < (i+1)*k; j++ {
			score := f.Data()[j]
			finite := score-score == 0 // what is not predicts nothing, as in tensor.Predictions
			out[i] = out[i] && finite && (score > 0) == (y.Data()[j] > 0.5)
		}
	}
	return out
}

// columnMeans returns the weighted mean of each column of the targets.
func columnMeans(d Data) []float64 {
	n, k := d.Y.Dim(0), d.Y.Dim(1)
	sums := make([]float64, k)
	total := 0.0
	for i := range n {
		w := d.rowWeight(i)
		total += w
		for j := range k {
			sums[j] += w * float64(d.Y.Data()[i*k+j])
		}
	}
	for j := range sums {
		sums[j] /= total
	}
	return sums
}
