package paths

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/graph"
	"gonum.org/v1/gonum/graph/encoding"
	"gonum.org/v1/gonum/graph/encoding/dot"
	"gonum.org/v1/gonum/graph/simple"
)

// ways counts the ways through the graph to node to, by the number of branches on them.
func ways(g Graph, to int, branch func(e Edge) bool) map[int]int {
	count := map[int]int{}
	leaf := true
	for _, e := range g.Edges {
		if e.To != to {
			continue
		}
		leaf = false
		for k, c := range ways(g, e.From, branch) {
			if branch(e) {
				k++
			}
			count[k] += c
		}
	}
	if leaf {
		count[0] = 1
	}
	return count
}

func TestUnraveledHasAllPaths(t *testing.T) {
	for _, p := range []Set{New(1), New(3), New(5), {n: 5, free: []int{0, 3, 4}}} {
		g := p.Unraveled()
		kinds := map[string]int{}
		for _, n := range g.Nodes {
			kinds[n.Label]++
		}
		require.EqualValues(t, p.Count().Int64(), kinds["y0"])
		got := ways(g, len(g.Nodes)-1, func(e Edge) bool { return g.Nodes[e.To].Kind == BranchNode })
		for k := 0; k <= p.n; k++ {
			require.EqualValues(t, p.CountOfLength(k).Int64(), got[k])
		}
	}
	g := New(3).Unraveled()
	count := map[string]int{}
	for _, n := range g.Nodes {
		count[n.Label]++
	}
	require.Equal(t, map[string]int{"y0": 8, "f1": 4, "f2": 2, "f3": 1, "+": 7, "y3": 1}, count)
	require.Panics(t, func() { New(11).Unraveled() })
}

func TestFoldedHasAllPaths(t *testing.T) {
	for _, p := range []Set{New(1), New(6), {n: 6, free: []int{1, 2, 5}}} {
		g := p.Folded(nil)
		for i := range g.Edges { // count from the output backward
			g.Edges[i].From, g.Edges[i].To = g.Edges[i].To, g.Edges[i].From
		}
		for i, n := range g.Nodes {
			if n.X == 0 {
				k := p.n - int(n.Y)
				got := ways(g, i, func(e Edge) bool { return !e.Skip })
				require.Equal(t, map[int]int{k: int(p.CountOfLength(k).Int64())}, got)
				require.Equal(t, p.CountOfLength(k).String(), n.Label)
			}
		}
	}
	require.Len(t, New(54).Folded(nil).Nodes, 55*56/2)
}

func TestWeights(t *testing.T) {
	w := weightsOf([][]Log{{-3, -2, LogZero}, {LogZero}})
	require.InDeltaSlice(t, []float64{0.36788, 1, 0}, w[0], 1e-5)
	require.Equal(t, []float64{0}, w[1])
}

func TestDrawingsAreWellFormed(t *testing.T) {
	for _, g := range []Graph{New(3).Unraveled(), New(3).Folded([][]Log{{LogZero, 0, -1, LogZero}, {1, LogZero}, {}, {}})} {
		d := xml.NewDecoder(strings.NewReader(g.SVG()))
		for {
			_, err := d.Token()
			if err == io.EOF {
				break
			}
			require.NoError(t, err)
		}
		require.Contains(t, g.SVG(), ">skip</text>")
		require.Contains(t, g.SVG(), ">"+g.Title+"</text>")
		require.Contains(t, g.SVG(), g.Key+"</text>")
		again := &read{DirectedGraph: simple.NewDirectedGraph()}
		require.NoError(t, dot.Unmarshal([]byte(g.DOT()), again))
		require.Equal(t, len(g.Nodes), again.Nodes().Len())
		require.Equal(t, len(g.Edges), again.Edges().Len())
		for i, n := range g.Nodes {
			as := again.Node(int64(i)).(*readNode).as
			require.Contains(t, as, encoding.Attribute{Key: "label", Value: n.Label})
			require.Contains(t, as, encoding.Attribute{Key: "pos", Value: fmt.Sprintf("%g,%g", 72*n.X, -72*n.Y)})
			filled := slices.Contains(as, encoding.Attribute{Key: "style", Value: "filled"})
			require.Equal(t, n.Weight > 0, filled)
		}
		for _, e := range g.Edges {
			require.True(t, again.HasEdgeFromTo(int64(e.From), int64(e.To)))
			style := again.Edge(int64(e.From), int64(e.To)).(*readEdge).Attributes
			require.Equal(t, e.Skip, len(style) == 1)
		}
	}
}

// read is a graph that is read back from Graphviz's language.
type read struct{ *simple.DirectedGraph }

type readNode struct {
	graph.Node
	id string
	as encoding.Attributes
}

type readEdge struct {
	graph.Edge
	encoding.Attributes
}

func (r *read) NewNode() graph.Node { return &readNode{Node: r.DirectedGraph.NewNode()} }
func (r *read) NewEdge(from, to graph.Node) graph.Edge {
	return &readEdge{Edge: r.DirectedGraph.NewEdge(from, to)}
}
func (n *readNode) SetDOTID(id string)                      { n.id = id }
func (n *readNode) SetAttribute(a encoding.Attribute) error { return n.as.SetAttribute(a) }
