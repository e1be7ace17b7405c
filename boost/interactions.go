package boost

import (
	"context"
	"fmt"

	"github.com/residuum-go/residuum/internal/cancelled"
	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/tensor"
)

// SHAPInteractions returns what pairs of columns of x [N, ...] contribute to each score, [N, d+1, d+1, K]: for two columns
// half of what either one's value of [Ensemble.SHAP] grows by when the other is known and not missing in all sets
// (Shapley interaction index; Lundberg et al. 2018, section 4), on the diagonal what is left of a column's value, and in
// the last element the mean. A row of the matrix sums to the column's value. It is exact and takes as many times as long as
// SHAP as the trees have columns; errors are those of SHAP.
func (e *Ensemble) SHAPInteractions(ctx context.Context, x *tensor.Tensor) (*tensor.Tensor, error) {
	stages, err := e.trees()
	if err != nil {
		return nil, fmt.Errorf("boost: SHAPInteractions: %w", err)
	}
	values, err := e.SHAP(ctx, x)
	if err != nil {
		return nil, err
	}
	n, d := x.Dim(0), e.inputs
	side := d + 1
	out := tensor.New(n, side, side, e.outputs)
	parallel.For(n, 1, parallel.Func(func(lo, hi int) {
		sums, with := make([]float64, side*side), make([]float64, side)
		for i := lo; i < hi && ctx.Err() == nil; i++ {
			for k := range e.outputs {
				clear(sums)
				for m, t := range stages {
					s := shap{nodes: t.roots[k], row: x.Data()[i*d : (i+1)*d], sums: with, scale: e.Scale(m)}
					s.interactions(sums)
				}
				for f := range side {
					own := float64(values.At(i, f, k))
					for other := range side {
						v := sums[f*side+other]
						out.Set(float32(v), i, f, other, k)
						own -= v
					}
					out.Set(float32(own), i, f, f, k)
				}
			}
		}
	}))
	if err := cancelled.Err(ctx); err != nil {
		return nil, fmt.Errorf("boost: SHAPInteractions: %w", err)
	}
	return out, nil
}

// interactions adds those of each two columns of the tree to a matrix.
func (s *shap) interactions(matrix []float64) {
	side, seen := len(s.sums), map[int]bool{}
	for _, n := range s.nodes {
		if n.left == 0 || seen[n.column] {
			continue
		}
		seen[n.column] = true
		s.fixed = n.column
		for _, g := range []given{present, absent} {
			clear(s.sums)
			sign := 0.5
			if s.given = g; g == absent {
				sign = -0.5
			}
			s.contributions()
			for other, v := range s.sums {
				matrix[s.fixed*side+other] += sign * v
			}
		}
	}
}

// PartialDependence returns the mean score over the rows of x [N, ...] when a column has each of the given values in all of
// them, [values, K] (Friedman 2001, section 8.2). It is of ensembles of any learners, and fails with ctx's error when
// cancelled.
func (e *Ensemble) PartialDependence(ctx context.Context, x *tensor.Tensor, column int, values []float32) (*tensor.Tensor, error) {
	n := e.rows("PartialDependence", x)
	if column < 0 || column >= e.inputs {
		panic(fmt.Sprintf("boost: PartialDependence: column %d of %d", column, e.inputs))
	}
	x = x.Clone()
	out := tensor.New(len(values), e.outputs)
	for j, v := range values {
		if err := cancelled.Err(ctx); err != nil {
			return nil, fmt.Errorf("boost: PartialDependence: %w", err)
		}
		for i := range n {
			x.Data()[i*e.inputs+column] = v
		}
		for k, mean := range columnMeans(Data{Y: e.Predict(x)}) {
			out.Set(float32(mean), j, k)
		}
	}
	return out, nil
}
