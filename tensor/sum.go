package tensor

import (
	"github.com/residuum-go/residuum/internal/kernel/vec"
	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/internal/portions"
)

// A summation is one call of sumTo, or the sums of ScatterAdd. It lives in a pool so that a call allocates
// nothing.
//
// What models ask for sums the middle of [groups, rows, columns], any of which may be 1: everything
// (only rows), the last axis (groups and rows), all but the last (rows and columns), the pixels of
// images (all three).
type summation struct {
	dst, a     []float32
	scale      float64 // of the sums
	rows, cols int
	loops      broadcast
	partial    []float64
}

var summations portions.Pool[summation]

// sumTo sums a over the axes where kept, which has the rank of a, is 1. For a mean it divides the sums
// before they are rounded to float32, which may not hold them.
func sumTo(dst []float32, a *Tensor, kept []int, mean bool) {
	scale := 1.0
	if mean {
		scale = float64(len(dst)) / float64(len(a.data))
	}
	switch {
	case len(a.data) == len(dst):
		copy(dst, a.data)
		return
	case len(a.data) == 0:
		vec.Fill(dst, float32(0*scale)) // the mean of nothing is NaN
		return
	}
	s := summations.Get()
	s.dst, s.a, s.scale = dst, a.data, scale
	s.loops.plan(a.shape, a.shape, kept)
	if n, ok := s.split(); ok {
		const atOnce = 32 << 10 // elements; fewer are not worth another goroutine
		parallel.For(n, max(1, atOnce/(s.rows*s.cols)), s)
	} else {
		s.general()
	}
	s.dst, s.a = nil, nil
	summations.Put(s)
}

// split finds out whether the loops have the form [groups, rows, columns], summed over rows.
func (s *summation) split() (groups int, ok bool) {
	n, i := [3]int{1, 1, 1}, 0
	for part, repeats := range [3]bool{false, true, false} {
		if i < len(s.loops.dims) && (s.loops.b[i] == 0) == repeats {
			n[part] = s.loops.dims[i]
			i++
		}
	}
	s.rows, s.cols = n[1], n[2]
	return n[0], i == len(s.loops.dims)
}

// Run sums parts lo to hi of the first axis.
func (s *summation) Run(lo, hi int) {
	n := s.rows * s.cols
	for i := lo; i < hi; i++ {
		group := s.a[i*n : (i+1)*n]
		if s.cols == 1 {
			s.dst[i] = float32(vec.Sum(group) * s.scale)
		} else {
			vec.SumRows(s.dst[i*s.cols:(i+1)*s.cols], group, s.cols, s.scale)
		}
	}
}

// general goes through any other pattern one run of the innermost axis after the other.
func (s *summation) general() {
	s.begin(len(s.dst))
	last := len(s.loops.dims) - 1
	n := s.loops.dims[last]
	for r := range len(s.a) / n {
		_, at := s.loops.offsets(r, last)
		run := s.a[r*n : (r+1)*n]
		if s.loops.b[last] == 0 {
			s.partial[at] += vec.Sum(run)
			continue
		}
		for i, v := range run {
			s.partial[at+i] += float64(v)
		}
	}
	s.finish(s.dst, s.scale)
}

// begin sets n sums to 0.
func (s *summation) begin(n int) { s.partial = append(s.partial[:0], make([]float64, n)...) }

// finish stores the sums, times scale.
func (s *summation) finish(dst []float32, scale float64) {
	for i, v := range s.partial {
		dst[i] = float32(v * scale)
	}
}
