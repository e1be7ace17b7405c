package paths

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// SVG returns the graph as an SVG image with title, axes and legend. Nodes of wide graphs are small and
// have no labels.
func (g Graph) SVG() string {
	s := svg{unit: 48, radius: 16}
	for _, n := range g.Nodes {
		s.columns, s.rows = max(s.columns, n.X), max(s.rows, n.Y)
	}
	if s.small = s.columns > 24; s.small {
		s.unit, s.radius = 15, 6
	}
	s.left, s.top = 30, 56
	if g.Y.Label != "" {
		s.left = 76
	}
	right, bottom := s.x(s.columns), s.y(s.rows)
	width, height := max(right+30, 400), bottom+s.radius+44
	if g.X.Label != "" {
		height += 34
	}
	if g.Key != "" {
		height += 22
	}
	s.f(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %g" width="%g" height="%g" font-family="sans-serif" font-size="13">`,
		width, height, width, height)
	s.f(`<title>%s</title>`, g.Title)
	s.f(`<rect width="100%%" height="100%%" fill="#fff"/>`)
	s.f(`<text x="12" y="22" font-size="16">%s</text>`, g.Title)
	s.axes(g, right, bottom)
	for _, e := range g.Edges {
		from, to := g.Nodes[e.From], g.Nodes[e.To]
		s.line(s.x(from.X), s.y(from.Y), s.x(to.X), s.y(to.Y), e.Skip)
	}
	for _, n := range g.Nodes {
		s.node(n, s.x(n.X), s.y(n.Y))
	}
	s.legend(g.Key, height-24)
	s.f(`</svg>`)
	return s.text.String()
}

// svg is an image under way.
type svg struct {
	text          strings.Builder
	unit, radius  float64 // between nodes, and of a node
	left, top     float64 // of the first node's centre
	columns, rows float64
	small         bool
}

func (s *svg) f(format string, args ...any) { fmt.Fprintf(&s.text, format+"\n", args...) }

func (s *svg) x(column float64) float64 { return s.left + s.unit*column }
func (s *svg) y(row float64) float64    { return s.top + s.unit*row }

// axes writes the names of columns below, and of rows to the left.
func (s *svg) axes(g Graph, right, bottom float64) {
	if g.X.Label != "" {
		for _, at := range slices.Sorted(maps.Keys(g.X.Names)) {
			s.f(`<text x="%g" y="%g" text-anchor="middle">%s</text>`, s.x(float64(at)), bottom+s.radius+18, g.X.Names[at])
		}
		s.f(`<text x="%g" y="%g" text-anchor="middle">%s</text>`, (s.left+right)/2, bottom+s.radius+36, g.X.Label)
	}
	if g.Y.Label != "" {
		for _, at := range slices.Sorted(maps.Keys(g.Y.Names)) {
			s.f(`<text x="%g" y="%g" text-anchor="end" dy="0.35em">%s</text>`, s.left-s.radius-8, s.y(float64(at)), g.Y.Names[at])
		}
		middle := (s.top + bottom) / 2
		s.f(`<text x="20" y="%g" text-anchor="middle" transform="rotate(-90 20 %g)">%s</text>`, middle, middle, g.Y.Label)
	}
}

// legend says what lines and darkness mean.
func (s *svg) legend(key string, y float64) {
	s.line(12, y, 40, y, true)
	s.f(`<text x="46" y="%g" dy="0.35em">skip</text>`, y)
	s.line(88, y, 116, y, false)
	s.f(`<text x="122" y="%g" dy="0.35em">branch</text>`, y)
	if key == "" {
		return
	}
	y -= 22
	for i := range 5 {
		fill, _ := shade(float64(i) / 4)
		s.f(`<rect x="%d" y="%g" width="14" height="12" fill="%s" stroke="#000" stroke-width="0.5"/>`, 24+14*i, y-6, fill)
	}
	s.f(`<text x="12" y="%g" dy="0.35em">0</text><text x="98" y="%g" dy="0.35em">1: %s</text>`, y, y, key)
}

func (s *svg) line(x1, y1, x2, y2 float64, skip bool) {
	style := `stroke="#333"`
	if skip {
		style = `stroke="#888" stroke-dasharray="4 3"`
	}
	if s.small {
		style += ` stroke-width="0.5"`
	}
	s.f(`<line x1="%g" y1="%g" x2="%g" y2="%g" %s/>`, x1, y1, x2, y2, style)
}

// shade returns the colour for a weight, white to blue, and one that can be read on it.
func shade(weight float64) (fill, ink string) {
	mix := func(from, to float64) int { return int(from + weight*(to-from)) }
	ink = "#000"
	if weight > 0.75 {
		ink = "#fff"
	}
	return fmt.Sprintf("#%02x%02x%02x", mix(255, 8), mix(255, 81), mix(255, 156)), ink
}

// node draws n around x, y.
func (s *svg) node(n Node, x, y float64) {
	fill, ink := shade(n.Weight)
	switch n.Kind {
	case BranchNode:
		s.f(`<rect x="%g" y="%g" width="%g" height="%g" rx="3" fill="%s" stroke="#000"/>`,
			x-s.radius, y-0.75*s.radius, 2*s.radius, 1.5*s.radius, fill)
	case SumNode:
		s.f(`<circle cx="%g" cy="%g" r="%g" fill="%s" stroke="#000"/>`, x, y, 0.56*s.radius, fill)
	default:
		s.f(`<circle cx="%g" cy="%g" r="%g" fill="%s" stroke="#000"/>`, x, y, s.radius, fill)
	}
	if n.Label != "" && !s.small {
		s.f(`<text x="%g" y="%g" text-anchor="middle" dy="0.35em" fill="%s">%s</text>`, x, y, ink, n.Label)
	}
}
