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

// groupedWinogradShapes has a bundle of one group, of several, one that is not full, and groups of other sizes than those
// that are computed so, with panels that are not full.
func groupedWinogradShapes() []Shape {
	rectangle := square(2, 11, 64, 64, 3, 1, 1, 1, 2)
	rectangle.W, rectangle.PadH, rectangle.PadW = 6, 2, 0
	return []Shape{
		square(3, 7, 160, 160, 3, 1, 1, 1, 5), square(9, 8, 64, 64, 3, 1, 1, 1, 4), square(2, 7, 96, 192, 3, 1, 1, 1, 3),
		square(1, 8, 144, 96, 3, 1, 1, 1, 3), square(1, 6, 256, 256, 3, 1, 1, 1, 2), rectangle, rectangle.more(-1, 2),
	}
}

// ofGroup returns the channels of group g of some pixels, or rows of weights.
func ofGroup(x []float32, channels, groups, g int) []float32 {
	n := channels / groups
	var part []float32
	for i := g * n; i < len(x); i += channels {
		part = append(part, x[i:i+n]...)
	}
	return part
}

// TestGroupedWinogradIsWinogradOfEachGroup: with the same bits. And in the mean it is as near to the reference in float64.
func TestGroupedWinogradIsWinogradOfEachGroup(t *testing.T) {
	const u = 0x1p-24
	for _, o := range operations[:2] {
		inputGrad := o.name == "InputGrad"
		for _, s := range groupedWinogradShapes() {
			nd, na, nb := o.sizes(s)
			rng := rand.New(rand.NewPCG(1, 2))
			a, b := random(rng, heap(na)), random(rng, heap(nb))
			want, sum := make([]float64, nd), make([]float64, nd)
			o.ref(s, want, widen(a, false), widen(b, false))
			o.ref(s, sum, widen(a, true), widen(b, true))
			in, out := s.ends(inputGrad)
			t.Run("op="+o.name+"/"+s.name(), func(t *testing.T) {
				kerneltest.EachLevel(t, func(t *testing.T) {
					got := heap(nd)
					for i := range got {
						got[i] = float32(math.NaN())
					}
					runGroupedWinograd(s, inputGrad, got, a, b)
					one := s
					one.C, one.K, one.Groups = s.C/s.Groups, s.K/s.Groups, 1
					for g := range s.Groups {
						y := heap(nd / s.Groups)
						runWinograd(one, inputGrad, y, ofGroup(a, in.channels, s.Groups, g), ofGroup(b, s.K, s.Groups, g))
						require.Equal(t, y, ofGroup(got, out.channels, s.Groups, g), "group %d", g)
					}
					var squares float64
					for i, v := range got {
						if sum[i] > 0 {
							e := (float64(v) - want[i]) / sum[i]
							squares += e * e
						}
					}
					require.Less(t, math.Sqrt(squares/float64(nd)), 2*u)
				})
			})
		}
	}
}

func TestGroupedWinogradStaysInsideItsSlices(t *testing.T) {
	for _, o := range operations[:2] {
		for name, mem := range map[string]func(testing.TB, int) []float32{"start": kerneltest.GuardedStart, "end": kerneltest.Guarded} {
			t.Run("op="+o.name+"/"+name, func(t *testing.T) {
				kerneltest.EachLevel(t, func(t *testing.T) {
					for _, s := range []Shape{square(2, 7, 64, 64, 3, 1, 1, 1, 2), square(1, 6, 160, 160, 3, 1, 2, 1, 5)} {
						require.True(t, s.groupedWinogradWins(o.name == "InputGrad"), s.name())
						o.check(t, rand.New(rand.NewPCG(3, 4)), s, func(n int) []float32 { return mem(t, n) })
					}
				})
			})
		}
	}
}

func TestGroupedWinogradHasTheSameBitsForAnyNumberOfWorkersAndInEveryBatch(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		for _, o := range operations[:2] {
			o.sameBits(t, square(9, 14, 160, 160, 3, 1, 1, 1, 5))
		}
	})
}

func TestGroupedWinogradDoesNotAllocate(t *testing.T) {
	defer parallel.SetWorkers(2)()
	kerneltest.EachLevel(t, func(t *testing.T) {
		for _, o := range operations[:2] {
			s := square(2, 8, 160, 160, 3, 1, 1, 1, 5)
			nd, na, nb := o.sizes(s)
			dst, a, b := heap(nd), heap(na), heap(nb)
			kerneltest.NoAllocs(t, func() { o.run(s, dst, a, b) })
		}
	})
}

// TestGroupedWinogradIsDirectWhereAGroupIsUneven: a group that is uneven, beside others a thousand times as large in which
// that would not be seen, and what is not finite have their image summed directly, and no other.
func TestGroupedWinogradIsDirectWhereAGroupIsUneven(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		for _, o := range operations[:2] {
			for _, s := range []Shape{square(3, 7, 64, 64, 3, 1, 1, 1, 2), square(3, 7, 64, 64, 3, 1, 1, 1, 4)} {
				nd, na, nb := o.sizes(s)
				for _, v := range []float32{3e4, float32(math.Inf(1)), float32(math.NaN())} {
					rng := rand.New(rand.NewPCG(1, 2))
					in, w, even, got, direct := normal(rng, heap(na)), normal(rng, heap(nb)), heap(nd), heap(nd), heap(nd)
					for i := range in {
						if i%64 >= 64/s.Groups {
							in[i] *= 1000
						}
					}
					inputGrad := o.name == "InputGrad"
					runGroupedWinograd(s, inputGrad, even, in, w)
					in[na/3+64*17+3] = v
					runGroupedWinograd(s, inputGrad, got, in, w)
					func() {
						defer SetWinograd(Winograd())
						SetWinograd(false)
						o.run(s, direct, in, w)
					}()
					for i, g := range got {
						if i/(nd/3) == 1 {
							require.True(t, kerneltest.SameFloat(g, direct[i]), "element %d: %v, want %v", i, g, direct[i])
						} else {
							require.Equal(t, even[i], g, "element %d", i)
						}
					}
					require.NotEqual(t, direct[:nd/3], got[:nd/3])
				}
			}
		}
	})
}

func TestGroupedWinogradIsChosenByTheShapeOfAnImage(t *testing.T) {
	for _, n := range []int{1, 1000} {
		for _, size := range []int{7, 14, 28} {
			s := square(n, size, 1024, 1024, 3, 1, 1, 1, 32)
			require.True(t, s.groupedWinogradWins(false) && s.groupedWinogradWins(true), s.name())
		}
	}
	for _, s := range []Shape{
		square(1, 14, 1024, 1024, 3, 2, 1, 1, 32), square(1, 14, 1024, 1024, 3, 1, 1, 1, 64), square(1, 14, 1024, 1024, 3, 1, 1, 1, 16),
		square(1, 14, 32, 32, 3, 1, 1, 1, 1), square(1, 5, 1024, 1024, 3, 1, 1, 1, 32), square(1, 14, 1024, 1024, 5, 1, 2, 1, 32),
	} {
		require.False(t, s.groupedWinogradWins(false), s.name())
	}
}

// BenchmarkGroups compares the two ways to compute convolutions in groups of 32 channels.
func BenchmarkGroups(b *testing.B) {
	defer SetWinograd(Winograd())
	for _, s := range []Shape{square(0, 7, 1024, 1024, 3, 1, 1, 1, 32), square(0, 14, 1024, 1024, 3, 1, 1, 1, 32), square(0, 28, 512, 512, 3, 1, 1, 1, 16)} {
		for _, s.N = range []int{8, 1} {
			for _, o := range operations[:2] {
				for _, algo := range []string{"winograd", "direct"} {
					for _, workers := range []int{1, 2} {
						b.Run(fmt.Sprintf("op=%s/size=%d/batch=%d/algo=%s/workers=%d", o.name, s.H, s.N, algo, workers), func(b *testing.B) {
							defer parallel.SetWorkers(workers)()
							SetWinograd(algo == "winograd")
							benchmark(b, o, s)
						})
					}
				}
			}
		}
	}
}
