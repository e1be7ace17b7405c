package conv

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/internal/kernel/kerneltest"
	"github.com/residuum-go/residuum/internal/parallel"
)

// square returns a shape with the same size, stride, padding and dilation both ways.
func square(n, size, c, k, kernel, stride, pad, dilation, groups int) Shape {
	return Shape{N: n, H: size, W: size, C: c, K: k, R: kernel, S: kernel, StrideH: stride, StrideW: stride,
		PadH: pad, PadW: pad, DilationH: dilation, DilationW: dilation, Groups: groups}
}

func (s Shape) name() string {
	return fmt.Sprintf("shape=%dx%dx%dx%d/k=%d/kernel=%dx%d/stride=%d,%d/pad=%d,%d/more=%d,%d/dilation=%d,%d/groups=%d", s.N, s.H, s.W, s.C,
		s.K, s.R, s.S, s.StrideH, s.StrideW, s.PadH, s.PadW, s.MoreH, s.MoreW, s.DilationH, s.DilationW, s.Groups)
}

func (s Shape) sizes() (x, w, y int) {
	return s.N * s.H * s.W * s.C, s.R * s.S * (s.C / s.Groups) * s.K, s.N * s.OutH() * s.OutW() * s.K
}

// operation is one of the three convolutions and its reference.
type operation struct {
	name  string
	run   func(s Shape, dst, a, b []float32)
	ref   func(s Shape, dst, a, b []float64)
	sizes func(s Shape) (dst, a, b int)
	terms func(s Shape) int // of a sum
}

var operations = []operation{
	{"Forward", Forward, ForwardRef[float64],
		func(s Shape) (int, int, int) { x, w, y := s.sizes(); return y, x, w },
		func(s Shape) int { return s.R * s.S * s.C }},
	{"InputGrad", InputGrad, InputGradRef[float64],
		func(s Shape) (int, int, int) { x, w, y := s.sizes(); return x, y, w },
		func(s Shape) int { return s.R * s.S * s.K }},
	{"WeightGrad", WeightGrad, WeightGradRef[float64],
		func(s Shape) (int, int, int) { x, w, y := s.sizes(); return w, x, y },
		func(s Shape) int { return s.N * s.OutH() * s.OutW() }},
}

func random(rng *rand.Rand, s []float32) []float32 {
	for i := range s {
		s[i] = rng.Float32()*2 - 1
	}
	return s
}

func widen(s []float32, abs bool) []float64 {
	d := make([]float64, len(s))
	for i, v := range s {
		if d[i] = float64(v); abs {
			d[i] = math.Abs(d[i])
		}
	}
	return d
}

// check compares o with its reference on random numbers: |error| <= (terms+2) eps Σ|a||b|.
func (o operation) check(t *testing.T, rng *rand.Rand, s Shape, mem func(n int) []float32) {
	t.Helper()
	nd, na, nb := o.sizes(s)
	dst, a, b := mem(nd), random(rng, mem(na)), random(rng, mem(nb))
	for i := range dst {
		dst[i] = float32(math.NaN())
	}
	o.run(s, dst, a, b)
	want, sum := make([]float64, nd), make([]float64, nd)
	o.ref(s, want, widen(a, false), widen(b, false))
	o.ref(s, sum, widen(a, true), widen(b, true))
	for i, g := range dst {
		if d := math.Abs(float64(g) - want[i]); !(d <= float64(o.terms(s)+2)*0x1p-24*sum[i]) {
			require.Failf(t, "wrong", "%s %s element %d: %v, want %v", o.name, s.name(), i, g, want[i])
		}
	}
}

func heap(n int) []float32 { return make([]float32, n) }

// shapes is the sweep: kernels, strides, paddings, dilations, groups, odd sizes, channels below, at
// and above the widths of vectors and tiles.
//
// With -short, as on an emulated CPU, the sums have 2.9 million terms instead of 9.4. Every number of channels is there,
// but not with every other: with two on the other side, an even number and the odd one or one above a tile's width, so that
// wide, narrow and paired tiles meet all their tails. Images are smaller, and still have tiles inside, at all
// borders and in several images.
func shapes() []Shape {
	var list []Shape
	for _, kernel := range []int{1, 2, 3, 5} {
		for _, stride := range []int{1, 2, 3} {
			for _, pad := range []int{0, 1, 2, 3} {
				list = append(list, square(2, 7, 3, 5, kernel, stride, pad, 1, 1))
			}
		}
	}
	for _, c := range []int{1, 2, 3, 8, 16, 17, 33} {
		for _, k := range []int{1, 4, 8, 15, 16, 18, 32, 37} {
			if !testing.Short() || c == 3 || c == 8 || k == 4 || k == 18 {
				list = append(list, square(1, 5, c, k, 3, 1, 1, 1, 1))
			}
		}
	}
	for _, groups := range []int{2, 4, 12} {
		list = append(list, square(2, 6, 12, 24, 3, 1, 1, 1, groups), square(2, 6, 12, 12, 3, 2, 1, 1, groups))
	}
	for _, dilation := range []int{2, 3} {
		list = append(list, square(1, 9, 4, 6, 3, 1, 2, dilation, 1), square(1, 9, 4, 6, 3, 2, 3, dilation, 1))
	}
	if testing.Short() {
		list = append(list, square(3, 5, 16, 16, 3, 1, 1, 1, 1), square(1, 11, 3, 64, 7, 2, 3, 1, 1), square(1, 5, 40, 48, 3, 1, 1, 1, 1),
			square(2, 4, 40, 36, 1, 1, 0, 1, 1))
	} else {
		list = append(list, square(3, 8, 16, 16, 3, 1, 1, 1, 1), square(1, 30, 3, 64, 7, 2, 3, 1, 1), square(1, 12, 40, 48, 3, 1, 1, 1, 1),
			square(4, 7, 64, 64, 1, 1, 0, 1, 1))
	}
	return append(list,
		square(2, 8, 16, 32, 3, 2, 1, 1, 1), square(2, 8, 16, 32, 1, 2, 0, 1, 1),
		square(13, 2, 5, 33, 3, 1, 1, 1, 1), square(1, 1, 20, 20, 3, 1, 1, 1, 1), square(1, 3, 2, 2, 3, 5, 4, 1, 1),
		square(1, 8, 40, 20, 1, 1, 0, 1, 1), square(1, 8, 20, 40, 1, 1, 0, 1, 1), // one way a direct sum
		square(1, 5, 512, 9, 3, 2, 1, 1, 1), square(1, 4, 9, 1024, 3, 1, 1, 1, 1), // pixels 4 KB apart
		square(1, 2, 128, 256, 1, 1, 0, 1, 1), square(2, 3, 260, 128, 1, 2, 0, 1, 1), // weight gradients as matrix products
		Shape{N: 2, H: 5, W: 9, C: 6, K: 7, R: 2, S: 3, StrideH: 2, StrideW: 1, PadH: 0, PadW: 2, DilationH: 1, DilationW: 2, Groups: 1},
		Shape{N: 1, H: 11, W: 4, C: 4, K: 6, R: 3, S: 1, StrideH: 1, StrideW: 3, PadH: 1, PadW: 0, DilationH: 3, DilationW: 1, Groups: 2},
		rectangle(2, 9, 18, 1, 1, 3, 2, 0, 0), rectangle(1, 260, 128, 1, 1, 1, 2, 0, 0), rectangle(2, 16, 40, 1, 1, 2, 1, 0, 0),
		rectangle(2, 16, 32, 3, 3, 1, 2, 1, 1), rectangle(2, 32, 18, 3, 3, 2, 1, 1, 0), rectangle(1, 16, 16, 1, 7, 1, 1, 0, 3),
		rectangle(1, 33, 18, 5, 1, 1, 1, 2, 0), rectangle(1, 3, 64, 2, 7, 1, 3, 0, 3),
		rectangle(1, 176, 20, 2, 3, 1, 3, 1, 0), // pixels of which a strip is copied
		rectangle(2, 3, 18, 3, 3, 2, 2, 0, 0).more(1, 1), rectangle(1, 6, 5, 3, 2, 1, 1, 1, 1).more(-1, -1), rectangle(2, 4, 16, 1, 1, 2, 1, 0, 0).more(3, 2),
		rectangle(1, 16, 32, 3, 3, 1, 1, 2, 0).more(-2, 2), rectangle(1, 5, 20, 2, 3, 1, 3, 1, 2).more(2, -1), rectangle(1, 260, 128, 1, 1, 2, 2, 0, 0).more(1, 0))
}

// more pads by h and w more at the bottom and the right.
func (s Shape) more(h, w int) Shape {
	s.MoreH, s.MoreW = h, w
	return s
}

// rectangle has images of 6x9 pixels.
func rectangle(n, c, k, r, s, strideH, strideW, padH, padW int) Shape {
	return Shape{N: n, H: 6, W: 9, C: c, K: k, R: r, S: s, StrideH: strideH, StrideW: strideW,
		PadH: padH, PadW: padW, DilationH: 1, DilationW: 1, Groups: 1}
}

func TestConvolutionsEqualTheirReferences(t *testing.T) {
	for _, o := range operations {
		t.Run("op="+o.name, func(t *testing.T) {
			kerneltest.EachLevel(t, func(t *testing.T) {
				rng := rand.New(rand.NewPCG(1, 2))
				for _, s := range shapes() {
					o.check(t, rng, s, heap)
				}
			})
		})
	}
}

// TestLargeWeightsArePassedOverInParts runs the sweep as if no weights fitted in a cache.
func TestLargeWeightsArePassedOverInParts(t *testing.T) {
	defer func(weights, pass int) { maxWeights, maxPass = weights, pass }(maxWeights, maxPass)
	maxWeights, maxPass = 0, 300
	list := append(shapes(), square(1, 5, 20, 260, 3, 1, 1, 1, 1), square(1, 5, 260, 20, 3, 2, 1, 1, 1))
	if testing.Short() {
		list = append(list, square(30, 8, 4, 20, 3, 1, 1, 1, 1)) // as many tiles with fewer channels
	} else {
		list = append(list, square(30, 8, 20, 40, 3, 1, 1, 1, 1))
	}
	for _, o := range operations[:2] {
		t.Run("op="+o.name, func(t *testing.T) {
			kerneltest.EachLevel(t, func(t *testing.T) {
				rng := rand.New(rand.NewPCG(1, 2))
				for _, s := range list {
					o.check(t, rng, s, heap)
				}
			})
		})
	}
}

// TestPointwiseConvolutionsOfSomeImagesAtATime copies the pixels that a stride keeps image by image.
func TestPointwiseConvolutionsOfSomeImagesAtATime(t *testing.T) {
	defer func(n int) { maxKept = n }(maxKept)
	maxKept = 5 * 260 * 4
	for _, o := range operations {
		t.Run("op="+o.name, func(t *testing.T) {
			kerneltest.EachLevel(t, func(t *testing.T) {
				rng := rand.New(rand.NewPCG(1, 2))
				for _, s := range []Shape{square(3, 3, 260, 128, 1, 2, 0, 1, 1), square(2, 5, 6, 130, 1, 2, 0, 1, 1), square(5, 3, 260, 20, 1, 3, 0, 1, 1)} {
					o.check(t, rng, s, heap)
				}
			})
		})
	}
}

// TestWeightGradientsOfPackedPixels runs the sweep as if pixels were copied whenever they can be.
func TestWeightGradientsOfPackedPixels(t *testing.T) {
	defer func(distance, uses int) { packDistance, packUses = distance, uses }(packDistance, packUses)
	packDistance, packUses = 0, 0
	o := operations[2]
	list := append(shapes(), square(7, 7, 70, 20, 3, 2, 1, 1, 1), square(2, 20, 200, 20, 1, 2, 0, 1, 1),
		square(2, 20, 200, 20, 1, 2, 1, 1, 1), square(2, 30, 16, 33, 3, 3, 2, 2, 1), square(3, 5, 24, 16, 1, 3, 2, 1, 1))
	kerneltest.EachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		for _, s := range list {
			o.check(t, rng, s, heap)
		}
		for _, mem := range []func(testing.TB, int) []float32{kerneltest.Guarded, kerneltest.GuardedStart} {
			for _, s := range []Shape{square(2, 6, 20, 40, 3, 2, 1, 1, 1), square(2, 6, 33, 16, 1, 2, 0, 1, 1), square(1, 5, 16, 32, 3, 1, 1, 1, 1)} {
				o.check(t, rng, s, func(n int) []float32 { return mem(t, n) })
			}
		}
	})
}

func TestConvolutionsStayInsideTheirSlices(t *testing.T) {
	guarded := []Shape{square(1, 5, 3, 5, 3, 1, 1, 1, 1), square(2, 4, 16, 16, 3, 1, 1, 1, 1), square(1, 6, 20, 40, 3, 2, 1, 1, 1),
		square(1, 4, 9, 33, 1, 1, 0, 1, 1), square(1, 5, 6, 6, 3, 1, 0, 1, 3), square(1, 9, 1, 8, 7, 2, 3, 1, 1),
		square(2, 4, 131, 259, 1, 2, 0, 1, 1)}
	for _, o := range operations {
		for _, end := range []bool{false, true} {
			t.Run(fmt.Sprintf("op=%s/end=%v", o.name, end), func(t *testing.T) {
				kerneltest.EachLevel(t, func(t *testing.T) {
					for _, s := range guarded {
						o.check(t, rand.New(rand.NewPCG(3, 4)), s, func(n int) []float32 {
							if end {
								return kerneltest.Guarded(t, n)
							}
							return kerneltest.GuardedStart(t, n)
						})
					}
				})
			})
		}
	}
}

func TestConvolutionsHaveTheSameBitsForAnyNumberOfWorkers(t *testing.T) {
	for _, o := range operations {
		t.Run("op="+o.name, func(t *testing.T) {
			kerneltest.EachLevel(t, func(t *testing.T) {
				for _, s := range []Shape{square(24, 16, 16, 16, 3, 1, 1, 1, 1), square(2, 9, 40, 70, 3, 2, 1, 1, 1), square(40, 8, 24, 24, 1, 1, 0, 1, 1), square(3, 9, 128, 260, 1, 2, 0, 1, 1),
					square(24, 7, 64, 48, 3, 1, 1, 1, 1), square(2, 7, 128, 128, 3, 1, 1, 1, 1)} {
					nd, na, nb := o.sizes(s)
					rng := rand.New(rand.NewPCG(5, 6))
					a, b := random(rng, heap(na)), random(rng, heap(nb))
					kerneltest.SameBitsForWorkers(t, func() []float32 {
						dst := heap(nd)
						o.run(s, dst, a, b)
						return dst
					})
				}
			})
		})
	}
}

// TestConvolutionsPropagateSpecialValues compares where results are not finite.
func TestConvolutionsPropagateSpecialValues(t *testing.T) {
	refs := map[string]func(s Shape, dst, a, b []float32){"Forward": ForwardRef[float32], "InputGrad": InputGradRef[float32], "WeightGrad": WeightGradRef[float32]}
	for _, o := range operations {
		t.Run("op="+o.name, func(t *testing.T) {
			kerneltest.EachLevel(t, func(t *testing.T) {
				rng := rand.New(rand.NewPCG(7, 8))
				for _, v := range kerneltest.Specials() {
					if math.Abs(float64(v)) > 1e30 && !math.IsInf(float64(v), 0) {
						continue // overflow depends on the order of summation
					}
					for _, s := range []Shape{square(2, 6, 4, 18, 3, 1, 1, 1, 1), square(1, 7, 16, 16, 3, 2, 1, 1, 1), square(1, 5, 3, 9, 1, 1, 0, 1, 1), square(2, 6, 32, 48, 3, 1, 1, 1, 1)} {
						nd, na, nb := o.sizes(s)
						got, want, a, b := heap(nd), heap(nd), random(rng, heap(na)), random(rng, heap(nb))
						for range 3 {
							a[rng.IntN(na)], b[rng.IntN(nb)] = v, v
						}
						o.run(s, got, a, b)
						refs[o.name](s, want, a, b)
						for i, g := range got {
							if w := want[i]; w-w != 0 || g-g != 0 {
								require.True(t, kerneltest.SameFloat(g, w), "%s with %v element %d: %v, want %v", s.name(), v, i, g, w)
							}
						}
					}
				}
			})
		})
	}
}

func TestConvolutionsWithEmptyDimensions(t *testing.T) {
	empty := []Shape{square(0, 5, 3, 4, 3, 1, 1, 1, 1), square(2, 5, 0, 4, 3, 1, 1, 1, 1), square(2, 5, 3, 0, 3, 1, 1, 1, 1), square(2, 2, 3, 4, 5, 1, 0, 1, 1),
		square(1, 0, 2, 2, 3, 1, 1, 1, 1), square(1, 4, 2, 2, 0, 1, 0, 1, 1)}
	for _, o := range operations {
		for _, s := range empty {
			t.Run("op="+o.name+"/"+s.name(), func(t *testing.T) {
				kerneltest.EachLevel(t, func(t *testing.T) { o.check(t, rand.New(rand.NewPCG(1, 1)), s, heap) })
			})
		}
	}
}

func TestConvolutionsDoNotAllocate(t *testing.T) {
	defer parallel.SetWorkers(2)()
	for _, o := range operations {
		t.Run("op="+o.name, func(t *testing.T) {
			kerneltest.EachLevel(t, func(t *testing.T) {
				for _, s := range []Shape{square(2, 8, 16, 16, 3, 1, 1, 1, 1), square(2, 9, 8, 40, 3, 2, 1, 1, 1), square(2, 8, 16, 16, 1, 1, 0, 1, 1), square(2, 4, 128, 256, 1, 2, 0, 1, 1),
					square(9, 8, 32, 32, 3, 1, 1, 1, 1), square(1, 8, 96, 96, 3, 1, 1, 1, 1)} {
					nd, na, nb := o.sizes(s)
					dst, a, b := heap(nd), heap(na), heap(nb)
					kerneltest.NoAllocs(t, func() { o.run(s, dst, a, b) })
				}
			})
		})
	}
}

// TestPlansAreForgottenWhenTheyGrowTooLarge fills the cache beyond its limit.
func TestPlansAreForgottenWhenTheyGrowTooLarge(t *testing.T) {
	plans.Lock()
	plans.size = maxEntries - 10
	plans.Unlock()
	s := square(1, 6, 5, 4, 3, 1, 1, 1, 1)
	operations[0].check(t, rand.New(rand.NewPCG(1, 1)), s, heap)
	plans.RLock()
	defer plans.RUnlock()
	require.Less(t, plans.size, 1000)
	require.Len(t, plans.m, 1)
}

func TestStridePhasesShareTheTapsOut(t *testing.T) {
	for _, c := range []struct {
		shape Shape
		taps  []int
	}{
		{square(1, 8, 1, 1, 3, 2, 1, 1, 1), []int{1, 2, 2, 4}},
		{rectangle(1, 1, 1, 3, 3, 2, 1, 1, 1), []int{3, 6}},
		{rectangle(1, 1, 1, 3, 3, 1, 2, 1, 1), []int{3, 6}},
		{rectangle(1, 1, 1, 2, 4, 1, 3, 0, 1), []int{4, 2, 2}},
	} {
		var taps []int
		for _, class := range newPlan(c.shape.inputGradView(), 12).classes {
			taps = append(taps, class.taps)
		}
		require.ElementsMatch(t, c.taps, taps, "%+v", c.shape)
	}
}

func TestConvolutionPanicsOnWrongArguments(t *testing.T) {
	s := square(1, 4, 2, 3, 3, 1, 1, 1, 1)
	x, w, y := s.sizes()
	require.PanicsWithValue(t, fmt.Sprintf("conv: Forward: x has 31 elements, want 32 for %+v", s), func() { Forward(s, heap(y), heap(x-1), heap(w)) })
	s.Groups = 2
	require.PanicsWithValue(t, "conv: InputGrad: 2 groups do not divide 2 and 3 channels", func() { InputGrad(s, heap(x), heap(y), heap(w)) })
	s.Groups = 0
	require.Panics(t, func() { WeightGrad(s, heap(w), heap(x), heap(y)) })
}

func ExampleForward() {
	// A 2x2 box filter over a 3x3 image with one channel.
	s := Shape{N: 1, H: 3, W: 3, C: 1, K: 1, R: 2, S: 2, StrideH: 1, StrideW: 1, DilationH: 1, DilationW: 1, Groups: 1}
	x := []float32{1, 2, 3, 4, 5, 6, 7, 8, 9}
	y := make([]float32, s.OutH()*s.OutW())
	Forward(s, y, x, []float32{1, 1, 1, 1})
	fmt.Println(y)
	// Output: [12 16 24 28]
}

func TestTilesHaveNoMoreRowsThanCachesKeep(t *testing.T) {
	for _, c := range []struct {
		s              Shape
		forward, grads int
	}{
		{square(1, 14, 1024, 256, 1, 1, 0, 1, 1), 8, 12},
		{square(1, 14, 256, 2048, 1, 1, 0, 1, 1), 12, 8},
		{square(1, 14, 512, 512, 3, 2, 1, 1, 1), 8, 12},
		{square(1, 14, 512, 512, 3, 1, 1, 1, 1), 12, 12},
		{square(1, 14, 1024, 1024, 3, 1, 1, 1, 32), 12, 12},
	} {
		require.Equal(t, c.forward, c.s.tileRows(12, false), c.s.name())
		require.Equal(t, c.grads, c.s.tileRows(12, true), c.s.name())
		require.Equal(t, 6, c.s.tileRows(6, false))
	}
}
