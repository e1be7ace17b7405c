package conv

import (
	"github.com/residuum-go/residuum/internal/kernel/gemm/tile"
	"github.com/residuum-go/residuum/internal/portions"
)

// A tile of the gradient reads a few channels of one pixel after the other. Pixels of many channels are a
// large power of two of bytes apart, and share few places in the caches. So a strip of x, too, is
// copied into panels as wide as a tile has columns, which then serve all taps and panels of dy: for
// 1x1 kernels the pixels that the stride leaves, else the input rows that the strip reads.

// When x is copied. Variables, so that tests can lower them.
var (
	// packDistance is the least distance of pixels, in elements: 2 KB. Nearer ones are read faster in place.
	packDistance = 512
	packUses     = 4 // taps and panels that read a copy, at least
)

// choosePackedX reports whether x is copied.
func (g *weightGrad) choosePackedX() bool {
	return g.shape.Groups == 1 && g.cg >= jointBelow && g.cg*g.shape.StrideW >= packDistance &&
		g.shape.R*g.shape.S*min(g.panels, maxPanels) >= packUses
}

// single reports whether the kernel is one tap, so that every output pixel reads one pixel of its own.
func (s Shape) single() bool { return s.R*s.S == 1 }

// xPitch returns how far apart the pixels are that neighbouring pixels of dy meet.
func (p *gradPlan) xPitch(s Shape) int {
	switch {
	case p.packed == 0:
		return s.StrideW * s.C
	case s.single():
		return p.packed
	}
	return s.StrideW * p.packed
}

// pixel returns where strip i has pixel (ih, iw) of an image, which meets pixel dy of the strip.
func (p *gradPlan) pixel(s Shape, i, image, ih, iw, dy int) int {
	switch {
	case p.packed == 0:
		return ((image*s.H+ih)*s.W + iw) * s.C
	case s.single():
		return dy * p.packed
	}
	lo, hi := p.inputRows(s, i)
	return ((image*(hi-lo)+ih-lo)*s.W + iw) * p.packed
}

// inputRows returns the input rows of an image from the first to the last that strip i reads.
func (p *gradPlan) inputRows(s Shape, i int) (lo, hi int) {
	first, end := p.rows(s, i)
	lo, _ = s.source(first, 0, 0)
	hi, _ = s.source(end-1, 0, s.R*s.S-1)
	return max(0, min(lo, s.H)), max(0, min(hi+1, s.H))
}

// pixels returns how many pixels of so many images a copy of strip i has.
func (p *gradPlan) pixels(s Shape, i, images int) int {
	if s.single() {
		first, end := p.rows(s, i)
		return images * (end - first) * s.OutW()
	}
	lo, hi := p.inputRows(s, i)
	return images * (hi - lo) * s.W
}

// band returns the most channels of a band.
func (p *gradPlan) band(s Shape) int {
	if p.packed == 0 {
		return bandChannels
	}
	return max(p.packed, min(bandChannels, bandPacked/max(1, p.pixels(s, p.strips/2, p.images))))
}

// packedX is the panels of a band of channels in a strip.
type packedX struct {
	buf    []float32 // [panels][pixels][columns of a tile]
	pixels int
}

// packX copies channels c to c+n of strip st of x.
func (g *weightGrad) packX(to *packedX, st, c, n int) {
	s := g.shape
	image, images, part := g.where(st)
	lo, hi := g.plan.inputRows(s, part)
	first, end := g.plan.rows(s, part)
	to.pixels = g.plan.pixels(s, part, images)
	to.buf = portions.Grow(to.buf, portions.Ceil(n, g.nr)*to.pixels*g.nr)
	for i := range images {
		x := g.x[(image+i)*s.H*s.W*s.C:]
		if !s.single() {
			g.packRun(to, i*(hi-lo)*s.W, x[lo*s.W*s.C:], s.C, (hi-lo)*s.W, c, n)
			continue
		}
		ow, owEnd := s.columns(0)
		for oh := first; oh < end; oh++ {
			if ih, iw := s.source(oh, ow, 0); ih >= 0 && ih < s.H && ow < owEnd {
				g.packRun(to, (i*(end-first)+oh-first)*s.OutW()+ow, x[(ih*s.W+iw)*s.C:], s.StrideW*s.C, owEnd-ow, c, n)
			}
		}
	}
}

// packRun copies count pixels ld apart, a few at a time so that x is read in order.
func (g *weightGrad) packRun(to *packedX, at int, x []float32, ld, count, c, n int) {
	const few = 16
	for p := 0; p < count; p += few {
		for q := 0; q < n; q += g.nr {
			panel := to.buf[(q/g.nr*to.pixels+at+p)*g.nr:]
			tile.Pack(g.level, panel, x[p*ld+c+q:], ld, false, min(few, count-p), min(g.nr, n-q))
		}
	}
}
