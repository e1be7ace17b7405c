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
	data   []float32      // the whole of it
	tensor *tensor.Tensor // a view of a prefix of it in the shape last asked for
	refs   int
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
	n := 1
	for _, d := range shape {
		n *= d
	}
	i := sort.Search(len(p.free), func(i int) bool { return len(p.free[i].data) > n })
	if i == 0 || len(p.free[i-1].data) < n { // no exact fit at i-1
		if i == len(p.free) || len(p.free[i].data) > 2*n+1024 {
			t := tensor.New(shape...)
			return &storage{data: t.Data(), tensor: t, refs: 1}
		}
	} else {
		i--
	}
	s := p.free[i]
	p.free = slices.Delete(p.free, i, i+1)
	s.refs = 1
	if !slices.Equal(s.tensor.Shape(), shape) {
		s.tensor = tensor.From(s.data[:n], shape...)
	}
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
