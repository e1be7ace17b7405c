package paths

import (
	"fmt"
	"math/big"
	"slices"
)

// Graph is a drawing of the paths through a net: nodes with places, and edges between them. [Graph.DOT]
// and [Graph.SVG] write it down.
type Graph struct {
	Title string
	X, Y  Axis
	Key   string // what the darkness of nodes means, if anything
	Nodes []Node
	Edges []Edge
}

// Axis names the columns or the rows of a graph, if they mean anything.
type Axis struct {
	Label string
	Names map[int]string // by column or row
}

// Node is a state, a branch or a sum.
type Node struct {
	Label  string
	Kind   NodeKind
	X, Y   float64 // place, in units of one node, y downward
	Weight float64 // 0 to 1, drawn as the darkness of the node
}

// NodeKind says how a node is drawn.
type NodeKind uint8

const (
	StateNode  NodeKind = iota // the net's input to the first block, its output, or a set of paths
	BranchNode                 // a copy of f_i
	SumNode                    // a plus
)

// Edge joins two nodes, given by their places in Nodes. Skip edges are drawn lighter.
type Edge struct {
	From, To int
	Skip     bool
}

// Unraveled returns the unraveled view (Veit 2016, figure 1b): every block is written out as
// y_i = y_{i-1} + f_i(y_{i-1}) again and again until only y_0 is left, so f_i comes up 2^(n-i) times and
// y_0 2^n times, with one way to the output from each: the paths. Blocks are counted from 1 here, as
// in the paper.
// It panics for more than 10 blocks that can be skipped.
func (s Set) Unraveled() Graph {
	if len(s.free) > 10 {
		panic(fmt.Sprintf("paths: Unraveled: 2^%d paths are too many to draw; use Folded", len(s.free)))
	}
	g := Graph{Title: fmt.Sprintf("The %v paths through %d blocks", s.Count(), s.n)}
	whole := s.shortest() // true where there is no skip
	row := 0
	var expand func(i int) (node int, y float64) // writes out y_i
	expand = func(i int) (int, float64) {
		if i == 0 {
			y := float64(row)
			row++
			return g.node(Node{Label: "y0", Y: y}), y
		}
		skip, skipY := -1, 0.0
		if !whole[i-1] {
			skip, skipY = expand(i - 1)
		}
		from, y := expand(i - 1)
		branch := g.node(Node{Label: fmt.Sprintf("f%d", i), Kind: BranchNode, X: float64(2*i - 1), Y: y})
		g.edge(from, branch, false)
		if skip < 0 {
			return branch, y
		}
		y = (skipY + y) / 2
		sum := g.node(Node{Label: "+", Kind: SumNode, X: float64(2 * i), Y: y})
		g.edge(skip, sum, true)
		g.edge(branch, sum, false)
		return sum, y
	}
	last, y := expand(s.n)
	g.edge(last, g.node(Node{Label: fmt.Sprintf("y%d", s.n), X: float64(2*s.n + 1), Y: y}), false)
	return g
}

// Folded returns the paths folded by length: node i, k is state y_i with k branches still to come
// on the way to the output, so that it stands for all ways to get there: their number is its label
// if that is short. A skip leads right, a branch right and down. A path begins in the column of y_0 at the
// height of its length. norms, if not nil, says by state and length what the ways from there carry, as unravel.Gradient
// has it: nodes are the darker the more that is of the most in their column.
func (s Set) Folded(norms [][]Log) Graph {
	weights := weightsOf(norms)
	g := Graph{
		Title: fmt.Sprintf("The paths through %d blocks, by length", s.n),
		X:     Axis{Label: "state", Names: ticks(s.n, func(i int) (int, string) { return i, fmt.Sprintf("y%d", i) })},
		Y:     Axis{Label: "branches still to come", Names: ticks(s.n, func(k int) (int, string) { return s.n - k, fmt.Sprint(k) })},
	}
	if norms != nil {
		g.Key = "weight, by column relative to the largest"
	}
	whole := s.shortest() // true where there is no skip
	places := make([]map[int]int, s.n+1)
	ahead := Set{} // the paths through the blocks from i on
	for i := s.n; i >= 0; i-- {
		if i < s.n {
			ahead.n++
			if !whole[i] {
				ahead.free = append(ahead.free, i)
			}
		}
		places[i] = map[int]int{}
		for k := ahead.Shortest(); k <= ahead.n; k++ {
			nd := Node{X: float64(i), Y: float64(s.n - k)}
			if c := ahead.CountOfLength(k); c.Cmp(big.NewInt(999)) <= 0 {
				nd.Label = c.String()
			}
			if norms != nil && k < len(weights[i]) {
				nd.Weight = weights[i][k]
			}
			from := g.node(nd)
			places[i][k] = from
			if i == s.n {
				continue
			}
			if to, ok := places[i+1][k]; ok && !whole[i] {
				g.edge(from, to, true)
			}
			if to, ok := places[i+1][k-1]; ok {
				g.edge(from, to, false)
			}
		}
	}
	return g
}

// ticks names 0 to n, or some of them if they are many.
func ticks(n int, name func(i int) (place int, label string)) map[int]string {
	step := 1
	if n > 20 {
		step = 10
	}
	names := map[int]string{}
	for i := 0; i <= n; i += step {
		place, label := name(i)
		names[place] = label
	}
	return names
}

// weightsOf turns norms by state and length into weights: within each state relative to the largest.
func weightsOf(norms [][]Log) [][]float64 {
	w := make([][]float64, len(norms))
	for i, row := range norms {
		w[i] = make([]float64, len(row))
		for k, l := range row {
			if l != LogZero {
				w[i][k] = (l - slices.Max(row)).Value()
			}
		}
	}
	return w
}

func (g *Graph) node(n Node) int {
	g.Nodes = append(g.Nodes, n)
	return len(g.Nodes) - 1
}

func (g *Graph) edge(from, to int, skip bool) {
	g.Edges = append(g.Edges, Edge{from, to, skip})
}
