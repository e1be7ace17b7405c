package quant

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/internal/kernel/conv"
	"github.com/residuum-go/residuum/internal/kernel/kerneltest"
	"github.com/residuum-go/residuum/internal/parallel"
)

// problem is a convolution with bytes of all values, and what has to come out of it.
type problem struct {
	s          conv.Shape
	w          []int8
	x, add     []uint8
	zero       uint8
	mul, bias  []float32
	addMul     float32
	lo, hi     float32
	sums       []int64 // [pixels, K]
	withoutAdd bool
}

// guarded returns n bytes, a multiple of four, behind which memory faults.
func guarded(t testing.TB, n int) []uint8 {
	return unsafe.Slice((*uint8)(unsafe.Pointer(unsafe.SliceData(kerneltest.Guarded(t, n/4)))), n)
}

func newProblem(t testing.TB, s conv.Shape, fill func(*problem, *rand.Rand)) *problem {
	rng := rand.New(rand.NewPCG(uint64(s.C), uint64(s.K)))
	p := &problem{s: s, zero: uint8(rng.IntN(256)), addMul: rng.Float32(), lo: 0, hi: 255}
	p.w = make([]int8, s.R*s.S*s.C*s.K)
	p.x = guarded(t, s.N*s.H*s.W*Pitch(s.C))
	p.add = guarded(t, s.N*s.OutH()*s.OutW()*Pitch(s.K))
	for i := range p.w {
		p.w[i] = int8(rng.Uint32())
	}
	for i := range p.x {
		p.x[i] = uint8(rng.Uint32())
	}
	for i := range p.add {
		p.add[i] = uint8(rng.Uint32())
	}
	fill(p, rng)
	p.naive()
	spread := float32(0)
	for _, v := range p.sums {
		spread = max(spread, float32(math.Abs(float64(v))))
	}
	for range s.K { // results from below 0 to above 255
		p.mul = append(p.mul, 300/(spread+1)*(.5+rng.Float32()))
		p.bias = append(p.bias, 100*rng.Float32())
	}
	return p
}

// naive sums up by the definition.
func (p *problem) naive() {
	s := p.s
	p.sums = make([]int64, s.N*s.OutH()*s.OutW()*s.K)
	for i := range p.sums {
		k, ow, oh, n := i%s.K, i/s.K%s.OutW(), i/s.K/s.OutW()%s.OutH(), i/s.K/s.OutW()/s.OutH()
		for r := range s.R {
			for q := range s.S {
				h, w := oh*s.StrideH-s.PadH+r*s.DilationH, ow*s.StrideW-s.PadW+q*s.DilationW
				if h < 0 || w < 0 || h >= s.H || w >= s.W {
					continue
				}
				for c := range s.C {
					x := int64(p.x[((n*s.H+h)*s.W+w)*Pitch(s.C)+c]) - int64(p.zero)
					p.sums[i] += x * int64(p.w[((r*s.S+q)*s.C+c)*s.K+k])
				}
			}
		}
	}
}

func (p *problem) conv(float bool) *Conv {
	c := prepare(p.s, p.w, p.zero)
	copy(c.mul, p.mul)
	copy(c.bias, p.bias)
	c.float, c.lo, c.hi = float, p.lo, p.hi
	if float {
		c.lo, c.hi = float32(math.Inf(-1)), float32(math.Inf(1))
	} else if !p.withoutAdd {
		c.addMul = p.addMul
	}
	c.plan()
	return c
}

// check computes p as bytes and as numbers and compares every one.
func (p *problem) check(t *testing.T) {
	s := p.s
	y, f := guarded(t, len(p.add)), kerneltest.Guarded(t, len(p.sums))
	add := p.add
	if p.withoutAdd {
		add = nil
	}
	p.conv(false).Run(y, p.x, add, s.N)
	p.conv(true).RunFloat(f, p.x, s.N)
	if !p.withoutAdd {
		in := slices.Clone(add)
		p.conv(false).Run(in, p.x, in, s.N)
		require.True(t, slices.Equal(y, in), "in place of what is added, %+v", s)
	}
	for i, sum := range p.sums {
		k, pixel := i%s.K, i/s.K
		v := float32(float32(sum)*p.mul[k]) + p.bias[k]
		if v != f[i] {
			t.Fatalf("number %d of %+v is %v, want %v", i, s, f[i], v)
		}
		if !p.withoutAdd {
			v += float32(float32(add[pixel*Pitch(s.K)+k]) * p.addMul)
		}
		want := uint8(math.RoundToEven(float64(min(max(v, p.lo), p.hi))))
		if got := y[pixel*Pitch(s.K)+k]; got != want {
			t.Fatalf("byte %d of %+v is %d, want %d, for %v", i, s, got, want, v)
		}
	}
}

func square(n, side, c, k, kernel, stride, pad int) conv.Shape {
	return conv.Shape{N: n, H: side, W: side, C: c, K: k, R: kernel, S: kernel, StrideH: stride, StrideW: stride,
		PadH: pad, PadW: pad, DilationH: 1, DilationW: 1, Groups: 1}
}

func linear(n, c, k int) conv.Shape { return square(n, 1, c, k, 1, 1, 0) }

func TestConvolutionsOfBytesAreExact(t *testing.T) {
	odd := square(2, 9, 5, 21, 3, 2, 1)
	odd.W, odd.S, odd.StrideW, odd.PadW, odd.MoreH, odd.MoreW = 14, 2, 1, 0, 1, 2
	dilated := square(1, 9, 16, 16, 3, 1, 2)
	dilated.DilationH, dilated.DilationW = 2, 2
	for _, s := range []conv.Shape{
		square(1, 7, 16, 16, 3, 1, 1), square(3, 7, 32, 48, 3, 1, 1), square(2, 8, 16, 96, 3, 2, 1), square(1, 21, 3, 64, 7, 2, 3),
		square(1, 5, 64, 80, 1, 1, 0), square(2, 6, 20, 33, 1, 2, 0), square(1, 3, 7, 5, 3, 1, 2), square(1, 14, 17, 32, 5, 1, 2),
		linear(1, 64, 10), linear(3, 512, 1000), linear(4, 30, 17), linear(13, 16, 31), linear(50, 33, 160), odd, dilated,
	} {
		t.Run(fmt.Sprintf("%dx%dx%d-%d_%dx%d", s.H, s.W, s.C, s.K, s.R, s.S), func(t *testing.T) {
			kerneltest.EachLevel(t, func(t *testing.T) {
				newProblem(t, s, func(*problem, *rand.Rand) {}).check(t)
				newProblem(t, s, func(p *problem, _ *rand.Rand) { p.withoutAdd = true }).check(t)
			})
		})
	}
}

func TestExtremesDoNotOverflow(t *testing.T) {
	for _, s := range []conv.Shape{square(1, 4, 512, 32, 3, 1, 1), linear(5, 4608, 48)} {
		for _, w := range []int8{-128, 127} {
			for _, x := range []uint8{0, 255} {
				for _, zero := range []uint8{0, 255, 128} {
					kerneltest.EachLevel(t, func(t *testing.T) {
						newProblem(t, s, func(p *problem, _ *rand.Rand) {
							p.zero = zero
							for i := range p.w {
								p.w[i] = w
							}
							for i := range p.x {
								p.x[i] = x
							}
						}).check(t)
					})
				}
			}
		}
	}
}

// Halves are rounded to even numbers, and bounds hold.
func TestRoundingIsToEven(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		p := newProblem(t, linear(256, 4, 16), func(p *problem, _ *rand.Rand) {
			p.zero, p.lo, p.hi, p.withoutAdd = 0, 3, 99, true
			clear(p.w)
			for k := range 16 {
				p.w[k] = 1
			}
			for i := range p.x {
				p.x[i] = uint8(i / 4)
			}
		})
		for k := range p.mul {
			p.mul[k], p.bias[k] = .5, float32(k)/4-10
		}
		p.check(t)
	})
}

func TestRandomShapes(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 60 {
		s := conv.Shape{N: 1 + rng.IntN(3), H: 1 + rng.IntN(12), W: 1 + rng.IntN(12), C: 1 + rng.IntN(40), K: 5 + rng.IntN(60),
			R: 1 + rng.IntN(3), S: 1 + rng.IntN(3), StrideH: 1 + rng.IntN(2), StrideW: 1 + rng.IntN(2), PadH: rng.IntN(3), PadW: rng.IntN(3),
			DilationH: 1 + rng.IntN(2), DilationW: 1 + rng.IntN(2), Groups: 1}
		if s.OutH()*s.OutW() > 0 {
			kerneltest.EachLevel(t, func(t *testing.T) { newProblem(t, s, func(*problem, *rand.Rand) {}).check(t) })
		}
	}
}

func TestAnImageHasTheSameBytesEverywhere(t *testing.T) {
	for _, s := range []conv.Shape{square(5, 9, 32, 64, 3, 1, 1), square(5, 9, 32, 64, 1, 1, 0)} {
		p := newProblem(t, s, func(*problem, *rand.Rand) {})
		c := p.conv(false)
		want := make([]uint8, len(p.add))
		c.Run(want, p.x, p.add, s.N)
		in, out := len(p.x)/s.N, len(want)/s.N
		for _, workers := range []int{1, 2, 5} {
			restore := parallel.SetWorkers(workers)
			got := make([]uint8, len(want))
			c.Run(got, p.x, p.add, s.N)
			require.Equal(t, want, got)
			for i := range s.N {
				c.Run(got[:out], p.x[i*in:][:in], p.add[i*out:][:out], 1)
				require.Equal(t, want[i*out:][:out], got[:out])
			}
			restore()
		}
	}
}

func TestRunAllocatesNothing(t *testing.T) {
	p := newProblem(t, square(2, 9, 32, 64, 3, 1, 1), func(*problem, *rand.Rand) {})
	c, y := p.conv(false), make([]uint8, len(p.add))
	kerneltest.NoAllocs(t, func() { c.Run(y, p.x, p.add, 2) })
}
