package parallel

import (
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestForCoversEveryIndexOnceInChunksOfGrain(t *testing.T) {
	for _, w := range []int{1, 2, 5} {
		restore := SetWorkers(w)
		for _, n := range []int{0, 1, 7, 64, 1000} {
			for _, grain := range []int{0, 1, 3, 64, 5000} {
				seen := make([]int32, n)
				For(n, grain, Func(func(lo, hi int) {
					g := max(grain, 1)
					if lo%g != 0 || hi != min(lo+g, n) {
						t.Errorf("n %d grain %d: chunk [%d, %d)", n, grain, lo, hi)
					}
					for i := lo; i < hi; i++ {
						atomic.AddInt32(&seen[i], 1)
					}
				}))
				for i, s := range seen {
					require.EqualValues(t, 1, s, "n %d grain %d index %d", n, grain, i)
				}
			}
		}
		restore()
	}
}

func TestForNests(t *testing.T) {
	defer SetWorkers(4)()
	var sum atomic.Int64
	For(20, 1, Func(func(lo, _ int) {
		For(20, 1, Func(func(lo2, _ int) {
			For(3, 1, Func(func(lo3, _ int) { sum.Add(int64(lo*100 + lo2*10 + lo3)) }))
		}))
	}))
	require.EqualValues(t, 190*100*60+190*10*60+3*400, sum.Load())
}

func TestForRaisesPanicsInTheCaller(t *testing.T) {
	defer SetWorkers(3)()
	for range 100 {
		require.PanicsWithValue(t, "chunk 5", func() {
			For(50, 1, Func(func(lo, _ int) {
				if lo == 5 {
					panic("chunk 5")
				}
			}))
		})
	}
}

func TestForDoesNotAllocate(t *testing.T) {
	defer SetWorkers(2)()
	var sum atomic.Int64
	f := Func(func(lo, hi int) { sum.Add(int64(hi - lo)) })
	For(100, 1, f)
	require.LessOrEqual(t, testing.AllocsPerRun(200, func() { For(100, 1, f) }), 0.5)
}

func BenchmarkForEmpty(b *testing.B) {
	f := Func(func(lo, hi int) {})
	for b.Loop() {
		For(2, 1, f)
	}
}

// Chunks of some microseconds, the size of those of a small matrix product: two workers against one.
func BenchmarkForShort(b *testing.B) {
	var sink atomic.Uint64
	f := Func(func(lo, hi int) {
		x := uint64(lo)
		for range 4000 {
			x = x*6364136223846793005 + 1442695040888963407
		}
		sink.Add(x)
	})
	for _, w := range []int{1, 2} {
		b.Run(map[int]string{1: "workers=1", 2: "workers=2"}[w], func(b *testing.B) {
			defer SetWorkers(w)()
			for b.Loop() {
				For(4, 1, f)
			}
		})
	}
}
