package boost

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/internal/demand"
	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/internal/portions"
	"github.com/residuum-go/residuum/tensor"
)

// Listwise is a loss of lists: what a row costs depends on the others of its group (Data.Group), such as the documents that
// were found for the same query. As a Loss, without groups, it takes all rows as one.
type Listwise interface {
	Loss
	// Of returns the loss of a data set. Its Rows get all rows of it, in their order. With Config.Newton it has to be
	// [Curved]: what is found by differentiation is right for rows that do not depend on each other.
	Of(d Data) Loss
}

// LambdaRank is the loss of a ranking by pairs (Burges 2010, "From RankNet to LambdaRank to LambdaMART: An overview", section
// 4 and 7): of two rows of a group whose grades y differ, that of the higher grade is to have the higher score. Fitted by a
// [Tree] with Config.Newton it is LambdaMART. A group costs
//
//	c sum over pairs y_i > y_j of w_ij log(1 + exp(F_j - F_i))
//	w_ij = (2^y_i - 2^y_j) |1/log2(1 + r_i) - 1/log2(1 + r_j)| / maxDCG / (0.01 + |F_i - F_j|)
//
// of which each row of a pair has half. r_i is the row's rank by the scores, counted from 1, the earlier of equals first, so
// w_ij is by how much NDCG changes when the two trade places, over the distance of their scores unless those of the group are
// all the same. Pairs count if one of them is among the first Truncation, and maxDCG, the largest possible, is of as many. With
// S the sum of the magnitudes of all derivatives c is log2(1 + S) / S, so that no group outweighs others by its size.
// Derivatives take w and c for constants, and the Hessian is its diagonal. The distance and c are not of the paper but of
// LightGBM and XGBoost, and worth a lot, see docs/boosting.md.
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
func (b *lambdas) Curvature(dst, f, _ *tensor.Tensor) *tensor.Tensor {
	b.compute(f)
	out := orNew(dst, f)
	tensor.Copy(out, b.curve)
	return out
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
		p := pairPool.Get()
		for g := lo; g < hi; g++ {
			b.group(g, p)
		}
		pairPool.Put(p)
	}))
}

// pairs are some of a group, each of two ranks, and what all of them add up to.
type pairs struct {
	ranks     []ranked
	high, low []int32   // the rank of the higher grade, and of the lower one
	weight    []float64 // w
	behind    []float32 // F_low - F_high
	e, log    []float32 // exp(-|behind|) and log(1 + e)
	sums      []pairSums
}

// ranked is a row by rank: its score F, and 2^y.
type ranked struct{ score, gain float64 }

// pairSums are what the pairs of one rank add up to.
type pairSums struct{ value, slope, curve float64 }

var pairPool portions.Pool[pairs]

// pairsAtOnce is how many pairs of a group are listed before they are added up: for these a call of a vector loop is short.
const pairsAtOnce = 4096

// group adds up the pairs of one group.
func (b *lambdas) group(g int, p *pairs) {
	order := b.lists.ranked(b.lists.groups[g], b.at.Data())
	p.begin(len(order))
	for r, i := range order {
		p.ranks[r] = ranked{float64(b.at.Data()[i]), b.gains[i]}
	}
	total := 0.0
	for i, n := 0, 0; i < b.tops[g]; i++ {
		n = p.list(i, n, b.lists.discounts, b.shares[g])
		if n >= pairsAtOnce || i == b.tops[g]-1 {
			total += p.add(n)
			n = 0
		}
	}
	c := 1.0
	if total > 0 {
		c = math.Log1p(total) / math.Ln2 / total
	}
	for r, i := range order {
		b.value.Data()[i] = float32(c * p.sums[r].value)
		b.slope.Data()[i] = float32(c * p.sums[r].slope)
		b.curve.Data()[i] = float32(c * p.sums[r].curve)
	}
}

// begin makes room for a group of n rows.
func (p *pairs) begin(n int) {
	p.ranks, p.sums = portions.Grow(p.ranks, n), portions.Grow(p.sums, n)
	clear(p.sums)
	n += pairsAtOnce
	p.high, p.low, p.weight = portions.Grow(p.high, n), portions.Grow(p.low, n), portions.Grow(p.weight, n)
	p.behind, p.e, p.log = portions.Grow(p.behind, n), portions.Grow(p.e, n), portions.Grow(p.log, n)
}

// list puts the pairs of rank i with all behind it that have another grade after the first n, and returns how many there
// are.
func (p *pairs) list(i, n int, discounts []float64, share float64) int {
	ranks, a := p.ranks, p.ranks[i]
	apart := ranks[0].score != ranks[len(ranks)-1].score
	high, low, weight, behind := p.high, p.low, p.weight, p.behind
	for j := i + 1; j < len(ranks); j++ {
		z := ranks[j]
		gap, ahead := a.gain-z.gain, a.score-z.score // the latter is not negative: scores fall with ranks
		if gap == 0 {
			continue
		}
		high[n], low[n], behind[n] = int32(i), int32(j), float32(-ahead)
		if gap < 0 {
			high[n], low[n], behind[n], gap = int32(j), int32(i), float32(ahead), -gap
		}
		w := gap * (discounts[i] - discounts[j]) * share
		if apart {
			w /= 0.01 + ahead
		}
		weight[n] = w
		n++
	}
	return n
}

// add adds the first n pairs to the sums, and returns the sum of the magnitudes of their slopes.
func (p *pairs) add(n int) (total float64) {
	for k, v := range p.behind[:n] {
		p.e[k] = -float32(math.Abs(float64(v)))
	}
	exp, log := tensor.From(p.e[:n], n), tensor.From(p.log[:n], n)
	tensor.AddScalar(log, tensor.Exp(exp, exp), 1)
	tensor.Log(log, log)
	for k, w := range p.weight[:n] {
		high, low, e := &p.sums[p.high[k]], &p.sums[p.low[k]], float64(p.e[k])
		rho := 1 / (1 + e) // 1 / (1 + exp(F_high - F_low))
		curve := w * e * rho * rho
		if p.behind[k] < 0 {
			rho *= e
		}
		value := w * float64(max(p.behind[k], 0)+p.log[k]) / 2
		*high = pairSums{high.value + value, high.slope - w*rho, high.curve + curve}
		*low = pairSums{low.value + value, low.slope + w*rho, low.curve + curve}
		total += 2 * w * rho
	}
	return total
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
