package autograd

import (
	"math"
	"slices"

	"github.com/residuum-go/residuum/internal/kernel/conv"
	"github.com/residuum-go/residuum/tensor"
)

// array is a float64 tensor. The functions on it are the reference of the ops: slow and plain.
type array struct {
	shape []int
	data  []float64
}

func zeros(shape ...int) array {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return array{slices.Clone(shape), make([]float64, n)}
}

func fromTensor(t *tensor.Tensor) array {
	a := zeros(t.Shape()...)
	for i, v := range t.Data() {
		a.data[i] = float64(v)
	}
	return a
}

// plus returns a + h*b.
func (a array) plus(h float64, b array) array {
	c := zeros(a.shape...)
	for i := range c.data {
		c.data[i] = a.data[i] + h*b.data[i]
	}
	return c
}

func (a array) dot(b array) float64 {
	s := 0.0
	for i, v := range a.data {
		s += v * b.data[i]
	}
	return s
}

// absDot returns the sum of |a*b|, the scale of the rounding errors of dot.
func (a array) absDot(b array) float64 {
	s := 0.0
	for i, v := range a.data {
		s += math.Abs(v * b.data[i])
	}
	return s
}

func (a array) maxAbs() float64 {
	m := 0.0
	for _, v := range a.data {
		m = max(m, math.Abs(v))
	}
	return m
}

func (a array) reshape(shape ...int) array { return array{shape, a.data} }

func (a array) each(f func(float64) float64) array {
	b := zeros(a.shape...)
	for i, v := range a.data {
		b.data[i] = f(v)
	}
	return b
}

// index calls f with every index of a shape in row-major order. f must not keep it.
func index(shape []int, f func(at []int)) {
	n := len(zeros(shape...).data)
	at := make([]int, len(shape))
	for range n {
		f(at)
		for i := len(at) - 1; i >= 0; i-- {
			at[i]++
			if at[i] < shape[i] {
				break
			}
			at[i] = 0
		}
	}
}

// at returns a pointer to the element that at names, aligned at the last axis and repeating along
// axes of length 1, as in broadcasting.
func (a array) at(at ...int) *float64 {
	k := 0
	for i, d := range a.shape {
		j := at[len(at)-len(a.shape)+i]
		if d == 1 {
			j = 0
		}
		k = k*d + j
	}
	return &a.data[k]
}

func (a array) zip(b array, f func(x, y float64) float64) array {
	shape := make([]int, max(len(a.shape), len(b.shape)))
	for i := range shape {
		shape[i] = 1
		for _, s := range [][]int{a.shape, b.shape} {
			if j := i - len(shape) + len(s); j >= 0 && s[j] != 1 {
				shape[i] = s[j]
			}
		}
	}
	c := zeros(shape...)
	index(shape, func(at []int) { *c.at(at...) = f(*a.at(at...), *b.at(at...)) })
	return c
}

func (a array) broadcastTo(shape ...int) array {
	return a.zip(zeros(shape...), func(x, _ float64) float64 { return x })
}

func (a array) sumTo(shape ...int) array {
	b := zeros(shape...)
	index(a.shape, func(at []int) { *b.at(at...) += *a.at(at...) })
	return b
}

// sum keeps the dimensions.
func (a array) sum(axes ...int) array {
	shape := slices.Clone(a.shape)
	for i := range shape {
		if len(axes) == 0 || slices.Contains(axes, i) {
			shape[i] = 1
		}
	}
	return a.sumTo(shape...)
}

func (a array) scale(s float64) array { return a.each(func(v float64) float64 { return s * v }) }

func (a array) mean(axes ...int) array {
	s := a.sum(axes...)
	return s.scale(float64(len(s.data)) / float64(len(a.data)))
}

func (a array) transpose(perm ...int) array {
	shape := make([]int, len(perm))
	for i, p := range perm {
		shape[i] = a.shape[p]
	}
	b := zeros(shape...)
	from := make([]int, len(perm))
	index(shape, func(at []int) {
		for i, p := range perm {
			from[p] = at[i]
		}
		*b.at(at...) = *a.at(from...)
	})
	return b
}

func (a array) matMul(b array) array {
	m, n, k := len(a.shape)-2, len(b.shape)-1, a.shape[len(a.shape)-1]
	lead := zeros(a.shape[:m]...).add(zeros(b.shape[:n-1]...)).shape
	shape := append(lead, a.shape[m], b.shape[n])
	c := zeros(shape...)
	last := len(shape) - 2
	index(append(slices.Clone(shape), k), func(at []int) {
		lead, row, column, inner := at[:last], at[last], at[last+1], at[last+2]
		with := func(i, j int) []int { return append(slices.Clone(lead), i, j) }
		*c.at(with(row, column)...) += *a.at(with(row, inner)...) * *b.at(with(inner, column)...)
	})
	return c
}

// slice returns the entries lo to hi along an axis, zero where a has none.
func (a array) slice(axis, lo, hi int) array {
	shape := slices.Clone(a.shape)
	shape[axis] = hi - lo
	b := zeros(shape...)
	index(shape, func(at []int) {
		from := slices.Clone(at)
		from[axis] += lo
		if from[axis] >= 0 && from[axis] < a.shape[axis] {
			*b.at(at...) = *a.at(from...)
		}
	})
	return b
}

func (a array) add(b array) array { return a.zip(b, func(x, y float64) float64 { return x + y }) }
func (a array) sub(b array) array { return a.zip(b, func(x, y float64) float64 { return x - y }) }
func (a array) mul(b array) array { return a.zip(b, func(x, y float64) float64 { return x * y }) }
func (a array) relu() array       { return a.each(func(v float64) float64 { return max(v, 0) }) }
func (a array) exp() array        { return a.each(math.Exp) }

func (a array) gather(rows []int) array {
	n := len(a.data) / a.shape[0]
	b := zeros(append([]int{len(rows)}, a.shape[1:]...)...)
	for i, r := range rows {
		copy(b.data[i*n:(i+1)*n], a.data[r*n:])
	}
	return b
}

func (a array) scatterAdd(rows []int, m int) array {
	n := len(a.data) / a.shape[0]
	b := zeros(append([]int{m}, a.shape[1:]...)...)
	for i, r := range rows {
		for j := range n {
			b.data[r*n+j] += a.data[i*n+j]
		}
	}
	return b
}

// convShape describes the convolution of images and weights of the given shapes.
func convShape(x, w []int, s tensor.ConvSpec) conv.Shape {
	one := func(n int) int { return max(n, 1) }
	return conv.Shape{
		N: x[0], H: x[1], W: x[2], C: x[3], R: w[0], S: w[1], K: w[3],
		StrideH: one(s.Stride.H), StrideW: one(s.Stride.W), PadH: s.Pad.H, PadW: s.Pad.W,
		MoreH: s.MoreAtEnd.H, MoreW: s.MoreAtEnd.W,
		DilationH: one(s.Dilation.H), DilationW: one(s.Dilation.W), Groups: one(s.Groups),
	}
}

func (a array) conv(w array, spec tensor.ConvSpec) array {
	s := convShape(a.shape, w.shape, spec)
	y := zeros(s.N, s.OutH(), s.OutW(), s.K)
	conv.ForwardRef(s, y.data, a.data, w.data)
	return y
}

// windows calls f for every output element of a pooling and every element of its window, padding
// excepted, both as flat indices.
func (a array) windows(spec tensor.PoolSpec, f func(y, x int)) (shape []int) {
	size, stride, pad, dilation := spec.Size, spec.Stride, spec.Pad, spec.Dilation
	if stride == (tensor.HW{}) {
		stride = size
	}
	if dilation == (tensor.HW{}) {
		dilation = tensor.Both(1)
	}
	shape = new(tensor.Shapes).Pool("windows", a.shape, spec)
	y := 0
	index(shape, func(at []int) {
		for r := range size.H {
			for s := range size.W {
				h, w := at[1]*stride.H+r*dilation.H-pad.H, at[2]*stride.W+s*dilation.W-pad.W
				if h >= 0 && h < a.shape[1] && w >= 0 && w < a.shape[2] {
					f(y, ((at[0]*a.shape[1]+h)*a.shape[2]+w)*a.shape[3]+at[3])
				}
			}
		}
		y++
	})
	return shape
}

func (a array) maxPool(spec tensor.PoolSpec) array {
	y := zeros(a.windows(spec, func(int, int) {})...)
	for i := range y.data {
		y.data[i] = math.Inf(-1)
	}
	a.windows(spec, func(i, j int) { y.data[i] = max(y.data[i], a.data[j]) })
	return y
}

func (a array) avgPool(spec tensor.PoolSpec) array {
	y := zeros(a.windows(spec, func(int, int) {})...)
	n := make([]float64, len(y.data))
	a.windows(spec, func(i, _ int) { n[i]++ })
	a.windows(spec, func(i, j int) {
		if !spec.ExcludePad {
			n[i] = float64(spec.Size.H * spec.Size.W)
		}
		y.data[i] += a.data[j] / n[i]
	})
	return y
}

// rows views a as rows of its last axis.
func (a array) rows() array {
	c := a.shape[len(a.shape)-1]
	return a.reshape(len(a.data)/c, c)
}

// standardise returns xhat and invstd of every channel.
func (a array) standardise(eps float64) (xhat, invstd array) {
	x := a.rows()
	d := x.sub(x.mean(0))
	invstd = d.mul(d).mean(0).each(func(v float64) float64 { return 1 / math.Sqrt(v+eps) })
	return d.mul(invstd).reshape(a.shape...), invstd.reshape(len(invstd.data))
}

func (a array) logSoftmax() array {
	x := a.rows()
	x = x.sub(x.exp().sum(1).each(math.Log))
	return x.reshape(a.shape...)
}
