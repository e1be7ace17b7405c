package boost

import (
	"math"
	"slices"
	"sync"

	"github.com/residuum-go/residuum/internal/kernel/hist"
	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/internal/portions"
	"github.com/residuum-go/residuum/tensor"
)

// leaf is one that may be parted.
type leaf struct {
	node, depth int
	rows, spare []int32 // and room for as many
	histogram   []int64 // nil if it cannot be parted
	best        split
	total       pair
	bounds      bounds
	path        []int // columns that were split above it
}

// grower grows the tree of one output. Sums are of integers, so the bits are the same for any number of workers, and leaves
// that are parted side by side share nothing but memory that is free.
type grower struct {
	*Tree
	growth
	units
	bins    *bins
	layout  hist.Layout
	columns []int // that may be split, ascending
	groups  []int // that these are in
	nodes   []node
	leaves  []*leaf
	seed    uint64     // of what is rounded by chance
	mu      sync.Mutex // of free
}

// newGrower returns one for the columns that may be split.
func newGrower(t *Tree, b *bins, columns []int, seed uint64) *grower {
	g := &grower{Tree: t, bins: b, growth: b.memory, columns: columns, layout: b.layout, seed: seed}
	for _, f := range columns {
		if group, _ := b.layout.Place(f); len(g.groups) == 0 || g.groups[len(g.groups)-1] != group {
			g.groups = append(g.groups, group)
		}
	}
	return g
}

// grow parts leaves until none gains or there are enough. It takes targets and weights [N, K] of score k.
func (g *grower) grow(target, weight *tensor.Tensor, k int) []node {
	total := g.take(target, weight, k)
	g.layout.Numbers = g.perRow()
	g.scratch = portions.Grow(g.scratch, len(g.rows))
	root := &leaf{rows: g.rows, spare: g.scratch, total: total, bounds: unbounded}
	g.nodes, g.leaves = []node{g.leafNode(root)}, []*leaf{root}
	if g.parts(root) {
		root.histogram = g.room()
		g.build(root)
	}
	g.open(root)
	for next := g.next(); len(next) > 0; next = g.next() {
		at := len(g.nodes)
		g.nodes = append(g.nodes, make([]node, 2*len(next))...)
		more := make([]*leaf, len(next))
		parallel.For(len(next), 1, parallel.Func(func(lo, hi int) {
			for i := lo; i < hi; i++ {
				l := &g.leaves[next[i]]
				*l, more[i] = g.part(*l, at+2*i)
			}
		}))
		g.leaves = append(g.leaves, more...)
	}
	for _, l := range g.leaves {
		g.release(l)
	}
	g.bins.memory = g.growth
	if g.coarse {
		g.refine(target, weight, k)
	}
	return g.nodes
}

// next returns the places of the leaves to part now: if their number has a limit the one of most gain, the older of equals,
// else all that gain, for they do not depend on each other.
func (g *grower) next() (places []int) {
	best := 0
	for i, l := range g.leaves {
		if l.best.gain > g.leaves[best].best.gain {
			best = i
		}
		if l.best.gain > 0 && g.Leaves == 0 {
			places = append(places, i)
		}
	}
	if g.Leaves > len(g.leaves) && g.leaves[best].best.gain > 0 {
		places = append(places, best)
	}
	return places
}

// parts reports whether a leaf of this depth and weight may be parted at all.
func (g *grower) parts(l *leaf) bool {
	return l.depth < g.Depth && len(l.rows) > 1 && g.sums(l.total).weight >= 2*g.MinWeight
}

// build sums the rows of a leaf.
func (g *grower) build(l *leaf) {
	g.layout.Build(l.histogram, g.groups, g.bins.words, g.rowNumbers, l.rows)
}

// open finds the best split of a leaf. One that cannot be parted keeps no histogram.
func (g *grower) open(l *leaf) {
	if l.histogram != nil {
		l.best = g.search(l.histogram, g.allowed(l.path), l.total, l.bounds)
	}
	if l.best.gain == 0 {
		g.release(l)
	}
}

// room returns memory for a histogram.
func (g *grower) room() []int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	var h []int64
	if n := len(g.free); n > 0 {
		h, g.free = g.free[n-1], g.free[:n-1]
	}
	return portions.Grow(h, g.layout.Len())
}

func (g *grower) release(l *leaf) {
	if l.histogram == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.free = append(g.free, l.histogram)
	l.histogram = nil
}

// leafNode returns the node of a leaf.
func (g *grower) leafNode(l *leaf) node {
	s := g.sums(l.total)
	return node{value: float32(g.value(s, l.bounds)), cover: float32(s.weight)}
}

// part makes the leaf a node whose children are the nodes from at on, and returns these leaves.
func (g *grower) part(l *leaf, at int) (left, right *leaf) {
	s := l.best
	n := g.divide(l)
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
	left = &leaf{node: at, rows: l.rows[:n], spare: l.spare[:n], total: s.left}
	right = &leaf{node: at + 1, rows: l.rows[n:], spare: l.spare[n:], total: l.total.minus(s.left)}
	for _, c := range []*leaf{left, right} {
		c.depth, c.bounds, c.path = l.depth+1, l.bounds, path
	}
	g.bound(s.column, left, right)
	g.nodes[at], g.nodes[at+1] = g.leafNode(left), g.leafNode(right)
	g.histograms(l, left, right)
	parallel.For(2, 1, parallel.Func(func(lo, hi int) {
		for _, child := range []*leaf{left, right}[lo:hi] {
			g.open(child)
		}
	}))
	return left, right
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
		g.build(small)
		g.layout.Subtract(large.histogram, small.histogram, g.groups)
		if !g.parts(small) {
			g.release(small)
		}
		l.histogram = nil
	case g.parts(small):
		small.histogram, l.histogram = l.histogram, nil
		g.build(small)
	default:
		g.release(l)
	}
}

// divide orders the rows of a leaf so that those that go left come first, and returns their number.
func (g *grower) divide(l *leaf) int {
	var goes [hist.Bins]uint8 // 1 for bins that go left
	for bin := range goes {
		if !l.best.right.has(bin) {
			goes[bin] = 1
		}
	}
	group, k := g.layout.Place(l.best.column)
	return hist.Divide(l.rows, l.spare, g.bins.words[group*g.bins.n:], k, goes[:])
}

// fitted sets column k of out [N, K], unless that is nil, to what the tree says of every row that it was grown on, and
// returns their number.
func (g *grower) fitted(out *tensor.Tensor, k int) (rows int) {
	if out == nil {
		return 0
	}
	outputs := out.Dim(1)
	parallel.For(len(g.leaves), 1, parallel.Func(func(lo, hi int) {
		for _, l := range g.leaves[lo:hi] {
			value, to := g.nodes[l.node].value, out.Data()[k:]
			for _, i := range l.rows {
				to[int(i)*outputs] = value
			}
		}
	}))
	return len(g.rows)
}

// cut returns what the values of bins up to this one are below.
func (c column) cut(bin int) float32 {
	if bin == len(c.cuts) {
		return float32(math.Inf(1)) // only missing values are not
	}
	return c.cuts[bin]
}
