package conv

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/internal/cpu"
	"github.com/residuum-go/residuum/internal/kernel/kerneltest"
	"github.com/residuum-go/residuum/internal/parallel"
)

// groupShapes has narrow groups of every kind of band: whole ones, fewer vectors, one that overlaps its neighbour, and
// groups of a part of a vector, of one and of several; kernels wider than a call's taps, strides that leave pixels without taps,
// padding wider than the image, uneven padding, dilation, rows that no tap of a kernel's row reaches.
func groupShapes() []Shape {
	var list []Shape
	for _, c := range []int{4, 8, 12, 16, 20, 33, 40, 64, 100, 128, 129, 144} {
		list = append(list, square(2, 5, c, c, 3, 1, 1, 1, c))
	}
	for _, group := range []int{4, 8, 16, 32} {
		for _, c := range []int{32, 40, 96} {
			if c%group == 0 && c > group {
				list = append(list, square(2, 5, c, c, 3, 1, 1, 1, c/group), square(1, 7, c, c, 3, 2, 1, 1, c/group))
			}
		}
	}
	for _, group := range []int{1, 4} {
		for _, s := range []Shape{
			square(3, 9, 32, 32, 5, 1, 2, 1, 1), square(1, 9, 36, 36, 7, 2, 3, 1, 1), square(2, 6, 16, 16, 1, 1, 0, 1, 1), square(2, 7, 16, 16, 1, 3, 0, 1, 1),
			square(1, 3, 16, 16, 5, 1, 6, 1, 1), square(2, 11, 24, 24, 3, 1, 2, 3, 1), square(2, 11, 24, 24, 3, 2, 3, 2, 1), square(1, 2, 16, 16, 2, 1, 0, 1, 1),
			rectangle(2, 16, 16, 3, 5, 2, 1, 0, 2), rectangle(2, 20, 20, 2, 3, 1, 3, 1, 0).more(1, 0), rectangle(1, 16, 16, 3, 3, 2, 2, 0, 0).more(1, 1),
			rectangle(1, 72, 72, 1, 7, 1, 1, 0, 3), rectangle(1, 48, 48, 7, 1, 1, 1, 3, 0),
		} {
			s.Groups = s.C / group
			list = append(list, s)
		}
	}
	return list
}

// TestNarrowGroupsEqualTheirReferences also takes the kernels for groups that others are faster for.
func TestNarrowGroupsEqualTheirReferences(t *testing.T) {
	defer func(tile, grad int) { widestGroup, widestGroupGrad = tile, grad }(widestGroup, widestGroupGrad)
	widestGroup, widestGroupGrad = 64, 64
	for _, o := range operations {
		t.Run("op="+o.name, func(t *testing.T) {
			kerneltest.EachLevel(t, func(t *testing.T) {
				rng := rand.New(rand.NewPCG(1, 2))
				for _, s := range groupShapes() {
					require.True(t, s.narrow(cpu.Active(), widestGroup), s.name())
					o.check(t, rng, s, heap)
				}
			})
		})
	}
}

// TestWeightGradientsOfCopiedStrips copies strips whatever the number of channels.
func TestWeightGradientsOfCopiedStrips(t *testing.T) {
	defer func(channels, grad int) {
		packChannels, widestGroupGrad = channels, grad
	}(packChannels, widestGroupGrad)
	packChannels, widestGroupGrad = 0, 64
	kerneltest.EachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		for _, s := range append(groupShapes(), square(5, 40, 64, 64, 3, 2, 1, 1, 4), square(3, 30, 96, 96, 3, 1, 1, 1, 12)) {
			operations[2].check(t, rng, s, heap)
		}
	})
}

func TestNarrowGroupsStayInsideTheirSlices(t *testing.T) {
	for _, o := range operations {
		for name, mem := range map[string]func(testing.TB, int) []float32{"start": kerneltest.GuardedStart, "end": kerneltest.Guarded} {
			t.Run("op="+o.name+"/"+name, func(t *testing.T) {
				kerneltest.EachLevel(t, func(t *testing.T) {
					for _, s := range []Shape{square(1, 4, 24, 24, 3, 1, 1, 1, 24), square(2, 4, 20, 20, 3, 2, 1, 1, 5), square(1, 5, 32, 32, 5, 1, 2, 1, 2), square(1, 4, 64, 64, 3, 1, 1, 1, 64)} {
						o.check(t, rand.New(rand.NewPCG(3, 4)), s, func(n int) []float32 { return mem(t, n) })
					}
				})
			})
		}
	}
}

// sameBits requires the same bits of a convolution for any number of workers, and of its last image alone.
func (o operation) sameBits(t *testing.T, s Shape) {
	t.Helper()
	nd, na, nb := o.sizes(s)
	rng := rand.New(rand.NewPCG(5, 6))
	a, b := random(rng, heap(na)), random(rng, heap(nb))
	var all []float32
	kerneltest.SameBitsForWorkers(t, func() []float32 {
		all = heap(nd)
		o.run(s, all, a, b)
		return all
	})
	if o.name == "WeightGrad" {
		return
	}
	one := s
	one.N = 1
	last := heap(nd / s.N)
	o.run(one, last, a[na-na/s.N:], b)
	require.Equal(t, all[nd-nd/s.N:], last)
}

func TestNarrowGroupsHaveTheSameBitsForAnyNumberOfWorkersAndInEveryBatch(t *testing.T) {
	for _, o := range operations {
		t.Run("op="+o.name, func(t *testing.T) {
			kerneltest.EachLevel(t, func(t *testing.T) {
				for _, s := range []Shape{square(9, 30, 40, 40, 3, 1, 1, 1, 40), square(9, 30, 32, 32, 3, 2, 1, 1, 8), square(7, 14, 64, 64, 5, 1, 2, 1, 64)} {
					o.sameBits(t, s)
				}
			})
		})
	}
}

func TestNarrowGroupsDoNotAllocate(t *testing.T) {
	defer parallel.SetWorkers(2)()
	for _, o := range operations {
		t.Run("op="+o.name, func(t *testing.T) {
			kerneltest.EachLevel(t, func(t *testing.T) {
				for _, s := range []Shape{square(2, 9, 40, 40, 3, 2, 1, 1, 40), square(2, 8, 32, 32, 3, 1, 1, 1, 8)} {
					nd, na, nb := o.sizes(s)
					dst, a, b := heap(nd), heap(na), heap(nb)
					kerneltest.NoAllocs(t, func() { o.run(s, dst, a, b) })
				}
			})
		})
	}
}

func TestAVX2UsesItsRegistersOnly(t *testing.T) {
	kerneltest.AVX2UsesItsRegistersOnly(t, "asm_amd64.s")
}

// TestNarrowGroupsOfRandomShapes has odd shapes that no list would have.
func TestNarrowGroupsOfRandomShapes(t *testing.T) {
	defer func(tile, grad, channels int) {
		widestGroup, widestGroupGrad, packChannels = tile, grad, channels
	}(widestGroup, widestGroupGrad, packChannels)
	widestGroup, widestGroupGrad = 64, 64
	seeds := 60
	if testing.Short() {
		seeds = 15
	}
	kerneltest.EachLevel(t, func(t *testing.T) {
		for seed := range seeds {
			rng := rand.New(rand.NewPCG(uint64(seed), 1))
			packChannels = rng.IntN(2) * 1000
			group := []int{1, 1, 4, 8, 16, 32}[rng.IntN(6)]
			s := Shape{N: 1 + rng.IntN(3), H: 1 + rng.IntN(12), W: 1 + rng.IntN(12), C: group * (2 + rng.IntN(max(2, 150/group))),
				R: 1 + rng.IntN(6), S: 1 + rng.IntN(7), StrideH: 1 + rng.IntN(3), StrideW: 1 + rng.IntN(3),
				PadH: rng.IntN(4), PadW: rng.IntN(4), DilationH: 1 + rng.IntN(2), DilationW: 1 + rng.IntN(2)}
			s.K, s.Groups, s.MoreH, s.MoreW = s.C, s.C/group, rng.IntN(3), rng.IntN(3)-min(1, s.PadW)
			for _, o := range operations {
				o.check(t, rng, s, heap)
			}
		}
	})
}
