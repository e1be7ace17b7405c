package boost

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/residuum-go/residuum/tensor"
)

// GOSS is gradient-based one-side sampling (Ke et al. 2017, "LightGBM: A highly efficient gradient boosting decision
// tree", algorithm 2): a stage is fitted on the share Top of the rows whose gradients are the largest, and on the share
// Rest of all rows drawn from the others, whose weights are multiplied by (1 - Top)/Rest so that sums keep their
// expectation. The size of a row's gradient is sum_k |w_ik target_ik|.
type GOSS struct {
	Top, Rest float64 // in (0, 1), together at most 1; both 0 mean no such sampling
}

func (g GOSS) valid() bool {
	return g == GOSS{} || g.Top > 0 && g.Rest > 0 && g.Top+g.Rest <= 1
}

// sample is what a learner is fitted on.
type sample struct {
	rows    []int     // ascending; nil means all
	factors []float32 // of their weights; nil means ones
}

// count returns how many of n rows are in the sample.
func (s sample) count(n int) int {
	if s.rows == nil {
		return n
	}
	return len(s.rows)
}

// draw chooses the rows of a stage.
func (b *booster) draw(rng *rand.Rand, target, weight *tensor.Tensor) sample {
	n := target.Dim(0)
	count := func(share float64) int { return int(math.Round(share * float64(n))) }
	switch {
	case b.GOSS != GOSS{}:
		top := max(1, count(b.GOSS.Top))
		return oneSided(rng, gradientSizes(target, weight), top, min(n-top, max(1, count(b.GOSS.Rest))))
	case b.Subsample > 0 && b.Subsample < 1:
		rows := rng.Perm(n)[:max(1, count(b.Subsample))]
		slices.Sort(rows)
		return sample{rows: rows}
	}
	return sample{}
}

// oneSided returns the sample of GOSS.
func oneSided(rng *rand.Rand, sizes []float64, top, rest int) sample {
	n := len(sizes)
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { // the earlier row of equals, so that the order is the same everywhere
		return cmp.Or(cmp.Compare(sizes[j], sizes[i]), cmp.Compare(i, j))
	})
	others := order[top:]
	rng.Shuffle(len(others), func(i, j int) { others[i], others[j] = others[j], others[i] })
	factor := make([]float32, n)
	for _, i := range order[:top] {
		factor[i] = 1
	}
	for _, i := range others[:rest] {
		factor[i] = float32(len(others)) / float32(rest)
	}
	rows := order[:top+rest]
	slices.Sort(rows)
	s := sample{rows: rows, factors: make([]float32, len(rows))}
	for j, i := range rows {
		s.factors[j] = factor[i]
	}
	return s
}

// gradientSizes returns sum_k |w_ik target_ik| of each row i.
func gradientSizes(target, weight *tensor.Tensor) []float64 {
	k := target.Dim(1)
	out := make([]float64, target.Dim(0))
	for i, t := range target.Data() {
		w := 1.0
		if weight != nil {
			w = float64(weight.Data()[i])
		}
		out[i/k] += math.Abs(w * float64(t))
	}
	return out
}

// of returns the rows of t [N, ...] that are in the sample.
func (s sample) of(t *tensor.Tensor) *tensor.Tensor {
	if s.rows == nil || t == nil {
		return t
	}
	return tensor.Gather(nil, t, s.rows)
}

// weights returns the weights [n, k] of the rows in the sample, given those of all rows, which may be nil for ones.
func (s sample) weights(weight *tensor.Tensor, k int) *tensor.Tensor {
	out := s.of(weight)
	if s.factors == nil {
		return out
	}
	if out == nil {
		out = tensor.Full(1, len(s.rows), k)
	}
	return tensor.Mul(out, out, tensor.From(s.factors, len(s.rows), 1))
}

// spread returns the weights [N, k] of all rows, zero for those that are not in the sample.
func (s sample) spread(weight *tensor.Tensor, n, k int) *tensor.Tensor {
	if s.rows == nil {
		return weight
	}
	chosen, out := s.weights(weight, k), tensor.New(n, k)
	for j, i := range s.rows {
		row := out.Data()[i*k : (i+1)*k]
		if chosen == nil {
			for c := range row {
				row[c] = 1
			}
			continue
		}
		copy(row, chosen.Data()[j*k:(j+1)*k])
	}
	return out
}
