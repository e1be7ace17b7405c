package quant

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/internal/kernel/conv"
	"github.com/residuum-go/residuum/internal/kernel/kerneltest"
)

func TestBetweenHoldsBothEndsAndZero(t *testing.T) {
	for _, c := range [][2]float32{{0, 1}, {-1, 1}, {-3, 0}, {2, 5}, {-5, -2}, {0, 0}, {-1e-38, 1e-38}, {-.1, 1000}, {-1e30, 3e38}} {
		p := Between(c[0], c[1])
		lo, hi := min(c[0], 0), max(c[1], 0)
		require.InDelta(t, lo, p.Value(0), float64(p.Scale)*.51, "%v: %+v", c, p)
		require.InDelta(t, 0, p.Value(p.Zero), 0)
		if p.Scale != 1 {
			require.InDelta(t, hi, p.Value(255), float64(p.Scale)*.51, "%v: %+v", c, p)
		}
	}
}

func TestQuantizeRoundsToTheNearest(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(3, 4))
		for _, channels := range []int{1, 2, 3, 4, 5, 16, 30, 32} {
			for _, pixels := range []int{1, 2, 4, 5, 37} {
				p := Between(-1.3, 2)
				x := kerneltest.Guarded(t, pixels*channels)
				for i := range x {
					x[i] = 6*rng.Float32() - 3
				}
				copy(x, []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))})
				pitch := Pitch(channels)
				y := guarded(t, pixels*pitch)
				Quantize(y, x, channels, p)
				for i, v := range x {
					want := math.RoundToEven(float64(float32(v*(1/p.Scale)) + float32(p.Zero)))
					if !(want > 0) {
						want = 0
					}
					require.Equal(t, uint8(min(want, 255)), y[i/channels*pitch+i%channels], "number %d, %v, of %d channels", i, v, channels)
				}
				back := make([]float32, len(x))
				Dequantize(back, y, channels, p)
				for i, v := range x {
					if v >= -1.3 && v <= 2 {
						require.InDelta(t, v, back[i], float64(p.Scale)*.501)
					}
				}
			}
		}
	})
}

func TestMaxPoolIsTheLargestOfEachWindow(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(5, 6))
		for _, s := range []conv.Shape{square(2, 9, 16, 16, 3, 2, 1), square(1, 8, 3, 3, 2, 2, 0), square(3, 7, 100, 100, 3, 1, 1)} {
			s.MoreH, s.MoreW = s.StrideH-1, -s.PadW
			pitch := Pitch(s.C)
			x, y := guarded(t, s.N*s.H*s.W*pitch), guarded(t, s.N*s.OutH()*s.OutW()*pitch)
			for i := range x {
				x[i] = uint8(rng.Uint32())
			}
			MaxPool(s, y, x)
			for i, got := range y {
				c, ow, oh, n := i%pitch, i/pitch%s.OutW(), i/pitch/s.OutW()%s.OutH(), i/pitch/s.OutW()/s.OutH()
				want := uint8(0)
				for h := max(0, oh*s.StrideH-s.PadH); h < min(s.H, oh*s.StrideH-s.PadH+s.R); h++ {
					for w := max(0, ow*s.StrideW-s.PadW); w < min(s.W, ow*s.StrideW-s.PadW+s.S); w++ {
						want = max(want, x[((n*s.H+h)*s.W+w)*pitch+c])
					}
				}
				require.Equal(t, want, got, "%d of %+v", i, s)
			}
		}
	})
}

func TestGlobalAvgPoolIsTheMean(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	const n, pixels, channels = 3, 49, 70
	x, y, p := make([]uint8, n*pixels*Pitch(channels)), make([]float32, n*channels), Params{.01, 77}
	for i := range x {
		x[i] = uint8(rng.Uint32())
	}
	GlobalAvgPool(y, x, pixels, channels, p)
	for i, got := range y {
		sum := 0.
		for j := range pixels {
			sum += float64(p.Value(x[(i/channels*pixels+j)*Pitch(channels)+i%channels]))
		}
		require.InDelta(t, sum/pixels, got, 1e-6)
	}
}
