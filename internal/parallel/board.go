package parallel

import "sync/atomic"

// board is where loops are posted for helpers to find. There are several at a time if goroutines call For, or chunks do.
// Whoever finds no room works alone.
var board struct {
	_     [line]byte
	slots [8]atomic.Pointer[loop] // all idle helpers read them all the time
	_     [line]byte
}

// reserve keeps a place on the board for the loop, if there is room.
func (l *loop) reserve() {
	for i := range board.slots {
		if s := &board.slots[i]; s.Load() == nil && s.CompareAndSwap(nil, &reserved) {
			l.slot = s
			return
		}
	}
	l.slot = nil
}

// reserved holds a place. It is never open.
var reserved loop

// unpost takes the loop off the board, if nobody has: nothing is left to claim.
func (l *loop) unpost() {
	if l.slot != nil && l.slot.Load() == l {
		l.slot.CompareAndSwap(l, nil)
	}
}

// find returns a loop on the board that is open, or nil.
func find() *loop {
	for i := range board.slots {
		if l := board.slots[i].Load(); l != nil && l.state.Load()&open != 0 {
			return l
		}
	}
	return nil
}
