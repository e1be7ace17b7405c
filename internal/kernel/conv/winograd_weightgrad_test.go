package conv

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/internal/kernel/kerneltest"
)

func transpose(m [][]float64) [][]float64 {
	t := make([][]float64, len(m[0]))
	for i := range t {
		t[i] = make([]float64, len(m))
		for j := range m {
			t[i][j] = m[j][i]
		}
	}
	return t
}

func TestGradientTransformsAreThoseOfTheirPoints(t *testing.T) {
	at, g, _ := matrices()
	rng := rand.New(rand.NewPCG(1, 2))
	var d [6]float64
	for i := range d {
		d[i] = rng.NormFloat64()
	}
	grad, dw := gradientTransform([4]float64(d[:4])), weightGradTransform(d)
	require.InDeltaSlice(t, apply(transpose(at), d[:4]), grad[:], 1e-13)
	require.InDeltaSlice(t, apply(transpose(g), d[:]), dw[:], 1e-13)
}

// winogradGradBound returns, for each weight, |GT| [Σ_tiles (|BT| |d| |B|) ⊙ (|A| |e| |AT|)] |G|.
func winogradGradBound(s Shape, x, dy []float32) []float64 {
	at, g, bt := matrices()
	a, gt := transpose(at), transpose(g)
	p := newTilePlan(s, false)
	sums := make([][36]float64, s.C*s.K)
	pixels := func(src []float32, off []int32, c int) []float64 {
		d := make([]float64, len(off))
		for j, o := range off {
			if o >= 0 {
				d[j] = math.Abs(float64(src[int(o)+c]))
			}
		}
		return d
	}
	for i := range s.N * p.tiles {
		image, t := i/p.tiles, i%p.tiles
		inputs, grads := make([][]float64, s.C), make([][]float64, s.K)
		for c := range inputs {
			inputs[c] = sandwich(bt, pixels(x[image*s.H*s.W*s.C:], p.in[36*t:][:36], c))
		}
		for k := range grads {
			grads[k] = sandwich(a, pixels(dy[image*s.OutH()*s.OutW()*s.K:], p.out[16*t:][:16], k))
		}
		for c := range inputs {
			for k := range grads {
				for j := range 36 {
					sums[c*s.K+k][j] += inputs[c][j] * grads[k][j]
				}
			}
		}
	}
	bound := make([]float64, 9*len(sums))
	for i := range sums {
		for t, v := range sandwich(gt, sums[i][:]) {
			bound[t*len(sums)+i] = v
		}
	}
	return bound
}

// TestWinogradGradKeepsItsBound compares with the reference in float64, with chunks, parts and pieces of a few
// tiles and with all tiles at once.
func TestWinogradGradKeepsItsBound(t *testing.T) {
	defer func(n, m int) { gradTiles, partPiece = n, m }(gradTiles, partPiece)
	const u = 0x1p-24
	o := operations[2]
	rng := rand.New(rand.NewPCG(1, 2))
	for _, s := range winogradShapes() {
		nd, na, nb := o.sizes(s)
		x, dy := random(rng, heap(na)), random(rng, heap(nb))
		want, sum := make([]float64, nd), make([]float64, nd)
		o.ref(s, want, widen(x, false), widen(dy, false))
		o.ref(s, sum, widen(x, true), widen(dy, true))
		bound := winogradGradBound(s, x, dy)
		tiles := s.N * newTilePlan(s, false).tiles
		t.Run(s.name(), func(t *testing.T) {
			kerneltest.EachLevel(t, func(t *testing.T) {
				for _, gradTiles = range []int{5, 128} {
					partPiece = 800 * gradTiles // 3 and 88 tiles of 16 channels
					got := heap(nd)
					for i := range got {
						got[i] = float32(math.NaN())
					}
					runWinogradGrad(s, got, x, dy)
					var squares float64
					for i, v := range got {
						e := math.Abs(float64(v) - want[i])
						require.LessOrEqual(t, e, float64(tiles+20)*u*bound[i], "element %d: %v, want %v", i, v, want[i])
						squares += e / sum[i] * e / sum[i]
					}
					require.Less(t, math.Sqrt(squares/float64(nd)), 2.5*u)
				}
			})
		})
	}
}

// TestWinogradGradBesideALargeValue: an error is at most 140 (T + 20) u ‖x_c‖‖e_k‖, whatever the images.
func TestWinogradGradBesideALargeValue(t *testing.T) {
	const u = 0x1p-24
	o, s := operations[2], square(2, 7, 16, 32, 3, 1, 1, 1, 1)
	nd, na, nb := o.sizes(s)
	tiles := s.N * newTilePlan(s, false).tiles
	channelNorms := func(x []float32, channels int) []float64 {
		norm := make([]float64, channels)
		for i, v := range x {
			norm[i%channels] = math.Hypot(norm[i%channels], float64(v))
		}
		return norm
	}
	for _, input := range unevenInputs {
		for _, large := range []string{"x", "dy"} {
			rng := rand.New(rand.NewPCG(1, 2))
			x, dy, want := normal(rng, heap(na)), normal(rng, heap(nb)), make([]float64, nd)
			if large == "x" {
				input.set(rng, image{s.H, s.W, s.C}, x)
			} else {
				input.set(rng, image{s.OutH(), s.OutW(), s.K}, dy)
			}
			o.ref(s, want, widen(x, false), widen(dy, false))
			normX, normDY := channelNorms(x, s.C), channelNorms(dy, s.K)
			t.Run(input.name+" in "+large, func(t *testing.T) {
				kerneltest.EachLevel(t, func(t *testing.T) {
					got := heap(nd)
					runWinogradGrad(s, got, x, dy)
					for i, v := range got {
						bound := 140 * float64(tiles+20) * u * normX[i/s.K%s.C] * normDY[i%s.K]
						require.LessOrEqual(t, math.Abs(float64(v)-want[i]), bound, "element %d: %v, want %v", i, v, want[i])
					}
				})
			})
		}
	}
}

func TestWinogradGradHasTheSameBitsForAnyNumberOfWorkers(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		for _, s := range []Shape{square(24, 8, 96, 64, 3, 1, 1, 1, 1), square(70, 8, 32, 16, 3, 1, 1, 1, 1)} { // chunks, parts
			nx, nw, ny := s.sizes()
			rng := rand.New(rand.NewPCG(5, 6))
			x, dy := random(rng, heap(nx)), random(rng, heap(ny))
			kerneltest.SameBitsForWorkers(t, func() []float32 {
				dw := heap(nw)
				runWinogradGrad(s, dw, x, dy)
				return dw
			})
		}
	})
}

func TestWinogradGradStaysInsideItsSlices(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		for _, s := range []Shape{square(2, 7, 32, 48, 3, 1, 1, 1, 1), square(2, 7, 16, 32, 3, 1, 1, 1, 1)} {
			nx, nw, ny := s.sizes()
			rng := rand.New(rand.NewPCG(1, 2))
			x, dy, want := random(rng, heap(nx)), random(rng, heap(ny)), heap(nw)
			runWinogradGrad(s, want, x, dy)
			for _, mem := range []func(testing.TB, int) []float32{kerneltest.Guarded, kerneltest.GuardedStart} {
				got, gx, gy := mem(t, nw), mem(t, nx), mem(t, ny)
				copy(gx, x)
				copy(gy, dy)
				runWinogradGrad(s, got, gx, gy)
				require.Equal(t, want, got)
			}
		}
	})
}

// TestWinogradGradIsDirectWhereItIsNotFinite compares with the direct sum, which skips the padding.
func TestWinogradGradIsDirectWhereItIsNotFinite(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		s := square(2, 7, 32, 48, 3, 1, 1, 1, 1)
		nx, nw, ny := s.sizes()
		for _, v := range []float32{float32(math.NaN()), float32(math.Inf(1)), math.MaxFloat32} {
			rng := rand.New(rand.NewPCG(1, 2))
			x, dy, got, want := random(rng, heap(nx)), random(rng, heap(ny)), heap(nw), heap(nw)
			x[3*32+5] = v // in the first row: taps below it meet padding only
			runWinogradGrad(s, got, x, dy)
			runWeightGrad(s, want, x, dy)
			for i := range got {
				require.True(t, kerneltest.SameFloat(got[i], want[i]), "element %d: %v, want %v", i, got[i], want[i])
			}
		}
	})
}
