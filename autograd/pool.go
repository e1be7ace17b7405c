package autograd

import (
	"math"
	"slices"
	"sort"

	"github.com/residuum-go/residuum/tensor"
)

// storage is memory that a tape owns. refs counts the records that use it: an op's result and the
// reshaped views of it.
type storage struct {
	data  []float32
	views []*tensor.Tensor // prefixes of data in the shapes asked for lately
	refs  int
}

// view returns a tensor of the given shape on a prefix of the storage. A step repeats the shapes of
// the step before, so it is usually one already made.
func (s *storage) view(shape []int) *tensor.Tensor {
	for _, v := range s.views {
		if slices.Equal(v.Shape(), shape) {
			return v
		}
	}
	const most = 8
	if len(s.views) == most {
		s.views = slices.Delete(s.views, 0, 1)
	}
	v := tensor.From(s.data[:length(shape)], shape...)
	s.views = append(s.views, v)
	return v
}

// length returns the number of elements of a shape.
func length(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// pool keeps the storage that no record uses, ordered by size.
type pool struct {
	free   []*storage
	poison bool
}

// get returns storage for a tensor of the given shape, with one reference. It takes the smallest
// free storage that is large enough and not more than twice too large. Among equals it prefers the
// one released last, which the cache may still hold.
func (p *pool) get(shape []int) *storage {
	n := length(shape)
	i := sort.Search(len(p.free), func(i int) bool { return len(p.free[i].data) > n })
	switch {
	case i > 0 && len(p.free[i-1].data) == n:
		i--
	case i == len(p.free) || len(p.free[i].data) > 2*n+1024:
		t := tensor.New(shape...)
		return &storage{data: t.Data(), views: []*tensor.Tensor{t}, refs: 1}
	}
	s := p.free[i]
	p.free = slices.Delete(p.free, i, i+1)
	s.refs = 1
	return s
}

// put drops one reference and keeps the storage for reuse when that was the last.
func (p *pool) put(s *storage) {
	s.refs--
	if s.refs > 0 {
		return
	}
	if p.poison {
		nan := float32(math.NaN())
		for i := range s.data {
			s.data[i] = nan
		}
	}
	i := sort.Search(len(p.free), func(i int) bool { return len(p.free[i].data) > len(s.data) })
	p.free = slices.Insert(p.free, i, s)
}
