package autograd

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/internal/kernel/kerneltest"
	"github.com/residuum-go/residuum/tensor"
)

// TestOps runs every check on every row of the table, for each of its shapes, on each
// instruction-set level.
func TestOps(t *testing.T) {
	for _, o := range ops {
		name := o.name
		if o.with != "" {
			name += "/with=" + strings.ReplaceAll(o.with, " ", "-")
		}
		t.Run(name, func(t *testing.T) {
			for _, shapes := range o.shapes {
				t.Run("shape="+shapes, func(t *testing.T) {
					kerneltest.EachLevel(t, func(t *testing.T) {
						c := newOpCase(o, shapes)
						c.checkValue(t)
						c.checkGradient(t)
						c.checkSecondOrder(t)
						c.checkEachInputAlone(t)
						c.checkAccumulation(t)
						c.checkConstants(t)
						c.checkPoisoned(t)
						c.checkInputsUntouched(t)
					})
				})
			}
		})
	}
}

// opCase is one op at one point x, with directions: u and du like the result, v and w like x.
type opCase struct {
	op
	x, v, w, kept []*tensor.Tensor
	u, du         *tensor.Tensor
}

func newOpCase(o op, shapes string) *opCase {
	c := &opCase{op: o}
	h := fnv.New64()
	h.Write([]byte(o.name + o.with + shapes))
	r := rand.New(rand.NewPCG(h.Sum64(), 1))
	draw := func(shape []int, domain func(*rand.Rand, []float32)) *tensor.Tensor {
		t := tensor.New(shape...)
		domain(r, t.Data())
		return t
	}
	domain := o.domain
	if domain == nil {
		domain = normal
	}
	for _, shape := range parseShapes(shapes) {
		c.x = append(c.x, draw(shape, domain))
		c.v = append(c.v, draw(shape, normal))
		c.w = append(c.w, draw(shape, normal))
	}
	out := o.ref(arrays(c.x)).shape
	c.u, c.du = draw(out, normal), draw(out, normal)
	for _, x := range c.all() {
		c.kept = append(c.kept, x.Clone())
	}
	return c
}

func (c *opCase) all() []*tensor.Tensor {
	all := append([]*tensor.Tensor{c.u, c.du}, c.x...)
	return append(append(all, c.v...), c.w...)
}

func arrays(ts []*tensor.Tensor) []array {
	as := make([]array, len(ts))
	for i, t := range ts {
		as[i] = fromTensor(t)
	}
	return as
}

func inputs(t *Tape, ts []*tensor.Tensor) []*Var {
	vs := make([]*Var, len(ts))
	for i, x := range ts {
		vs[i] = t.Input(x)
	}
	return vs
}

func constants(ts []*tensor.Tensor) []*Var {
	vs := make([]*Var, len(ts))
	for i, x := range ts {
		vs[i] = Const(x)
	}
	return vs
}

// phi returns <u + a*du, f(x + a*v + b*w)> in float64.
func (c *opCase) phi(a, b float64) float64 {
	x, v, w := arrays(c.x), arrays(c.v), arrays(c.w)
	for i := range x {
		x[i] = x[i].plus(a, v[i]).plus(b, w[i])
	}
	return fromTensor(c.u).plus(a, fromTensor(c.du)).dot(c.ref(x))
}

func (c *opCase) checkValue(t *testing.T) {
	want := c.ref(arrays(c.x))
	got := c.f(inputs(NewTape(1), c.x))
	require.True(t, slices.Equal(want.shape, got.Shape()), "shape %v, want %v", got.Shape(), want.shape)
	bound := 4e-6 * (1 + want.maxAbs())
	for i, v := range got.value.Data() {
		require.InDelta(t, want.data[i], v, bound, "element %d", i)
	}
}

// checkGradient compares the derivative of phi along w with central differences.
func (c *opCase) checkGradient(t *testing.T) {
	xs := inputs(NewTape(1), c.x)
	got, scale := 0.0, 1.0
	for i, g := range VJP(c.f(xs), Const(c.u), xs...) {
		got += fromTensor(g.value).dot(fromTensor(c.w[i]))
		scale += fromTensor(g.value).absDot(fromTensor(c.w[i]))
	}
	const h = 1e-5
	want := (c.phi(0, h) - c.phi(0, -h)) / (2 * h)
	require.InDelta(t, want, got, 4e-6*scale, "directional derivative")
}

// checkSecondOrder compares the derivative of that derivative along (v, du) with second differences.
func (c *opCase) checkSecondOrder(t *testing.T) {
	got, scale := 0.0, 1.0
	second := c.trace(NewTape(1)).second
	for i, g := range second {
		d := fromTensor(append([]*tensor.Tensor{c.du}, c.v...)[i])
		got += fromTensor(g).dot(d)
		scale += fromTensor(g).absDot(d)
	}
	const h = 1e-4
	want := (c.phi(h, h) - c.phi(h, -h) - c.phi(-h, h) + c.phi(-h, -h)) / (4 * h * h)
	require.InDelta(t, want, got, 2e-5*scale, "second derivative")
}

// traced is the result of an op, its gradient by every x for the seed u, and the gradient by u and
// every x of the product of that gradient with w.
type traced struct {
	value         *tensor.Tensor
	first, second []*tensor.Tensor
}

func (c *opCase) trace(tape *Tape) traced {
	xs := inputs(tape, c.x)
	u := tape.Input(c.u)
	y := c.f(xs)
	r := traced{value: y.value.Clone()}
	var along *Var
	for i, g := range Grad(y, u, xs...) {
		r.first = append(r.first, g.value.Clone())
		s := Sum(Mul(g, Const(c.w[i])))
		if along == nil {
			along = s
		} else {
			along = Add(along, s)
		}
	}
	for _, g := range VJP(along, nil, append([]*Var{u}, xs...)...) {
		r.second = append(r.second, g.value.Clone())
	}
	return r
}

func (r traced) requireSame(t *testing.T, other traced, when string) {
	t.Helper()
	requireSameBits(t, r.value, other.value, "value "+when)
	for i := range r.first {
		requireSameBits(t, r.first[i], other.first[i], "first derivative "+when)
	}
	for i := range r.second {
		requireSameBits(t, r.second[i], other.second[i], "second derivative "+when)
	}
}

func requireSameBits(t *testing.T, want, got *tensor.Tensor, what string) {
	t.Helper()
	require.True(t, tensor.Equal(want, got), "%s:\n%v\n%v", what, want, got)
}

// checkEachInputAlone wants the same gradient by one input when the others are constants.
func (c *opCase) checkEachInputAlone(t *testing.T) {
	xs := inputs(NewTape(1), c.x)
	all := VJP(c.f(xs), Const(c.u), xs...)
	for i, x := range c.x {
		alone := constants(c.x)
		alone[i] = NewTape(1).Input(x)
		requireSameBits(t, all[i].value, VJP(c.f(alone), Const(c.u), alone[i])[0].value, "gradient alone")
		requireSameBits(t, all[i].value, Grad(c.f(alone), Const(c.u), alone[i])[0].value, "recorded gradient alone")
	}
}

// checkAccumulation uses every parameter in two ops and goes back twice.
func (c *opCase) checkAccumulation(t *testing.T) {
	tape := NewTape(1)
	xs := inputs(tape, c.x)
	once := VJP(c.f(xs), Const(c.u), xs...)
	ps := make([]*Param, len(xs))
	vs := make([]*Var, len(xs))
	for i, x := range xs {
		ps[i] = NewParam(x.value)
		vs[i] = ps[i].On(x)
	}
	use := func() *Var { return Sum(Mul(c.f(vs), Const(c.u))) }
	loss := Add(use(), use())
	for round := range 2 {
		tape.Backward(loss)
		for i, p := range ps {
			want := tensor.Scale(nil, once[i].value, float32(2*(round+1)))
			require.True(t, tensor.AllClose(p.Grad, want, 1e-5, 1e-5), "input %d, round %d:\n%v\n%v", i, round, p.Grad, want)
		}
	}
}

// checkConstants wants the same bits without a tape, from several goroutines at once.
func (c *opCase) checkConstants(t *testing.T) {
	want := c.f(inputs(NewTape(1), c.x)).value
	in := constants(c.x)
	var got [3]*Var
	var wg sync.WaitGroup
	for i := range got {
		wg.Go(func() { got[i] = c.f(in) })
	}
	wg.Wait()
	for _, y := range got {
		require.Nil(t, y.Tape())
		requireSameBits(t, want, y.value, "constant")
	}
}

// checkPoisoned repeats everything on one tape whose recycled memory is filled with NaN.
func (c *opCase) checkPoisoned(t *testing.T) {
	want := c.trace(NewTape(1))
	tape := NewTape(1)
	tape.Poison()
	for range 3 {
		want.requireSame(t, c.trace(tape), "on recycled memory")
		tape.Reset()
	}
}

func (c *opCase) checkInputsUntouched(t *testing.T) {
	for i, x := range c.all() {
		for j, v := range x.Data() {
			require.Equal(t, math.Float32bits(c.kept[i].Data()[j]), math.Float32bits(v), "input %d changed", i)
		}
	}
}
