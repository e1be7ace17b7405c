package parallel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// helper is a goroutine that works on the jobs of others. Its mail is nil while it looks for one, the
// job from when one is offered until it begins, and busy or asleep.
type helper struct {
	mail atomic.Pointer[job]
	wake chan struct{}
}

// What else mail can be. These jobs are never run.
var busy, asleep = new(job), new(job)

// offer leaves a job for an idle helper to find.
func (h *helper) offer(j *job) bool {
	if h.mail.CompareAndSwap(nil, j) {
		return true
	}
	if !h.mail.CompareAndSwap(asleep, j) {
		return false
	}
	h.wake <- struct{}{}
	return true
}

func (h *helper) run() {
	for {
		j := h.mail.Load()
		switch {
		case j == nil:
			if !spin(func() bool { return h.mail.Load() != nil }) && h.mail.CompareAndSwap(nil, asleep) {
				<-h.wake
			}
		case h.mail.CompareAndSwap(j, busy):
			j.work()
			h.mail.Store(nil) // before the caller can go on, so that its next loop finds this helper
			j.letOff()
		}
	}
}

// spin waits a while for a condition, and reports whether it came true. Loops of one training step
// follow each other within microseconds; waking a goroutine whose thread sleeps takes tens of them.
func spin(until func() bool) bool {
	const turns, polls = 200, 64 // some 50 microseconds
	for range turns {
		for range polls {
			if until() {
				return true
			}
		}
		runtime.Gosched() // others may have work for this thread
	}
	return false
}

var (
	mu  sync.Mutex
	all atomic.Pointer[[]*helper]
)

// helpers returns the first n helpers, and starts those that do not exist yet.
func helpers(n int) []*helper {
	if hs := all.Load(); hs != nil && len(*hs) >= n {
		return (*hs)[:n]
	}
	mu.Lock()
	defer mu.Unlock()
	var hs []*helper
	if old := all.Load(); old != nil {
		hs = append(hs, *old...)
	}
	for len(hs) < n {
		h := &helper{wake: make(chan struct{}, 1)}
		hs = append(hs, h)
		go h.run()
	}
	all.Store(&hs)
	return hs[:n]
}
