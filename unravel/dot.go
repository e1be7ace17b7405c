package unravel

import (
	"fmt"
	"strings"
)

// DOT returns the graph in Graphviz's language. The nodes carry their places, so `neato -n` draws
// them where [Graph.SVG] does, while `dot` finds places of its own.
func (g Graph) DOT() string {
	var b strings.Builder
	b.WriteString("digraph unraveled {\n\trankdir=LR;\n\tnode [fontname=\"Helvetica\"];\n")
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

// SVG returns the graph as an SVG image.
func (g Graph) SVG() string {
	const unit, margin = 48.0, 30.0
	var width, height float64
	for _, n := range g.Nodes {
		width, height = max(width, n.X), max(height, n.Y)
	}
	at := func(i int) (x, y float64) { return margin + unit*g.Nodes[i].X, margin + unit*g.Nodes[i].Y }
	var b strings.Builder
	w, h := width*unit+2*margin, height*unit+2*margin
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %g" width="%g" height="%g" font-family="sans-serif" font-size="13">`+"\n", w, h, w, h)
	b.WriteString("<title>Paths through a residual net</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n")
	for _, e := range g.Edges {
		x1, y1 := at(e.From)
		x2, y2 := at(e.To)
		style := `stroke="#333"`
		if e.Skip {
			style = `stroke="#999" stroke-dasharray="4 3"`
		}
		fmt.Fprintf(&b, `<line x1="%g" y1="%g" x2="%g" y2="%g" %s/>`+"\n", x1, y1, x2, y2, style)
	}
	for i, n := range g.Nodes {
		x, y := at(i)
		b.WriteString(n.svg(x, y))
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// svg draws the node around x, y.
func (n Node) svg(x, y float64) string {
	fill, ink := "#fff", "#000"
	if n.Weight > 0 {
		mix := func(from, to float64) int { return int(from + n.Weight*(to-from)) }
		fill = fmt.Sprintf("#%02x%02x%02x", mix(255, 8), mix(255, 81), mix(255, 156)) // white to blue
		if n.Weight > 0.5 {
			ink = "#fff"
		}
	}
	shape := ""
	switch n.Kind {
	case BranchNode:
		shape = fmt.Sprintf(`<rect x="%g" y="%g" width="32" height="24" rx="3" fill=%q stroke="#000"/>`, x-16, y-12, fill)
	case SumNode:
		shape = fmt.Sprintf(`<circle cx="%g" cy="%g" r="9" fill=%q stroke="#000"/>`, x, y, fill)
	default:
		shape = fmt.Sprintf(`<circle cx="%g" cy="%g" r="16" fill=%q stroke="#000"/>`, x, y, fill)
	}
	if n.Label != "" {
		shape += fmt.Sprintf(`<text x="%g" y="%g" text-anchor="middle" dy="0.35em" fill=%q>%s</text>`, x, y, ink, n.Label)
	}
	return shape + "\n"
}
