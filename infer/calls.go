package infer

import (
	"context"
	"sync/atomic"

	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/internal/portions"
)

// call is one call of Run, a job whose iterations are parts of the batch.
//
// Small calls run one at a time. Those that come meanwhile wait, and the one whose turn is next takes the images of
// others with it: a batch is faster than its images are one by one, and no memory is needed for more of them.
type call struct {
	images
	program *Program
	ctx     context.Context
	with    []*call // that go with it
	all     int     // images of these, too
	parts   int
	stopped atomic.Bool
	turn    chan role // of a call that waits
}

// images are those of a call, and where their outputs go.
type images struct {
	x, dst []float32
	n      int
}

// role is what a call that has waited has to do.
type role int

const (
	lead  role = iota // run itself and those that go with it
	alone             // run itself, because the one that it went with has panicked
	done              // nothing: it has been run
)

var calls portions.Pool[call]

// run computes the outputs, when it is c's turn, and reports whether its context let it.
func (c *call) run() bool {
	p := c.program
	if c.n >= p.most() {
		return c.compute(c.ctx, c.n)
	}
	p.mu.Lock()
	if !p.busy {
		p.busy = true
		p.mu.Unlock()
		return c.lead()
	}
	p.waiting = append(p.waiting, c)
	p.mu.Unlock()
	var is role
	select {
	case is = <-c.turn:
	case <-c.ctx.Done():
		if p.leave(c) {
			return false
		}
		is = <-c.turn // it is being run
	}
	switch is {
	case lead:
		return c.lead()
	case alone:
		return c.compute(c.ctx, c.n)
	}
	return true
}

// lead computes c and those that go with it, and then gives the turn to the next.
func (c *call) lead() bool {
	others := alone
	defer func() {
		for i, o := range c.with {
			o.turn <- others
			c.with[i] = nil
		}
		c.with = c.with[:0]
		c.program.next()
	}()
	ctx, n := c.ctx, c.n
	for _, o := range c.with {
		ctx, n = context.Background(), n+o.n // nobody stops the others
	}
	went := c.compute(ctx, n)
	others = done
	return went
}

// compute computes n images, those of c and of the calls with it, unless ctx is done before.
func (c *call) compute(ctx context.Context, n int) bool {
	p := c.program
	c.ctx, c.all = ctx, n
	c.parts = portions.Ceil(n, p.together)
	if w := parallel.Workers(); n >= w {
		c.parts = portions.RoundUp(c.parts, w)
	}
	c.parts = min(c.parts, n)
	c.stopped.Store(false)
	parallel.For(c.parts, 1, (*parts)(c))
	return !c.stopped.Load()
}

// most returns how many images fill all workers.
func (p *Program) most() int { return p.together * parallel.Workers() }

// next gives the turn to the call that has waited longest, with as many others as fill all workers.
func (p *Program) next() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.waiting) == 0 {
		p.busy = false
		return
	}
	first, n, most := p.waiting[0], 0, p.most()
	rest := p.waiting[:0]
	for i, c := range p.waiting {
		switch {
		case i > 0 && n+c.n > most:
			rest = append(rest, c)
			continue
		case i > 0:
			first.with = append(first.with, c)
		}
		n += c.n
	}
	clear(p.waiting[len(rest):])
	p.waiting = rest
	first.turn <- lead
}

// leave takes a call out of those that wait, and reports whether it still did.
func (p *Program) leave(c *call) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, w := range p.waiting {
		if w == c {
			p.waiting = append(p.waiting[:i], p.waiting[i+1:]...)
			return true
		}
	}
	return false
}

// parts are the iterations of compute.
type parts call

// Run computes parts lo to hi.
func (c *parts) Run(lo, hi int) {
	for i := lo; i < hi && !c.stopped.Load(); i++ {
		first, end := portions.Share(c.all, i, c.parts), portions.Share(c.all, i+1, c.parts)
		w := c.program.workspace()
		if !(*call)(c).part(w, first, end) {
			c.stopped.Store(true)
		}
		c.program.giveBack(w)
	}
}

// part computes images first to end, and reports whether it was let.
func (c *call) part(w *workspace, first, end int) bool {
	p := c.program
	v := w.views(p, end-first)
	in, out := p.input.in.size, p.output.in.size
	c.each(first, end, func(at int, of images) { copy(v.input.Data()[at*in:], of.x[:of.n*in]) })
	for _, r := range v.runs {
		if c.ctx.Err() != nil {
			return false
		}
		r.step.op.run(w, r.dst, r.in)
	}
	c.each(first, end, func(at int, of images) { copy(of.dst[:of.n*out], v.output.Data()[at*out:]) })
	return true
}

// each calls f with the pieces that images first to end consist of, and where each begins behind first.
func (c *call) each(first, end int, f func(at int, of images)) {
	in, out := c.program.input.in.size, c.program.output.in.size
	at, of := 0, c.images
	for i := 0; ; i++ {
		if lo, hi := max(first, at), min(end, at+of.n); lo < hi {
			f(lo-first, images{of.x[(lo-at)*in:], of.dst[(lo-at)*out:], hi - lo})
		}
		if i == len(c.with) {
			return
		}
		at, of = at+of.n, c.with[i].images
	}
}
