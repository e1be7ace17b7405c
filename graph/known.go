package graph

import (
	"slices"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
)

// Known returns the values of the nodes that do not depend on the images: parameters, buffers, constants, and what is
// computed of these alone. Those of parameters and buffers are the tensors themselves.
func (g *Graph) Known() map[*Node]*tensor.Tensor {
	known := map[*Node]*tensor.Tensor{}
	x := autograd.Const(tensor.New(ShapeAt(g.Input.Shape, 1)...))
	for _, n := range g.Nodes {
		if n == g.Input || slices.ContainsFunc(n.Shape, func(d int) bool { return d < 0 }) {
			continue
		}
		var in []*autograd.Var
		for _, m := range n.In {
			if v := known[m]; v != nil {
				in = append(in, autograd.Const(v))
			}
		}
		if len(in) == len(n.In) {
			known[n] = n.Op.forward(x, in).Value()
		}
	}
	return known
}
