package gemm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/internal/cpu"
	"github.com/residuum-go/residuum/internal/kernel/gemm/tile"
	"github.com/residuum-go/residuum/internal/kernel/kerneltest"
	"github.com/residuum-go/residuum/internal/parallel"
)

// operands are a problem in float32 and the same in float64 with the absolute values beside.
type operands struct {
	p              problem
	want, sumOfAbs []float64
}

// alloc returns n floats, from a heap or against a guard page.
type alloc func(n int) []float32

func heap(n int) []float32 { return make([]float32, n) }

// random fills a, b and c with random numbers; the gaps between rows hold NaN in a and b, which
// would show in c, and are compared with the sentinels they hold in c.
func random(rng *rand.Rand, mem alloc, acc, transA, transB bool, m, n, k, gap int) problem {
	matrix := func(rows, cols int, filler float32) ([]float32, int) {
		ld := cols + gap
		s := mem(max(0, (rows-1)*ld+cols))
		if rows == 0 || cols == 0 {
			s = s[:0]
		}
		for i := range s {
			if s[i] = filler; i%ld < cols {
				s[i] = rng.Float32()*2 - 1
			}
		}
		return s, max(ld, 1)
	}
	nan := float32(math.NaN())
	p := problem{acc: acc, transA: transA, transB: transB, m: m, n: n, k: k}
	if transA {
		p.a, p.lda = matrix(k, m, nan)
	} else {
		p.a, p.lda = matrix(m, k, nan)
	}
	if transB {
		p.b, p.ldb = matrix(n, k, nan)
	} else {
		p.b, p.ldb = matrix(k, n, nan)
	}
	p.c, p.ldc = matrix(m, n, 12345)
	return p
}

// newOperands adds what Mul should compute to random operands.
func newOperands(rng *rand.Rand, mem alloc, acc, transA, transB bool, m, n, k, gap int) operands {
	o := operands{p: random(rng, mem, acc, transA, transB, m, n, k, gap)}
	o.want = widen(o.p.c, false)
	Ref(acc, transA, transB, m, n, k, widen(o.p.a, false), o.p.lda, widen(o.p.b, false), o.p.ldb, o.want, o.p.ldc)
	o.sumOfAbs = widen(o.p.c, true)
	Ref(acc, transA, transB, m, n, k, widen(o.p.a, true), o.p.lda, widen(o.p.b, true), o.p.ldb, o.sumOfAbs, o.p.ldc)
	return o
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

func (p problem) mul() {
	Mul(p.acc, p.transA, p.transB, p.m, p.n, p.k, p.a, p.lda, p.b, p.ldb, p.c, p.ldc)
}

// check runs Mul and compares: |error| <= (k+2) eps Σ|a||b|, the bound of any order of summation.
func (o operands) check(t *testing.T) {
	t.Helper()
	o.p.mul()
	p := o.p
	for i, g := range p.c {
		tol := float64(p.k+2) * 0x1p-24 * o.sumOfAbs[i]
		if i%p.ldc >= p.n {
			tol = 0
		}
		if d := math.Abs(float64(g) - o.want[i]); !(d <= tol) {
			require.Failf(t, "wrong", "%s row %d column %d: %v, want %v within %v", p.name(), i/p.ldc, i%p.ldc, g, o.want[i], tol)
		}
	}
}

func (p problem) name() string {
	return fmt.Sprintf("shape=%dx%dx%d/trans=%v,%v/acc=%v", p.m, p.n, p.k, p.transA, p.transB, p.acc)
}

// cases calls f for the four transpositions, with and without acc.
func cases(f func(acc, transA, transB bool)) {
	for i := range 8 {
		f(i&4 != 0, i&2 != 0, i&1 != 0)
	}
}

func TestMulEqualsReferenceForAllSmallSizes(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(3, 4))
		for m := 1; m <= 40; m++ {
			for n := 1; n <= 40; n++ {
				for _, k := range []int{1, 2, 3 + rng.IntN(30)} {
					i := rng.IntN(8)
					newOperands(rng, heap, i&4 != 0, i&2 != 0, i&1 != 0, m, n, k, rng.IntN(3)).check(t)
				}
			}
		}
	})
}

func TestMulEqualsReferenceInEveryCase(t *testing.T) {
	sizes := [][3]int{{1, 1, 1}, {1, 100, 7}, {100, 1, 7}, {13, 33, 17}, {24, 16, 32}, {50, 10, 64}, {97, 65, 33},
		{130, 100, 50}, {3, 5, 4500}, {70, 40, 1030}, {200, 12, 600}, {40, 9, 9001},
		{1, 1, 140000}, {1, 300, 200}, {300, 1, 200}, {1, 3, 33000}, {4, 1100, 19}, {90, 600, 3}, {7, 30, 200}, {130, 90, 300}}
	kerneltest.EachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(5, 6))
		for _, s := range sizes {
			cases(func(acc, transA, transB bool) {
				newOperands(rng, heap, acc, transA, transB, s[0], s[1], s[2], 5).check(t)
			})
		}
	})
}

func TestMulStaysInsideItsSlices(t *testing.T) {
	for _, end := range []bool{false, true} {
		t.Run(fmt.Sprintf("end=%v", end), func(t *testing.T) {
			mem := func(n int) []float32 {
				if end {
					return kerneltest.Guarded(t, n)
				}
				return kerneltest.GuardedStart(t, n)
			}
			kerneltest.EachLevel(t, func(t *testing.T) {
				rng := rand.New(rand.NewPCG(7, 8))
				for _, s := range [][3]int{{1, 1, 1}, {5, 7, 3}, {12, 16, 8}, {13, 17, 9}, {25, 33, 11}, {100, 9, 6}, {110, 41, 13},
					{130, 70, 70}, {100, 30, 300}, {3, 9, 130}, {1, 50, 40}, {50, 1, 40}, {1, 1, 77}, {3, 600, 10}, {50, 130, 2}} {
					cases(func(acc, transA, transB bool) {
						newOperands(rng, mem, acc, transA, transB, s[0], s[1], s[2], 0).check(t)
						newOperands(rng, mem, acc, transA, transB, s[0], s[1], s[2], 3).check(t)
					})
				}
			})
		})
	}
}

func TestMulWithEmptyDimensions(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		cases(func(acc, transA, transB bool) {
			c := []float32{1, 2, 3, 4, 5}
			Mul(acc, transA, transB, 2, 2, 0, nil, 2, nil, 2, c, 3)
			if acc {
				require.Equal(t, []float32{1, 2, 3, 4, 5}, c)
			} else {
				require.Equal(t, []float32{0, 0, 3, 0, 0}, c)
			}
			Mul(acc, transA, transB, 0, 2, 2, nil, 2, make([]float32, 4), 2, nil, 2)
			Mul(acc, transA, transB, 2, 0, 2, make([]float32, 4), 2, nil, 2, nil, 0)
		})
	})
}

// TestMulPropagatesSpecialValues puts each special value everywhere once: where the reference has a
// NaN or an infinity, so must Mul, and nowhere else.
func TestMulPropagatesSpecialValues(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(9, 10))
		for _, v := range kerneltest.Specials() {
			if math.Abs(float64(v)) > 1e30 && !math.IsInf(float64(v), 0) {
				continue // overflow depends on the order of summation
			}
			cases(func(acc, transA, transB bool) {
				o := newOperands(rng, heap, acc, transA, transB, 30, 20, 10, 0)
				for range 3 {
					o.p.a[rng.IntN(len(o.p.a))] = v
					o.p.b[rng.IntN(len(o.p.b))] = v
				}
				want := append([]float32(nil), o.p.c...)
				p := o.p
				Ref(acc, transA, transB, p.m, p.n, p.k, p.a, p.lda, p.b, p.ldb, want, p.ldc)
				p.mul()
				for i, g := range p.c {
					w := want[i]
					if w-w != 0 || g-g != 0 {
						require.True(t, kerneltest.SameFloat(g, w), "%s with %v, element %d: %v, want %v", p.name(), v, i, g, w)
					}
				}
			})
		}
	})
}

func TestMulOfNegativeZerosIsZero(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		c := []float32{7}
		Mul(false, false, false, 1, 1, 1, []float32{float32(math.Copysign(0, -1))}, 1, []float32{1}, 1, c, 1)
		require.Zero(t, math.Float32bits(c[0]))
	})
}

func TestMulHasTheSameBitsForAnyNumberOfWorkers(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		for _, s := range [][3]int{{300, 70, 40}, {130, 300, 100}, {64, 64, 9000}, {30, 300, 700}, {1, 1, 140000}, {1, 3000, 100}, {3, 600, 900}, {2, 2000, 90}, {900, 500, 2}, {500, 7, 200}} {
			cases(func(acc, transA, transB bool) {
				whole := random(rand.New(rand.NewPCG(1, 1)), heap, acc, transA, transB, s[0], s[1], s[2], 0)
				kerneltest.SameBitsForWorkers(t, func() []float32 {
					p := whole
					p.c = append([]float32(nil), whole.c...)
					p.mul()
					return p.c
				})
			})
		}
	})
}

// TestMulSplitsLargeCopies covers sizes whose copy of b exceeds the limit.
func TestMulSplitsLargeCopies(t *testing.T) {
	defer func(old int) { maxPacked = old }(maxPacked)
	maxPacked = 30000
	kerneltest.EachLevel(t, func(t *testing.T) {
		cases(func(acc, transA, transB bool) {
			rng := rand.New(rand.NewPCG(2, 2))
			newOperands(rng, heap, acc, transA, transB, 120, 170, 250, 1).check(t)
			if acc == transB { // rows of a that have to be copied
				newOperands(rng, heap, acc, transA, transB, 50, 130, 1024, 0).check(t)
				newOperands(rng, heap, acc, transA, transB, 650, 130, 70, 0).check(t)
			}
		})
	})
}

func TestMulDoesNotAllocate(t *testing.T) {
	defer parallel.SetWorkers(2)()
	kerneltest.EachLevel(t, func(t *testing.T) {
		cases(func(acc, transA, transB bool) {
			p := random(rand.New(rand.NewPCG(1, 1)), heap, acc, transA, transB, 130, 70, 40, 0)
			kerneltest.NoAllocs(t, p.mul)
		})
	})
}

func TestMulPanicsOnWrongArguments(t *testing.T) {
	six := make([]float32, 6)
	for want, f := range map[string]func(){
		"gemm: Mul: a is [2 3] with rows 4 apart: needs 7 elements, has 6": func() { Mul(false, false, false, 2, 2, 3, six, 4, six, 2, six, 2) },
		"gemm: Mul: b is [3 2]: rows 1 apart overlap":                      func() { Mul(false, false, false, 2, 2, 3, six, 3, six, 1, six, 2) },
		"gemm: Mul: a is [0 -1]: negative size":                            func() { Mul(false, true, false, -1, 2, 0, nil, 3, six, 2, six, 2) },
	} {
		require.PanicsWithValue(t, want, f)
	}
}

func ExampleMul() {
	a := []float32{1, 2, 3, 4, 5, 6} // [2, 3]
	b := []float32{1, 0, 0, 1, 1, 1} // [3, 2]
	c := make([]float32, 4)
	Mul(false, false, false, 2, 2, 3, a, 3, b, 2, c, 2)
	fmt.Println(c)
	// Output: [4 5 10 11]
}

// The multiply-adds of a product, here 2^32, are counted to cut it into 16 pieces at least.
func TestLargeProductsAreCut(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		for _, size := range [][3]int{{256, 1 << 16, 256}, {1 << 16, 256, 256}, {256, 256, 1 << 16}} {
			j := job{problem: problem{m: size[0], n: size[1], k: size[2], lda: size[2], ldb: size[1], ldc: size[1]}, level: cpu.Active()}
			j.rows, j.cols = tile.Size(j.level)
			j.split()
			require.GreaterOrEqual(t, j.cut.down*j.cut.across*j.cut.chunks, 16, "%v", size)
		}
	})
}
