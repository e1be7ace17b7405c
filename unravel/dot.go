package unravel

import (
	"fmt"
	"strings"
)

// DOT returns the graph in Graphviz's language. The nodes carry their places, so `neato -n` draws
// them where [Graph.SVG] does, while `dot` finds places of its own.
func (g Graph) DOT() string {
	var b strings.Builder
	fmt.Fprintf(&b, "digraph unraveled {\n\tlabel=%q;\n\trankdir=LR;\n\tnode [fontname=\"Helvetica\"];\n", g.Title)
	shapes := [...]string{StateNode: "ellipse", BranchNode: "box", SumNode: "circle"}
	for i, n := range g.Nodes {
		fmt.Fprintf(&b, "\tn%d [label=%q, shape=%s, pos=\"%g,%g\"", i, n.Label, shapes[n.Kind], n.X*dotUnit, -n.Y*dotUnit)
		if n.Weight > 0 {
			// Graphviz colours are hue, saturation, value: the more weight, the more blue.
			fmt.Fprintf(&b, ", style=filled, fillcolor=\"0.6 %.3f 1\"", n.Weight)
		}
		b.WriteString("];\n")
	}
	for _, e := range g.Edges {
		style := ""
		if e.Skip {
			style = " [style=dashed]"
		}
		fmt.Fprintf(&b, "\tn%d -> n%d%s;\n", e.From, e.To, style)
	}
	b.WriteString("}\n")
	return b.String()
}

const dotUnit = 72 // points between neighbouring nodes
