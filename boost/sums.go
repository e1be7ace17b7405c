package boost

import (
	"math"
	"math/bits"

	"github.com/residuum-go/residuum/internal/kernel/hist"
	"github.com/residuum-go/residuum/internal/portions"
	"github.com/residuum-go/residuum/tensor"
)

// sums are those of some rows: of w*target and w.
type sums struct{ target, weight float64 }

// pair is sums in units, as integers.
type pair [2]int64

func (a pair) plus(b pair) pair  { return pair{a[0] + b[0], a[1] + b[1]} }
func (a pair) minus(b pair) pair { return pair{a[0] - b[0], a[1] - b[1]} }

// units says what the integers stand for that histograms are made of.
type units struct {
	unit [2]float64
	// counted is how many of the lower bits of a number count rows, where all have the same weight, and the bits above them
	// are of the target: half the memory, and half the additions. 0 means two numbers for each row.
	counted uint
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
	return sums{float64(s[0]) * u.unit[0], float64(s[1]) * u.unit[1]}
}

// mostCounted is up to how many bits rows are counted: the unit of targets is then at most 2^-19 of their mean magnitude.
const mostCounted = 21

// rangeBits is how large the sums of all rows' integers may be.
const rangeBits = 61

// take sets the numbers of all rows, given targets and weights [N, K] of which column k counts, lists those that have a
// weight and returns their sums.
func (g *grower) take(target, weight *tensor.Tensor, k int) (total pair) {
	n, outputs := g.bins.n, target.Dim(1)
	t, w := target.Data()[k:], weight.Data()[k:]
	first, equal := float32(0), true
	var size [2]float64
	g.rows = portions.Grow(g.rows, n)[:0]
	for i := range n {
		if v := w[i*outputs]; v > 0 {
			if len(g.rows) == 0 {
				first = v
			}
			equal = equal && v == first
			size[0] += math.Abs(float64(v) * float64(t[i*outputs]))
			size[1] += float64(v)
			g.rows = append(g.rows, int32(i))
		}
	}
	if c := bits.Len(uint(len(g.rows))); equal && c <= mostCounted {
		scale := hist.Scale(size[0], rangeBits-c)
		g.units = units{[2]float64{1 / scale, float64(first)}, uint(c)}
		g.rowNumbers = portions.Grow(g.rowNumbers, n)
		for _, i := range g.rows {
			v := int64(math.RoundToEven(float64(first) * float64(t[int(i)*outputs]) * scale))
			g.rowNumbers[i] = v<<c + 1
			total = total.plus(pair{v, 1})
		}
		return total
	}
	scale := [2]float64{hist.Scale(size[0], rangeBits), hist.Scale(size[1], rangeBits)}
	g.units = units{unit: [2]float64{1 / scale[0], 1 / scale[1]}}
	g.rowNumbers = portions.Grow(g.rowNumbers, 2*n)
	for _, i := range g.rows {
		v := float64(w[int(i)*outputs])
		s := pair{ // a row that has some weight keeps some
			int64(math.RoundToEven(v * float64(t[int(i)*outputs]) * scale[0])), max(1, int64(math.RoundToEven(v*scale[1]))),
		}
		g.rowNumbers[2*i], g.rowNumbers[2*i+1] = s[0], s[1]
		total = total.plus(s)
	}
	return total
}
