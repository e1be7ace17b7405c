package conv

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/internal/cpu"
	"github.com/residuum-go/residuum/internal/kernel/kerneltest"
)

func normal(rng *rand.Rand, s []float32) []float32 {
	for i := range s {
		s[i] = float32(rng.NormFloat64())
	}
	return s
}

// ends returns the images that an operation, forward or gradient, reads and writes.
func (s Shape) ends(inputGrad bool) (in, out image) {
	in, out = image{s.H, s.W, s.C}, image{s.OutH(), s.OutW(), s.K}
	if inputGrad {
		in, out = out, in
	}
	return in, out
}

// norms returns ‖x‖‖w‖ for each result: the window that it depends on and all weights of its channel.
func norms(o operation, s Shape, in, w []float32) []float64 {
	nd, na, nb := o.sizes(s)
	squares, weights := make([]float64, na), make([]float64, nb)
	for i, v := range in {
		squares[i] = float64(v) * float64(v)
	}
	for i := range weights {
		weights[i] = 1
	}
	norm, inputGrad := make([]float64, nd), o.name == "InputGrad"
	o.ref(s, norm, squares, weights)
	_, out := s.ends(inputGrad)
	sums := make([]float64, out.channels)
	for i, v := range w {
		channel := i % s.K
		if inputGrad {
			channel = i / s.K % s.C
		}
		sums[channel] += float64(v) * float64(v)
	}
	for i := range norm {
		norm[i] = math.Sqrt(norm[i]) * math.Sqrt(sums[i%out.channels])
	}
	return norm
}

// unevenInputs changes the images of a batch, of ordinary numbers, into ones that lose digits beside large values.
var unevenInputs = []struct {
	name string
	set  func(rng *rand.Rand, g image, x []float32)
}{
	{"a huge value among ones", func(_ *rand.Rand, g image, x []float32) {
		for i := range x {
			x[i] = 1
		}
		x[(2*g.width+3)*g.channels] = 1e20
	}},
	{"a huge value among zeros", func(_ *rand.Rand, g image, x []float32) {
		clear(x)
		x[(2*g.width+3)*g.channels+1] = 1e20
	}},
	{"a large value", func(_ *rand.Rand, g image, x []float32) { x[(3*g.width+2)*g.channels+5] = 1e4 }},
	{"a value that just fails", func(_ *rand.Rand, g image, x []float32) { x[(3*g.width+2)*g.channels+5] = 1500 }},
	{"a value that just passes", func(_ *rand.Rand, g image, x []float32) { x[(3*g.width+2)*g.channels+5] = 300 }},
	{"a huge pixel in a corner", func(_ *rand.Rand, g image, x []float32) {
		for c := range g.channels {
			x[c] *= 1e10
		}
	}},
	{"huge values that cancel", func(_ *rand.Rand, g image, x []float32) {
		at := (3*g.width + 3) * g.channels
		x[at], x[at+1] = 1e20, -1e20
	}},
	{"huge values that leave no row or column without", func(_ *rand.Rand, g image, x []float32) {
		for _, p := range [][2]int{{1, 3}, {2, 0}, {4, 1}, {5, 4}} {
			x[(p[0]*g.width+p[1])*g.channels] = 1e15
		}
	}},
	{"a channel that is huge in places", func(rng *rand.Rand, g image, x []float32) {
		for i := 7; i < len(x); i += g.channels {
			x[i] *= float32(rng.IntN(2)) * 1e12
		}
	}},
	{"a huge channel", func(_ *rand.Rand, g image, x []float32) {
		for i := 7; i < len(x); i += g.channels {
			x[i] *= 1e12
		}
	}},
	{"halves far apart", func(_ *rand.Rand, g image, x []float32) {
		for i := range x {
			if i/g.channels%g.width < 3 {
				x[i] *= 1e-12
			}
		}
	}},
	{"many orders of magnitude", func(rng *rand.Rand, _ image, x []float32) {
		for i := range x {
			x[i] *= float32(math.Pow(10, 40*rng.Float64()-20))
		}
	}},
	{"magnitudes whose squares are not numbers of float32", func(rng *rand.Rand, g image, x []float32) {
		for i := range x {
			if x[i] *= 1e-25; i/g.channels%4 == 0 {
				x[i] *= 1e-8
			}
		}
		x[(3*g.width+2)*g.channels+5] = 1e-12
	}},
}

// TestWinogradBesideALargeValue: for windows with their centre in the image, an error is at most 4200 (C + 20) u ‖x‖‖w‖,
// and in the
// root mean square at most 100 times that of the direct sum, whatever the image.
func TestWinogradBesideALargeValue(t *testing.T) {
	const u = 0x1p-24
	shapes := []Shape{square(1, 8, 32, 32, 3, 1, 1, 1, 1), square(1, 7, 160, 16, 3, 1, 1, 1, 1), square(1, 9, 16, 32, 3, 1, 0, 1, 1)}
	if testing.Short() {
		shapes = shapes[:1]
	}
	for _, o := range operations[:2] {
		for _, s := range shapes {
			inputGrad := o.name == "InputGrad"
			nd, na, nb := o.sizes(s)
			g, outer := s.ends(inputGrad)
			for _, input := range unevenInputs {
				rng := rand.New(rand.NewPCG(1, 2))
				in, w := normal(rng, heap(na)), normal(rng, heap(nb))
				input.set(rng, g, in)
				want, norm := make([]float64, nd), norms(o, s, in, w)
				o.ref(s, want, widen(in, false), widen(w, false))
				t.Run(o.name+"/"+s.name()+"/"+input.name, func(t *testing.T) {
					kerneltest.EachLevel(t, func(t *testing.T) {
						got, direct := heap(nd), heap(nd)
						runWinograd(s, inputGrad, got, in, w)
						run(s, inputGrad, direct, in, w)
						var squares, squaresDirect float64
						for i, v := range got {
							h, wd := i/outer.channels/outer.width, i/outer.channels%outer.width
							if g.height < outer.height && (h == 0 || wd == 0 || h == outer.height-1 || wd == outer.width-1) {
								continue // the centre of its window is in the padding
							}
							e, d := math.Abs(float64(v)-want[i]), math.Abs(float64(direct[i])-want[i])
							require.LessOrEqual(t, e, 4200*float64(g.channels+20)*u*norm[i], "element %d: %v, want %v", i, v, want[i])
							if norm[i] > 0 {
								squares += e / norm[i] * e / norm[i]
								squaresDirect += d / norm[i] * d / norm[i]
							}
						}
						require.LessOrEqual(t, math.Sqrt(squares), 100*math.Sqrt(squaresDirect))
					})
				})
			}
		}
	}
}

// TestOnesBesideAHugePixel: sums of ones are exact where they do not see the pixel.
func TestOnesBesideAHugePixel(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		s := square(1, 8, 16, 16, 3, 1, 1, 1, 1)
		nx, nw, ny := s.sizes()
		x, w := heap(nx), heap(nw)
		for i := range x {
			x[i] = 1
		}
		for i := range w {
			w[i] = 1
		}
		x[(2*8+3)*16] = 1e20
		for _, o := range operations[:2] {
			y := heap(ny)
			o.run(s, y, x, w)
			for h := 1; h < 7; h++ {
				for v := 1; v < 7; v++ {
					if h > 3 || v < 2 || v > 4 {
						require.Equal(t, float32(144), y[(h*8+v)*16+7], "%s, row %d, column %d", o.name, h, v)
					}
				}
			}
		}
	})
}

// TestQuartersFindAllUnevenTiles: where quartersEven says that a tile is even, it is, and it does for ordinary images.
func TestQuartersFindAllUnevenTiles(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		found := map[[2]bool]int{} // what each way says, of images far from ordinary
		for size := 5; size < 10; size++ {
			for pad := range 3 {
				s := square(1, size, 16, 16, 3, 1, pad, 1, 1)
				p := newTilePlan(s, false)
				x, dst, scratch := heap(size*size*16), heap(36*16), heap(36*16)
				check := func(tile int) (quarters, windows bool) {
					var squares [8]float32
					tileInputSquares(cpu.Active(), dst, 16, x, p.zeros, p.in[36*tile:], scratch, 16, &squares)
					return p.quartersEven(tile, &squares), p.windowsEven(tile, x, 16)
				}
				for tile := range p.tiles {
					normal(rng, x)
					quarters, windows := check(tile)
					require.True(t, quarters && windows)
					for range 20 {
						normal(rng, x)
						spread := rng.Float64() * 20
						for i := range size * size {
							scale := float32(math.Exp2(spread * rng.Float64()))
							for c := range 16 {
								x[i*16+c] *= scale
							}
						}
						quarters, windows := check(tile)
						require.True(t, windows || !quarters)
						found[[2]bool{quarters, windows}]++
					}
				}
			}
		}
		require.Len(t, found, 3, "%v", found)
	})
}

// isDirect reports which images of a batch were summed directly.
func isDirect(t *testing.T, o operation, s Shape, in, w []float32) []bool {
	t.Helper()
	nd, _, _ := o.sizes(s)
	got, sum := heap(nd), heap(nd)
	runWinograd(s, o.name == "InputGrad", got, in, w)
	run(s, o.name == "InputGrad", sum, in, w)
	direct := make([]bool, s.N)
	for i := range direct {
		n := nd / s.N
		direct[i] = true
		for j := range n {
			direct[i] = direct[i] && got[i*n+j] == sum[i*n+j]
		}
	}
	return direct
}

// TestWinogradKeepsEvenImages: those that occur, of any scale, with what would be uneven but for the windows as they are.
func TestWinogradKeepsEvenImages(t *testing.T) {
	images := map[string]func(rng *rand.Rand, g image, x []float32){
		"normal numbers": func(*rand.Rand, image, []float32) {},
		"behind a ReLU": func(_ *rand.Rand, _ image, x []float32) {
			for i := range x {
				x[i] = max(x[i], 0)
			}
		},
		"heavy tails": func(rng *rand.Rand, _ image, x []float32) {
			for i := range x {
				x[i] *= float32(math.Exp(rng.NormFloat64()))
			}
		},
		"scaled by 2^70": func(_ *rand.Rand, _ image, x []float32) {
			for i := range x {
				x[i] *= 0x1p70
			}
		},
		"scaled by 2^-70": func(_ *rand.Rand, _ image, x []float32) {
			for i := range x {
				x[i] *= 0x1p-70
			}
		},
		"the last row zero, as behind a pooling that drops it": func(_ *rand.Rand, g image, x []float32) {
			clear(x[(g.height-1)*g.width*g.channels:])
		},
		"an image of zeros": func(_ *rand.Rand, _ image, x []float32) { clear(x) },
	}
	kerneltest.EachLevel(t, func(t *testing.T) {
		for _, o := range operations[:2] {
			for _, s := range []Shape{square(1, 7, 16, 32, 3, 1, 1, 1, 1), square(1, 10, 32, 16, 3, 1, 1, 1, 1), square(1, 8, 160, 16, 3, 1, 0, 1, 1)} {
				for name, set := range images {
					rng := rand.New(rand.NewPCG(1, 2))
					nd, na, nb := o.sizes(s)
					in, w := normal(rng, heap(na)), normal(rng, heap(nb))
					g, _ := s.ends(o.name == "InputGrad")
					set(rng, g, in)
					if name == "an image of zeros" {
						got := normal(rng, heap(nd))
						runWinograd(s, o.name == "InputGrad", got, in, w)
						require.Equal(t, heap(nd), got)
					} else {
						require.Equal(t, []bool{false}, isDirect(t, o, s, in, w), "%s %s %s", o.name, s.name(), name)
					}
				}
			}
		}
	})
}

// TestWinogradDecidesByTheImage: uneven images, alone or next to each other, are summed directly, and the others have the
// bits that they have among themselves, with any number of workers.
func TestWinogradDecidesByTheImage(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		for _, o := range operations[:2] {
			for _, s := range []Shape{square(4, 7, 32, 16, 3, 1, 1, 1, 1), square(4, 6, 128, 144, 3, 1, 1, 1, 1)} { // by pieces, by panels
				inputGrad := o.name == "InputGrad"
				nd, na, nb := o.sizes(s)
				rng := rand.New(rand.NewPCG(1, 2))
				in, w := normal(rng, heap(na)), normal(rng, heap(nb))
				even := heap(nd)
				runWinograd(s, inputGrad, even, in, w)
				uneven := []bool{true, false, true, true}
				for i, bad := range uneven {
					if bad {
						in[i*na/s.N+77] = 1e7
					}
				}
				require.Equal(t, uneven, isDirect(t, o, s, in, w))
				kerneltest.SameBitsForWorkers(t, func() []float32 {
					got := heap(nd)
					runWinograd(s, inputGrad, got, in, w)
					for i, bad := range uneven {
						if !bad {
							require.Equal(t, even[i*nd/s.N:][:nd/s.N], got[i*nd/s.N:][:nd/s.N])
						}
					}
					return got
				})
			}
		}
	})
}

// TestWinogradIsDirectWhereItIsNotFinite: what is not finite, in an image or a weight, comes out as in the direct sum.
func TestWinogradIsDirectWhereItIsNotFinite(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	kerneltest.EachLevel(t, func(t *testing.T) {
		for _, o := range operations[:2] {
			s := square(2, 7, 32, 16, 3, 1, 1, 1, 1)
			inputGrad := o.name == "InputGrad"
			nd, na, nb := o.sizes(s)
			for _, v := range []struct{ pixel, weight float32 }{{pixel: nan}, {pixel: inf}, {pixel: math.MaxFloat32}, {weight: nan}, {weight: inf}} {
				rng := rand.New(rand.NewPCG(1, 2))
				in, w, got, want := normal(rng, heap(na)), normal(rng, heap(nb)), heap(nd), heap(nd)
				if v.weight != 0 {
					w[100] = v.weight
				} else {
					in[100], in[na/2+100], w[3] = v.pixel, v.pixel, 0
				}
				runWinograd(s, inputGrad, got, in, w)
				run(s, inputGrad, want, in, w)
				for i := range got {
					require.True(t, kerneltest.SameFloat(got[i], want[i]), "%+v, element %d: %v, want %v", v, i, got[i], want[i])
				}
			}
		}
	})
}

// TestWinogradBesideALargeWeight: the bound with the norm of all weights of a channel, and no trace of it in the others.
func TestWinogradBesideALargeWeight(t *testing.T) {
	const u = 0x1p-24
	s := square(1, 8, 32, 32, 3, 1, 1, 1, 1)
	kerneltest.EachLevel(t, func(t *testing.T) {
		for _, o := range operations[:2] {
			nd, na, nb := o.sizes(s)
			rng := rand.New(rand.NewPCG(1, 2))
			in, w, plain, got, want := normal(rng, heap(na)), normal(rng, heap(nb)), heap(nd), heap(nd), make([]float64, nd)
			runWinograd(s, o.name == "InputGrad", plain, in, w)
			w[5*32+5] = 1e20 // the first tap, from channel 5 to channel 5
			runWinograd(s, o.name == "InputGrad", got, in, w)
			o.ref(s, want, widen(in, false), widen(w, false))
			norm := norms(o, s, in, w)
			for i, v := range got {
				require.LessOrEqual(t, math.Abs(float64(v)-want[i]), 4200*(32+20)*u*norm[i], "element %d: %v, want %v", i, v, want[i])
				if i%32 != 5 {
					require.Equal(t, plain[i], v)
				}
			}
		}
	})
}
