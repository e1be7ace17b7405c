package infer

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/residuum-go/residuum/graph"
	"github.com/residuum-go/residuum/internal/cancelled"
	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/internal/portions"
	"github.com/residuum-go/residuum/tensor"
)

// Program computes a network for images of one size.
type Program struct {
	image         []int
	input, output *value
	sections      []section
	together      int // images that share a workspace, at most
	size          int // elements of a workspace

	mu   sync.Mutex
	free []*workspace
}

// Image returns the shape of an image, H, W and C.
func (p *Program) Image() []int { return slices.Clone(p.image) }

// Run computes the outputs of a batch of images x [N,H,W,C], into dst or, where that is nil, into new memory. With dst it
// allocates nothing once it has been called for so many images before. An error says that ctx was done before the outputs
// were; dst then holds rubbish.
//
// The images are shared out among the workers, so that each takes some through the steps while they are in its caches; of
// fewer images than workers, each step is shared out.
func (p *Program) Run(ctx context.Context, dst, x *tensor.Tensor) (*tensor.Tensor, error) {
	if x.Rank() != 4 || !slices.Equal(x.Shape()[1:], p.image) {
		panic(fmt.Sprintf("infer: Run: images %v, for a program of %v", x.Shape(), p.image))
	}
	n := x.Dim(0)
	if dst == nil {
		dst = tensor.New(graph.ShapeAt(p.output.shape, n)...)
	} else if !p.output.fits(dst, n) {
		panic(fmt.Sprintf("infer: Run: dst %v, result %v: shapes differ", dst.Shape(), graph.ShapeAt(p.output.shape, n)))
	}
	c := calls.Get()
	c.program, c.ctx, c.dst, c.x, c.n = p, ctx, dst.Data(), x.Data(), n
	c.stopped.Store(false)
	c.parts = portions.Ceil(n, p.together)
	if w := parallel.Workers(); n >= w {
		c.parts = portions.RoundUp(c.parts, w)
	}
	c.parts = min(c.parts, n)
	parallel.For(c.parts, 1, c)
	stopped := c.stopped.Load()
	c.program, c.ctx, c.dst, c.x = nil, nil, nil, nil
	calls.Put(c)
	if stopped {
		return nil, fmt.Errorf("infer: Run: %w", cancelled.Err(ctx))
	}
	return dst, nil
}

// call is one call of Run, a job whose iterations are parts of the batch.
type call struct {
	program  *Program
	ctx      context.Context
	dst, x   []float32
	n, parts int
	stopped  atomic.Bool
}

var calls portions.Pool[call]

// Run computes parts lo to hi.
func (c *call) Run(lo, hi int) {
	for i := lo; i < hi && !c.stopped.Load(); i++ {
		first, end := portions.Share(c.n, i, c.parts), portions.Share(c.n, i+1, c.parts)
		w := c.program.workspace()
		if !c.part(w, first, end) {
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
	copy(v.input.Data(), c.x[first*in:end*in])
	for _, r := range v.runs {
		if c.ctx.Err() != nil {
			return false
		}
		r.step.op.run(w, r.dst, r.in)
	}
	copy(c.dst[first*out:end*out], v.output.Data())
	return true
}
