package conv

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/internal/kernel/kerneltest"
)

// winogradShapes are shapes that Winograd's algorithm takes: edges, paddings and channels of all kinds, few
// and many tiles.
func winogradShapes() []Shape {
	rectangle := square(2, 11, 48, 32, 3, 1, 1, 1, 1)
	rectangle.W, rectangle.PadH, rectangle.PadW = 6, 2, 0
	list := []Shape{square(3, 7, 32, 48, 3, 1, 1, 1, 1), square(3, 12, 16, 16, 3, 1, 1, 1, 1), square(1, 6, 96, 80, 3, 1, 1, 1, 1), rectangle}
	uneven := rectangle.more(-1, 2)
	if testing.Short() {
		return append(list, uneven)
	}
	return append(list,
		square(2, 8, 64, 64, 3, 1, 1, 1, 1), square(1, 6, 144, 160, 3, 1, 1, 1, 1), square(9, 8, 80, 112, 3, 1, 1, 1, 1),
		square(1, 9, 32, 32, 3, 1, 0, 1, 1), square(1, 9, 48, 32, 3, 1, 2, 1, 1), square(2, 6, 32, 32, 3, 1, 3, 1, 1), uneven)
}

// matrices returns the matrices of Winograd's algorithm by the construction of Toom and Cook, from the points.
func matrices() (at, g, bt [][]float64) {
	points := []float64{0, 5. / 8, -5. / 8, 3. / 2, -3. / 2}
	at, g, bt = make([][]float64, 4), make([][]float64, 6), make([][]float64, 6)
	for i := range at {
		at[i] = make([]float64, 6)
		for j, p := range points {
			at[i][j] = math.Pow(p, float64(i))
		}
	}
	at[3][5] = 1
	product := func(skip int) (c []float64, n float64) { // Π (x - p), and its value at the point left out
		c, n = []float64{1}, 1
		for j, p := range points {
			if j == skip {
				continue
			}
			next := make([]float64, len(c)+1)
			for i, v := range c {
				next[i+1] += v
				next[i] -= p * v
			}
			c = next
			if skip >= 0 {
				n *= points[skip] - p
			}
		}
		return append(c, 0)[:6], n
	}
	for i, p := range points {
		c, n := product(i)
		bt[i], g[i] = c, []float64{1 / n, p / n, p * p / n}
	}
	bt[5], _ = product(-1)
	g[5] = []float64{0, 0, 1}
	return at, g, bt
}

// sandwich returns |m| x |m|T, x being square.
func sandwich(m [][]float64, x []float64) []float64 {
	n := len(m[0])
	half := func(x []float64, cols int) []float64 { // (|m| x)T
		y := make([]float64, len(m)*cols)
		for i := range m {
			for j := range cols {
				for l := range n {
					y[j*len(m)+i] += math.Abs(m[i][l]) * x[l*cols+j]
				}
			}
		}
		return y
	}
	return half(half(x, n), len(m))
}

// apply returns m x.
func apply(m [][]float64, x []float64) []float64 {
	y := make([]float64, len(m))
	for i := range m {
		for j, v := range x {
			y[i] += m[i][j] * v
		}
	}
	return y
}

func TestTransformsAreThoseOfTheirPoints(t *testing.T) {
	at, g, bt := matrices()
	rng := rand.New(rand.NewPCG(1, 2))
	for range 10 {
		var d [6]float64
		for i := range d {
			d[i] = rng.NormFloat64()
		}
		in, out := inputTransform(d), outputTransform(d)
		w := weightTransform([3]float64(d[:3]))
		require.InDeltaSlice(t, apply(bt, d[:]), in[:], 1e-13)
		require.InDeltaSlice(t, apply(at, d[:]), out[:], 1e-13)
		require.InDeltaSlice(t, apply(g, d[:3]), w[:], 1e-13)
	}
}

// winogradBound returns, for each output, |AT| [Σ_c (|G| |g| |GT|) ⊙ (|BT| |d| |B|)] |A|.
func winogradBound(s Shape, inputGrad bool, in, w []float32) []float64 {
	at, g, bt := matrices()
	p := newTilePlan(s, inputGrad)
	inner, outer, inImage, outImage := s.C, s.K, s.H*s.W*s.C, s.OutH()*s.OutW()*s.K
	if inputGrad {
		inner, outer, inImage, outImage = outer, inner, outImage, inImage
	}
	weights := make([][]float64, inner*outer)
	for c := range s.C {
		for k := range s.K {
			x := make([]float64, 9)
			for tap := range 9 {
				x[tap] = math.Abs(float64(w[(tap*s.C+c)*s.K+k]))
			}
			if inputGrad {
				for i := range 4 {
					x[i], x[8-i] = x[8-i], x[i]
				}
				weights[k*outer+c] = sandwich(g, x)
			} else {
				weights[c*outer+k] = sandwich(g, x)
			}
		}
	}
	bound := make([]float64, s.N*outImage)
	for i := range s.N * p.tiles {
		image, t := i/p.tiles, i%p.tiles
		sums := make([][36]float64, outer)
		for c := range inner {
			d := make([]float64, 36)
			for j, o := range p.in[36*t:][:36] {
				if o >= 0 {
					d[j] = math.Abs(float64(in[image*inImage+int(o)+c]))
				}
			}
			v := sandwich(bt, d)
			for k := range outer {
				for j, u := range weights[c*outer+k] {
					sums[k][j] += u * v[j]
				}
			}
		}
		for k := range outer {
			y := sandwich(at, sums[k][:])
			for j, o := range p.out[16*t:][:16] {
				if o >= 0 {
					bound[image*outImage+int(o)+k] = y[j]
				}
			}
		}
	}
	return bound
}

// TestWinogradKeepsItsBound compares with the reference in float64: by the bound that the algorithm promises,
// and in the mean by one in terms of Σ|a||b|.
func TestWinogradKeepsItsBound(t *testing.T) {
	defer func(n int) { sharedTiles = n }(sharedTiles)
	sharedTiles = 3
	const u = 0x1p-24
	for _, o := range operations[:2] {
		rng := rand.New(rand.NewPCG(1, 2))
		for _, s := range winogradShapes() {
			inputGrad := o.name == "InputGrad"
			nd, na, nb := o.sizes(s)
			a, b := random(rng, heap(na)), random(rng, heap(nb))
			want, sum := make([]float64, nd), make([]float64, nd)
			o.ref(s, want, widen(a, false), widen(b, false))
			o.ref(s, sum, widen(a, true), widen(b, true))
			bound := winogradBound(s, inputGrad, a, b)
			inner := s.C
			if inputGrad {
				inner = s.K
			}
			t.Run("op="+o.name+"/"+s.name(), func(t *testing.T) {
				kerneltest.EachLevel(t, func(t *testing.T) {
					got := heap(nd)
					for i := range got {
						got[i] = float32(math.NaN())
					}
					runWinograd(s, inputGrad, got, a, b)
					var squares float64
					for i, g := range got {
						e := math.Abs(float64(g) - want[i])
						require.LessOrEqual(t, e, float64(inner+20)*u*bound[i], "element %d: %v, want %v", i, g, want[i])
						if sum[i] > 0 {
							squares += e / sum[i] * e / sum[i]
						}
					}
					require.Less(t, math.Sqrt(squares/float64(nd)), 2*u)
				})
			})
		}
	}
}

func TestWinogradStaysInsideItsSlices(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		for _, o := range operations[:2] {
			for _, s := range []Shape{square(2, 7, 32, 48, 3, 1, 1, 1, 1), square(1, 6, 96, 128, 3, 1, 2, 1, 1)} {
				nd, na, nb := o.sizes(s)
				rng := rand.New(rand.NewPCG(1, 2))
				a, b, want := random(rng, heap(na)), random(rng, heap(nb)), heap(nd)
				o.run(s, want, a, b)
				for _, mem := range []func(testing.TB, int) []float32{kerneltest.Guarded, kerneltest.GuardedStart} {
					got, x, w := mem(t, nd), mem(t, na), mem(t, nb)
					copy(x, a)
					copy(w, b)
					o.run(s, got, x, w)
					require.Equal(t, want, got)
				}
			}
		}
	})
}

func TestWinogradIsChosenByTheShapeOfAnImage(t *testing.T) {
	for _, s := range winogradShapes() {
		s.N = 1000
		require.True(t, s.winogradWins(false), s.name())
	}
	for _, s := range []Shape{
		square(1, 8, 64, 64, 3, 2, 1, 1, 1), square(1, 8, 64, 64, 1, 1, 1, 1, 1), square(1, 8, 64, 64, 3, 1, 1, 2, 1), square(1, 8, 64, 64, 3, 1, 1, 1, 2),
		square(1, 8, 24, 64, 3, 1, 1, 1, 1), square(1, 8, 64, 40, 3, 1, 1, 1, 1), square(1, 2, 64, 64, 3, 1, 1, 1, 1), square(1, 5, 64, 64, 3, 1, 1, 1, 1),
	} {
		require.False(t, s.winogradWins(false), s.name())
	}
}

// TestWinogradSwitchesOff compares with the direct sums, which differ in the last bits.
func TestWinogradSwitchesOff(t *testing.T) {
	defer SetWinograd(Winograd())
	for _, o := range operations[:2] {
		s := square(2, 8, 64, 64, 3, 1, 1, 1, 1)
		nd, na, nb := o.sizes(s)
		rng := rand.New(rand.NewPCG(1, 2))
		a, b := random(rng, heap(na)), random(rng, heap(nb))
		direct, off, on := heap(nd), heap(nd), heap(nd)
		run(s, o.name == "InputGrad", direct, a, b)
		SetWinograd(true)
		o.run(s, on, a, b)
		SetWinograd(false)
		o.run(s, off, a, b)
		require.Equal(t, direct, off)
		require.NotEqual(t, direct, on)
	}
}

// TestWinogradComputesImagesAlike checks that an image has the same bits in every batch, though the work is
// cut differently.
func TestWinogradComputesImagesAlike(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		s := square(40, 8, 96, 128, 3, 1, 1, 1, 1)
		nx, nw, ny := s.sizes()
		rng := rand.New(rand.NewPCG(1, 2))
		x, w, y, one := random(rng, heap(nx)), random(rng, heap(nw)), heap(ny), heap(ny/s.N)
		Forward(s, y, x, w)
		single := s
		single.N = 1
		for i := range s.N {
			Forward(single, one, x[i*nx/s.N:][:nx/s.N], w)
			require.Equal(t, one, y[i*len(one):][:len(one)])
		}
	})
}

// TestWinogradOverflow has transformed inputs overflow in one image of three: it is computed directly.
func TestWinogradOverflow(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		s := square(3, 7, 32, 32, 3, 1, 1, 1, 1)
		nx, nw, ny := s.sizes()
		rng := rand.New(rand.NewPCG(1, 2))
		x, w, got, direct := random(rng, heap(nx)), random(rng, heap(nw)), heap(ny), heap(ny)
		for i := nx / 3; i < 2*nx/3; i++ {
			x[i] *= 2e38
		}
		for i := range w {
			w[i] /= 1000
		}
		Forward(s, got, x, w)
		run(s, false, direct, x, w)
		require.Equal(t, direct[ny/3:2*ny/3], got[ny/3:2*ny/3])
		require.NotEqual(t, direct[:ny/3], got[:ny/3])
		require.NotEqual(t, direct[2*ny/3:], got[2*ny/3:])
		for i, v := range got {
			require.Zero(t, v-v, "element %d: %v", i, v)
		}
	})
}
