// Package parallel splits loops over a fixed set of worker goroutines.
//
// How a loop is split depends on its size alone, never on the number of workers, so that a sum
// computed chunk by chunk has the same bits on any machine.
package parallel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// For calls f(lo, hi) for consecutive chunks of [0, n), each of grain iterations except the last,
// and returns when all are done. Chunks run concurrently on up to Workers goroutines, the caller's
// included, in no particular order. A panic in f is raised again in the caller once every chunk
// that had started is done. A For inside a For uses the helpers that are idle, if any are.
//
// For does not allocate. f itself escapes: hot callers pass a function that outlives the call.
func For(n, grain int, f func(lo, hi int)) {
	if n <= 0 {
		return
	}
	if grain < 1 {
		grain = 1
	}
	chunks := (n + grain - 1) / grain
	if chunks == 1 || Workers() == 1 {
		for lo := 0; lo < n; lo += grain {
			f(lo, min(lo+grain, n))
		}
		return
	}
	j := jobs.Get().(*job)
	j.f, j.n, j.grain = f, n, grain
	j.next.Store(0)
	j.ask(min(chunks, Workers()) - 1)
	j.work()
	j.wait()
	p := j.panicked.Swap(nil)
	j.f = nil
	jobs.Put(j)
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

// job is one call of For, shared by the goroutines that work on it.
type job struct {
	f        func(lo, hi int)
	n, grain int
	next     atomic.Int64
	panicked atomic.Pointer[any]

	asked  []*helper    // those that may have begun
	active atomic.Int32 // helpers asked that neither are done nor have been let off
	done   sync.WaitGroup
}

var jobs = sync.Pool{New: func() any { return new(job) }}

func (j *job) work() {
	defer func() {
		if r := recover(); r != nil {
			p := r                   // a copy, so that only a panic allocates
			j.next.Store(int64(j.n)) // the chunks not yet begun are dropped
			j.panicked.CompareAndSwap(nil, &p)
		}
	}()
	for {
		lo := int(j.next.Add(int64(j.grain))) - j.grain
		if lo >= j.n {
			return
		}
		j.f(lo, min(lo+j.grain, j.n))
	}
}

// ask offers the job to as many of the first n helpers as are idle.
func (j *job) ask(n int) {
	for _, h := range helpers(n) {
		// Counted before the offer, since the helper may be done before offer returns.
		j.active.Add(1)
		j.done.Add(1)
		if h.offer(j) {
			j.asked = append(j.asked, h)
		} else {
			j.letOff()
		}
	}
}

// wait returns when every helper that has begun is done. One that has not yet is let off: waking up
// can take longer than the work that is left.
func (j *job) wait() {
	for _, h := range j.asked {
		if h.mail.CompareAndSwap(j, nil) {
			j.letOff()
		}
	}
	j.asked = j.asked[:0]
	spin(func() bool { return j.active.Load() == 0 })
	j.done.Wait()
}

func (j *job) letOff() {
	j.active.Add(-1)
	j.done.Done()
}
