package boost

import (
	"math"
	"math/bits"

	"github.com/residuum-go/residuum/internal/kernel/hist"
	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/internal/portions"
	"github.com/residuum-go/residuum/tensor"
)

// sums are those of some rows: of w*target and w.
type sums struct{ target, weight float64 }

// pair is sums in units, as integers.
type pair struct{ target, weight int64 }

func (a pair) plus(b pair) pair  { return pair{a.target + b.target, a.weight + b.weight} }
func (a pair) minus(b pair) pair { return pair{a.target - b.target, a.weight - b.weight} }

// units says what the integers stand for that histograms are made of.
type units struct {
	target, weight float64
	// counted is how many of the lower bits of a number are of the weight, and the bits above them are of the target: half the
	// memory, and half the additions. Where all rows have the same weight, they are counted. 0 means two numbers for each row.
	counted int
	coarse  bool // whether weights that differ are in so few bits: splits are found with these, values of leaves without
}

// perRow returns how many numbers a row has.
func (u units) perRow() int {
	if u.counted > 0 {
		return 1
	}
	return 2
}

// cell returns the sums of a bin, given those of a column.
func (u units) cell(cells []int64, bin int) pair {
	if u.counted > 0 {
		v := cells[bin]
		return pair{v >> u.counted, v & (1<<u.counted - 1)}
	}
	return pair{cells[2*bin], cells[2*bin+1]}
}

// sums returns what s stands for.
func (u units) sums(s pair) sums {
	return sums{float64(s.target) * u.target, float64(s.weight) * u.weight}
}

// mostCounted is up to how many bits rows are counted: the unit of targets is then at most 2^-18 of their mean magnitude.
const mostCounted = 21

// takeRows is how many rows a worker takes at a time.
const takeRows = 1 << 13

// taken is what such rows have together: how many have a weight, the sums of |w*target| and w, one of the weights and
// whether all are that.
type taken struct {
	rows         int
	size, weight float64
	one          float32
	equal        bool
	total        pair
}

func (a taken) plus(b taken) taken {
	switch {
	case b.rows == 0:
		return a
	case a.rows == 0:
		return b
	}
	return taken{a.rows + b.rows, a.size + b.size, a.weight + b.weight, a.one, a.equal && b.equal && a.one == b.one, a.total.plus(b.total)}
}

// take lists the rows that have a weight, sets their numbers and returns their sums. Column k counts of targets and weights
// [N, K].
func (g *grower) take(target, weight *tensor.Tensor, k int) (total pair) {
	n, outputs := g.bins.n, target.Dim(1)
	t, w := target.Data()[k:], weight.Data()[k:]
	parts := make([]taken, portions.Ceil(n, takeRows))
	parallel.For(n, takeRows, parallel.Func(func(lo, hi int) { parts[lo/takeRows] = takeSizes(t, w, lo, hi, outputs) }))
	var all taken
	begin := make([]int, len(parts))
	for i, p := range parts {
		begin[i] = all.rows
		all = all.plus(p)
	}
	g.units = all.units()
	g.rows, g.rowNumbers = portions.Grow(g.rows, all.rows), portions.Grow(g.rowNumbers, n*g.perRow())
	parallel.For(n, takeRows, parallel.Func(func(lo, hi int) {
		p := &parts[lo/takeRows]
		rows := g.rows[begin[lo/takeRows]:][:p.rows]
		switch {
		case g.coarse:
			p.total = g.takeCoarse(rows, t, w, lo, hi, outputs)
		case g.counted > 0:
			p.total = g.takeNumbers(rows, t, w, lo, hi, outputs)
		default:
			p.total = g.takePairs(rows, t, w, lo, hi, outputs)
		}
	}))
	for _, p := range parts {
		total = total.plus(p.total)
	}
	return total
}

// takeSizes returns what rows lo to hi have together, of which t and w have every so many elements, but for the total.
func takeSizes(t, w []float32, lo, hi, apart int) taken {
	p := taken{equal: true}
	for i := lo; i < hi; i++ {
		v := w[i*apart]
		if !(v > 0) {
			continue
		}
		if p.rows == 0 {
			p.one = v
		}
		p.rows++
		p.equal = p.equal && v == p.one
		p.size += math.Abs(float64(v) * float64(t[i*apart]))
		p.weight += float64(v)
	}
	return p
}

func (p taken) units() units {
	if c := bits.Len(uint(p.rows)); p.equal && c <= mostCounted {
		return units{1 / hist.Scale(p.size, hist.TargetBits(c)), float64(p.one), c, false}
	}
	if p.rows > coarseRows && p.rows < 1<<(coarseBits-1) { // a bit is left for what is rounded up
		target, weight := hist.Scale(p.size, hist.TargetBits(coarseBits)-1), hist.Scale(p.weight, coarseBits-1)
		return units{1 / target, 1 / weight, coarseBits, true}
	}
	return units{target: 1 / hist.Scale(p.size, hist.SumBits), weight: 1 / hist.Scale(p.weight, hist.SumBits)}
}

// takeNumbers lists rows and sets their numbers, where all have the same weight.
func (g *grower) takeNumbers(rows []int32, t, w []float32, lo, hi, apart int) (total pair) {
	scale := g.units.weight / g.units.target // the weight of all is a float32, and the unit a power of two
	n := 0
	for i := lo; i < hi; i++ {
		if w[i*apart] > 0 {
			v := int64(math.RoundToEven(float64(t[i*apart]) * scale))
			g.rowNumbers[i] = v<<g.counted + 1
			rows[n] = int32(i)
			n++
			total.target += v
		}
	}
	total.weight = int64(n)
	return total
}

// takePairs lists rows and sets their pairs of numbers. A row that has some weight keeps some.
func (g *grower) takePairs(rows []int32, t, w []float32, lo, hi, apart int) (total pair) {
	scale := sums{1 / g.units.target, 1 / g.units.weight}
	n := 0
	for i := lo; i < hi; i++ {
		if v := float64(w[i*apart]); v > 0 {
			s := pair{
				int64(math.RoundToEven(v * float64(t[i*apart]) * scale.target)), max(1, int64(math.RoundToEven(v*scale.weight))),
			}
			g.rowNumbers[2*i], g.rowNumbers[2*i+1] = s.target, s.weight
			rows[n] = int32(i)
			n++
			total = total.plus(s)
		}
	}
	return total
}
