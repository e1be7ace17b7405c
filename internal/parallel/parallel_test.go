package parallel

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
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

// Chunks that wait for each other are done only if as many goroutines take part, those that slept included.
func TestForWakesHelpers(t *testing.T) {
	const workers = 4
	defer SetWorkers(workers)()
	meet := func() {
		var met sync.WaitGroup
		met.Add(workers)
		For(workers, 1, Func(func(int, int) {
			met.Done()
			met.Wait()
		}))
	}
	meet()
	for range 20 {
		for sleepers.Load() < workers-1 {
			runtime.Gosched()
		}
		meet()
	}
}

func TestForUsesNoMoreThanWorkers(t *testing.T) {
	restore := SetWorkers(8)
	For(8, 1, Func(func(int, int) {}))
	restore()
	defer SetWorkers(3)()
	var now, most atomic.Int32
	for range 50 {
		For(40, 1, Func(func(int, int) {
			n := now.Add(1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			runtime.Gosched()
			now.Add(-1)
		}))
	}
	require.LessOrEqual(t, most.Load(), int32(3))
}

// Loops are reused while helpers may still look at them, and more goroutines call For than the board has room for.
func TestForFromManyGoroutines(t *testing.T) {
	defer SetWorkers(6)()
	var callers sync.WaitGroup
	for c := range 2 * len(board.slots) {
		callers.Go(func() {
			for i := range 300 {
				n := (c*31+i*7)%400 + 1
				seen := make([]atomic.Int32, n)
				work := func() {
					For(n, i%3+1, Func(func(lo, hi int) {
						For(hi-lo, 1, Func(func(at, _ int) { seen[lo+at].Add(1) }))
						if i%10 == 9 && lo == 0 {
							panic("first")
						}
					}))
				}
				if i%10 == 9 {
					assert.PanicsWithValue(t, "first", work)
					continue
				}
				work()
				for at := range seen {
					if s := seen[at].Load(); s != 1 {
						t.Errorf("n %d index %d was seen %d times", n, at, s)
					}
				}
			}
		})
	}
	callers.Wait()
	for i := range board.slots {
		require.Nil(t, board.slots[i].Load())
	}
}

func TestClaimTakesEachRunOnceFromItsPlaceOn(t *testing.T) {
	defer SetWorkers(1)() // nobody else claims any
	for _, chunks := range []int{2, 63, 64, 65, 200, 256, 257, 1000} {
		for _, first := range []int{0, 1, 62, 64, 199, 255} {
			var l loop
			l.begin(chunks, 1, chunks, nil)
			l.unpost()
			require.LessOrEqual(t, l.runs*l.perRun, chunks+l.perRun-1)
			first %= l.runs
			for i := range l.runs {
				require.Equal(t, (first+i)%l.runs, l.claim((first+i)%l.runs), "%d chunks from %d", chunks, first)
			}
			require.Equal(t, -1, l.claim(first), "%d chunks", chunks)
			l.end()
		}
	}
}

func TestForDoesNotAllocate(t *testing.T) {
	defer SetWorkers(2)()
	var sum atomic.Int64
	f := Func(func(lo, hi int) { sum.Add(int64(hi - lo)) })
	For(100, 1, f)
	require.LessOrEqual(t, testing.AllocsPerRun(200, func() { For(100, 1, f) }), 0.5)
}

// Chunks of some microseconds, as a net has for a single image, one or four for each worker.
func BenchmarkFor(b *testing.B) {
	var sink atomic.Uint64
	for _, steps := range []int{0, 2000, 20000} {
		f := Func(func(lo, hi int) {
			x := uint64(lo)
			for range steps {
				x = x*6364136223846793005 + 1442695040888963407
			}
			if x == 0 {
				sink.Add(x)
			}
		})
		for w := 1; w <= runtime.GOMAXPROCS(0); w *= 2 {
			for _, chunks := range []int{1, 4} {
				b.Run(fmt.Sprintf("steps=%d/workers=%d/chunks=%d", steps, w, chunks*w), func(b *testing.B) {
					defer SetWorkers(w)()
					for b.Loop() {
						For(chunks*w, 1, f)
					}
				})
			}
		}
	}
}
