package graph

import (
	"fmt"

	"gonum.org/v1/gonum/graph"
	"gonum.org/v1/gonum/graph/encoding"
	"gonum.org/v1/gonum/graph/encoding/dot"
	"gonum.org/v1/gonum/graph/multi"
)

// DOT returns the ops and what flows between them in Graphviz's language. Parameters, buffers and constants are left out.
func (g *Graph) DOT() string {
	d := dotGraph{multi.NewDirectedGraph()}
	nodes := map[*Node]graph.Node{}
	for i, n := range g.Nodes {
		if n.leaf() {
			continue
		}
		nodes[n] = dotNode{int64(i), n}
		d.AddNode(nodes[n])
		for _, m := range n.In {
			if !m.leaf() {
				d.SetLine(d.NewLine(nodes[m], nodes[n]))
			}
		}
	}
	text, err := dot.MarshalMulti(d, "network", "", "\t")
	if err != nil {
		panic(fmt.Sprintf("graph: DOT: %v", err)) // of subgraphs alone, and there are none
	}
	return string(text) + "\n"
}

// dotGraph and dotNode say what the encoder asks for.
type dotGraph struct{ *multi.DirectedGraph }

// DOTAttributers returns what holds for the graph, for all nodes and for all edges.
func (dotGraph) DOTAttributers() (graph, node, edge encoding.Attributer) {
	return &encoding.Attributes{{Key: "rankdir", Value: "TB"}},
		&encoding.Attributes{{Key: "fontname", Value: "Helvetica"}, {Key: "shape", Value: "box"}}, &encoding.Attributes{}
}

type dotNode struct {
	id   int64
	node *Node
}

// ID returns the node's place among all, and DOTID its name in the file.
func (n dotNode) ID() int64     { return n.id }
func (n dotNode) DOTID() string { return fmt.Sprintf("n%d", n.id) }

// Attributes says how the node looks.
func (n dotNode) Attributes() []encoding.Attribute {
	return []encoding.Attribute{{Key: "label", Value: fmt.Sprintf("%s\n%s\n%s", n.node.Name, n.node.OpName(), shapeString(n.node.Shape))}}
}
