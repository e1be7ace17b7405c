// Package parallel splits loops over a fixed set of worker goroutines.
//
// How a loop is split depends on its size alone, never on the number of workers, so that a sum
// computed chunk by chunk has the same bits on any machine.
package parallel

import (
	"runtime"
	"sync"
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
	if chunks == 1 || Workers() == 1 {
		for lo := 0; lo < n; lo += grain {
			job.Run(lo, min(lo+grain, n))
		}
		return
	}
	l := loops.Get()
	l.job, l.n, l.grain = job, n, grain
	l.next.Store(0)
	l.ask(min(chunks, Workers()) - 1)
	l.work()
	l.wait()
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

// loop is one call of For, shared by the goroutines that work on it.
type loop struct {
	job      Job
	n, grain int
	next     atomic.Int64
	panicked atomic.Pointer[any]

	asked  []*helper    // those that may have begun
	active atomic.Int32 // helpers asked that neither are done nor have been let off
	done   sync.WaitGroup
}

var loops portions.Pool[loop]

func (l *loop) work() {
	defer func() {
		if r := recover(); r != nil {
			p := r                   // a copy, so that only a panic allocates
			l.next.Store(int64(l.n)) // the chunks not yet begun are dropped
			l.panicked.CompareAndSwap(nil, &p)
		}
	}()
	for {
		lo := int(l.next.Add(int64(l.grain))) - l.grain
		if lo >= l.n {
			return
		}
		l.job.Run(lo, min(lo+l.grain, l.n))
	}
}

// ask offers the loop to as many of the first n helpers as are idle.
func (l *loop) ask(n int) {
	for _, h := range helpers(n) {
		// Counted before the offer, since the helper may be done before offer returns.
		l.active.Add(1)
		l.done.Add(1)
		if h.offer(l) {
			l.asked = append(l.asked, h)
		} else {
			l.letOff()
		}
	}
}

// wait returns when every helper that has begun is done. One that has not yet is let off: waking up
// can take longer than the work that is left.
func (l *loop) wait() {
	for _, h := range l.asked {
		if h.mail.CompareAndSwap(l, nil) {
			l.letOff()
		}
	}
	l.asked = l.asked[:0]
	spin(func() bool { return l.active.Load() == 0 })
	l.done.Wait()
}

func (l *loop) letOff() {
	l.active.Add(-1)
	l.done.Done()
}
