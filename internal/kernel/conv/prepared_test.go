package conv

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/internal/kernel/kerneltest"
	"github.com/residuum-go/residuum/internal/kernel/vec"
)

// epilogues returns each combination of the parts.
func epilogues(rng *rand.Rand, s Shape) []Epilogue {
	_, _, ny := s.sizes()
	bias, add := random(rng, heap(s.K)), random(rng, heap(ny))
	return []Epilogue{{}, {Act: ReLU}, {Bias: bias}, {Bias: bias, Act: ReLU}, {Add: add}, {Add: add, Act: ReLU},
		{Bias: bias, Add: add}, {Bias: bias, Add: add, Act: ReLU}, {Act: Clip, Lo: -0.5, Hi: 0.75},
		{Bias: bias, Add: add, Act: Clip, Hi: 6}, {Bias: bias, Act: SiLU}}
}

// passes is what e makes of all results y.
func (e Epilogue) passes(y []float32) []float32 {
	y = slices.Clone(y)
	for i := range y {
		if e.Bias != nil {
			y[i] += e.Bias[i%len(e.Bias)]
		}
		if e.Add != nil {
			y[i] += e.Add[i]
		}
		if e.Act == ReLU && y[i] < 0 {
			y[i] = 0
		}
		if e.Act == Clip {
			y[i] = min(max(y[i], e.Lo), e.Hi)
		}
	}
	if e.Act == SiLU {
		vec.SiLU(y, y)
	}
	return y
}

// prepared is s by the algorithm that is expected to be the fastest.
func prepared(s Shape, w []float32) *Prepared { return Prepare(Algorithms(s)[0], s, w) }

// preparedShapes has one of each way, and sums in parts, paired tiles, groups, linear layers and empty sums.
func preparedShapes() []Shape {
	return []Shape{square(3, 9, 16, 32, 3, 1, 1, 1, 1), square(2, 8, 32, 16, 3, 1, 1, 1, 1), square(2, 4, 256, 592, 3, 1, 1, 1, 1), square(2, 7, 256, 272, 3, 1, 1, 1, 1), square(2, 5, 272, 256, 3, 1, 0, 1, 1),
		square(2, 4, 1024, 20, 1, 1, 0, 1, 1), square(1, 5, 512, 24, 3, 2, 1, 1, 1), // pixels 4 KB apart
		square(2, 7, 16, 80, 1, 1, 0, 1, 1), square(2, 7, 70, 37, 1, 2, 0, 1, 1), square(2, 9, 3, 20, 3, 1, 1, 1, 1),
		square(2, 9, 24, 40, 3, 2, 1, 1, 4), square(1, 5, 160, 300, 3, 2, 1, 1, 1), square(5, 1, 33, 10, 1, 1, 0, 1, 1),
		square(2, 5, 6, 6, 3, 2, 1, 1, 6), square(2, 5, 6, 8, 2, 1, 0, 1, 1), square(2, 5, 0, 8, 3, 1, 1, 1, 1),
		square(2, 7, 40, 40, 3, 1, 1, 1, 40), square(2, 7, 48, 48, 3, 2, 1, 1, 12), square(2, 5, 64, 64, 3, 1, 1, 1, 4), square(2, 5, 6, 6, 3, 1, 1, 1, 2)}
}

// Sums are Forward's to the bit, or at least within the bound of a direct sum of the reference in float64. Each part of
// the epilogue rounds once.
func TestPreparedEqualsForwardAndPasses(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		for _, s := range preparedShapes() {
			nx, nw, ny := s.sizes()
			x, w := random(rng, heap(nx)), random(rng, heap(nw))
			large := s
			large.N = 0
			p := prepared(large, w)
			plain, forward := heap(ny), heap(ny)
			p.Run(plain, x, s.N, Epilogue{})
			if Forward(s, forward, x, w); !s.pointwise() || s.strided() && !s.productWins(false) {
				require.Equal(t, forward, plain, s.name())
			}
			if s.smallWins() {
				p = prepared(s, w)
				p.Run(plain, x, s.N, Epilogue{})
			}
			want, sum := make([]float64, ny), make([]float64, ny)
			ForwardRef(s, want, widen(x, false), widen(w, false))
			ForwardRef(s, sum, widen(x, true), widen(w, true))
			for i, v := range plain {
				terms := 2 + s.R*s.S*s.C/s.Groups
				bound := float64(terms) * 0x1p-24 * sum[i]
				if p.small != nil {
					bound = 6 * 0x1p-24 * sum[i] // 2 with normal numbers
				}
				if d := math.Abs(float64(v) - want[i]); (p.tiles == nil || p.small != nil) && !(d <= bound) {
					require.Failf(t, "wrong", "%s element %d: %v, want %v", s.name(), i, v, want[i])
				}
			}
			for _, e := range epilogues(rng, s) {
				got := heap(ny)
				p.Run(got, x, s.N, e)
				require.Equal(t, e.passes(plain), got, "%s bias %v, add %v, %+v", s.name(), e.Bias != nil, e.Add != nil, e.Act)
				if e.Add != nil && p.AddsInPlace() {
					over := slices.Clone(e.Add)
					e.Add = over
					p.Run(over, x, s.N, e)
					require.Equal(t, got, over, "%s in place of what is added", s.name())
				}
			}
		}
	})
}

// The algorithms that are not the first choice for a shape keep the bounds of the others: those of direct sums, and in the
// mean those of Winograd's.
func TestPreparedByEveryAlgorithm(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		for _, s := range []Shape{square(3, 9, 16, 32, 3, 1, 1, 1, 1), square(2, 4, 32, 48, 3, 1, 1, 1, 1), square(1, 7, 256, 272, 3, 1, 1, 1, 1),
			square(2, 5, 16, 16, 3, 1, 0, 1, 1), square(2, 1, 16, 16, 3, 1, 1, 1, 1), square(1, 16, 64, 64, 3, 1, 1, 1, 1)} {
			nx, nw, ny := s.sizes()
			x, w := random(rng, heap(nx)), random(rng, heap(nw))
			want, sum := make([]float64, ny), make([]float64, ny)
			ForwardRef(s, want, widen(x, false), widen(w, false))
			ForwardRef(s, sum, widen(x, true), widen(w, true))
			require.Len(t, Algorithms(s), 3, s.name())
			for _, a := range Algorithms(s) {
				p, e, got := Prepare(a, s, w), epilogues(rng, s)[7], heap(ny)
				require.Equal(t, a, p.Algorithm())
				p.Run(got, x, s.N, Epilogue{})
				squares := 0.0
				for i, v := range got {
					d := math.Abs(float64(v)-want[i]) / sum[i]
					require.LessOrEqual(t, d, float64(2+9*s.C)*0x1p-24, "%s %v element %d", s.name(), a, i)
					squares += d * d
				}
				require.Less(t, math.Sqrt(squares/float64(ny)), 2*0x1p-24, "%s %v", s.name(), a)
				passed := heap(ny)
				p.Run(passed, x, s.N, e)
				require.Equal(t, e.passes(got), passed, "%s %v", s.name(), a)
			}
		}
	})
}

// Every image alone, all together, with any number of workers and from several goroutines: the same bits.
func TestPreparedHasTheSameBitsInEveryBatch(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		for _, s := range append(preparedShapes(), square(40, 8, 32, 32, 3, 1, 1, 1, 1), square(40, 4, 32, 64, 1, 1, 0, 1, 1)) {
			nx, nw, ny := s.sizes()
			x, w := random(rng, heap(nx)), random(rng, heap(nw))
			for i := range nx / s.N {
				x[i] *= float32(i % 7 / 6) // the first image is not even
			}
			p, e := prepared(s, w), epilogues(rng, s)[7]
			all := heap(ny)
			p.Run(all, x, s.N, e)
			kerneltest.SameBitsForWorkers(t, func() []float32 {
				y := heap(ny)
				p.Run(y, x, s.N, e)
				return y
			})
			one := heap(ny)
			var wg sync.WaitGroup
			for i := range s.N {
				wg.Go(func() {
					nx, ny := nx/s.N, ny/s.N
					p.Run(one[i*ny:][:ny], x[i*nx:][:nx], 1, Epilogue{Bias: e.Bias, Add: e.Add[i*ny:][:ny], Act: e.Act})
				})
			}
			wg.Wait()
			require.Equal(t, all, one, s.name())
		}
	})
}

// What Winograd's algorithm is not good enough for is computed directly, and what follows is applied to that once.
func TestPreparedComputesUnevenImagesDirectly(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		s := square(3, 8, 32, 32, 3, 1, 1, 1, 1)
		nx, nw, ny := s.sizes()
		x, w, y := random(rng, heap(nx)), random(rng, heap(nw)), heap(ny)
		x[nx/3+100] = 1e20
		e := epilogues(rng, s)[7]
		p := prepared(s, w)
		p.Run(y, x, s.N, e)
		want := heap(ny / 3)
		one := s
		one.N = 1
		run(one, false, want, x[nx/3:][:nx/3], *p.original())
		for i, v := range want {
			want[i] = max(0, v+e.Bias[i%s.K]+e.Add[ny/3+i])
		}
		require.Equal(t, want, y[ny/3:][:ny/3])
	})
}

// Images of few pixels, whose tiles have rows of several: every batch size, every position.
func TestPreparedPixelsOfAllImages(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		for _, k := range []int{2, 8, 16, 41} {
			for _, side := range []int{1, 3} {
				s := square(15, side, 50, k, 1, 1, 0, 1, 1)
				nx, nw, ny := s.sizes()
				x, w := random(rng, heap(nx)), random(rng, heap(nw))
				p, all := prepared(s, w), heap(ny)
				p.Run(all, x, s.N, Epilogue{})
				for n := 1; n < s.N; n++ {
					for first := range s.N - n + 1 {
						y := heap(n * ny / s.N)
						p.Run(y, x[first*nx/s.N:][:n*nx/s.N], n, Epilogue{})
						require.Equal(t, all[first*ny/s.N:][:len(y)], y, "%s from %d", s.name(), first)
					}
				}
			}
		}
	})
}

func TestPreparedDoesNotAllocate(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, s := range preparedShapes() {
		nx, nw, ny := s.sizes()
		x, y := random(rng, heap(nx)), heap(ny)
		p, e := prepared(s, random(rng, heap(nw))), epilogues(rng, s)[7]
		kerneltest.NoAllocs(t, func() { p.Run(y, x, s.N, e) })
	}
}

func TestPreparedRefusesWhatDoesNotFit(t *testing.T) {
	s := square(1, 4, 2, 3, 3, 1, 1, 1, 1)
	nx, nw, ny := s.sizes()
	require.PanicsWithValue(t, "conv: Run: a bias of 2 and 0 elements to add, for 48 outputs of "+
		"{N:1 H:4 W:4 C:2 K:3 R:3 S:3 StrideH:1 StrideW:1 PadH:1 PadW:1 MoreH:0 MoreW:0 DilationH:1 DilationW:1 Groups:1}",
		func() { prepared(s, heap(nw)).Run(heap(ny), heap(nx), 1, Epilogue{Bias: heap(2)}) })
	require.Panics(t, func() { prepared(s, heap(nw+1)) })
}
