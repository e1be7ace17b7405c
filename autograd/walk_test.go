package autograd

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/tensor"
)

func TestSeeds(t *testing.T) {
	tape := NewTape(1)
	x := tape.Input(vector(2, 3))
	y := Square(x)
	for _, f := range []func(y, seed *Var, xs ...*Var) []*Var{Grad, VJP} {
		require.Equal(t, []float32{4, 6}, f(y, nil, x)[0].Value().Data())
		require.Equal(t, []float32{4, 60}, f(y, Const(vector(1, 10)), x)[0].Value().Data())
		require.Equal(t, []float32{8, 18}, f(y, x, x)[0].Value().Data(), "a seed on the tape")
		require.Equal(t, []float32{1, 1}, f(y, nil, y)[0].Value().Data(), "by itself")
		seed := Const(vector(1, 10))
		require.Same(t, seed.Value(), f(y, seed, y)[0].Value())
	}
	// The recorded gradient depends on its seed too.
	u := tape.Input(vector(1, 10))
	g := Grad(y, u, x)[0]
	by := VJP(g, nil, x, u)
	require.Equal(t, []float32{2, 20}, by[0].Value().Data())
	require.Equal(t, []float32{4, 6}, by[1].Value().Data())
}

func TestGradientsThatAreZero(t *testing.T) {
	tape := NewTape(1)
	x, c := tape.Input(vector(2, 3)), Const(vector(1, 1, 1))
	y := Square(x)
	later := tape.Input(vector(1, 2, 3, 4))
	for _, f := range []func(y, seed *Var, xs ...*Var) []*Var{Grad, VJP} {
		for _, g := range f(y, nil, c, later) {
			require.Zero(t, tensor.Norm(g.Value()))
			require.Same(t, tape, g.Tape())
		}
		require.Equal(t, []int{4}, f(y, nil, later)[0].Shape())
		require.Empty(t, f(y, nil))
		g := f(Square(c), nil, c, Const(vector(1)))
		require.Equal(t, []float32{0, 0, 0}, g[0].Value().Data())
		require.Nil(t, g[1].Tape())
		// What was not recorded has no gradient.
		v := VJP(y, nil, x)[0]
		require.Equal(t, []float32{0, 0}, f(Mul(v, y), nil, v)[0].Value().Data())
	}
}

func TestSameVariableAskedForTwice(t *testing.T) {
	tape := NewTape(1)
	tape.Poison()
	x, z := tape.Input(vector(2)), tape.Input(vector(5))
	s := Add(x, z)
	g := VJP(Mul(s, Add(s, x)), nil, x, z, x, s) // s (s + x)
	require.Equal(t, []float32{23, 16, 23, 16}, []float32{
		g[0].Value().Item(), g[1].Value().Item(), g[2].Value().Item(), g[3].Value().Item(),
	})
}

func TestVJPOftenOnOneTape(t *testing.T) {
	tape := NewTape(1)
	tape.Poison()
	x := tape.Input(vector(2, 3))
	h := Square(x)
	y := Mul(Tanh(h), h)
	want := VJP(y, nil, x)[0].Value().Clone()
	half := VJP(y, Const(vector(0.5, 0.5)), x)[0]
	n := tape.n
	for i := range 50 {
		got := VJP(y, nil, x)[0].Value()
		requireSameBits(t, want, got, "again")
		require.Equal(t, n+i+1, tape.n, "only the result stays on the tape")
	}
	requireSameBits(t, want, tensor.Scale(nil, half.Value(), 2), "an earlier result is still there")
	requireSameBits(t, want, Grad(y, nil, x)[0].Value(), "recorded")
	requireSameBits(t, want, VJP(y, nil, x)[0].Value(), "after a recorded one")
}

func TestHighDerivatives(t *testing.T) {
	tape := NewTape(1)
	x := tape.Input(vector(2))
	y := Square(Square(x))
	for _, want := range []float32{32, 48, 48, 24, 0} {
		y = Grad(y, nil, x)[0]
		require.Equal(t, want, y.Value().Item())
	}
}

// A penalty on the gradient by the input trains parameters through second derivatives.
func TestBackwardThroughGrad(t *testing.T) {
	tape := NewTape(1)
	tape.Poison()
	w := NewParam(vector(3))
	for range 3 {
		tape.Reset()
		x := tape.Input(vector(2))
		y := Mul(Square(x), w.On(x))            // w x^2
		loss := Sum(Square(Grad(y, nil, x)[0])) // (2 w x)^2
		ZeroGrad([]*Param{w})
		tape.Backward(loss)
		require.Equal(t, float32(8*3*4), w.Grad.Item()) // 8 w x^2
		tape.Backward(loss)
		require.Equal(t, float32(2*8*3*4), w.Grad.Item(), "Backward adds up")
	}
}

// Reshaped views share memory with what they are views of, forwards and backwards.
func TestViews(t *testing.T) {
	tape := NewTape(1)
	tape.Poison()
	var first []*tensor.Tensor
	for range 4 {
		tape.Reset()
		x := tape.Input(tensor.From([]float32{1, 2, 3, 4, 5, 6}, 2, 3))
		h := Square(x)
		v := Reshape(Reshape(h, 6), 3, 2)
		y := Add(Add(Sum(Mul(v, v)), Sum(h)), Sum(Mul(Reshape(v, 6), Reshape(x, -1))))
		got := VJP(y, nil, x, h, v)
		gx, gh, gv := tensor.New(6), tensor.New(6), tensor.New(6)
		for i, x := range x.Value().Data() {
			gv.Data()[i] = 2*x*x + x             // of h^2 + h x by h
			gh.Data()[i] = 2*x*x + x + 1         // of h^2 + h x + h by h
			gx.Data()[i] = (2*x*x+x+1)*2*x + x*x // by x
		}
		requireSameBits(t, gx, got[0].Value().Reshape(6), "by x")
		requireSameBits(t, gh, got[1].Value().Reshape(6), "by h")
		requireSameBits(t, gv, got[2].Value().Reshape(6), "by v")
		require.Equal(t, []int{3, 2}, got[2].Shape())
		if first == nil {
			for _, g := range got {
				first = append(first, g.Value().Clone())
			}
		}
		for i, g := range got {
			requireSameBits(t, first[i], g.Value(), "every step")
		}
	}
}

// An op may hand out one gradient for several inputs; adding to one must not change another.
func TestOneGradientForSeveralInputs(t *testing.T) {
	sum3 := func(a, b, c *Var) *Var {
		y := result("sum3", a, b, c)
		tensor.Add(y.buffer(a.Shape()...), a.value, b.value)
		tensor.Add(y.value, y.value, c.value)
		return y.returns(func(y, g *Var, d []*Var) {
			d[0] = Scale(g, 1)
			d[1], d[2] = d[0], d[0]
		})
	}
	tape := NewTape(1)
	tape.Poison()
	x, z := tape.Input(vector(1)), tape.Input(vector(2))
	y := Mul(sum3(x, x, z), sum3(z, x, z))
	g := VJP(y, nil, x, z) // (2x + z) (x + 2z)
	require.Equal(t, float32(2*5+4), g[0].Value().Item())
	require.Equal(t, float32(5+2*4), g[1].Value().Item())
}

func TestManyInputs(t *testing.T) {
	tape := NewTape(1)
	var vs []*Var
	for i := range 70 {
		if i%3 == 0 {
			vs = append(vs, Const(vector(float32(i))))
		} else {
			vs = append(vs, tape.Input(vector(float32(i))))
		}
	}
	for i, g := range VJP(Square(Concat(0, vs...)), nil, vs...) {
		want := float32(2 * i)
		if i%3 == 0 {
			want = 0
		}
		require.Equal(t, want, g.Value().Item())
	}
}

func TestWrongGradientPanics(t *testing.T) {
	x := NewTape(1).Input(vector(1))
	y := result("broken", x)
	y.buffer(1).Fill(0)
	y.returns(func(y, g *Var, d []*Var) {})
	require.PanicsWithValue(t, "autograd: broken: gradient missing", func() { VJP(y, nil, x) })
	y.returns(func(y, g *Var, d []*Var) { d[0] = Concat(0, g, g) })
	require.PanicsWithValue(t, "autograd: gradient of shape [2] for Input [1]", func() { VJP(y, nil, x) })
}

// A panic in the middle of a walk leaves the tape usable after Reset.
func TestTapeSurvivesAPanic(t *testing.T) {
	tape := NewTape(1)
	tape.Poison()
	x := tape.Input(vector(1, 2))
	y := result("broken", x)
	y.buffer(2).Fill(1)
	y.returns(func(y, g *Var, d []*Var) { panic("broken") })
	require.Panics(t, func() { VJP(Square(Square(y)), nil, x) })
	tape.Reset()
	x = tape.Input(vector(1, 2))
	require.Equal(t, []float32{4, 32}, VJP(Square(Square(x)), nil, x)[0].Value().Data())
	require.Empty(t, tape.stack)
	require.Empty(t, tape.flags)
}

// A gradient that is passed on unchanged is shared; what is added to it must not reach the others.
func TestSharedGradientsAreNotAddedInPlace(t *testing.T) {
	t.Run("seed", func(t *testing.T) {
		tape := NewTape(1)
		tape.Poison()
		x := tape.Input(vector(1, 2))
		y := Add(Scale(Square(x), 0.5), x) // hands the seed to x, and has done with it before it adds to that
		onTape, constant := Square(x), Const(vector(5, 6))
		for range 2 {
			require.Equal(t, []float32{2, 12}, VJP(y, onTape, x)[0].Value().Data())
			require.Equal(t, []float32{1, 4}, onTape.Value().Data())
			require.Equal(t, []float32{10, 18}, VJP(y, constant, x)[0].Value().Data())
			require.Equal(t, []float32{5, 6}, constant.Value().Data())
		}
	})
	t.Run("view", func(t *testing.T) {
		tape := NewTape(1)
		tape.Poison()
		h, k := tape.Input(vector(1, 2)), tape.Input(tensor.From([]float32{3, 4}, 2, 1))
		q := Square(k)
		y := Add(Sum(q), Sum(Square(Add(h, Reshape(k, 2)))))
		g := VJP(y, nil, h, k)
		require.Equal(t, []float32{8, 12}, g[0].Value().Data())
		require.Equal(t, []float32{14, 20}, g[1].Value().Data())
	})
}

// One constant may seed walks on many tapes at once, and what follows from it belongs to the tape.
func TestConstantSeedIsOnlyRead(t *testing.T) {
	seed := Const(vector(5, 6))
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			tape := NewTape(1)
			x := tape.Input(vector(1, 2))
			g := VJP(Neg(Add(x, x)), seed, x)[0]
			require.Same(t, tape, g.Tape())
		})
	}
	wg.Wait()
}
