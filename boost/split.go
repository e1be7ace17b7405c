package boost

import (
	"cmp"
	"math"
	"math/bits"
	"slices"

	"github.com/residuum-go/residuum/internal/kernel/hist"
	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/internal/portions"
)

// side is a set of bins.
type side [hist.Bins / 64]uint64

func (s *side) add(bin int)     { s[bin/64] |= 1 << (bin % 64) }
func (s side) has(bin int) bool { return s[bin/64]>>(bin%64)&1 == 1 }

// split is a way to part a leaf. No gain means none.
type split struct {
	column      int
	bin         int  // the highest that goes left, of a column of numbers
	right       side // bins that go right
	missingLeft bool // whether missing values go left
	gain        float64
	left        pair
}

// bounds are between which the values of a leaf and all below it are, for monotone constraints.
type bounds struct{ low, high float64 }

var unbounded = bounds{math.Inf(-1), math.Inf(1)}

// value is the step of a leaf, the v in its bounds that minimises the penalised loss
// -T v + (W + L2) v^2/2 + L1 |v|, that is sign(T) max(|T| - L1, 0)/(W + L2) where there are none.
func (t *Tree) value(s sums, b bounds) float64 {
	if s.weight+t.L2 <= 0 {
		return 0
	}
	v := math.Copysign(max(math.Abs(s.target)-t.L1, 0), s.target) / (s.weight + t.L2)
	return min(max(v, b.low), b.high)
}

// score is what a leaf with value v takes off twice the penalised loss. Without bounds that is
// max(|T| - L1, 0)^2/(W + L2).
func (t *Tree) score(s sums, v float64) float64 {
	return 2*(s.target*v-t.L1*math.Abs(v)) - (s.weight+t.L2)*v*v
}

// search returns the split of most gain of a leaf, of equals that of the lowest column and bin. allowed are the columns
// to look at, in ascending order.
func (g *grower) search(histogram []int64, allowed []int, total pair, b bounds) split {
	const grain = 4
	each := make([]split, portions.Ceil(len(allowed), grain))
	parallel.For(len(allowed), grain, parallel.Func(func(lo, hi int) {
		s := searcher{grower: g, bounds: b, total: total}
		s.score = g.Tree.score(g.sums(total), g.value(g.sums(total), b))
		s.least = max(g.MinGain, 1e-10*s.score)
		for _, s.column = range allowed[lo:hi] {
			s.plain = g.L1 == 0 && b == unbounded && g.monotone(s.column) == 0
			s.cells = g.layout.Cells(histogram, s.column)
			if g.bins.columns[s.column].categorical {
				s.categories()
			} else {
				s.numbers()
			}
		}
		each[lo/grain] = s.best
	}))
	var best split
	for _, s := range each {
		if s.gain > best.gain {
			best = s
		}
	}
	if best.gain > 0 && !g.bins.columns[best.column].categorical {
		for bin := best.bin + 1; bin < missingBin; bin++ {
			best.right.add(bin)
		}
		if !best.missingLeft {
			best.right.add(missingBin)
		}
	}
	return best
}

// searcher looks for the best split, column by column.
type searcher struct {
	*grower
	bounds
	column int
	cells  []int64 // of the column
	total  pair
	score  float64 // of the leaf as it is
	least  float64 // gain that a split has to exceed: MinGain, and what rounding could feign
	plain  bool    // whether neither penalties nor constraints bend values
	best   split
}

// cell returns the sums of a bin.
func (s *searcher) cell(bin int) pair { return s.units.cell(s.cells, bin) }

// gain returns what a split into l and r gains, NaN if it may not be.
func (s *searcher) gain(l, r sums) float64 {
	if s.plain { // the same with one division
		wl, wr := l.weight+s.L2, r.weight+s.L2
		return (l.target*l.target*wr+r.target*r.target*wl)/(wl*wr) - s.score
	}
	vl, vr := s.value(l, s.bounds), s.value(r, s.bounds)
	if sign := s.monotone(s.column); sign > 0 && vl > vr || sign < 0 && vl < vr {
		return math.NaN()
	}
	return s.Tree.score(l, vl) + s.Tree.score(r, vr) - s.score
}

// try keeps a split with these sums on the left if it is better. It reports so, but sets no bins.
func (s *searcher) try(left pair, missingLeft bool) bool {
	right := s.total.minus(left)
	if left.weight == 0 || right.weight == 0 { // no rows
		return false
	}
	l, r := s.sums(left), s.sums(right)
	if min(l.weight, r.weight) < s.MinWeight {
		return false
	}
	gain := s.gain(l, r)
	if !(gain > s.least && gain > s.best.gain) {
		return false
	}
	s.best = split{column: s.column, missingLeft: missingLeft, gain: gain, left: left}
	return true
}

// numbers tries the cuts of a column. Missing values go where the gain is larger, and right where it is equal or there are
// none.
func (s *searcher) numbers() {
	if s.plain && s.cell(missingBin) == (pair{}) {
		s.plainNumbers()
	} else {
		s.allNumbers()
	}
}

// plainNumbers is allNumbers without missing values, penalties on magnitudes and constraints: what most of the time of a
// search goes to.
func (s *searcher) plainNumbers() {
	scale := s.units.target * s.units.target / s.units.weight // of scores
	bin, worth := s.layout.BestCut(s.cells, s.bins.columns[s.column].count(), hist.Criterion{
		Target: s.total.target, Weight: s.total.weight,
		L2: s.L2 / s.units.weight, MinWeight: max(1, s.MinWeight/s.units.weight), Counted: s.counted,
	}, (s.score+max(s.least, s.best.gain))/scale)
	if gain := worth*scale - s.score; bin >= 0 && gain > s.best.gain {
		s.best = split{column: s.column, bin: bin, gain: gain}
		for i := range bin + 1 {
			s.best.left = s.best.left.plus(s.cell(i))
		}
	}
}

// allNumbers tries the cuts, with all that may be.
func (s *searcher) allNumbers() {
	var left pair
	missing := s.cell(missingBin)
	for bin := range s.bins.columns[s.column].count() {
		c := s.cell(bin)
		if c == (pair{}) {
			continue
		}
		left = left.plus(c)
		if s.try(left, false) {
			s.best.bin = bin
		}
		if missing != (pair{}) && s.try(left.plus(missing), true) {
			s.best.bin = bin
		}
	}
}

// categories tries to part the categories in the order of their steps T/(W + L2), among whose parts is the best one into
// two (Fisher 1958, "On grouping for maximum homogeneity"; Ke et al. 2017). What goes left includes missing values and so
// what is in no bin, categories that were rare or not there.
func (s *searcher) categories() {
	var order []int
	var steps [hist.Bins]float64
	for bin := range s.bins.columns[s.column].count() {
		if s.cell(bin) != (pair{}) {
			c := s.sums(s.cell(bin))
			order = append(order, bin)
			steps[bin] = c.target / (c.weight + s.L2)
		}
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(steps[a], steps[b]), cmp.Compare(a, b)) })
	missing := s.cell(missingBin)
	var before pair
	end, upper := 0, false
	for i, bin := range order {
		before = before.plus(s.cell(bin))
		if s.try(s.total.minus(before), true) { // those up to here go right
			end, upper = i+1, false
		}
		if s.try(before.plus(missing), true) { // those behind go right
			end, upper = i+1, true
		}
	}
	if end == 0 {
		return
	}
	right := order[:end]
	if upper {
		right = order[end:]
	}
	for _, bin := range right {
		s.best.right.add(bin)
	}
}

// list returns the bins of a side in ascending order.
func (s side) list() []int {
	var out []int
	for i, w := range s {
		for ; w != 0; w &= w - 1 {
			out = append(out, 64*i+bits.TrailingZeros64(w))
		}
	}
	return out
}
