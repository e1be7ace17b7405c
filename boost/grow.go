package boost

import (
	"math"

	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/tensor"
)

// cell sums the rows of one bin of one column.
type cell struct {
	target, weight float64 // sums of w*target and w
	count          int     // rows; the other two do not become zero exactly when histograms are subtracted
}

func (c cell) plus(o cell) cell {
	return cell{c.target + o.target, c.weight + o.weight, c.count + o.count}
}

func (c cell) minus(o cell) cell {
	return cell{c.target - o.target, c.weight - o.weight, c.count - o.count}
}

// split is the best way to part a leaf; no gain means none.
type split struct {
	column, bin int  // bins up to this one go left
	missingLeft bool // and so do missing values
	gain        float64
}

// left reports whether rows of a bin go left.
func (s split) left(bin, missing int) bool {
	return bin <= s.bin || s.missingLeft && bin == missing
}

// leaf is one that may be parted.
type leaf struct {
	node, depth int
	rows        []int32
	histogram   [][]cell // for each of the tree's columns
	best        split
}

// rowSums is what a row adds to its cells, side by side because rows are read in no order of memory.
type rowSums struct{ target, weight float64 } // w*target and w

// grower grows the tree of one output. Every sum runs over rows in ascending order within one column, so the bits are the
// same for any number of workers.
type grower struct {
	*trees
	inputs  *treeBins
	n       int
	sums    []rowSums // of each row
	scratch []int32   // room for the rows of a leaf
	nodes   []node
}

func newGrower(t *trees, bins *treeBins, target, weight *tensor.Tensor, k int) *grower {
	n, outputs := target.Dim(0), target.Dim(1)
	g := &grower{trees: t, inputs: bins, n: n, sums: make([]rowSums, n), scratch: make([]int32, n)}
	for i := range n {
		w := 1.0
		if weight != nil {
			w = float64(weight.Data()[i*outputs+k])
		}
		g.sums[i] = rowSums{w * float64(target.Data()[i*outputs+k]), w}
	}
	return g
}

// grow parts the leaf of most gain, the older of equals, until none gains or there are enough.
func (g *grower) grow() []node {
	rows := make([]int32, 0, g.n)
	var total cell
	for i, s := range g.sums {
		if s.weight > 0 {
			rows = append(rows, int32(i))
			total = total.plus(cell{s.target, s.weight, 1})
		}
	}
	g.nodes = []node{{value: g.value(total)}}
	open := []*leaf{g.open(0, 0, rows, g.histogram(rows))}
	for leaves := 1; g.Leaves == 0 || leaves < g.Leaves; leaves++ {
		best := 0
		for i, l := range open {
			if l.best.gain > open[best].best.gain {
				best = i
			}
		}
		l := open[best]
		if l.best.gain == 0 {
			break
		}
		left, right := g.part(l)
		open[best] = left
		open = append(open, right)
	}
	return g.nodes
}

// open returns a leaf with its best split. One that cannot be parted keeps no histogram.
func (g *grower) open(node, depth int, rows []int32, histogram [][]cell) *leaf {
	l := &leaf{node: node, depth: depth, rows: rows}
	if depth < g.Depth {
		l.best = g.best(histogram)
	}
	if l.best.gain > 0 {
		l.histogram = histogram
	}
	return l
}

// part makes a node of the leaf, and returns its children. The histogram of the larger is the difference of the two others.
func (g *grower) part(l *leaf) (left, right *leaf) {
	s := l.best
	column := g.columns[s.column]
	bins := g.inputs.bins[column*g.n : (column+1)*g.n]
	missing := len(l.histogram[s.column]) - 1
	var goes [maxBins + 1]int // 1 for bins that go left
	for bin := range missing + 1 {
		if s.left(bin, missing) {
			goes[bin] = 1
		}
	}
	n, others := 0, 0 // each row is written to both sides, and stays on the one that moves on: no branch to guess
	for _, i := range l.rows {
		left := goes[bins[i]]
		l.rows[n], g.scratch[others] = i, i
		n, others = n+left, others+1-left
	}
	below, above := l.rows[:n], l.rows[n:]
	copy(above, g.scratch[:others])
	var total, of cell
	for bin, c := range l.histogram[s.column] {
		total = total.plus(c)
		if s.left(bin, missing) {
			of = of.plus(c)
		}
	}
	at := len(g.nodes)
	g.nodes[l.node] = node{column: column, cut: g.inputs.cut(column, s.bin), missingLeft: s.missingLeft, left: at,
		gain: float32(min(s.gain, math.MaxFloat32))}
	g.nodes = append(g.nodes, node{value: g.value(of)}, node{value: g.value(total.minus(of))})
	var hl, hr [][]cell
	switch {
	case l.depth+1 == g.Depth: // neither is parted
	case len(below) <= len(above):
		hl = g.histogram(below)
		hr = difference(l.histogram, hl)
	default:
		hr = g.histogram(above)
		hl = difference(l.histogram, hr)
	}
	l.histogram = nil
	return g.open(at, l.depth+1, below, hl), g.open(at+1, l.depth+1, above, hr)
}

// histogram sums rows by bin, for each column.
func (g *grower) histogram(rows []int32) [][]cell {
	out := make([][]cell, len(g.columns))
	parallel.For(len(out), 1, parallel.Func(func(lo, hi int) {
		for f := lo; f < hi; f++ {
			column := g.columns[f]
			bins, cells := g.inputs.bins[column*g.n:(column+1)*g.n], make([]cell, len(g.inputs.cuts[column])+2)
			for _, i := range rows {
				c, s := &cells[bins[i]], &g.sums[i]
				c.target += s.target
				c.weight += s.weight
				c.count++
			}
			out[f] = cells
		}
	}))
	return out
}

// difference overwrites a with a - b.
func difference(a, b [][]cell) [][]cell {
	for f, cells := range b {
		for i, c := range cells {
			a[f][i] = a[f][i].minus(c)
		}
	}
	return a
}

// best returns the split of most gain, of equals that of the lowest column and bin. Missing values go where the gain is
// larger, and right where it is equal or there are none.
func (g *grower) best(histogram [][]cell) split {
	var best split
	for f, cells := range histogram {
		var total, left cell
		for _, c := range cells {
			total = total.plus(c)
		}
		missing, score := cells[len(cells)-1], g.score(total)
		try := func(s split, left cell) {
			right := total.minus(left)
			if right.count == 0 || min(left.weight, right.weight) < g.MinWeight {
				return
			}
			s.gain = g.score(left) + g.score(right) - score
			equal := s.gain == best.gain && g.columns[f] < g.columns[best.column]
			if s.gain > g.MinGain && (s.gain > best.gain || equal) {
				best = s
			}
		}
		for bin, c := range cells[:len(cells)-1] {
			if c.count == 0 {
				continue
			}
			left = left.plus(c)
			try(split{column: f, bin: bin}, left)
			if missing.count > 0 {
				try(split{column: f, bin: bin, missingLeft: true}, left.plus(missing))
			}
		}
	}
	return best
}

// score is what a leaf of these rows takes off twice the penalised loss.
func (g *grower) score(c cell) float64 {
	if c.weight+g.L2 <= 0 {
		return 0
	}
	return c.target * c.target / (c.weight + g.L2)
}

// value is the Newton step of a leaf.
func (g *grower) value(c cell) float32 {
	if c.weight+g.L2 <= 0 {
		return 0
	}
	return float32(c.target / (c.weight + g.L2))
}
