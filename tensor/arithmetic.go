package tensor

import (
	"github.com/residuum-go/residuum/internal/kernel/vec"
	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/internal/portions"
)

// Add computes a + b with broadcasting.
func Add(dst, a, b *Tensor) *Tensor { return add.apply(dst, a, b) }

// AddReLU computes max(a + b, 0) with broadcasting, in one pass: a bias with its activation, or the end of
// a residual block. NaN stays NaN.
func AddReLU(dst, a, b *Tensor) *Tensor { return addReLU.apply(dst, a, b) }

// Sub computes a - b with broadcasting.
func Sub(dst, a, b *Tensor) *Tensor { return sub.apply(dst, a, b) }

// Mul computes a * b elementwise with broadcasting.
func Mul(dst, a, b *Tensor) *Tensor { return mul.apply(dst, a, b) }

// Div computes a / b elementwise with broadcasting.
func Div(dst, a, b *Tensor) *Tensor { return div.apply(dst, a, b) }

// Maximum computes max(a, b) elementwise with broadcasting, the maximum of IEEE 754-2019 and of Go: NaN if
// either is NaN, and +0 is larger than -0.
func Maximum(dst, a, b *Tensor) *Tensor { return maximum.apply(dst, a, b) }

// arithmetic is an operation on pairs of numbers, in the forms that broadcasting needs.
type arithmetic struct {
	name    string
	vectors func(dst, a, b []float32)
	scalarB func(dst, a []float32, s float32) // b is one number
	scalarA func(dst []float32, s float32, b []float32)
	row     func(dst, x, row []float32) // one input is repeated for every row; order does not matter
}

var (
	add = arithmetic{
		name:    "Add",
		vectors: vec.Add,
		scalarB: vec.AddScalar,
		scalarA: func(dst []float32, s float32, b []float32) { vec.AddScalar(dst, b, s) },
		row:     vec.AddRow,
	}
	addReLU = arithmetic{
		name:    "AddReLU",
		vectors: vec.AddReLU,
		scalarB: addScalarReLU,
		scalarA: func(dst []float32, s float32, b []float32) { addScalarReLU(dst, b, s) },
		row:     vec.AddRowReLU,
	}
	sub = arithmetic{
		name:    "Sub",
		vectors: vec.Sub,
		scalarB: func(dst, a []float32, s float32) { vec.AddScalar(dst, a, -s) },
		scalarA: func(dst []float32, s float32, b []float32) {
			for i, v := range b {
				dst[i] = s - v
			}
		},
	}
	mul = arithmetic{
		name:    "Mul",
		vectors: vec.Mul,
		scalarB: vec.Scale,
		scalarA: func(dst []float32, s float32, b []float32) { vec.Scale(dst, b, s) },
		row:     vec.MulRow,
	}
	div = arithmetic{
		name:    "Div",
		vectors: vec.Div,
		scalarB: func(dst, a []float32, s float32) {
			for i, v := range a {
				dst[i] = v / s // multiplying by 1/s would round twice
			}
		},
		scalarA: func(dst []float32, s float32, b []float32) {
			for i, v := range b {
				dst[i] = s / v
			}
		},
	}
	maximum = arithmetic{
		name:    "Maximum",
		vectors: vec.Max,
		scalarB: maxScalar,
		scalarA: func(dst []float32, s float32, b []float32) { maxScalar(dst, b, s) },
	}
)

func addScalarReLU(dst, a []float32, s float32) {
	vec.AddScalar(dst, a, s)
	vec.ReLU(dst, dst)
}

func maxScalar(dst, a []float32, s float32) {
	for i, v := range a {
		dst[i] = max(v, s)
	}
}

func (op *arithmetic) apply(dst, a, b *Tensor) *Tensor {
	var s Shapes
	shape := s.Broadcast(op.name, a.shape, b.shape)
	dst = out(op.name, dst, shape)
	apartOrSame(op.name, dst, a, b)
	if len(dst.data) == 0 {
		return dst
	}
	op.pair(dst.data, a.data, b.data, shape, a.shape, b.shape)
	return dst
}

// repeat copies its second input; its first one only gives the shape.
var repeat = arithmetic{
	name:    "BroadcastTo",
	vectors: func(dst, _, b []float32) { copy(dst, b) },
	scalarB: func(dst, _ []float32, s float32) { vec.Fill(dst, s) },
	row: func(dst, _, row []float32) {
		for len(dst) > 0 {
			dst = dst[copy(dst, row):]
		}
	},
}

// BroadcastTo repeats a along missing axes and axes of length 1 until it has the given shape, by
// the rules of NumPy.
func BroadcastTo(dst, a *Tensor, shape ...int) *Tensor {
	op := repeat.name
	if !broadcasts(a.shape, shape) {
		panic("tensor: " + op + ": " + shapeString(a.shape) + " to " + shapeString(shape) + ": shapes do not broadcast")
	}
	dst = out(op, dst, shape)
	apart(op, dst, a)
	if len(dst.data) > 0 {
		repeat.pair(dst.data, dst.data, a.data, shape, shape, a.shape)
	}
	return dst
}

// pair computes the operation for every element of dst, which has at least one.
func (op *arithmetic) pair(dst, a, b []float32, shape, aShape, bShape []int) {
	p := pairings.Get()
	p.op, p.dst, p.a, p.b = op, dst, a, b
	p.loops.plan(shape, aShape, bShape)
	p.compute()
	p.op, p.dst, p.a, p.b = nil, nil, nil, nil
	pairings.Put(p)
}

// A pairing is one call of an arithmetic operation. It lives in a pool so that a call allocates
// nothing.
type pairing struct {
	op        *arithmetic
	dst, a, b []float32
	loops     broadcast
	outer     int // how many axes are left to loop over; a kernel does the others
	span      int // elements of the result that a kernel computes in one call
}

var pairings portions.Pool[pairing]

func (p *pairing) compute() {
	w := &p.loops
	p.outer = len(w.dims) - 1
	p.span = w.dims[p.outer]
	if p.op.row != nil && p.outer > 0 && w.a[p.outer] == w.b[p.outer] && min(w.a[p.outer-1], w.b[p.outer-1]) == 0 {
		p.outer--
		p.span *= w.dims[p.outer]
	}
	const atOnce = 32 << 10 // elements; fewer are not worth another goroutine
	parallel.For(len(p.dst)/p.span, max(1, atOnce/p.span), p)
}

// Run computes spans lo to hi of the result.
func (p *pairing) Run(lo, hi int) {
	w := &p.loops
	last := len(w.dims) - 1
	n := w.dims[last]
	for r := lo; r < hi; r++ {
		i, j := w.offsets(r, p.outer)
		dst := p.dst[r*p.span : (r+1)*p.span]
		switch {
		case p.outer < last && w.b[last-1] == 0:
			p.op.row(dst, p.a[i:i+p.span], p.b[j:j+n])
		case p.outer < last:
			p.op.row(dst, p.b[j:j+p.span], p.a[i:i+n])
		case w.b[last] == 0:
			p.op.scalarB(dst, p.a[i:i+n], p.b[j])
		case w.a[last] == 0:
			p.op.scalarA(dst, p.a[i], p.b[j:j+n])
		default:
			p.op.vectors(dst, p.a[i:i+n], p.b[j:j+n])
		}
	}
}
