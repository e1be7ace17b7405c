package boost

import (
	"fmt"
	"math"

	"github.com/residuum-go/residuum/tensor"
)

// Metric is a measure of scores of which more is better, such as [NDCG]. Of a cost, take the negative.
type Metric struct {
	Name string                                 // in reports
	Of   func(f *tensor.Tensor, d Data) float64 // of scores f [N, K] on d; NaN is worse than any number
}

// NDCG is the normalised discounted cumulative gain of the k rows of each group with the highest scores (Järvelin,
// Kekäläinen 2002, "Cumulated gain-based evaluation of IR techniques"), of all rows with k 0:
//
//	sum over ranks r up to k of (2^y_r - 1) / log2(1 + r)
//
// over the largest value that another order would have, in the weighted mean over groups. Data without groups is one. A
// group without a grade above 0 counts as 1, as in XGBoost and LightGBM. Of equal scores the earlier row comes first.
func NDCG(k int) Metric {
	return groupMetric("NDCG", k, func(l lists, order []int, grades []float32, top int) float64 {
		best := l.dcg(l.ranked(order, grades), grades, top)
		if best == 0 {
			return 1
		}
		return l.dcg(order, grades, top) / best
	})
}

// MAP is the mean average precision among the k rows of each group with the highest scores, all of them with k 0. Rows with a
// grade above 0 are relevant:
//
//	sum over ranks r up to k with a relevant row of (relevant rows up to r) / r
//
// over the smaller of k and their number, in the weighted mean over groups; what is said of groups and of equals at [NDCG]
// holds here.
func MAP(k int) Metric {
	return groupMetric("MAP", k, func(_ lists, order []int, grades []float32, top int) float64 {
		relevant, sum := 0, 0.0
		for r, i := range order {
			if grades[i] > 0 {
				if relevant++; r < top {
					sum += float64(relevant) / float64(r+1)
				}
			}
		}
		if relevant == 0 {
			return 1
		}
		return sum / float64(min(relevant, top))
	})
}

// groupMetric is the weighted mean over groups of a measure of the order that scores give their rows.
func groupMetric(name string, k int, of func(l lists, order []int, grades []float32, top int) float64) Metric {
	if k < 0 {
		panic(fmt.Sprintf("boost: %s: %d rows: want 0 for all, or more", name, k))
	}
	top := k
	if k == 0 {
		top = math.MaxInt
	} else {
		name = fmt.Sprintf("%s@%d", name, k)
	}
	return Metric{name, func(f *tensor.Tensor, d Data) float64 {
		if f.Len() != d.Y.Len() || d.Y.Dim(1) != 1 {
			panic(fmt.Sprintf("boost: %s: scores %v of targets %v: want one column", name, f.Shape(), d.Y.Shape()))
		}
		if d.Group == nil {
			d.Group = make([]int, f.Dim(0))
		}
		l, sum, total := listsOf(d), 0.0, 0.0
		for _, rows := range l.groups {
			if w := d.rowWeight(rows[0]); w > 0 {
				sum += w * of(l, l.ranked(rows, f.Data()), d.Y.Data(), top)
				total += w
			}
		}
		return sum / total
	}}
}
