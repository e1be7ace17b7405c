package autograd

import (
	"math"

	"github.com/residuum-go/residuum/tensor"
)

// piecewise are the rows of the table of ops for those that are made of pieces, tested away from where these meet. What
// happens there is compared with PyTorch, see pytorch_test.go.
func piecewise() []op {
	between := func(lo, hi float64) func(float64) float64 {
		return func(x float64) float64 { return min(max(x, lo), hi) }
	}
	largest := func(a array, axes ...int) array { // that of all, or along some axes
		y := a.sum(axes...).each(func(float64) float64 { return math.Inf(-1) })
		index(a.shape, func(at []int) { *y.at(at...) = max(*y.at(at...), *a.at(at...)) })
		return y
	}
	return []op{
		{name: "Abs", shapes: unary, domain: awayFromZero, f: func(v []*Var) *Var { return Abs(v[0]) },
			ref: func(a []array) array { return a[0].each(math.Abs) }},
		{name: "Clip", shapes: unary, domain: apartFromZero, f: func(v []*Var) *Var { return Clip(v[0], -0.5, 0.25) },
			ref: func(a []array) array { return a[0].each(between(-0.5, 0.25)) }},
		{name: "Clip", with: "one bound", shapes: unary, domain: apartFromZero,
			f:   func(v []*Var) *Var { return Clip(v[0], float32(math.Inf(-1)), 0.25) },
			ref: func(a []array) array { return a[0].each(between(math.Inf(-1), 0.25)) }},
		{name: "clipGrad", shapes: unary,
			f:   func(v []*Var) *Var { return clipGrad(v[0], clipped{everyOther(v[0].Shape()), 0.5, 2}) },
			ref: func(a []array) array { return a[0].mul(fromTensor(everyOther(a[0].shape))) }},
		{name: "Maximum", shapes: binary, domain: apart,
			f:   func(v []*Var) *Var { return Maximum(v[0], AddScalar(v[1], 1./32)) },
			ref: func(a []array) array { return a[0].zip(a[1], func(x, y float64) float64 { return max(x, y+1./32) }) }},
		{name: "Max", with: "all", shapes: unary, domain: apart, f: func(v []*Var) *Var { return Max(v[0]) },
			ref: func(a []array) array { return largest(a[0]).reshape() }},
		{name: "Max", with: "axes 0 and 2", shapes: rank3, domain: apart, f: func(v []*Var) *Var { return Max(v[0], 0, -1) },
			ref: func(a []array) array { return largest(a[0], 0, 2).reshape(a[0].shape[1]) }},
		{name: "MaxKeep", with: "axis 1", shapes: rank3, domain: apart, f: func(v []*Var) *Var { return MaxKeep(v[0], 1) },
			ref: func(a []array) array { return largest(a[0], 1) }},
		{name: "MatMul", with: "stacks", shapes: []string{"2x3x4,2x4x5", "2x1x3x4,3x4x2", "3x4,2x4x1", "2x3x4,4x5"},
			f:   func(v []*Var) *Var { return MatMul(v[0], v[1], tensor.NN) },
			ref: func(a []array) array { return a[0].matMul(a[1]) }},
		{name: "MatMul", with: "stacks aT bT", shapes: []string{"2x4x3,5x4"},
			f:   func(v []*Var) *Var { return MatMul(v[0], v[1], tensor.TT) },
			ref: func(a []array) array { return a[0].transpose(0, 2, 1).matMul(a[1].transpose(1, 0)) }},
	}
}
