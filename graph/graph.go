package graph

import (
	"fmt"
	"slices"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
)

// Graph is a network as a list of ops.
type Graph struct {
	Nodes         []*Node // each behind its inputs
	Input, Output *Node
}

// Node is an op and its result.
type Node struct {
	Name  string // unique in its graph; of a parameter, buffer or batch norm that in the state dict
	Op    Op
	In    []*Node
	Shape []int // a negative length -k stands for k times the batch size: images are [-1, H, W, C]
}

// Forward returns the output for a batch x.
func (g *Graph) Forward(x *autograd.Var) *autograd.Var {
	if !fits(x.Shape(), g.Input.Shape) {
		panic(fmt.Sprintf("graph: Forward: %v: want %s", x.Shape(), shapeString(g.Input.Shape)))
	}
	return g.section(g.Input, g.Output).run(x)
}

// Parts returns the parameters, buffers and batch norms in the order of the nodes.
func (g *Graph) Parts() []nn.Part {
	var parts []nn.Part
	for _, n := range g.Nodes {
		switch op := n.Op.(type) {
		case Param:
			parts = append(parts, nn.Part{Name: n.Name, Param: op.Param})
		case Buffer:
			parts = append(parts, nn.Part{Name: n.Name, Buffer: op.Tensor})
		case BatchNorm:
			parts = append(parts, nn.Part{Name: n.Name, Module: op.BatchNorm2D})
		}
	}
	return parts
}

// fits reports whether a shape of numbers is one with a batch size.
func fits(shape, of []int) bool {
	if len(shape) != len(of) {
		return false
	}
	batch := -1
	for i, d := range of {
		if d < 0 {
			if batch < 0 && shape[i]%-d == 0 {
				batch = shape[i] / -d
			}
			d *= -batch
		}
		if d != shape[i] {
			return false
		}
	}
	return true
}

// ShapeAt returns the shape of a node, or of an op, in a batch of n: lengths below 0 become multiples of n.
func ShapeAt(shape []int, n int) []int {
	s := slices.Clone(shape)
	for i, d := range s {
		if d < 0 {
			s[i] = -d * n
		}
	}
	return s
}

// batches are two batch sizes, which show what lengths are multiples of.
type batches struct{ few, more int }

// checked are those for which shapes are worked out: a batch of 1 would broadcast.
var checked = batches{2, 3}

// free returns the shape of which a and b are those for batches of few and more.
func (n batches) free(a, b []int) ([]int, error) {
	if len(a) != len(b) {
		return nil, fmt.Errorf("%v in a batch of %d and %v in one of %d", a, n.few, b, n.more)
	}
	shape := slices.Clone(a)
	for i := range a {
		switch {
		case a[i] == b[i]:
		case a[i]%n.few == 0 && a[i]/n.few*n.more == b[i]:
			shape[i] = -a[i] / n.few
		default:
			return nil, fmt.Errorf("axis %d has length %d in a batch of %d and %d in one of %d", i, a[i], n.few, b[i], n.more)
		}
	}
	return shape, nil
}
