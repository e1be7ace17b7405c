package graph

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/residuum-go/residuum/internal/table"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
)

// opName returns the name of an op's type, or of a function.
func opName(op Op) string {
	switch op := op.(type) {
	case Unary:
		return string(op)
	case Binary:
		return string(op)
	case Reduction:
		return string(op.Kind)
	}
	return reflect.TypeOf(op).Name()
}

// shapeString shows the batch as N.
func shapeString(shape []int) string {
	var b strings.Builder
	for i, d := range shape {
		if i > 0 {
			b.WriteByte(' ')
		}
		switch {
		case d == -1:
			b.WriteByte('N')
		case d < 0:
			fmt.Fprintf(&b, "%dN", -d)
		default:
			fmt.Fprint(&b, d)
		}
	}
	return "[" + b.String() + "]"
}

// OpName returns what the node does: "Conv2D", "Add".
func (n *Node) OpName() string { return opName(n.Op) }

// String shows the node's name, op and shape.
func (n *Node) String() string {
	return fmt.Sprintf("%s: %s %s", n.Name, n.OpName(), shapeString(n.Shape))
}

// leaf reports whether n is a parameter, buffer or constant.
func (n *Node) leaf() bool { return len(n.In) == 0 && !isInput(n) }

func isInput(n *Node) bool {
	_, ok := n.Op.(Input)
	return ok
}

// Parameters counts the numbers that the node's parameters hold: of those that are its inputs, and of a batch norm.
func (n *Node) Parameters() int {
	count := 0
	if op, ok := n.Op.(BatchNorm); ok {
		count = op.Weight.Value.Len() + op.Bias.Value.Len()
	}
	for _, m := range n.In {
		if p, ok := m.Op.(Param); ok {
			count += p.Value.Len()
		}
	}
	return count
}

// MultiplyAdds counts the multiplications, each with an addition, of a convolution or matrix product for one image, those
// with padding included; of other ops 0.
func (n *Node) MultiplyAdds() int64 {
	var each int64 // for an element of the result
	switch n.Op.(type) {
	case Conv2D:
		w := ShapeAt(n.In[1].Shape, 1)
		each = int64(w[0]) * int64(w[1]) * int64(w[2])
	case MatMul:
		a := ShapeAt(n.In[0].Shape, 1)
		each = int64(a[len(a)-1])
		if t := n.Op.(MatMul); t == MatMul(tensor.TN) || t == MatMul(tensor.TT) {
			each = int64(a[len(a)-2])
		}
	}
	return each * size(n.Shape)
}

// size counts the elements for one image.
func size(shape []int) int64 {
	s := int64(1)
	for _, d := range ShapeAt(shape, 1) {
		s *= int64(d)
	}
	return s
}

// String returns a table of the ops: what each gives, the numbers its parameters hold, and its multiply-adds for one image
// in millions.
func (g *Graph) String() string {
	rows := [][]string{{"node", "op", "gives", "parameters", "mult-adds/1e6"}}
	var work int64
	for _, n := range g.Nodes {
		if n.leaf() {
			continue
		}
		work += n.MultiplyAdds()
		rows = append(rows, row(n.Name, n.OpName(), shapeString(n.Shape), n.Parameters(), n.MultiplyAdds()))
	}
	rows = append(rows, row("total", "", shapeString(g.Output.Shape), nn.Count(g), work))
	return table.Align(3, rows...)
}

func row(name, op, shape string, parameters int, work int64) []string {
	return []string{name, op, shape, fmt.Sprint(parameters), fmt.Sprintf("%.3f", float64(work)/1e6)}
}
