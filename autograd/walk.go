package autograd

import (
	"fmt"
	"slices"

	"github.com/residuum-go/residuum/tensor"
)

// walk carries gradients from one variable back to its targets, in reverse order of recording.
//
// A walk that records nothing (free) owns all that it computes: gradients are added in place,
// written over or recycled once consumed, and at the end the tape is cut back to the results.
type walk struct {
	tape   *Tape
	low    int             // no target lies before this index
	target func(*Var) bool // whether the gradient by v is asked for
	reach  func(v, g *Var) // takes the gradient of a target, and holds it to keep it

	start   int    // records from here on were made by this walk
	pending []*Var // by index - low: the gradient so far, of each variable on the way
	needed  []bool // by index - low: is a target or leads to one
	free    bool   // nothing is recorded
}

func (w *walk) run(y, seed *Var, record bool) {
	t := w.tape
	n := y.index + 1 - w.low
	if n <= 0 {
		return
	}
	w.needed = borrow(&t.flags, n)
	w.pending = borrow(&t.stack, n)
	defer func(recording bool) {
		giveBack(&t.flags, w.needed)
		giveBack(&t.stack, w.pending)
		t.recording = recording
	}(t.recording)
	if !w.mark(y) {
		return
	}
	t.recording = record && t.recording
	w.free = !t.recording
	w.start = t.n
	s := w.seed(y, seed)
	s.holds++
	w.deposit(y, s)
	for i := n - 1; i >= 0; i-- {
		if w.pending[i] != nil {
			w.visit(t.records[w.low+i])
		}
	}
	w.finish()
}

// mark finds the variables that y depends on and that lead to a target; it reports whether y is one.
func (w *walk) mark(y *Var) bool {
	for i, v := range w.tape.records[w.low : y.index+1] {
		w.needed[i] = v.tracked && w.target(v)
		for _, x := range v.in {
			w.needed[i] = w.needed[i] || w.needs(x)
		}
	}
	return w.needed[y.index-w.low]
}

// needs reports whether the gradient by x is a target or leads to one.
func (w *walk) needs(x *Var) bool {
	return x.tape != nil && x.index >= w.low && w.needed[x.index-w.low]
}

// seed puts a constant seed on the tape, so that all that follows from it is the tape's too.
func (w *walk) seed(y, seed *Var) *Var {
	switch {
	case seed == nil:
		return filled(w.tape, "seed", 1, y.Shape()...)
	case seed.tape == nil:
		s := w.tape.record("seed")
		s.value = seed.value
		return s
	}
	return seed
}

// visit passes the complete gradient of v on to v's inputs.
func (w *walk) visit(v *Var) {
	g := w.pending[v.index-w.low]
	w.pending[v.index-w.low] = nil
	if w.target(v) {
		w.reach(v, g)
	}
	first := w.tape.n
	g.spare = w.owns(g) && !w.target(v)
	w.propagate(v, g)
	g.spare, g.spent = false, false
	g.holds--
	if !w.free {
		return
	}
	for _, r := range w.tape.records[first:w.tape.n] { // the temporary results of the VJP
		w.drop(r)
	}
	w.drop(g)
}

// propagate runs v's vector-Jacobian product and deposits what it gives.
func (w *walk) propagate(v, g *Var) {
	v.want = 0
	for i, x := range v.in {
		if w.needs(x) {
			v.want |= 1 << min(i, 63)
		}
	}
	if v.want == 0 {
		return
	}
	d := borrow(&w.tape.stack, len(v.in))
	defer giveBack(&w.tape.stack, d)
	v.back(v, g, d)
	for i, x := range v.in {
		switch {
		case !w.needs(x):
			d[i] = nil
		case d[i] == nil:
			panic("autograd: " + v.op + ": gradient missing")
		default:
			d[i].holds++ // all of them before the first is added to another in place
		}
	}
	for i, x := range v.in {
		if d[i] != nil {
			w.deposit(x, d[i])
		}
	}
}

// deposit adds g, which the caller holds, to the pending gradient of x.
func (w *walk) deposit(x, g *Var) {
	if !slices.Equal(g.Shape(), x.Shape()) {
		panic(fmt.Sprintf("autograd: gradient of shape %v for %v", g.Shape(), x))
	}
	at := &w.pending[x.index-w.low]
	old := *at
	switch {
	case old == nil:
		*at = g
		return
	case w.owns(old):
		tensor.Add(old.value, old.value, g.value)
	default:
		*at = Add(old, g)
		(*at).holds++
		old.holds--
		if w.free {
			w.drop(old)
		}
	}
	g.holds--
}

// owns reports whether nobody but one pending gradient refers to g's memory.
func (w *walk) owns(g *Var) bool {
	return w.free && w.made(g) && g.holds == 1 && g.store != nil && g.store.refs == 1
}

// made reports whether this walk made g, so that nobody outside knows it.
func (w *walk) made(g *Var) bool { return g.tape != nil && g.index >= w.start }

// drop releases g if this walk made it and nothing refers to it any more.
func (w *walk) drop(g *Var) {
	if g.holds == 0 && w.made(g) {
		w.tape.release(g)
	}
}

// finish cuts the tape back to the results that are held, if nothing was recorded.
func (w *walk) finish() {
	if !w.free {
		return
	}
	t := w.tape
	n := w.start
	for i := n; i < t.n; i++ {
		if t.records[i].holds == 0 {
			t.release(t.records[i])
			continue
		}
		t.swap(i, n)
		n++
	}
	t.n = n
}
