package autograd

import (
	"slices"

	"github.com/residuum-go/residuum/tensor"
)

// Sum adds up a over the given axes, over all of them when none is given. With keepDims the summed
// axes stay with length 1, otherwise they are dropped.
func Sum(a *Var, keepDims bool, axes ...int) *Var {
	y := result("Sum", a)
	s := attr[reduced](y)
	s.set(a.Shape(), axes)
	var buf [8]int
	tensor.Sum(y.buffer(s.shape(buf[:0], keepDims)...), a.value, keepDims, axes...)
	return y.returns(func(y, g *Var, d []*Var) {
		d[0] = BroadcastTo(Reshape(g, attr[reduced](y).kept...), y.in[0].Shape()...)
	})
}

// Mean averages a over the given axes, as [Sum] adds up.
func Mean(a *Var, keepDims bool, axes ...int) *Var {
	y := result("Mean", a)
	s := attr[reduced](y)
	s.set(a.Shape(), axes)
	var buf [8]int
	tensor.Mean(y.buffer(s.shape(buf[:0], keepDims)...), a.value, keepDims, axes...)
	return y.returns(func(y, g *Var, d []*Var) {
		a := y.in[0]
		n := float32(a.value.Len()) / float32(g.value.Len())
		d[0] = BroadcastTo(Reshape(Scale(g, 1/n), attr[reduced](y).kept...), a.Shape()...)
	})
}

// reduced describes a reduction by the shape that it leaves when it keeps the axes it reduces.
type reduced struct {
	kept []int
	gone []bool
}

// set leaves axes that do not exist to the op on the tensor, which names them.
func (s *reduced) set(shape, axes []int) {
	s.kept = append(s.kept[:0], shape...)
	s.gone = slices.Grow(s.gone[:0], len(shape))[:len(shape)]
	for i := range shape {
		s.gone[i] = len(axes) == 0 || slices.Contains(axes, i) || slices.Contains(axes, i-len(shape))
		if s.gone[i] {
			s.kept[i] = 1
		}
	}
}

// shape appends the shape of the result to buf.
func (s *reduced) shape(buf []int, keepDims bool) []int {
	for i, n := range s.kept {
		if keepDims || !s.gone[i] {
			buf = append(buf, n)
		}
	}
	return buf
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
