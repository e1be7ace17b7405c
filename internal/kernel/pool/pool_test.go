package pool

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/internal/kernel/kerneltest"
)

var shapes = []Shape{
	{N: 1, H: 1, W: 1, C: 1, SizeH: 1, SizeW: 1, StrideH: 1, StrideW: 1},
	{N: 2, H: 4, W: 6, C: 3, SizeH: 2, SizeW: 2, StrideH: 2, StrideW: 2},
	{N: 2, H: 7, W: 5, C: 16, SizeH: 3, SizeW: 3, StrideH: 2, StrideW: 2, PadH: 1, PadW: 1},
	{N: 1, H: 8, W: 8, C: 64, SizeH: 3, SizeW: 3, StrideH: 2, StrideW: 2, PadH: 1, PadW: 1},
	{N: 3, H: 5, W: 5, C: 9, SizeH: 3, SizeW: 3, StrideH: 1, StrideW: 1, PadH: 1, PadW: 1},
	{N: 1, H: 9, W: 11, C: 37, SizeH: 3, SizeW: 2, StrideH: 1, StrideW: 3, PadH: 2, PadW: 1},
	{N: 2, H: 6, W: 9, C: 33, SizeH: 1, SizeW: 4, StrideH: 1, StrideW: 2, PadW: 2},
	{N: 1, H: 10, W: 10, C: 5, SizeH: 2, SizeW: 1, StrideH: 3, StrideW: 4}, // pixels that no window covers
	{N: 1, H: 3, W: 3, C: 100, SizeH: 5, SizeW: 5, StrideH: 1, StrideW: 1, PadH: 2, PadW: 2},
	{N: 1, H: 2, W: 2, C: 8, SizeH: 4, SizeW: 4, StrideH: 5, StrideW: 5, PadH: 3, PadW: 3},
	{N: 2, H: 40, W: 40, C: 17, SizeH: 3, SizeW: 3, StrideH: 2, StrideW: 2, PadH: 1, PadW: 1}, // several chunks
	{N: 2, H: 6, W: 7, C: 17, SizeH: 3, SizeW: 2, StrideH: 2, StrideW: 2, PadH: 0, PadW: 1, MoreH: 1, MoreW: -1},
	{N: 2, H: 5, W: 6, C: 5, SizeH: 3, SizeW: 3, StrideH: 2, StrideW: 2, PadH: 2, PadW: 1, MoreH: -2, MoreW: 1, ExcludePad: true},
	{N: 2, H: 6, W: 8, C: 19, SizeH: 3, SizeW: 3, StrideH: 2, StrideW: 3, PadW: 1, Ceil: true},
	{N: 1, H: 7, W: 9, C: 33, SizeH: 2, SizeW: 4, StrideH: 3, StrideW: 2, PadH: 1, PadW: 1, Ceil: true, ExcludePad: true},
	{N: 3, H: 4, W: 4, C: 3, SizeH: 2, SizeW: 3, StrideH: 1, StrideW: 1, PadW: 1, Ceil: true},          // nothing left
	{N: 1, H: 2, W: 4, C: 2, SizeH: 2, SizeW: 2, StrideH: 3, StrideW: 5, PadH: 1, PadW: 1, Ceil: true}, // one in the padding
	{N: 0, H: 4, W: 4, C: 4, SizeH: 2, SizeW: 2, StrideH: 2, StrideW: 2},
	{N: 1, H: 2, W: 2, C: 3, SizeH: root, SizeW: root, StrideH: 1, StrideW: 2, PadH: root / 2, PadW: root / 2},
}

const root = 1 << (bits.UintSize / 2) // whose square is 0 in an int

// dilatedShapes are for maxima only.
var dilatedShapes = []Shape{
	{N: 2, H: 7, W: 8, C: 5, SizeH: 2, SizeW: 3, StrideH: 1, StrideW: 2, DilationH: 3, DilationW: 2},
	{N: 3, H: 6, W: 9, C: 17, SizeH: 3, SizeW: 2, StrideH: 2, StrideW: 1, PadH: 2, PadW: 1, DilationH: 2},
	{N: 1, H: 6, W: 7, C: 2, SizeH: 3, SizeW: 3, StrideH: 2, StrideW: 2, PadH: 1, MoreW: 2, DilationH: 1, DilationW: 2, Ceil: true},
	{N: 0, H: 4, W: 4, C: 4, SizeH: 2, SizeW: 2, StrideH: 2, StrideW: 2, DilationH: 2},
}

// eachShape also runs every number of channels up to two AVX-512 registers and a half.
func eachShape(t *testing.T, f func(t *testing.T, s Shape), more ...Shape) {
	all := append(append([]Shape{}, shapes...), more...)
	for c := 1; c <= 40; c++ {
		all = append(all, Shape{N: 1, H: 4, W: 5, C: c, SizeH: 3, SizeW: 3, StrideH: 2, StrideW: 2, PadH: 1, PadW: 1})
	}
	kerneltest.EachLevel(t, func(t *testing.T) {
		for _, s := range all {
			t.Run(fmt.Sprintf("shape=%dx%dx%dx%d/size=%dx%d/stride=%dx%d/pad=%dx%d/more=%dx%d/dilation=%dx%d/ceil=%v/exclude=%v", s.N, s.H, s.W, s.C,
				s.SizeH, s.SizeW, s.StrideH, s.StrideW, s.PadH, s.PadW, s.MoreH, s.MoreW, s.DilationH, s.DilationW, s.Ceil, s.ExcludePad), func(t *testing.T) { f(t, s) })
		}
	})
}

// random returns guarded numbers with many ties.
func random(t *testing.T, n int) []float32 {
	s := kerneltest.Guarded(t, n)
	r := rand.New(rand.NewPCG(1, uint64(n)))
	for i := range s {
		s[i] = float32(r.IntN(20)) - 10
	}
	return s
}

func indices(t *testing.T, n int) []int32 {
	s := kerneltest.Guarded(t, n)
	return unsafe.Slice((*int32)(unsafe.Pointer(unsafe.SliceData(s))), n)
}

func requireSame(t *testing.T, want, got []float32) {
	t.Helper()
	for i, g := range got {
		if !kerneltest.SameFloat(want[i], g) {
			t.Fatalf("element %d: %v, want %v", i, g, want[i])
		}
	}
}

func TestMax(t *testing.T) {
	eachShape(t, func(t *testing.T, s Shape) {
		x := random(t, s.In())
		r := rand.New(rand.NewPCG(2, 3))
		for i := range x {
			if v := r.IntN(60); v < len(kerneltest.Specials()) {
				x[i] = kerneltest.Specials()[v]
			}
		}
		want, wantIdx := make([]float32, s.Out()), make([]int32, s.Out())
		MaxRef(s, want, wantIdx, x)
		g := random(t, s.Out())
		wantGrad := make([]float32, s.In())
		MaxGradRef(s, wantGrad, g, wantIdx)
		kerneltest.SameBitsForWorkers(t, func() []float32 {
			y, idx := kerneltest.Guarded(t, s.Out()), indices(t, s.Out())
			Max(s, y, idx, x)
			requireSame(t, want, y)
			require.Equal(t, wantIdx, append([]int32{}, idx...))

			dx := random(t, s.In())
			MaxGrad(s, dx, g, idx)
			requireSame(t, wantGrad, dx)

			z := make([]float32, s.Out())
			MaxGather(z, x, idx)
			requireSame(t, want, z)
			return dx
		})
	}, dilatedShapes...)
}

func TestAvg(t *testing.T) {
	eachShape(t, func(t *testing.T, s Shape) {
		x, g := random(t, s.In()), random(t, s.Out())
		for i := range x {
			x[i] *= 0.1 // so that sums are rounded
		}
		want, wantGrad := make([]float32, s.Out()), make([]float32, s.In())
		AvgRef(s, want, x)
		AvgGradRef(s, wantGrad, g)
		kerneltest.SameBitsForWorkers(t, func() []float32 {
			y, dx := kerneltest.Guarded(t, s.Out()), random(t, s.In())
			Avg(s, y, x)
			AvgGrad(s, dx, g)
			requireSame(t, want, y)
			for i := range dx {
				require.InDelta(t, wantGrad[i], dx[i], 1e-5)
			}
			return dx
		})
	})
}

// Where all windows count as many pixels, an average that would count others has the bits of one that would not.
func TestAvgOfEvenWindows(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		s := Shape{N: 2, H: 7, W: 9, C: 19, SizeH: 3, SizeW: 3, StrideH: 2, StrideW: 2}
		x, g := random(t, s.In()), random(t, s.Out())
		want, wantGrad := make([]float32, len(g)), make([]float32, len(x))
		Avg(s, want, x)
		AvgGrad(s, wantGrad, g)
		s.Ceil, s.ExcludePad = true, true
		y, dx := make([]float32, len(g)), make([]float32, len(x))
		Avg(s, y, x)
		AvgGrad(s, dx, g)
		requireSame(t, want, y)
		requireSame(t, wantGrad, dx)
	})
}

func TestGlobalAvg(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		for _, s := range []struct{ n, hw, c int }{{0, 4, 3}, {1, 1, 1}, {3, 49, 10}, {2, 64, 64}, {1, 3000, 7}, {2, 5, 5001}} {
			t.Run(fmt.Sprintf("shape=%dx%dx%d", s.n, s.hw, s.c), func(t *testing.T) {
				x, g := random(t, s.n*s.hw*s.c), random(t, s.n*s.c)
				want, wantGrad := make([]float32, s.n*s.c), make([]float32, s.n*s.hw*s.c)
				GlobalAvgRef(want, x, s.n, s.hw, s.c)
				GlobalAvgGradRef(wantGrad, g, s.n, s.hw, s.c)
				kerneltest.SameBitsForWorkers(t, func() []float32 {
					y, dx := kerneltest.Guarded(t, len(want)), kerneltest.Guarded(t, len(x))
					GlobalAvg(y, x, s.n, s.hw, s.c)
					GlobalAvgGrad(dx, g, s.n, s.hw, s.c)
					requireSame(t, want, y)
					requireSame(t, wantGrad, dx)
					return dx
				})
			})
		}
	})
}

func TestPaddingNeverWins(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		s := Shape{N: 1, H: 2, W: 2, C: 1, SizeH: 3, SizeW: 3, StrideH: 1, StrideW: 1, PadH: 1, PadW: 1}
		y, idx := make([]float32, 4), make([]int32, 4)
		Max(s, y, idx, []float32{-4, -3, -2, -5})
		require.Equal(t, []float32{-2, -2, -2, -2}, y)
		inf := float32(math.Inf(-1))
		Max(s, y, idx, []float32{inf, inf, inf, inf})
		require.Equal(t, []float32{inf, inf, inf, inf}, y)
		require.Equal(t, []int32{0, 0, 0, 0}, idx)
		Avg(s, y, []float32{9, 9, 9, 9})
		require.Equal(t, []float32{4, 4, 4, 4}, y)
	})
}

func TestShapesThatDoNotFit(t *testing.T) {
	s := Shape{N: 1, H: 4, W: 4, C: 1, SizeH: 2, SizeW: 2, StrideH: 2, StrideW: 2}
	x, y, idx := make([]float32, 16), make([]float32, 4), make([]int32, 4)
	padded := s
	padded.PadH = 2
	large := s
	large.SizeW = 5
	apart := s
	apart.PadW, apart.DilationW, apart.W, apart.StrideW = 1, 2, 1, 1 // in columns -1 and 1
	zero := s
	zero.StrideW = 0
	for name, f := range map[string]func(){
		"length":  func() { Max(s, y, idx, y) },
		"indices": func() { Max(s, y, idx[:3], x) },
		"grad":    func() { MaxGrad(s, x, y, idx[:3]) },
		"padding": func() { Avg(padded, y, x) },
		"size":    func() { Avg(large, y, x) },
		"apart":   func() { Max(apart, y[:2], idx[:2], x[:4]) },
		"stride":  func() { AvgGrad(zero, x, y) },
		"gather":  func() { MaxGather(y, x, idx[:2]) },
		"global":  func() { GlobalAvg(y, x, 4, 5, 1) },
		"global0": func() { GlobalAvgGrad(nil, nil, 0, 0, 1) },
	} {
		require.Panics(t, f, name)
	}
}

func TestNothingAllocates(t *testing.T) {
	s := Shape{N: 2, H: 40, W: 40, C: 17, SizeH: 3, SizeW: 3, StrideH: 2, StrideW: 2, PadH: 1, PadW: 1}
	x, y, idx := make([]float32, s.In()), make([]float32, s.Out()), make([]int32, s.Out())
	means := make([]float32, s.N*s.C)
	kerneltest.EachLevel(t, func(t *testing.T) {
		kerneltest.NoAllocs(t, func() {
			Max(s, y, idx, x)
			MaxGrad(s, x, y, idx)
			MaxGather(y, x, idx)
			Avg(s, y, x)
			AvgGrad(s, x, y)
			GlobalAvg(means, x, s.N, s.H*s.W, s.C)
			GlobalAvgGrad(x, means, s.N, s.H*s.W, s.C)
		})
	})
}

func TestAVX2UsesItsRegistersOnly(t *testing.T) {
	kerneltest.AVX2UsesItsRegistersOnly(t, "asm_amd64.s")
}

// TestAveragesOfLargeNumbers: their sums overflow in float32, the averages do not.
func TestAveragesOfLargeNumbers(t *testing.T) {
	eachShape(t, func(t *testing.T, s Shape) {
		x, g := random(t, s.In()), random(t, s.Out())
		for _, v := range [][]float32{x, g} {
			for i := range v {
				v[i] *= math.MaxFloat32 / 10 // the largest have either sign
			}
		}
		want, wantGrad := make([]float64, s.Out()), make([]float64, s.In())
		AvgRef(s, want, float64s(x))
		AvgGradRef(s, wantGrad, float64s(g))
		mean := make([]float32, s.N*s.C)
		wantMean := make([]float64, len(mean))
		GlobalAvgRef(wantMean, float64s(x), s.N, s.H*s.W, s.C)
		kerneltest.SameBitsForWorkers(t, func() []float32 {
			y, dx := kerneltest.Guarded(t, s.Out()), random(t, s.In())
			Avg(s, y, x)
			AvgGrad(s, dx, g)
			GlobalAvg(mean, x, s.N, s.H*s.W, s.C)
			requireWithin(t, 1e-6*math.MaxFloat32, want, y)
			requireWithin(t, 1e-6*math.MaxFloat32, wantGrad, dx)
			requireWithin(t, 1e-6*math.MaxFloat32, wantMean, mean)
			return append(append([]float32{}, y...), dx...)
		})
	})
}

func TestAveragesPassNaNAndInfinity(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	s := Shape{N: 1, H: 2, W: 8, C: 1, SizeH: 2, SizeW: 2, StrideH: 2, StrideW: 2}
	kerneltest.EachLevel(t, func(t *testing.T) {
		y, mean := make([]float32, 4), make([]float32, 1)
		Avg(s, y, []float32{inf, 1, nan, 1, -inf, inf, 3e38, 3e38, 1, 1, 1, 1, 1, 1, 3e38, 3e38})
		requireSame(t, []float32{inf, nan, nan, 3e38}, y)
		GlobalAvg(mean, []float32{1, 3e38, 3e38, 3e38, -inf, 3e38}, 1, 6, 1)
		requireSame(t, []float32{-inf}, mean)
	})
}

func float64s(s []float32) []float64 {
	d := make([]float64, len(s))
	for i, v := range s {
		d[i] = float64(v)
	}
	return d
}

func requireWithin(t *testing.T, tol float64, want []float64, got []float32) {
	t.Helper()
	for i, g := range got {
		if !(math.Abs(float64(g)-want[i]) <= tol) && g != float32(want[i]) { // which may be infinite
			t.Fatalf("element %d: %v, want %v", i, g, want[i])
		}
	}
}
