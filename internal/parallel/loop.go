package parallel

import (
	"math/bits"
	"sync/atomic"

	"github.com/residuum-go/residuum/internal/portions"
)

// loop is one call of For, shared by the goroutines that work on it. Nobody hands out its chunks: whoever finds the loop on
// the board joins it and claims some. Each begins at a place of its own and goes on from there, so that in loops that follow
// each other it reads what it has written; then it takes over what others have not begun.
type loop struct {
	job              Job
	n, grain, chunks int
	runs, perRun     int                   // of neighbouring chunks, which are claimed together
	slot             *atomic.Pointer[loop] // of the board, or nil
	panicked         atomic.Pointer[any]
	finished         chan struct{} // wakes the caller

	_       [line]byte
	claimed [mostRuns / 64]atomic.Uint64 // a bit for each run
	_       [line]byte
	state   atomic.Int64 // open and waiting, or not, + inside for each helper
	_       [line]byte
}

const (
	mostRuns = 256
	line     = 128 // bytes that processors fetch at once, two neighbouring cache lines

	open    = 1 // helpers may claim
	waiting = 2 // the caller sleeps until the last helper leaves
	inside  = 4
)

var loops portions.Pool[loop]

// begin sets up the loop and lets helpers claim its chunks. One that found the loop when it was another call's may be about
// to join it or to leave it: it may join, and it may look at nothing before it has and the loop is open.
func (l *loop) begin(n, grain, chunks int, job Job) {
	if l.finished == nil {
		l.finished = make(chan struct{}, 1)
	}
	l.job, l.n, l.grain, l.chunks = job, n, grain, chunks
	l.perRun = portions.Ceil(chunks, mostRuns)
	l.runs = portions.Ceil(chunks, l.perRun)
	for i := range l.claimed[:portions.Ceil(l.runs, 64)] {
		beyond := max(0, 64*(i+1)-l.runs) // of the last word
		l.claimed[i].Store(^(^uint64(0) >> beyond))
	}
	l.reserve()
	l.state.Add(open)
	if l.slot != nil {
		l.slot.Store(l)
		rouse(chunks - Workers() + int(sleepers.Load())) // those awake have a chunk each
	}
}

// claim takes a run that nobody has, the next one from run first on, around, and returns it; -1 if there is none.
func (l *loop) claim(first int) int {
	words := portions.Ceil(l.runs, 64)
	word, from := first/64, ^uint64(0)<<(first%64)
	for range words + 1 { // the first word again, for what is in front
		for w := &l.claimed[word]; ; {
			v := w.Load()
			if ^v&from == 0 {
				break
			}
			i := bits.TrailingZeros64(^v & from)
			if w.CompareAndSwap(v, v|1<<i) {
				return 64*word + i
			}
		}
		word, from = (word+1)%words, ^uint64(0)
	}
	return -1
}

// work does the chunks of runs while there are any, first those from place of Workers on.
func (l *loop) work(place int) {
	defer func() {
		if r := recover(); r != nil {
			p := r // a copy, so that only a panic allocates
			for i := range l.claimed {
				l.claimed[i].Store(^uint64(0)) // the chunks not yet begun are dropped
			}
			l.panicked.CompareAndSwap(nil, &p)
		}
	}()
	for r := l.claim(portions.Share(l.runs, place, Workers()) % l.runs); r >= 0; {
		for c := r * l.perRun; c < min((r+1)*l.perRun, l.chunks); c++ {
			l.job.Run(c*l.grain, min((c+1)*l.grain, l.n))
		}
		if r = l.claim((r + 1) % l.runs); r >= 0 && sleepers.Load() > 0 && l.more() {
			rouse(1) // those awake are busy elsewhere
		}
	}
	l.unpost()
}

// more reports whether there are runs that nobody has claimed.
func (l *loop) more() bool {
	for i := range portions.Ceil(l.runs, 64) {
		if l.claimed[i].Load() != ^uint64(0) {
			return true
		}
	}
	return false
}

// join lets a helper in, and reports whether there may be work. It has to leave either way.
func (l *loop) join() bool { return l.state.Add(inside)&open != 0 }

// leave ends what join began.
func (l *loop) leave() {
	if v := l.state.Add(-inside); v < inside && v&waiting != 0 && l.state.CompareAndSwap(v, v-waiting) {
		l.finished <- struct{}{}
	}
}

// end returns when no helper is inside and none can come in.
func (l *loop) end() {
	l.unpost()
	l.state.Add(-open)
	if spin(func() bool { return l.state.Load() < inside }) {
		return
	}
	if v := l.state.Add(waiting); v < inside && l.state.CompareAndSwap(v, v-waiting) {
		return // the last has just left
	}
	<-l.finished
}
