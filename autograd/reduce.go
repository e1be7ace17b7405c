package autograd

import (
	"slices"

	"github.com/residuum-go/residuum/tensor"
)

// Sum adds up a over the given axes, which are dropped, over all of them when none is given.
func Sum(a *Var, axes ...int) *Var {
	y := result("Sum", a)
	tensor.Sum(y.reduced(a, axes, false), a.value, axes...)
	return y.returns(sumVJP)
}

// SumKeep is [Sum], but the summed axes stay with length 1.
func SumKeep(a *Var, axes ...int) *Var {
	y := result("SumKeep", a)
	tensor.SumKeep(y.reduced(a, axes, true), a.value, axes...)
	return y.returns(sumVJP)
}

func sumVJP(y, g *Var, d []*Var) {
	d[0] = BroadcastTo(Reshape(g, attr[reduced](y).kept...), y.in[0].Shape()...)
}

// Mean averages a over the given axes, which are dropped, over all of them when none is given.
func Mean(a *Var, axes ...int) *Var {
	y := result("Mean", a)
	tensor.Mean(y.reduced(a, axes, false), a.value, axes...)
	return y.returns(meanVJP)
}

// MeanKeep is [Mean], but the averaged axes stay with length 1.
func MeanKeep(a *Var, axes ...int) *Var {
	y := result("MeanKeep", a)
	tensor.MeanKeep(y.reduced(a, axes, true), a.value, axes...)
	return y.returns(meanVJP)
}

func meanVJP(y, g *Var, d []*Var) {
	n := float32(y.in[0].value.Len()) / float32(g.value.Len())
	sumVJP(y, Scale(g, 1/n), d)
}

// reduced returns the buffer for y, a reduced over axes.
func (y *Var) reduced(a *Var, axes []int, keep bool) *tensor.Tensor {
	s := attr[reduced](y)
	s.set(a.Shape(), axes)
	if keep {
		return y.buffer(s.kept...)
	}
	var buf [8]int
	return y.buffer(s.shape(buf[:0])...)
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

// shape appends the shape without the axes that are gone to buf.
func (s *reduced) shape(buf []int) []int {
	for i, n := range s.kept {
		if !s.gone[i] {
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
