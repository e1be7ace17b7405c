package infer

import (
	"errors"

	"github.com/residuum-go/residuum/graph"
	"github.com/residuum-go/residuum/internal/kernel/quant"
	"github.com/residuum-go/residuum/tensor"
)

// value is what a step reads or writes. Those that are known beforehand have their numbers here; the others lie in a
// buffer of the workspace, all for the same batch of n images.
type value struct {
	shape []int // as in graph.Node: a negative length -k is k times n
	known *tensor.Tensor
	in    *buffer

	// Of a program with bytes:
	of        *value        // the value of the float32 program that this is a form of
	bytes     *quant.Params // not nil for bytes, which are words of four here
	converted bool          // from another form
}

// buffer is memory for one value, or for some that are the same numbers in another shape or overwrite each other.
type buffer struct {
	size        int // elements for each image
	first, last int // steps that write and read it; the input comes before step 0, the output behind the last
	merged      *buffer

	images int  // that it holds
	whole  bool // they are the batch
	offset int  // in the workspace
}

// root returns the buffer that b has become part of.
func (b *buffer) root() *buffer {
	for b.merged != nil {
		b = b.merged
	}
	return b
}

// elements returns how many an image has, 0 if v is the same for all.
func (v *value) elements() int {
	if v.in == nil {
		return 0
	}
	return v.in.root().size
}

// fits reports whether t has the shape of v for n images.
func (v *value) fits(t *tensor.Tensor, n int) bool {
	if t.Rank() != len(v.shape) {
		return false
	}
	for i, d := range v.shape {
		if d < 0 {
			d *= -n
		}
		if t.Dim(i) != d {
			return false
		}
	}
	return true
}

// perImage returns the elements that a node's result has for each image, or an error if images are mixed in it. Those of an
// image are neighbours: the batch is the first axis.
func perImage(n *graph.Node) (int, error) {
	mixed := false
	switch op := n.Op.(type) {
	case graph.Transpose:
		mixed = op.Perm[0] != 0
	case graph.Concat:
		mixed = op.Axis == 0 || op.Axis == -len(n.Shape)
	case graph.Softmax:
		mixed = op.Axis == 0 || op.Axis == -len(n.Shape)
	case graph.LogSoftmax:
		mixed = op.Axis == 0 || op.Axis == -len(n.Shape)
	}
	batches := 0
	for _, d := range n.Shape {
		if d < 0 {
			batches++
		}
	}
	if mixed || batches != 1 || n.Shape[0] > 0 {
		return 0, errors.New("a result that has no part of its own for each image")
	}
	size := 1
	for _, d := range graph.ShapeAt(n.Shape, 1) {
		size *= d
	}
	return size, nil
}
