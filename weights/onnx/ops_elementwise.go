package onnx

import (
	"math"
	"slices"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
)

// unary is an operator that computes each number from one.
func unary(f func(x *autograd.Var) *autograd.Var) func(*call) {
	return func(c *call) { c.give(c.each(c.tensor(0), f)) }
}

// negative knows integers, too.
func negative(c *call) {
	if x := c.optional(0); x != nil && x.integers() {
		c.give(wholes(wholesOf([]int64{0}), x, func(a, b int64) int64 { return a - b }))
		return
	}
	unary(autograd.Neg)(c)
}

// each applies f to the numbers of x.
func (r *run) each(x *value, f func(x *autograd.Var) *autograd.Var) *value {
	return like(x, r.emit(x.shape, func() *autograd.Var { return f(x.v) }))
}

// pairwise is an operator on two operands that broadcast, or on integers.
func pairwise(f func(a, b *autograd.Var) *autograd.Var, whole func(a, b int64) int64) func(*call) {
	return func(c *call) {
		if len(c.args) != 2 {
			fail("%d operands, want 2", len(c.args))
		}
		c.give(c.fold(f, whole))
	}
}

// variadic is an operator on any number of operands that broadcast.
func variadic(f func(a, b *autograd.Var) *autograd.Var, whole func(a, b int64) int64) func(*call) {
	return func(c *call) { c.give(c.fold(f, whole)) }
}

// fold applies f to the first two operands, to what that gives and the third, and so on.
func (c *call) fold(f func(a, b *autograd.Var) *autograd.Var, whole func(a, b int64) int64) *value {
	if y := c.optional(0); y != nil && y.integers() {
		for i := 1; i < len(c.args); i++ {
			y = wholes(y, c.args[i], whole)
		}
		return y
	}
	y := c.tensor(0)
	for i := 1; i < len(c.args); i++ {
		x := c.tensor(i)
		if _, ok := c.attributes["axis"]; ok && c.opset() < 7 { // where the second operand begins
			x = c.along(x, c.int("axis", 0), len(y.shape))
		}
		y = c.combine(y, x, f)
	}
	return y
}

// along gives v axes of length 1 behind, so that it begins at an axis of so many.
func (r *run) along(v *value, axis int64, axes int) *value {
	if axis < 0 {
		axis += int64(axes)
	}
	v = r.plain(v)
	behind := int64(axes-len(v.shape)) - axis
	if axis < 0 || behind < 0 {
		fail("%v does not begin at axis %d of %d", v.shape, axis, axes)
	}
	return r.reshape(v, append(slices.Clone(v.shape), slices.Repeat([]int{1}, int(behind))...)...)
}

// combine applies f to numbers that broadcast.
func (r *run) combine(x, y *value, f func(a, b *autograd.Var) *autograd.Var) *value {
	both := r.together([]*value{x, y})
	a, b := both[0], both[1]
	z := r.emit(r.shapes.Broadcast("broadcast", a.shape, b.shape), func() *autograd.Var { return f(a.v, b.v) })
	z.nhwc = a.nhwc || b.nhwc
	return z
}

func minimum(a, b *autograd.Var) *autograd.Var {
	return autograd.Neg(autograd.Maximum(autograd.Neg(a), autograd.Neg(b)))
}

func leaky(x *autograd.Var, slope float32) *autograd.Var {
	return autograd.Sub(autograd.ReLU(x), autograd.Scale(autograd.ReLU(autograd.Neg(x)), slope))
}

func leakyRelu(c *call) {
	slope := c.float("alpha", 0.01)
	c.give(c.each(c.tensor(0), func(x *autograd.Var) *autograd.Var { return leaky(x, slope) }))
}

func pRelu(c *call) {
	x, slope := c.tensor(0), c.tensor(1)
	if len(slope.shape) == 1 && c.opset() < 7 { // of each channel
		slope = c.along(slope, 1, len(x.shape))
	}
	positive := c.each(x, autograd.ReLU)
	negative := c.each(x, func(x *autograd.Var) *autograd.Var { return autograd.ReLU(autograd.Neg(x)) })
	c.give(c.combine(positive, c.combine(negative, slope, autograd.Mul), autograd.Sub))
}

// exponential returns scale (x where x > 0, else alpha (e^x - 1)).
func exponential(alpha, scale float32) func(x *autograd.Var) *autograd.Var {
	return func(x *autograd.Var) *autograd.Var {
		below := autograd.AddScalar(autograd.Exp(autograd.Neg(autograd.ReLU(autograd.Neg(x)))), -1)
		return autograd.Scale(autograd.Add(autograd.ReLU(x), autograd.Scale(below, alpha)), scale)
	}
}

func elu(c *call) { c.give(c.each(c.tensor(0), exponential(c.float("alpha", 1), 1))) }

func selu(c *call) {
	alpha, gamma := c.float("alpha", 1.67326319217681884765625), c.float("gamma", 1.05070102214813232421875)
	c.give(c.each(c.tensor(0), exponential(alpha, gamma)))
}

func hardSigmoid(c *call) {
	alpha, beta := c.float("alpha", 0.2), c.float("beta", 0.5)
	c.give(c.each(c.tensor(0), func(x *autograd.Var) *autograd.Var {
		return autograd.Clip(autograd.AddScalar(autograd.Scale(x, alpha), beta), 0, 1)
	}))
}

func hardSwish(x *autograd.Var) *autograd.Var {
	return autograd.Mul(x, autograd.Clip(autograd.AddScalar(autograd.Scale(x, 1./6), 0.5), 0, 1))
}

func mish(x *autograd.Var) *autograd.Var { return autograd.Mul(x, autograd.Tanh(autograd.Softplus(x))) }

func swish(c *call) {
	alpha := c.float("alpha", 1)
	c.give(c.each(c.tensor(0), func(x *autograd.Var) *autograd.Var {
		if alpha == 1 {
			return autograd.SiLU(x)
		}
		return autograd.Mul(x, autograd.Sigmoid(autograd.Scale(x, alpha)))
	}))
}

func reciprocal(x *autograd.Var) *autograd.Var {
	return autograd.Div(constantVar(tensor.Full(1)), x)
}

// clip has its bounds as attributes before operator set 11, then as operands.
func clip(c *call) {
	inf := float32(math.Inf(1))
	lo, hi := c.float("min", -inf), c.float("max", inf)
	if x := c.optional(0); x != nil && x.integers() {
		y := x
		if c.optional(1) != nil {
			y = wholes(y, c.args[1], func(a, b int64) int64 { return max(a, b) })
		}
		if c.optional(2) != nil {
			y = wholes(y, c.args[2], func(a, b int64) int64 { return min(a, b) })
		}
		c.give(y)
		return
	}
	if c.optional(1) != nil {
		lo = c.tensor(1).scalar()
	}
	if c.optional(2) != nil {
		hi = c.tensor(2).scalar()
	}
	if lo != lo || hi != hi {
		fail("bounds %v and %v", lo, hi)
	}
	c.give(c.each(c.tensor(0), func(x *autograd.Var) *autograd.Var { return autograd.Clip(x, lo, hi) }))
}

// power knows exponents that are one number: a small integer or a half.
func power(c *call) {
	e := c.optional(1)
	if e == nil {
		fail("no exponent")
	}
	var p float32
	switch {
	case !e.integers():
		p = c.tensor(1).scalar()
	case len(e.ints) == 1:
		p = float32(e.ints[0])
	default:
		fail("exponents %v: want a single number", e.shape)
	}
	n := int(math.Abs(float64(min(max(p, -64), 64))))
	if p != 0.5 && p != -0.5 && float32(n) != p && float32(-n) != p {
		fail("exponent %v: known are integers up to 64 and a half", p)
	}
	c.give(c.each(c.tensor(0), func(x *autograd.Var) *autograd.Var {
		y := x
		switch {
		case n == 0 && p != 0:
			y = autograd.Sqrt(x)
		case n == 0:
			return constantVar(tensor.Full(1, x.Shape()...))
		case n == 2:
			y = autograd.Square(x)
		default:
			for range n - 1 {
				y = autograd.Mul(y, x)
			}
		}
		if p < 0 {
			return reciprocal(y)
		}
		return y
	}))
}
