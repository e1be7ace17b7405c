package boost

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/internal/demand"
	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/tensor"
)

// Listwise is a loss of lists: what a row costs depends on the others of its group (Data.Group), such as the documents that
// were found for the same query. As a Loss, without groups, it takes all rows as one.
type Listwise interface {
	Loss
	// Of returns the loss of a data set. Its Rows get all rows of it, in their order. With Config.Newton it has to be
	// [Curved], or such that the Hessian of the sum of its rows is diagonal.
	Of(d Data) Loss
}

// LambdaRank is the loss of a ranking by pairs (Burges 2010, "From RankNet to LambdaRank to LambdaMART: An overview", section
// 4 and 7): of two rows of a group whose grades y differ, that of the higher grade is to have the higher score. Fitted by a
// [Tree] with Config.Newton it is LambdaMART. A group costs
//
//	sum over pairs y_i > y_j of w_ij log(1 + exp(F_j - F_i))
//	w_ij = (2^y_i - 2^y_j) |1/log2(1 + r_i) - 1/log2(1 + r_j)| / maxDCG
//
// of which each row of a pair has half. r_i is the row's rank by the scores, counted from 1, the earlier of equals first, so
// w_ij is by how much NDCG changes when the two trade places; derivatives take it for a constant, and the Hessian is its
// diagonal. Pairs count if one of them is among the first Truncation, and maxDCG, the largest possible, is of as many. That is
// LightGBM's lambdarank without lambdarank_norm.
//
// Targets are one column of grades in [0, 31], weights the same for all rows of a group. What was reached is told by
// [NDCG], not by this loss, whose weights change with the ranks.
type LambdaRank struct {
	Truncation int // 0 means 30
}

// Check accepts one column of grades.
func (l LambdaRank) Check(y *tensor.Tensor) error {
	err := demand.All("boost.LambdaRank",
		demand.That(l.Truncation >= 0, "Truncation", l.Truncation, "want a number of ranks, or 0 for 30"))
	if err != nil {
		return err
	}
	if y.Dim(1) != 1 {
		return fmt.Errorf("targets %v: want one column of grades: %w", y.Shape(), ErrData)
	}
	for i, v := range y.Data() {
		if !(v >= 0 && v <= 31) {
			return fmt.Errorf("targets: grade %v at row %d is not in [0, 31]: %w", v, i, ErrData)
		}
	}
	return nil
}

// Rows implements Loss, of one group.
func (l LambdaRank) Rows(f *autograd.Var, y *tensor.Tensor) *autograd.Var {
	return l.Of(Data{Y: y, Group: make([]int, y.Dim(0))}).Rows(f, y)
}

// Start returns 0: the loss does not depend on a constant.
func (LambdaRank) Start(Data) []float64 { return []float64{0} }

// Of implements Listwise.
func (l LambdaRank) Of(d Data) Loss {
	b := &lambdas{LambdaRank: l, lists: listsOf(d), gains: make([]float64, d.Y.Len())}
	for i, y := range d.Y.Data() {
		b.gains[i] = math.Exp2(float64(y))
	}
	top := cmp.Or(l.Truncation, 30)
	for _, rows := range b.lists.groups {
		b.tops = append(b.tops, min(top, len(rows)-1))
		best := b.lists.dcg(b.lists.ranked(rows, d.Y.Data()), d.Y.Data(), top)
		b.shares = append(b.shares, 1/max(best, math.SmallestNonzeroFloat64)) // no pairs differ where it is 0
	}
	return b
}

// lambdas is LambdaRank on the rows of a data set. It remembers what it last computed, because gradient, Hessian and value
// are asked for at the same scores.
type lambdas struct {
	LambdaRank
	lists  lists
	gains  []float64 // 2^y of each row
	tops   []int     // of each group, how many ranks have pairs with all behind them
	shares []float64 // of each group, 1/maxDCG

	at                  *tensor.Tensor // scores [N, 1]
	value, slope, curve *tensor.Tensor // of each row there, [N, 1]
}

// Rows returns the loss expanded at f to the second order, so that its derivatives there are those that the loss has while
// ranks do not change.
func (b *lambdas) Rows(f *autograd.Var, _ *tensor.Tensor) *autograd.Var {
	b.compute(f.Value())
	d := autograd.Sub(f, autograd.Const(b.at))
	first := autograd.Mul(d, autograd.Const(b.slope))
	second := autograd.Mul(autograd.Scale(autograd.Square(d), 0.5), autograd.Const(b.curve))
	rows := autograd.Add(autograd.Const(b.value), autograd.Add(first, second))
	return autograd.Reshape(rows, f.Shape()[0])
}

// Curvature implements Curved.
func (b *lambdas) Curvature(f, _ *tensor.Tensor) *tensor.Tensor {
	b.compute(f)
	return b.curve.Clone()
}

// compute finds values and derivatives at f, unless it just has. What it found before stays as it is.
func (b *lambdas) compute(f *tensor.Tensor) {
	n := len(b.gains)
	if f.Len() != n || f.Dim(0) != n {
		panic(fmt.Sprintf("boost: LambdaRank: scores %v of %d rows", f.Shape(), n))
	}
	if b.at != nil && tensor.Equal(b.at, f) {
		return
	}
	b.at = f.Clone()
	b.value, b.slope, b.curve = tensor.New(n, 1), tensor.New(n, 1), tensor.New(n, 1)
	parallel.For(len(b.lists.groups), 16, parallel.Func(func(lo, hi int) {
		for g := lo; g < hi; g++ {
			b.group(g)
		}
	}))
}

// group adds up the pairs of one group.
func (b *lambdas) group(g int) {
	order := b.lists.ranked(b.lists.groups[g], b.at.Data())
	type sums struct{ value, slope, curve float64 }
	sum := make([]sums, len(order))
	for i := range b.tops[g] {
		for j := i + 1; j < len(order); j++ {
			high, low := i, j
			gap := b.gains[order[high]] - b.gains[order[low]]
			if gap == 0 {
				continue
			}
			if gap < 0 {
				high, low, gap = low, high, -gap
			}
			w := gap * (b.lists.discounts[i] - b.lists.discounts[j]) * b.shares[g]
			behind := float64(b.at.Data()[order[low]]) - float64(b.at.Data()[order[high]])
			e := math.Exp(-math.Abs(behind))
			rho := 1 / (1 + e) // 1 / (1 + exp(F_high - F_low))
			if behind < 0 {
				rho *= e
			}
			value, curve := w*(max(behind, 0)+math.Log1p(e))/2, w*e/((1+e)*(1+e))
			sum[high] = sums{sum[high].value + value, sum[high].slope - w*rho, sum[high].curve + curve}
			sum[low] = sums{sum[low].value + value, sum[low].slope + w*rho, sum[low].curve + curve}
		}
	}
	for i, row := range order {
		b.value.Data()[row] = float32(sum[i].value)
		b.slope.Data()[row] = float32(sum[i].slope)
		b.curve.Data()[row] = float32(sum[i].curve)
	}
}

// lists are the groups of a data set, and what ranks count.
type lists struct {
	groups    [][]int   // rows of each, ascending
	discounts []float64 // 1/log2(1 + r) of rank r, at r-1
}

func listsOf(d Data) lists {
	l := lists{groups: d.groups()}
	longest := 0
	for _, rows := range l.groups {
		longest = max(longest, len(rows))
	}
	for r := range longest {
		l.discounts = append(l.discounts, 1/math.Log2(float64(r+2)))
	}
	return l
}

// ranked returns rows by falling values, the earlier of equals first.
func (lists) ranked(rows []int, values []float32) []int {
	order := slices.Clone(rows)
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(values[j], values[i]) })
	return order
}

// dcg returns the discounted cumulative gain of rows in an order, sum over the first top of (2^y - 1) / log2(1 + r).
func (l lists) dcg(order []int, grades []float32, top int) float64 {
	sum := 0.0
	for r, i := range order[:min(top, len(order))] {
		sum += (math.Exp2(float64(grades[i])) - 1) * l.discounts[r]
	}
	return sum
}
