package autograd

import (
	"math"
	"math/rand/v2"

	"github.com/residuum-go/residuum/tensor"
)

// What the table of ops draws its inputs from.

func labelsFor(logits []int) []int {
	labels := make([]int, logits[0])
	for i := range labels {
		labels[i] = (7*i + 1) % logits[1]
	}
	return labels
}

// distributions returns rows that sum to one, with a few zeros.
func distributions(shape []int) *tensor.Tensor {
	t := tensor.New(shape...)
	for i := range t.Data() {
		t.Data()[i] = float32(i * i % 5)
	}
	return tensor.Div(nil, t, tensor.SumKeep(nil, t, 1))
}

// targetFor returns -t/N with t as in CrossEntropy.
func targetFor(logits []int, smoothing float64) array {
	t := zeros(logits...)
	n, k := float64(logits[0]), float64(logits[1])
	for i := range t.data {
		t.data[i] = -smoothing / k / n
	}
	for i, label := range labelsFor(logits) {
		*t.at(i, label) -= (1 - smoothing) / n
	}
	return t
}

func normal(r *rand.Rand, x []float32) {
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
}

func positive(r *rand.Rand, x []float32) {
	for i := range x {
		x[i] = float32(0.5 + r.ExpFloat64())
	}
}

func awayFromZero(r *rand.Rand, x []float32) {
	for i := range x {
		x[i] = float32(math.Copysign(0.5+r.ExpFloat64(), r.Float64()-0.5))
	}
}

// apart draws values no two of which are close, so that a small step changes no maximum.
func apart(r *rand.Rand, x []float32) {
	for i, j := range r.Perm(len(x)) {
		x[i] = float32(j-len(x)/2) / 16
	}
}
