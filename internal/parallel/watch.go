package parallel

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// helper is a goroutine that works on the loops of others. It watches the board for a while after each, then it sleeps.
type helper struct {
	number int
	busy   atomic.Bool // with a loop; false before the loop's caller goes on, so that its next loop finds this helper
	asleep atomic.Bool
	wake   chan struct{}
	_      [line]byte
}

// sleepers is how many helpers are asleep.
var sleepers atomic.Int32

func (h *helper) run() {
	for {
		var l *loop
		if wanted := func() bool { l = find(); return l != nil }; h.number < Workers()-1 && spin(wanted) {
			if l.join() && h.number < Workers()-1 { // still, when this loop began
				h.busy.Store(true)
				l.work(h.number + 1)
				h.busy.Store(false)
			}
			l.leave()
			continue
		}
		h.sleep()
	}
}

// sleep returns when there may be work.
func (h *helper) sleep() {
	sleepers.Add(1)
	h.asleep.Store(true)
	if h.number < Workers()-1 && find() != nil && h.rise() {
		return // it was posted before h slept, so nobody will wake h
	}
	<-h.wake
}

// rise ends the sleep of one that sleeps, and reports whether it has.
func (h *helper) rise() bool {
	if !h.asleep.Load() || !h.asleep.CompareAndSwap(true, false) {
		return false
	}
	sleepers.Add(-1)
	return true
}

// allBusy reports whether no helper could join a loop now: when loops are nested, or there are none because Workers is 1.
func allBusy() bool {
	for _, h := range helpers(Workers() - 1) {
		if !h.busy.Load() {
			return false
		}
	}
	return true
}

// rouse wakes so many helpers of those that sleep.
func rouse(wanted int) {
	hs := helpers(Workers() - 1)
	for i := 0; i < len(hs) && wanted > 0; i++ {
		if hs[i].rise() {
			hs[i].wake <- struct{}{}
			wanted--
		}
	}
}

// spin waits a while for a condition, and reports whether it came true. Loops of one training step
// follow each other within microseconds; waking a goroutine whose thread sleeps takes tens of them, for each.
func spin(until func() bool) bool {
	const polls = 64 // of some 50 ns each
	long := 50 * time.Microsecond * time.Duration(Workers())
	for start := time.Now(); ; {
		for range polls {
			if until() {
				return true
			}
			pause()
		}
		if time.Since(start) > long {
			return false
		}
		runtime.Gosched() // others may have work for this thread
	}
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
		h := &helper{number: len(hs), wake: make(chan struct{}, 1)}
		hs = append(hs, h)
		go h.run()
	}
	all.Store(&hs)
	return hs[:n]
}
