package onnx

import (
	"slices"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
)

func (r *run) product(a, b *value, t tensor.Transposed) *value {
	return r.emit(r.shapes.MatMul(a.shape, b.shape, t), func() *autograd.Var { return autograd.MatMul(a.v, b.v, t) })
}

// matMul takes a line as a matrix of one row on the left, of one column on the right, as NumPy does.
func matMul(c *call) {
	a, b := c.plain(c.tensor(0)), c.plain(c.tensor(1))
	row, column := len(a.shape) == 1, len(b.shape) == 1
	if row {
		a = c.reshape(a, 1, a.shape[0])
	}
	if column {
		b = c.reshape(b, b.shape[0], 1)
	}
	y := c.product(a, b, tensor.NN)
	shape := slices.Clone(y.shape)
	if column {
		shape = shape[:len(shape)-1]
	}
	if row {
		shape = slices.Delete(shape, len(y.shape)-2, len(y.shape)-1)
	}
	c.give(c.reshape(y, shape...))
}

// gemm computes alpha A B + beta C.
func gemm(c *call) {
	a, b := c.plain(c.tensor(0)), c.plain(c.tensor(1))
	if len(a.shape) != 2 || len(b.shape) != 2 {
		fail("%v and %v: want matrices", a.shape, b.shape)
	}
	transposed := [2][2]tensor.Transposed{{tensor.NN, tensor.NT}, {tensor.TN, tensor.TT}}
	bit := func(name string) int { return int(min(max(c.int(name, 0), 0), 1)) }
	y := c.product(a, b, transposed[bit("transA")][bit("transB")])
	if alpha := c.float("alpha", 1); alpha != 1 {
		y = c.each(y, func(x *autograd.Var) *autograd.Var { return autograd.Scale(x, alpha) })
	}
	if c.optional(2) != nil {
		bias := c.tensor(2)
		if beta := c.float("beta", 1); beta != 1 {
			bias = c.each(bias, func(x *autograd.Var) *autograd.Var { return autograd.Scale(x, beta) })
		}
		y = c.combine(y, bias, autograd.Add)
	}
	c.give(y)
}

// softmax is along an axis; before operator set 13 over all axes from that on.
func softmax(f func(a *autograd.Var, axis int) *autograd.Var) func(*call) {
	return func(c *call) {
		x := c.tensor(0)
		if c.opset() >= 13 {
			axis := x.axis(c.int("axis", -1))
			c.give(c.each(x, func(x *autograd.Var) *autograd.Var { return f(x, axis) }))
			return
		}
		dims := x.dims()
		a := c.int("axis", 1)
		if a < 0 {
			a += int64(len(dims))
		}
		if a < 0 || a > int64(len(dims)) {
			fail("axis %d of %v", a, dims)
		}
		n := 1
		for _, d := range dims[a:] {
			n *= d
		}
		rows := 1
		for _, d := range dims[:a] {
			rows *= d
		}
		flat := c.reshape(c.plain(x), rows, n)
		y := c.reshape(c.each(flat, func(x *autograd.Var) *autograd.Var { return f(x, 1) }), dims...)
		if x.nhwc {
			y = c.image(y)
		}
		c.give(y)
	}
}

func (r *run) opset() int { return r.net.opset }

// reduction is a sum, a mean or a maximum over axes, which stay with length 1 unless the node says otherwise.
func reduction(f func(a *autograd.Var, axes ...int) *autograd.Var) func(*call) {
	return func(c *call) {
		x := c.tensor(0)
		axes, given := c.axes(x, 1)
		if !given {
			if c.int("noop_with_empty_axes", 0) != 0 {
				c.give(x)
				return
			}
			axes = progression(len(x.shape), 0, maxLength, 1)
		}
		slices.Sort(axes)
		if len(slices.Compact(slices.Clone(axes))) < len(axes) {
			fail("axes that are named twice")
		}
		y := x
		if len(axes) > 0 {
			y = like(x, c.emit(c.shapes.ReduceKeep("reduction", x.shape, axes...),
				func() *autograd.Var { return f(x.v, axes...) }))
		}
		if c.int("keepdims", 1) != 0 {
			c.give(y)
			return
		}
		shape := []int{}
		onnxAxis := func(i int) int { // where memory has axis i of ONNX
			if x.nhwc {
				return [4]int{0, 3, 1, 2}[i]
			}
			return i
		}
		for i, d := range y.dims() {
			if !slices.Contains(axes, onnxAxis(i)) {
				shape = append(shape, d)
			}
		}
		c.give(c.reshape(c.plain(y), shape...))
	}
}

func minKeep(a *autograd.Var, axes ...int) *autograd.Var {
	return autograd.Neg(autograd.MaxKeep(autograd.Neg(a), axes...))
}
