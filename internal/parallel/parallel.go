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
// that had started is done.
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
	helpers := min(chunks, Workers()) - 1
	j.done.Add(helpers)
	start(helpers)
	for range helpers {
		queue <- j
	}
	j.work()
	j.done.Wait()
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

// job is one call of For, shared by the goroutines that work on it.
type job struct {
	f        func(lo, hi int)
	n, grain int
	next     atomic.Int64
	done     sync.WaitGroup
	panicked atomic.Pointer[any]
}

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

var (
	jobs    = sync.Pool{New: func() any { return new(job) }}
	workers atomic.Int32
	queue   = make(chan *job)
	mu      sync.Mutex
)

func init() { workers.Store(int32(runtime.GOMAXPROCS(0))) }

// start makes sure that n helper goroutines exist. A For inside a For may find them all busy: the
// send in For would then wait for a helper that waits for nobody, since a helper that is blocked
// in For's own send is itself at work. To rule that out, a nested For gets helpers of its own.
func start(n int) {
	idle.Add(int64(-n))
	for idle.Load() < 0 {
		mu.Lock()
		if idle.Load() < 0 {
			idle.Add(1)
			go help()
		}
		mu.Unlock()
	}
}

// idle counts the helpers that no For has claimed.
var idle atomic.Int64

func help() {
	for j := range queue {
		j.work()
		j.done.Done()
		idle.Add(1)
	}
}
