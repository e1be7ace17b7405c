package boost

import (
	"math"
	"slices"

	"github.com/residuum-go/residuum/internal/kernel/hist"
	"github.com/residuum-go/residuum/internal/portions"
	"github.com/residuum-go/residuum/tensor"
)

// leaf is one that may be parted.
type leaf struct {
	node, depth int
	rows        []int32
	histogram   []hist.Group // of groups of columns; nil if it cannot be parted
	best        split
	total       hist.Sum
	bounds      bounds
	path        []int // columns that were split above it
}

// grower grows the tree of one output. Sums are of integers, so the bits are the same for any number of workers.
type grower struct {
	*Tree
	bins    *bins
	columns []int      // that may be split, ascending
	groups  []int      // of eight columns that these are in
	unit    [2]float64 // of the two sums
	growth             // sums of each row, and room for the rows of a leaf
	nodes   []node
	leaves  []*leaf // those that are done
}

// newGrower takes the targets and weights of output k.
func newGrower(t *Tree, b *bins, columns []int, target, weight *tensor.Tensor, k int) *grower {
	g := &grower{Tree: t, bins: b, columns: columns, growth: b.memory}
	g.rowSums, g.scratch = portions.Grow(g.rowSums, b.n), portions.Grow(g.scratch, b.n)
	for _, f := range columns {
		if group := f / hist.Columns; len(g.groups) == 0 || g.groups[len(g.groups)-1] != group {
			g.groups = append(g.groups, group)
		}
	}
	outputs := target.Dim(1)
	row := func(i int) (float64, float64) {
		w := 1.0
		if weight != nil {
			w = float64(weight.Data()[i*outputs+k])
		}
		return w * float64(target.Data()[i*outputs+k]), w
	}
	var total [2]float64
	for i := range b.n {
		t, w := row(i)
		total[0] += math.Abs(t)
		total[1] += w
	}
	scale := [2]float64{hist.Scale(total[0]), hist.Scale(total[1])}
	g.unit = [2]float64{1 / scale[0], 1 / scale[1]}
	for i := range b.n {
		g.rowSums[i] = hist.Sum{}
		if t, w := row(i); w > 0 { // a row that has some weight keeps some
			g.rowSums[i] = hist.Sum{int64(math.RoundToEven(t * scale[0])), max(1, int64(math.RoundToEven(w*scale[1])))}
		}
	}
	return g
}

// grow parts the leaf of most gain, the older of equals, until none gains or there are enough.
func (g *grower) grow() []node {
	rows := g.rows[:0]
	var total hist.Sum
	for i, s := range g.rowSums {
		if s[1] > 0 {
			rows = append(rows, int32(i))
			total = total.Plus(s)
		}
	}
	g.rows = rows
	root := &leaf{rows: rows, total: total, bounds: unbounded}
	g.nodes = []node{g.leafNode(root)}
	if g.parts(root) {
		root.histogram = g.room()
		hist.Build(root.histogram, g.groups, g.bins.words, g.rowSums, rows)
	}
	open := []*leaf{g.open(root)}
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
	for _, l := range open {
		g.release(l)
	}
	g.leaves, g.bins.memory = open, g.growth
	return g.nodes
}

// parts reports whether a leaf of this depth and weight may be parted at all.
func (g *grower) parts(l *leaf) bool {
	return l.depth < g.Depth && len(l.rows) > 1 && g.sums(l.total).weight >= 2*g.MinWeight
}

// open finds the best split of a leaf. One that cannot be parted keeps no histogram.
func (g *grower) open(l *leaf) *leaf {
	if l.histogram != nil {
		l.best = g.search(l.histogram, g.allowed(l.path), l.total, l.bounds)
	}
	if l.best.gain == 0 {
		g.release(l)
	}
	return l
}

// room returns memory for a histogram.
func (g *grower) room() []hist.Group {
	if n := len(g.free); n > 0 {
		h := g.free[n-1]
		g.free = g.free[:n-1]
		return h
	}
	return make([]hist.Group, portions.Ceil(len(g.bins.columns), hist.Columns))
}

func (g *grower) release(l *leaf) {
	if l.histogram != nil {
		g.free = append(g.free, l.histogram)
		l.histogram = nil
	}
}

// leafNode returns the node of a leaf.
func (g *grower) leafNode(l *leaf) node {
	s := g.sums(l.total)
	return node{value: float32(g.value(s, l.bounds)), cover: float32(s.weight)}
}

// part makes a node of the leaf, and returns its children.
func (g *grower) part(l *leaf) (left, right *leaf) {
	s := l.best
	n := g.divide(l.rows, s)
	at := len(g.nodes)
	parent := &g.nodes[l.node]
	parent.column, parent.missingLeft, parent.left = s.column, s.missingLeft, at
	parent.gain = float32(min(s.gain, math.MaxFloat32))
	if c := g.bins.columns[s.column]; c.categorical {
		for _, bin := range s.right.list() {
			parent.right = append(parent.right, c.categories[bin])
		}
	} else {
		parent.cut = c.cut(s.bin)
	}
	path := l.path
	if !slices.Contains(path, s.column) {
		path = append(slices.Clip(path), s.column)
	}
	left = &leaf{node: at, depth: l.depth + 1, rows: l.rows[:n], total: s.left, bounds: l.bounds, path: path}
	right = &leaf{node: at + 1, depth: l.depth + 1, rows: l.rows[n:], total: l.total.Minus(s.left), bounds: l.bounds, path: path}
	g.bound(s.column, left, right)
	g.nodes = append(g.nodes, g.leafNode(left), g.leafNode(right))
	g.histograms(l, left, right)
	return g.open(left), g.open(right)
}

// histograms gives the children of l theirs, of which the larger one's is a difference.
func (g *grower) histograms(l, left, right *leaf) {
	small, large := left, right
	if len(left.rows) > len(right.rows) {
		small, large = right, left
	}
	switch {
	case g.parts(large):
		small.histogram, large.histogram = g.room(), l.histogram
		hist.Build(small.histogram, g.groups, g.bins.words, g.rowSums, small.rows)
		hist.Subtract(large.histogram, small.histogram, g.groups)
		if !g.parts(small) {
			g.release(small)
		}
		l.histogram = nil
	case g.parts(small):
		small.histogram, l.histogram = l.histogram, nil
		hist.Build(small.histogram, g.groups, g.bins.words, g.rowSums, small.rows)
	default:
		g.release(l)
	}
}

// divide orders the rows so that those that go left come first, each side in its old order, and returns their number. Each
// row is written to both sides, and stays on the one that moves on: no branch to guess.
func (g *grower) divide(rows []int32, s split) int {
	var goes [hist.Bins]int // 1 for bins that go left
	for bin := range goes {
		if !s.right.has(bin) {
			goes[bin] = 1
		}
	}
	words, shift := g.bins.words[s.column/hist.Columns*g.bins.n:][:g.bins.n], 8*(s.column%hist.Columns)
	n, others := 0, 0
	for _, i := range rows {
		left := goes[uint8(words[i]>>shift)]
		rows[n], g.scratch[others] = i, i
		n, others = n+left, others+1-left
	}
	copy(rows[n:], g.scratch[:others])
	return n
}

// fitted sets column k of out [N, K], unless that is nil, to what the tree says of every row that it was grown on, and
// returns their number.
func (g *grower) fitted(out *tensor.Tensor, k int) (rows int) {
	if out == nil {
		return 0
	}
	outputs := out.Dim(1)
	for _, l := range g.leaves {
		rows += len(l.rows)
		for _, i := range l.rows {
			out.Data()[int(i)*outputs+k] = g.nodes[l.node].value
		}
	}
	return rows
}

// cut returns what the values of bins up to this one are below.
func (c column) cut(bin int) float32 {
	if bin == len(c.cuts) {
		return float32(math.Inf(1)) // only missing values are not
	}
	return c.cuts[bin]
}
