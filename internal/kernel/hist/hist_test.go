package hist

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/internal/kernel/kerneltest"
	"github.com/residuum-go/residuum/internal/parallel"
)

// guarded returns n values behind which memory faults.
func guarded[T any](t testing.TB, n int) []T {
	var v T
	words := int(unsafe.Sizeof(v)) / 4
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*T)(unsafe.Pointer(&kerneltest.Guarded(t, n*words)[0])), n)
}

// problem is n rows with words of so many groups, of which every third is asked for.
func problem(t testing.TB, n, groups, numbers int) (words []uint64, sums []int64, rows []int32, values [][2]float64) {
	rng := rand.New(rand.NewPCG(uint64(n), uint64(groups)))
	words, sums, rows = guarded[uint64](t, n*groups), guarded[int64](t, n*numbers), guarded[int32](t, (n+2)/3)
	for i := range words {
		words[i] = rng.Uint64()
		if i%5 == 0 {
			words[i] = 0x00ff00ff00ff00ff // equal bins, the first and the last
		}
	}
	values = make([][2]float64, n)
	total := [2]float64{}
	for i := range values {
		values[i] = [2]float64{rng.NormFloat64() * math.Exp(5*rng.NormFloat64()), rng.Float64()}
		total[0] += math.Abs(values[i][0])
		total[1] += values[i][1]
	}
	for i, v := range values {
		for c := range numbers {
			sums[numbers*i+c] = int64(math.RoundToEven(v[c] * Scale(total[c], 61)))
		}
	}
	for i := range rows {
		rows[i] = int32(3 * i)
	}
	return words, sums, rows, values
}

func TestLayoutSharesColumnsOut(t *testing.T) {
	for columns := 1; columns <= 100; columns++ {
		l := Layout{Columns: columns, Numbers: 2}
		at := 0
		for g := range l.Groups() {
			begin, end := l.Group(g)
			require.Equal(t, at, begin)
			require.Positive(t, end-begin)
			require.LessOrEqual(t, end-begin, perWord)
			for k := range end - begin {
				group, byte := l.Place(begin + k)
				require.Equal(t, [2]int{g, k}, [2]int{group, byte})
			}
			at = end
		}
		require.Equal(t, columns, at)
		require.Equal(t, (columns+perWord-1)/perWord, l.Groups())
	}
	l, numbers := Layout{Columns: 9, Numbers: 1}, make([]int64, 9*stride)
	numbers[4*stride+255] = 1
	require.Equal(t, int64(1), l.Cells(numbers, 4)[255])
	require.Len(t, numbers, l.Len())
}

func TestAddEqualsReference(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		for _, n := range []int{1, 2, 3, 46, 48, 49, 51, 52, 1000} {
			for numbers := 1; numbers <= 2; numbers++ {
				words, sums, rows, _ := problem(t, n, 1, numbers)
				for columns := 1; columns <= perWord; columns++ {
					size := columns * stride * numbers
					want, got := make([]int64, size), guarded[int64](t, size)
					addRef(want, columns, numbers, words, sums, rows)
					add(got, columns, numbers, words, sums, rows)
					require.Equal(t, want, got, "%d rows, %d columns, %d numbers", n, columns, numbers)
				}
			}
		}
	})
}

// The sums of float64, whose error is bounded by what is known of both.
func TestBuildEqualsFloat64(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		for numbers := 1; numbers <= 2; numbers++ {
			for _, n := range []int{100, 200_000} { // the second is summed in parts
				l := Layout{Columns: 20, Numbers: numbers} // seven, seven and six
				words, sums, rows, values := problem(t, n, 3, numbers)
				total := [2]float64{}
				for _, v := range values {
					total[0] += math.Abs(v[0])
					total[1] += v[1]
				}
				got := make([]int64, l.Len())
				l.Cells(got, 8)[7] = 3 // not asked for
				l.Cells(got, 1)[1] = 5 // to be overwritten
				l.Build(got, []int{0, 2}, words, sums, rows)
				require.Equal(t, int64(3), l.Cells(got, 8)[7])
				for f := range 20 {
					g, k := l.Place(f)
					if g == 1 {
						continue
					}
					var want [Bins][2]float64
					for _, i := range rows {
						bin := words[g*n+int(i)] >> (8 * k) & 255
						want[bin][0] += values[i][0]
						want[bin][1] += values[i][1]
					}
					for bin := range want {
						for c := range numbers {
							is := float64(l.Cells(got, f)[numbers*bin+c]) / Scale(total[c], 61)
							require.InDelta(t, want[bin][c], is, 1e-14*total[c], "column %d, bin %d", f, bin)
						}
					}
				}
			}
		}
	})
}

func TestBuildHasTheSameBitsForAnyNumberOfWorkers(t *testing.T) {
	l := Layout{Columns: 11, Numbers: 2}
	words, sums, rows, _ := problem(t, 200_000, 2, 2)
	want := make([]int64, l.Len())
	for g := range 2 {
		begin, end := l.Group(g)
		addRef(l.group(want, g), end-begin, 2, words[g*200_000:(g+1)*200_000], sums, rows)
	}
	for _, workers := range []int{1, 2, 5} {
		restore := parallel.SetWorkers(workers)
		got := make([]int64, l.Len())
		l.Build(got, []int{0, 1}, words, sums, rows)
		restore()
		require.Equal(t, want, got, "%d workers", workers)
	}
}

func TestDifferencesAreExact(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		l := Layout{Columns: 9, Numbers: 1}
		words, sums, rows, _ := problem(t, 500, 2, 1)
		used := []int{0, 1}
		all, some, others := guarded[int64](t, l.Len()), guarded[int64](t, l.Len()), make([]int64, l.Len())
		l.Build(all, used, words, sums, rows)
		l.Build(some, used, words, sums, rows[:40])
		l.Build(others, used, words, sums, rows[40:])
		l.Subtract(all, some, used)
		require.Equal(t, others, all)
	})
}

func TestBuildAllocatesNothing(t *testing.T) {
	l := Layout{Columns: 16, Numbers: 1}
	words, sums, rows, _ := problem(t, 200_000, 2, 1)
	h, used := make([]int64, l.Len()), []int{0, 1}
	kerneltest.NoAllocs(t, func() { l.Build(h, used, words, sums, rows) })
}

func TestScaleUsesTheRangeAndNoMore(t *testing.T) {
	for _, total := range []float64{1e-320, 1e-30, 0.3, 1, 2, 1e30, math.MaxFloat64} {
		s := Scale(total, 50)
		require.LessOrEqual(t, total*s, 0x1p50)
		if total > 1e-280 {
			require.GreaterOrEqual(t, total*s, 0x1p49)
		}
	}
	require.Equal(t, 1.0, Scale(0, 50))
}

func TestAVX2UsesItsRegistersOnly(t *testing.T) {
	kerneltest.AVX2UsesItsRegistersOnly(t, "asm_amd64.s")
}

func BenchmarkAdd(b *testing.B) {
	const n = 1 << 20
	for _, every := range []int{1, 50} {
		for numbers := 1; numbers <= 2; numbers++ {
			words, sums, _, _ := problem(b, n, 1, numbers)
			rows := []int32{}
			for i := 0; i < n; i += every {
				rows = append(rows, int32(i))
			}
			for name, f := range map[string]func([]int64, int, int, []uint64, []int64, []int32){"Ref": addRef, "add": add} {
				b.Run(fmt.Sprintf("%s/every=%d/numbers=%d", name, every, numbers), func(b *testing.B) {
					h := make([]int64, perWord*stride*numbers)
					for b.Loop() {
						f(h, perWord, numbers, words, sums, rows)
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(rows)*perWord), "ns/cell")
				})
			}
		}
	}
}
