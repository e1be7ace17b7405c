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

// problem is n rows with the given number of groups, of which every third is asked for.
func problem(t testing.TB, n, groups int) (words []uint64, sums []Sum, rows []int32, values [][2]float64) {
	rng := rand.New(rand.NewPCG(uint64(n), uint64(groups)))
	words, sums, rows = guarded[uint64](t, n*groups), guarded[Sum](t, n), guarded[int32](t, (n+2)/3)
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
		for c := range v {
			sums[i][c] = int64(math.RoundToEven(v[c] * Scale(total[c])))
		}
	}
	for i := range rows {
		rows[i] = int32(3 * i)
	}
	return words, sums, rows, values
}

func TestAddEqualsReference(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		for _, n := range []int{0, 1, 2, 3, 46, 48, 49, 51, 52, 1000} {
			words, sums, rows, _ := problem(t, n, 1)
			want, got := new(Group), &guarded[Group](t, 1)[0]
			Ref(want, words, sums, rows)
			Add(got, words, sums, rows)
			Add(got, words, sums, nil)
			require.Equal(t, want, got, "%d rows", n)
		}
	})
}

// The sums of float64, whose error is bounded by what is known of both.
func TestBuildEqualsFloat64(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		for _, n := range []int{100, 200_000} { // the second is summed in parts
			words, sums, rows, values := problem(t, n, 3)
			total := [2]float64{}
			for _, v := range values {
				total[0] += math.Abs(v[0])
				total[1] += v[1]
			}
			got := make([]Group, 3)
			got[1][7][5] = Sum{3, 4} // not asked for
			got[0][1][1] = Sum{5, 6} // to be overwritten
			Build(got, []int{0, 2}, words, sums, rows)
			require.Equal(t, Sum{3, 4}, got[1][7][5])
			for _, g := range []int{0, 2} {
				for k := range Columns {
					var want [Bins][2]float64
					for _, i := range rows {
						bin := words[g*n+int(i)] >> (8 * k) & 255
						want[bin][0] += values[i][0]
						want[bin][1] += values[i][1]
					}
					for bin := range want {
						for c := range 2 {
							is := float64(got[g][bin][k][c]) / Scale(total[c])
							require.InDelta(t, want[bin][c], is, 1e-14*total[c], "group %d, column %d, bin %d", g, k, bin)
						}
					}
				}
			}
		}
	})
}

func TestBuildHasTheSameBitsForAnyNumberOfWorkers(t *testing.T) {
	words, sums, rows, _ := problem(t, 200_000, 2)
	want := make([]Group, 2)
	for g := range want {
		Ref(&want[g], words[g*len(sums):(g+1)*len(sums)], sums, rows)
	}
	for _, workers := range []int{1, 2, 5} {
		restore := parallel.SetWorkers(workers)
		got := make([]Group, 2)
		Build(got, []int{0, 1}, words, sums, rows)
		restore()
		require.Equal(t, want, got, "%d workers", workers)
	}
}

func TestDifferencesAreExact(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		words, sums, rows, _ := problem(t, 500, 2)
		used := []int{0, 1}
		all, some, others := guarded[Group](t, 2), guarded[Group](t, 2), make([]Group, 2)
		Build(all, used, words, sums, rows)
		Build(some, used, words, sums, rows[:40])
		Build(others, used, words, sums, rows[40:])
		Subtract(all, some, used)
		require.Equal(t, others, all)
	})
}

func TestBuildAllocatesNothing(t *testing.T) {
	words, sums, rows, _ := problem(t, 200_000, 2)
	h, used := make([]Group, 2), []int{0, 1}
	kerneltest.NoAllocs(t, func() { Build(h, used, words, sums, rows) })
}

func TestScaleUsesTheRangeAndNoMore(t *testing.T) {
	for _, total := range []float64{1e-320, 1e-30, 0.3, 1, 2, 1e30, math.MaxFloat64} {
		s := Scale(total)
		require.LessOrEqual(t, total*s, 0x1p61)
		if total > 1e-280 {
			require.GreaterOrEqual(t, total*s, 0x1p60)
		}
	}
	require.Equal(t, 1.0, Scale(0))
}

func TestAVX2UsesItsRegistersOnly(t *testing.T) {
	kerneltest.AVX2UsesItsRegistersOnly(t, "asm_amd64.s")
}

func BenchmarkAdd(b *testing.B) {
	const n = 1 << 20
	for _, every := range []int{1, 50} {
		words, sums, _, _ := problem(b, n, 1)
		rows := []int32{}
		for i := 0; i < n; i += every {
			rows = append(rows, int32(i))
		}
		for name, f := range map[string]func(*Group, []uint64, []Sum, []int32){"Ref": Ref, "Add": Add} {
			b.Run(fmt.Sprintf("%s/every=%d", name, every), func(b *testing.B) {
				h := new(Group)
				for b.Loop() {
					f(h, words, sums, rows)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(rows)*Columns), "ns/cell")
			})
		}
	}
}
