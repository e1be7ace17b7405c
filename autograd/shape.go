package autograd

import "github.com/residuum-go/residuum/tensor"

// Reshape returns the elements of a in the same order with another shape, of which one length may
// be -1. It shares the memory of a.
func Reshape(a *Var, shape ...int) *Var {
	y := result("Reshape", a)
	y.shares(a, y.shapes.Reshape(a.Shape(), shape...))
	return y.returns(func(y, g *Var, d []*Var) { d[0] = Reshape(g, y.in[0].Shape()...) })
}

// Detach returns the value of a without its history: no gradient flows through it.
func Detach(a *Var) *Var {
	if a.tape == nil {
		return a
	}
	y := a.tape.record("Detach")
	y.shares(a, a.Shape())
	return y
}

// Transpose permutes the axes: axis i of the result is axis perm[i] of a. Without perm it reverses
// them.
func Transpose(a *Var, perm ...int) *Var {
	y := result("Transpose", a)
	s := attr[permutation](y)
	*s = append((*s)[:0], perm...)
	tensor.Transpose(y.buffer(y.shapes.Transpose(a.Shape(), perm...)...), a.value, perm...)
	return y.returns(func(y, g *Var, d []*Var) {
		var buf [8]int
		perm := *attr[permutation](y)
		inverse := append(buf[:0], perm...) // none for none: reversed twice
		for i, j := range perm {
			inverse[j] = i
		}
		d[0] = Transpose(g, inverse...)
	})
}

// permutation is memory of a Transpose. The type keeps it apart from Gather's reference to its
// caller's rows, which must not be overwritten in another step.
type permutation []int

// Concat joins variables along an axis; all other axes must agree.
func Concat(axis int, vs ...*Var) *Var {
	y := result("Concat", vs...)
	s := attr[joined](y)
	s.axis = axis
	for _, v := range vs {
		s.parts, s.shapes = append(s.parts, v.value), append(s.shapes, v.Shape())
	}
	tensor.Concat(y.buffer(y.shapes.Concat(axis, s.shapes...)...), axis, s.parts...)
	clear(s.parts) // keep nothing alive
	clear(s.shapes)
	s.parts, s.shapes = s.parts[:0], s.shapes[:0]
	return y.returns(func(y, g *Var, d []*Var) {
		axis, lo := attr[joined](y).axis, 0
		for i, v := range y.in {
			hi := lo + v.value.Dim(axis)
			if y.needs(i) {
				d[i] = SliceAxis(g, axis, lo, hi)
			}
			lo = hi
		}
	})
}

type joined struct {
	axis   int
	parts  []*tensor.Tensor
	shapes [][]int
}

// SliceAxis returns the entries lo up to but not including hi along an axis.
func SliceAxis(a *Var, axis, lo, hi int) *Var {
	y := result("SliceAxis", a)
	*attr[slice](y) = slice{axis, lo, hi}
	tensor.SliceAxis(y.buffer(y.shapes.SliceAxis(a.Shape(), axis, lo, hi)...), a.value, axis, lo, hi)
	return y.returns(func(y, g *Var, d []*Var) {
		s := attr[slice](y)
		d[0] = PadAxis(g, s.axis, s.lo, y.in[0].value.Dim(s.axis)-s.hi)
	})
}

type slice struct{ axis, lo, hi int }

// PadAxis puts zeros before and after a along an axis. It is the adjoint of [SliceAxis].
func PadAxis(a *Var, axis, before, after int) *Var {
	y := result("PadAxis", a)
	shape := y.shapes.PadAxis(a.Shape(), axis, before, after)
	*attr[slice](y) = slice{axis, before, before + a.value.Dim(axis)}
	tensor.PadAxis(y.buffer(shape...), a.value, axis, before, after)
	return y.returns(func(y, g *Var, d []*Var) {
		s := attr[slice](y)
		d[0] = SliceAxis(g, s.axis, s.lo, s.hi)
	})
}

// Gather picks entries of the leading axis: y[i] = a[rows[i]]. rows must not change until the
// tape's Reset.
func Gather(a *Var, rows []int) *Var {
	y := result("Gather", a)
	*attr[[]int](y) = rows
	tensor.Gather(y.buffer(y.shapes.Rows(y.op, a.Shape(), len(rows))...), a.value, rows)
	return y.returns(func(y, g *Var, d []*Var) {
		d[0] = scatterAdd(g, *attr[[]int](y), y.in[0].Shape()[0])
	})
}

// scatterAdd is the adjoint of Gather: y[rows[i]] += a[i], y having n rows.
func scatterAdd(a *Var, rows []int, n int) *Var {
	y := result("scatterAdd", a)
	*attr[[]int](y) = rows
	tensor.ScatterAdd(y.buffer(y.shapes.Rows(y.op, a.Shape(), n)...), a.value, rows, n)
	return y.returns(func(y, g *Var, d []*Var) { d[0] = Gather(g, *attr[[]int](y)) })
}

// SubsampleHW keeps every stride-th pixel of images [N,H,W,C] in height and width, starting with
// the first: the shortcut of option A in He et al. 2016, section 4.2, before its channels are
// padded with [PadAxis].
func SubsampleHW(x *Var, stride int) *Var {
	y := result("SubsampleHW", x)
	*attr[int](y) = stride
	tensor.SubsampleHW(y.buffer(y.shapes.SubsampleHW(x.Shape(), stride)...), x.value, stride)
	return y.returns(func(y, g *Var, d []*Var) {
		d[0] = subsampleHWGrad(g, y.in[0].Shape(), *attr[int](y))
	})
}

// subsampleHWGrad is the adjoint of SubsampleHW on images of the given shape.
func subsampleHWGrad(g *Var, xShape []int, stride int) *Var {
	y := result("subsampleHWGrad", g)
	*attr[int](y) = stride
	tensor.SubsampleHWGrad(y.buffer(xShape...), g.value, xShape, stride)
	return y.returns(func(y, h *Var, d []*Var) { d[0] = SubsampleHW(h, *attr[int](y)) })
}
