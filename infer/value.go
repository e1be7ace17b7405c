package infer

import (
	"fmt"

	"github.com/residuum-go/residuum/tensor"
)

// value is what a step reads or writes. Those that are known beforehand have their numbers here; the others lie in a
// buffer of the workspace, all for the same batch of n images.
type value struct {
	shape []int // as in graph.Node: a negative length -k is k times n
	known *tensor.Tensor
	in    *buffer
}

// buffer is memory for one value, or for some that are the same numbers in another shape or overwrite each other.
type buffer struct {
	size        int // elements for each image
	offset      int // in the workspace, for each image
	first, last int // steps that write and read it; the input comes before step 0, the output behind the last
	merged      *buffer
}

// root returns the buffer that b has become part of.
func (b *buffer) root() *buffer {
	for b.merged != nil {
		b = b.merged
	}
	return b
}

// at returns shape for a batch of n.
func at(shape []int, n int) []int {
	s := make([]int, len(shape))
	for i, d := range shape {
		if s[i] = d; d < 0 {
			s[i] = -d * n
		}
	}
	return s
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

// perImage returns the elements for each image of a shape that has the batch in it once.
func perImage(shape []int) (int, error) {
	size, batches := 1, 0
	for _, d := range shape {
		if d < 0 {
			d = -d
			batches++
		}
		size *= d
	}
	if batches != 1 {
		return 0, fmt.Errorf("a result of shape %v has no part of its own for each image", shape)
	}
	return size, nil
}
