package autograd

import (
	"slices"

	"github.com/residuum-go/residuum/tensor"
)

// dim returns the length of axis i, or 0 if there is none. Ops work out the shape of their result
// with it and leave what is wrong with their inputs to the op on the tensors, which says it.
func dim(v *Var, i int) int {
	if s := v.Shape(); i >= 0 && i < len(s) {
		return s[i]
	}
	return 0
}

// fromStart turns an axis that may count from the end into one that counts from the start.
func fromStart(axis int, v *Var) int {
	if axis < 0 {
		axis += len(v.Shape())
	}
	return axis
}

// withAxis appends the shape of v to buf, with length n at an axis.
func withAxis(buf []int, v *Var, axis, n int) []int {
	buf = append(buf, v.Shape()...)
	if axis >= 0 && axis < len(buf) {
		buf[axis] = max(n, 0)
	}
	return buf
}

// Reshape returns the elements of a in the same order with another shape, of which one length may
// be -1. It shares the memory of a.
func Reshape(a *Var, shape ...int) *Var {
	var buf [8]int
	full := inferred(buf[:0], a, shape)
	y := result("Reshape", a)
	y.shares(a, full)
	return y.returns(func(y, g *Var, d []*Var) { d[0] = Reshape(g, y.in[0].Shape()...) })
}

// inferred appends shape to buf with the length that -1 stands for.
func inferred(buf []int, a *Var, shape []int) []int {
	full := append(buf, shape...)
	if i := slices.Index(full, -1); i >= 0 {
		if rest := -length(full); rest > 0 {
			full[i] = a.value.Len() / rest
		}
	}
	if length(full) != a.value.Len() || slices.ContainsFunc(full, func(d int) bool { return d < 0 }) {
		a.value.Reshape(shape...) // panics, and says why
	}
	return full
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
	if len(perm) == 0 {
		for i := range a.Shape() {
			*s = append(*s, len(a.Shape())-1-i)
		}
	}
	var buf [8]int
	shape := buf[:0]
	for _, i := range *s {
		shape = append(shape, dim(a, i))
	}
	tensor.Transpose(y.buffer(shape...), a.value, perm...)
	return y.returns(func(y, g *Var, d []*Var) {
		var buf [8]int
		inverse := append(buf[:0], g.Shape()...)
		for i, j := range *attr[permutation](y) {
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
	if len(vs) == 0 {
		panic("autograd: Concat: nothing to join")
	}
	y := result("Concat", vs...)
	s := attr[joined](y)
	s.axis = fromStart(axis, vs[0])
	n := 0
	for _, v := range vs {
		s.parts = append(s.parts, v.value)
		n += dim(v, s.axis)
	}
	var buf [8]int
	tensor.Concat(y.buffer(withAxis(buf[:0], vs[0], s.axis, n)...), axis, s.parts...)
	clear(s.parts) // keep nothing alive
	s.parts = s.parts[:0]
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
	axis  int
	parts []*tensor.Tensor
}

// SliceAxis returns the entries lo up to but not including hi along an axis.
func SliceAxis(a *Var, axis, lo, hi int) *Var {
	y := result("SliceAxis", a)
	s := attr[slice](y)
	*s = slice{fromStart(axis, a), lo, hi}
	var buf [8]int
	tensor.SliceAxis(y.buffer(withAxis(buf[:0], a, s.axis, hi-lo)...), a.value, axis, lo, hi)
	return y.returns(func(y, g *Var, d []*Var) {
		s := attr[slice](y)
		d[0] = PadAxis(g, s.axis, s.lo, y.in[0].value.Dim(s.axis)-s.hi)
	})
}

type slice struct{ axis, lo, hi int }

// PadAxis puts zeros before and after a along an axis. It is the adjoint of [SliceAxis].
func PadAxis(a *Var, axis, before, after int) *Var {
	y := result("PadAxis", a)
	at := fromStart(axis, a)
	*attr[slice](y) = slice{at, before, before + dim(a, at)}
	var buf [8]int
	tensor.PadAxis(y.buffer(withAxis(buf[:0], a, at, before+dim(a, at)+after)...), a.value, axis, before, after)
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
	var buf [8]int
	tensor.Gather(y.buffer(withAxis(buf[:0], a, 0, len(rows))...), a.value, rows)
	return y.returns(func(y, g *Var, d []*Var) {
		d[0] = scatterAdd(g, *attr[[]int](y), y.in[0].Shape()[0])
	})
}

// scatterAdd is the adjoint of Gather: y[rows[i]] += a[i], y having n rows.
func scatterAdd(a *Var, rows []int, n int) *Var {
	y := result("scatterAdd", a)
	*attr[[]int](y) = rows
	var buf [8]int
	tensor.ScatterAdd(y.buffer(withAxis(buf[:0], a, 0, n)...), a.value, rows, n)
	return y.returns(func(y, g *Var, d []*Var) { d[0] = Gather(g, *attr[[]int](y)) })
}

// SubsampleHW keeps every stride-th pixel of images [N,H,W,C] in height and width, starting with
// the first: the shortcut of option A in He et al. 2016, section 4.2, before its channels are
// padded with [PadAxis].
func SubsampleHW(x *Var, stride int) *Var {
	y := result("SubsampleHW", x)
	*attr[int](y) = stride
	step := max(stride, 1)
	tensor.SubsampleHW(y.buffer(dim(x, 0), (dim(x, 1)+step-1)/step, (dim(x, 2)+step-1)/step, dim(x, 3)), x.value, stride)
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
