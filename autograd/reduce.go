package autograd

import (
	"slices"

	"github.com/residuum-go/residuum/tensor"
)

// Sum adds up a over the given axes, which are dropped, over all of them when none is given.
func Sum(a *Var, axes ...int) *Var {
	y := result("Sum", a)
	tensor.Sum(y.reduced(a, axes), a.value, axes...)
	return y.returns(sumVJP)
}

// SumKeep is [Sum], but the summed axes stay with length 1.
func SumKeep(a *Var, axes ...int) *Var {
	y := result("SumKeep", a)
	tensor.SumKeep(y.buffer(y.kept(a, axes)...), a.value, axes...)
	return y.returns(sumVJP)
}

func sumVJP(y, g *Var, d []*Var) {
	d[0] = BroadcastTo(Reshape(g, attr[kept](y).shape...), y.in[0].Shape()...)
}

// Mean averages a over the given axes, which are dropped, over all of them when none is given.
func Mean(a *Var, axes ...int) *Var {
	y := result("Mean", a)
	tensor.Mean(y.reduced(a, axes), a.value, axes...)
	return y.returns(meanVJP)
}

// MeanKeep is [Mean], but the averaged axes stay with length 1.
func MeanKeep(a *Var, axes ...int) *Var {
	y := result("MeanKeep", a)
	tensor.MeanKeep(y.buffer(y.kept(a, axes)...), a.value, axes...)
	return y.returns(meanVJP)
}

func meanVJP(y, g *Var, d []*Var) {
	n := float32(y.in[0].value.Len()) / float32(g.value.Len())
	sumVJP(y, Scale(g, 1/n), d)
}

// kept is what a reduction remembers: the shape of one that keeps its axes, and these.
type kept struct{ shape, axes []int }

// kept returns and remembers the shape of a reduced over axes that stay.
func (y *Var) kept(a *Var, axes []int) []int {
	k := attr[kept](y)
	k.shape = append(k.shape[:0], y.shapes.ReduceKeep(y.op, a.Shape(), axes...)...)
	k.axes = append(k.axes[:0], axes...)
	return k.shape
}

// reduced returns the buffer for a reduced over axes that go.
func (y *Var) reduced(a *Var, axes []int) *tensor.Tensor {
	y.kept(a, axes)
	return y.buffer(y.shapes.Reduce(y.op, a.Shape(), axes...)...)
}

// BroadcastTo repeats a along missing axes and axes of length 1 until it has the given shape, by
// the rules of NumPy.
func BroadcastTo(a *Var, shape ...int) *Var {
	if slices.Equal(a.Shape(), shape) {
		return a
	}
	y := result("BroadcastTo", a)
	tensor.BroadcastTo(y.buffer(shape...), a.value, shape...)
	return y.returns(func(y, g *Var, d []*Var) { d[0] = SumTo(g, y.in[0].Shape()...) })
}

// SumTo is the adjoint of [BroadcastTo]: it sums a over the axes along which broadcasting the given
// shape to the shape of a would repeat.
func SumTo(a *Var, shape ...int) *Var {
	if slices.Equal(a.Shape(), shape) {
		return a
	}
	y := result("SumTo", a)
	tensor.SumTo(y.buffer(shape...), a.value, shape...)
	return y.returns(func(y, g *Var, d []*Var) { d[0] = BroadcastTo(g, y.in[0].Shape()...) })
}
