package paths

import (
	"fmt"

	"gonum.org/v1/gonum/graph"
	"gonum.org/v1/gonum/graph/encoding"
	"gonum.org/v1/gonum/graph/encoding/dot"
	"gonum.org/v1/gonum/graph/simple"
)

// DOT returns the graph in Graphviz's language. The nodes carry their places, so `neato -n` draws
// them where [Graph.SVG] does, while `dot` finds places of its own.
func (g Graph) DOT() string {
	d := dotGraph{simple.NewDirectedGraph(), g.Title}
	for i, n := range g.Nodes {
		d.AddNode(dotNode{int64(i), n})
	}
	for _, e := range g.Edges {
		d.SetEdge(dotEdge{d.NewEdge(d.Node(int64(e.From)), d.Node(int64(e.To))), e.Skip})
	}
	text, err := dot.Marshal(d, "unraveled", "", "\t")
	if err != nil {
		panic(fmt.Sprintf("paths: DOT: %v", err)) // of subgraphs alone, and there are none
	}
	return string(text) + "\n"
}

// dotGraph, dotNode and dotEdge say what the encoder asks for.
type dotGraph struct {
	*simple.DirectedGraph
	title string
}

// DOTAttributers returns what holds for the graph, for all nodes and for all edges.
func (g dotGraph) DOTAttributers() (graph, node, edge encoding.Attributer) {
	return &encoding.Attributes{{Key: "label", Value: g.title}, {Key: "rankdir", Value: "LR"}},
		&encoding.Attributes{{Key: "fontname", Value: "Helvetica"}}, &encoding.Attributes{}
}

type dotNode struct {
	id   int64
	node Node
}

// ID returns the node's place in Graph.Nodes, and DOTID its name.
func (n dotNode) ID() int64     { return n.id }
func (n dotNode) DOTID() string { return fmt.Sprintf("n%d", n.id) }

// Attributes says how the node looks.
func (n dotNode) Attributes() []encoding.Attribute {
	const unit = 72 // points between neighbouring nodes
	shapes := [...]string{StateNode: "ellipse", BranchNode: "box", SumNode: "circle"}
	as := []encoding.Attribute{
		{Key: "label", Value: n.node.Label},
		{Key: "shape", Value: shapes[n.node.Kind]},
		{Key: "pos", Value: fmt.Sprintf("%g,%g", n.node.X*unit, -n.node.Y*unit)},
	}
	if n.node.Weight > 0 {
		// Graphviz colours are hue, saturation, value: the more weight, the more blue.
		as = append(as, encoding.Attribute{Key: "style", Value: "filled"},
			encoding.Attribute{Key: "fillcolor", Value: fmt.Sprintf("0.6 %.3f 1", n.node.Weight)})
	}
	return as
}

type dotEdge struct {
	graph.Edge
	skip bool
}

// Attributes says how the edge looks.
func (e dotEdge) Attributes() []encoding.Attribute {
	if e.skip {
		return []encoding.Attribute{{Key: "style", Value: "dashed"}}
	}
	return nil
}
