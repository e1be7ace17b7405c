package resnet

import (
	"fmt"
	"strings"

	"github.com/residuum-go/residuum/nn"
)

// Summary is what a net consists of, for one image.
type Summary struct {
	Parts []SummaryPart // the stem, unless it is empty, the blocks, and the head
}

// SummaryPart is a part of a net: its stem, a block or its head.
type SummaryPart struct {
	Name         string
	Layers       int   // convolutions and linear layers
	Out          Shape // what it gives; the head gives as many channels as there are classes
	Parameters   int
	MultiplyAdds int64 // of convolutions and linear layers
}

// Summary lists the net's parts. Single ops are listed and drawn by package graph: graph.Trace of the net gives a Graph,
// whose String is a table and whose DOT is for Graphviz.
func (n *Net) Summary() Summary {
	var s Summary
	in := n.blocks[0].In
	if layers(n.stem) > 0 {
		s.Parts = append(s.Parts, part("stem", n.stem, in, n.works[0]))
	}
	for i, b := range n.blocks {
		s.Parts = append(s.Parts, part(b.Name, n.units[i], b.Out, n.works[i+1]-n.works[i]))
	}
	at := len(n.blocks)
	s.Parts = append(s.Parts, part("head", n.head, Shape{1, 1, n.cfg.Classes}, n.works[at+1]-n.works[at]))
	return s
}

func part(name string, m nn.Module, out Shape, work int64) SummaryPart {
	return SummaryPart{name, layers(m), out, nn.Count(m), work}
}

// layers counts the convolutions and linear layers of m.
func layers(m nn.Module) (n int) {
	for _, p := range nn.Params(m) {
		if p.Value.Rank() > 1 {
			n++
		}
	}
	return n
}

// Total adds up all parts. Its Out is the last one's.
func (s Summary) Total() SummaryPart {
	total := SummaryPart{Name: "total"}
	for _, p := range s.Parts {
		total.Layers += p.Layers
		total.Out = p.Out
		total.Parameters += p.Parameters
		total.MultiplyAdds += p.MultiplyAdds
	}
	return total
}

// String returns a table of the parts and their total: layers, shape of what they give, parameters, multiply-adds in
// millions, and the memory of the parameters and of what a part gives in KiB.
func (s Summary) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-14s %6s %14s %12s %14s %12s %10s\n", "part", "layers", "gives", "parameters", "mult-adds/1e6", "weights KiB", "gives KiB")
	row := func(p SummaryPart) {
		const kib = 1024 / 4 // elements
		gives := p.Out.Height * p.Out.Width * p.Out.Channels
		fmt.Fprintf(&b, "%-14s %6d %14s %12d %14.3f %12.1f %10.1f\n", p.Name, p.Layers, p.Out, p.Parameters,
			float64(p.MultiplyAdds)/1e6, float64(p.Parameters)/kib, float64(gives)/kib)
	}
	for _, p := range s.Parts {
		row(p)
	}
	row(s.Total())
	return b.String()
}
