package boost

import (
	"context"
	"fmt"
	"slices"

	"github.com/residuum-go/residuum/internal/cancelled"
	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/tensor"
)

// SHAP returns what the columns of x [N, ...] contribute to each score, [N, d+1, K]: the Shapley values of the game in
// which columns that are not known are averaged over both sides of a split, by the weights that training saw there; and
// behind the columns the mean of the score when none is known. A row's values sum to its score (local accuracy).
//
// It is TreeSHAP (Lundberg et al. 2018, "Consistent individualized feature attribution for tree ensembles", algorithm 2),
// exact in O(trees leaves depth^2) for a row. It fails when a stage is not of a [Tree], and with ctx's error when
// cancelled.
func (e *Ensemble) SHAP(ctx context.Context, x *tensor.Tensor) (*tensor.Tensor, error) {
	stages, err := e.trees()
	if err != nil {
		return nil, fmt.Errorf("boost: SHAP: %w", err)
	}
	n, d := e.rows("SHAP", x), e.inputs
	out := tensor.New(n, d+1, e.outputs)
	parallel.For(n, 1, parallel.Func(func(lo, hi int) {
		sums := make([]float64, d+1)
		for i := lo; i < hi && ctx.Err() == nil; i++ {
			for k := range e.outputs {
				clear(sums)
				sums[d] = float64(e.start.Data()[k])
				for m, t := range stages {
					s := shap{nodes: t.roots[k], row: x.Data()[i*d : (i+1)*d], sums: sums, scale: e.Scale(m)}
					s.expected(0, 1)
					s.contributions()
				}
				for f, v := range sums {
					out.Data()[(i*(d+1)+f)*e.outputs+k] = float32(v)
				}
			}
		}
	}))
	if err := cancelled.Err(ctx); err != nil {
		return nil, fmt.Errorf("boost: SHAP: %w", err)
	}
	return out, nil
}

// shap adds the contributions to one score of one row by one tree.
type shap struct {
	nodes []node
	row   []float32
	sums  []float64
	scale float64

	given given // whether one column is the same to all others
	fixed int   // which one
}

// given is what all sets of columns have in common.
type given int

const (
	nothing given = iota
	present       // they know the fixed column
	absent        // they do not
)

// contributions adds those of all columns, but the fixed one.
func (s *shap) contributions() {
	s.walk(0, extended(nil, element{column: -1, zero: 1, one: 1}), 1)
}

// element is a column on a path of TreeSHAP: the share of paths that pass when it is not known and when it is, and what
// sets of each size, of columns before it, weigh.
type element struct {
	column            int
	zero, one, weight float64
}

// expected adds the mean over the leaves.
func (s *shap) expected(at int, share float64) {
	n := &s.nodes[at]
	if n.left == 0 {
		s.sums[len(s.sums)-1] += s.scale * share * float64(n.value)
		return
	}
	left := s.share(n)
	s.expected(n.left, share*left)
	s.expected(n.left+1, share*(1-left))
}

// share returns the share of the rows of a node that went left in training, half if none came.
func (s *shap) share(n *node) float64 {
	l, r := float64(s.nodes[n.left].cover), float64(s.nodes[n.left+1].cover)
	if l+r == 0 {
		return 0.5
	}
	return l / (l + r)
}

// walk goes down to all leaves, with the path so far and the share of what comes there by the fixed column.
func (s *shap) walk(at int, path []element, part float64) {
	n := &s.nodes[at]
	if n.left == 0 {
		for i := 1; i < len(path); i++ {
			p := path[i]
			s.sums[p.column] += s.scale * part * unwoundSum(path, i) * (p.one - p.zero) * float64(n.value)
		}
		return
	}
	left := s.share(n)
	shares := [2]float64{left, 1 - left}
	taken := 0
	if n.goesRight(s.row[n.column]) {
		taken = 1
	}
	if s.given != nothing && n.column == s.fixed {
		if s.given == present {
			s.walk(n.left+taken, path, part)
			return
		}
		for child, share := range shares {
			s.walk(n.left+child, path, part*share)
		}
		return
	}
	again := element{column: n.column, zero: 1, one: 1}
	if i := slices.IndexFunc(path, func(p element) bool { return p.column == n.column }); i > 0 {
		again = path[i]
		path = unwound(path, i)
	}
	for child, share := range shares {
		next := element{column: n.column, zero: again.zero * share}
		if child == taken {
			next.one = again.one
		}
		s.walk(n.left+child, extended(path, next), part)
	}
}

// extended returns a copy of the path with one more element: sets of columns grow by it or do not.
func extended(path []element, next element) []element {
	l := len(path)
	out := make([]element, l+1, l+2)
	copy(out, path)
	if l == 0 {
		next.weight = 1
	}
	out[l] = next
	for i := l - 1; i >= 0; i-- {
		out[i+1].weight += next.one * out[i].weight * float64(i+1) / float64(l+1)
		out[i].weight *= next.zero * float64(l-i) / float64(l+1)
	}
	return out
}

// unwound returns a copy of the path without element i, the inverse of extended.
func unwound(path []element, i int) []element {
	l := len(path) - 1
	out := slices.Clone(path[:l])
	zero, one := path[i].zero, path[i].one
	n := path[l].weight
	for j := l - 1; j >= 0; j-- {
		if one != 0 {
			t := out[j].weight
			out[j].weight = n * float64(l+1) / (float64(j+1) * one)
			n = t - out[j].weight*zero*float64(l-j)/float64(l+1)
		} else {
			out[j].weight *= float64(l+1) / (zero * float64(l-j))
		}
	}
	for j := i; j < l; j++ {
		out[j].column, out[j].zero, out[j].one = path[j+1].column, path[j+1].zero, path[j+1].one
	}
	return out
}

// unwoundSum returns the sum of the weights of the path without element i.
func unwoundSum(path []element, i int) float64 {
	l := len(path) - 1
	zero, one := path[i].zero, path[i].one
	n, sum := path[l].weight, 0.0
	for j := l - 1; j >= 0; j-- {
		switch {
		case one != 0:
			t := n * float64(l+1) / (float64(j+1) * one)
			sum += t
			n = path[j].weight - t*zero*float64(l-j)/float64(l+1)
		case zero != 0:
			sum += path[j].weight * float64(l+1) / (zero * float64(l-j))
		}
	}
	return sum
}
