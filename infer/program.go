package infer

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/residuum-go/residuum/graph"
	"github.com/residuum-go/residuum/internal/cancelled"
	"github.com/residuum-go/residuum/tensor"
)

// Program computes a network for images of one size.
type Program struct {
	image         []int
	input, output *value
	sections      []section
	together      int // images that share a workspace, at most
	size          int // elements of a workspace

	mu      sync.Mutex
	free    []*workspace
	busy    bool    // a small call runs
	waiting []*call // for their turn, see call
}

// Image returns the shape of an image, H, W and C.
func (p *Program) Image() []int { return slices.Clone(p.image) }

// Run computes the outputs of a batch of images x [N,H,W,C], into dst or, where that is nil, into new memory. With dst it
// allocates nothing once it has been called for so many images before. An error says that ctx was done before the outputs
// were; dst then holds rubbish.
//
// The images are shared out among the workers, so that each takes some through the steps while they are in its caches; of
// fewer images than workers, each step is shared out. Images of calls that come while another one runs go together.
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
	if c.turn == nil {
		c.turn = make(chan role, 1)
	}
	c.program, c.ctx, c.images = p, ctx, images{x.Data(), dst.Data(), n}
	went := c.run()
	c.program, c.ctx, c.images = nil, nil, images{}
	calls.Put(c)
	if !went {
		return nil, fmt.Errorf("infer: Run: %w", cancelled.Err(ctx))
	}
	return dst, nil
}
