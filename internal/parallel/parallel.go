// Package parallel splits loops over a fixed set of worker goroutines.
//
// How a loop is split depends on its size alone, never on the number of workers, so that a sum
// computed chunk by chunk has the same bits on any machine.
package parallel

import (
	"runtime"
	"sync/atomic"

	"github.com/residuum-go/residuum/internal/portions"
)

// Job is the body of a loop. Run does iterations lo to hi-1, and may run several times at once.
//
// A kernel's job is the struct of its arguments, from a pool, so that a loop allocates nothing. A struct with several
// loops has a type for each, as in sort: For(n, grain, (*packing)(j)).
type Job interface{ Run(lo, hi int) }

// Func is a Job that is a function.
type Func func(lo, hi int)

// Run calls f.
func (f Func) Run(lo, hi int) { f(lo, hi) }

// For calls job.Run(lo, hi) for consecutive chunks of [0, n), each of grain iterations except the last,
// and returns when all are done. Chunks run concurrently on up to Workers goroutines, the caller's
// included, in no particular order. A panic in one is raised again in the caller once every chunk
// that had started is done. A For inside a For uses the helpers that are idle, if any are.
//
// For does not allocate. The job itself escapes.
func For(n, grain int, job Job) {
	if n <= 0 {
		return
	}
	grain = max(grain, 1)
	chunks := portions.Ceil(n, grain)
	if chunks == 1 || allBusy() {
		for lo := 0; lo < n; lo += grain {
			job.Run(lo, min(lo+grain, n))
		}
		return
	}
	l := loops.Get()
	l.begin(n, grain, chunks, job)
	l.work(0)
	l.end()
	p := l.panicked.Swap(nil)
	l.job = nil
	loops.Put(l)
	if p != nil {
		panic(*p)
	}
}

// Workers returns how many goroutines For uses at most, GOMAXPROCS at start-up unless set.
func Workers() int { return int(workers.Load()) }

// SetWorkers sets Workers and returns a function that restores the old value.
func SetWorkers(n int) (restore func()) {
	old := workers.Swap(int32(max(n, 1)))
	return func() { workers.Store(old) }
}

var workers atomic.Int32

func init() { workers.Store(int32(runtime.GOMAXPROCS(0))) }
