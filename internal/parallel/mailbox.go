package parallel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// helper is a goroutine that works on the loops of others. Its mail is nil while it looks for one, the
// loop from when one is offered until it begins, and busy or asleep.
type helper struct {
	mail atomic.Pointer[loop]
	wake chan struct{}
}

// What else mail can be. These loops are never run.
var busy, asleep = new(loop), new(loop)

// offer leaves a loop for an idle helper to find.
func (h *helper) offer(l *loop) bool {
	if h.mail.CompareAndSwap(nil, l) {
		return true
	}
	if !h.mail.CompareAndSwap(asleep, l) {
		return false
	}
	h.wake <- struct{}{}
	return true
}

func (h *helper) run() {
	for {
		l := h.mail.Load()
		switch {
		case l == nil:
			if !spin(func() bool { return h.mail.Load() != nil }) && h.mail.CompareAndSwap(nil, asleep) {
				<-h.wake
			}
		case h.mail.CompareAndSwap(l, busy):
			l.work()
			h.mail.Store(nil) // before the caller can go on, so that its next loop finds this helper
			l.letOff()
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
