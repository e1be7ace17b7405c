package conv

import (
	"github.com/residuum-go/residuum/internal/cpu"
	"github.com/residuum-go/residuum/internal/kernel/gemm/tile"
	"github.com/residuum-go/residuum/internal/kernel/vec"
	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/internal/portions"
)

// groupedGrad computes the gradient of the weights of narrow groups. A piece is some bands of channels in a chunk of the
// rows of all images, strip by strip. Each chunk has sums of its own, which are added in order.
//
// Quads are multiplied with several others, so that it pays to copy a strip of x and of dy into panels first: where there are
// many channels, what a band reads of pixels lies far apart, and shares few places in the caches.
type groupedGrad struct {
	shape     Shape
	layout    groupLayout
	runs      []groupRun
	x, dy, dw []float32

	chunks, across int // pieces of rows, and of bands
	stripRows      int
	pack           bool
	panel          int       // channels of a panel, if strips are copied
	sums           []float32 // of all chunks
}

// groupRun is neighbouring columns of the output whose pixels read the same taps of each row of the kernel, and some of
// these taps.
type groupRun struct{ first, columns, tap, taps int }

// groupCalls is what a strip asks of the kernel for each band.
type groupCalls struct {
	segs  []int
	calls []groupCall
	args  groupGrad
	x, dy groupPanels
}

// groupPanels is the channels from first on of some rows of all images, in place or copied into panels.
type groupPanels struct {
	from, buf                 []float32
	row, pixels, first, pitch int
}

// groupCall is segments of x and dy, and the taps that they are for.
type groupCall struct{ firstSeg, segs, tap, taps, ldx, ldy int }

var (
	groupedGrads   portions.Pool[groupedGrad]
	groupCallsPool portions.Pool[groupCalls]
)

// packChannels is the least channels of an image of which strips are copied. A variable, so that tests can lower it.
var packChannels = 256

func runGroupedGrad(s Shape, dw, x, dy []float32) {
	g := groupedGrads.Get()
	g.shape, g.dw, g.x, g.dy = s, dw, x, dy
	g.layout = s.layout(cpu.Active())
	g.findRuns()
	g.split()
	n := g.layout.size()
	g.sums = portions.Grow(g.sums, g.chunks*n)
	parallel.For(g.chunks*g.across, 1, g)
	for c := 1; c < g.chunks; c++ {
		vec.Add(g.sums[:n], g.sums[:n], g.sums[c*n:(c+1)*n])
	}
	parallel.For(g.layout.bands(), max(1, 1<<15*g.layout.bands()/n), (*groupUnpacking)(g))
	g.dw, g.x, g.dy = nil, nil, nil
	groupedGrads.Put(g)
}

// most returns the most taps of a call.
func (g *groupedGrad) most() int {
	if g.layout.quad > 0 {
		return len(g.layout.quadsGrad[0])
	}
	return len(g.layout.depthwiseGrad[0])
}

// findRuns sets runs.
func (g *groupedGrad) findRuns() {
	s := g.shape
	g.runs = g.runs[:0]
	taps := func(ow int) (lo, hi int) {
		left := s.PadW - ow*s.StrideW // columns from the first tap to the image's first
		lo = min(max(0, portions.Ceil(left, s.DilationW)), s.S)
		hi = min(max(lo, portions.Ceil(left+s.W, s.DilationW)), s.S)
		return lo, hi
	}
	for ow := 0; ow < s.OutW(); {
		lo, hi := taps(ow)
		end := ow + 1
		for ; end < s.OutW(); end++ {
			if l, h := taps(end); l != lo || h != hi {
				break
			}
		}
		n := portions.Ceil(hi-lo, g.most())
		for i := range n {
			first := lo + portions.Share(hi-lo, i, n)
			g.runs = append(g.runs, groupRun{ow, end - ow, first, lo + portions.Share(hi-lo, i+1, n) - first})
		}
		ow = end
	}
}

// split chooses chunks and pieces by size alone.
func (g *groupedGrad) split() {
	const (
		want      = 16      // pieces
		enough    = 1 << 19 // multiply-adds of a piece
		fewest    = 512     // pixels of a chunk: adding it up is then a few percent of the work at most
		depthwise = 128     // the same where the sums are few
		inCache   = 1 << 15 // numbers of a band of x and dy, which mostly stay in the first-level cache
		strip     = 1 << 17 // numbers of all bands of a piece, which stay in the second-level cache
		wide      = 4       // pieces of bands, if strips are copied: few, so that long parts of pixels are
	)
	s, bands := g.shape, g.layout.bands()
	rows, pixels := s.N*s.OutH(), s.N*s.OutH()*s.OutW()
	worth := max(1, int(min(want, int64(pixels)*int64(g.layout.size())/enough)))
	g.pack = g.layout.quad > 0 && s.C%g.layout.lanes == 0 && s.C >= packChannels
	switch {
	case g.layout.quad == 0 && min(worth, rows, pixels/depthwise) > 1: // whole pixels are read, and their pages once
		g.across, g.chunks = 1, min(worth, rows, pixels/depthwise)
	case g.pack:
		_, g.panel = tile.Size(cpu.Active())
		g.across = min(bands/g.layout.parts, worth, wide)
		g.chunks = max(1, min(worth/g.across, rows, pixels/fewest))
	default:
		g.across = min(bands, worth)
		g.chunks = max(1, min(worth/g.across, rows, pixels/fewest))
	}
	g.stripRows = inCache / (2 * g.layout.spans[0].vectors * g.layout.lanes * s.OutW())
	if g.pack || g.layout.quad == 0 {
		g.stripRows = min(g.stripRows, strip*g.across/(s.C*s.OutW()*(1+s.StrideH*s.StrideW)))
	}
	g.stripRows = max(1, g.stripRows)
}

// bands returns where part q of the bands begins: with a group.
func (g *groupedGrad) bands(q int) int {
	return portions.Share(g.layout.bands()/g.layout.parts, q, g.across) * g.layout.parts
}

// Run computes pieces lo to hi.
func (g *groupedGrad) Run(lo, hi int) {
	c := groupCallsPool.Get()
	n := g.layout.size()
	for i := lo; i < hi; i++ {
		chunk, q := i/g.across, i%g.across
		rows := g.shape.N * g.shape.OutH()
		row, rowEnd := portions.Share(rows, chunk, g.chunks), portions.Share(rows, chunk+1, g.chunks)
		band, bandEnd := g.bands(q), g.bands(q+1)
		sums := g.sums[chunk*n : (chunk+1)*n]
		for b := band; b < bandEnd; b++ {
			span, _, at := g.layout.band(b)
			clear(sums[at:][:g.layout.bandSize(span)])
		}
		for ; row < rowEnd; row += g.stripRows {
			end := min(row+g.stripRows, rowEnd)
			g.read(c, row, end, band, bandEnd)
			g.list(c, row, end)
			for b := band; b < bandEnd; b++ {
				g.band(c, b, sums)
			}
		}
	}
	c.args, c.x.from, c.dy.from = groupGrad{}, nil, nil
	groupCallsPool.Put(c)
}

// read sets where the calls for rows first to end and some bands read x and dy.
func (g *groupedGrad) read(c *groupCalls, first, end, band, bandEnd int) {
	s := g.shape
	c.x.from, c.x.row, c.x.pixels, c.x.pitch, c.x.first = g.x, 0, 0, s.C, 0
	c.dy.from, c.dy.row, c.dy.pixels, c.dy.pitch, c.dy.first = g.dy, 0, 0, s.K, 0
	if !g.pack {
		return
	}
	channel, channels := band*g.layout.lanes, (bandEnd-band)*g.layout.lanes
	top, _ := s.source(first%s.OutH(), 0, 0)
	bottom, _ := s.source((end-1)%s.OutH(), 0, s.R*s.S-1)
	lo, hi := first/s.OutH()*s.H+max(0, min(top, s.H)), (end-1)/s.OutH()*s.H+max(0, min(bottom+1, s.H))
	c.x.copy(g.panel, lo, max(lo, hi), s.W, channel, channels)
	c.dy.copy(g.panel, first, end, s.OutW(), channel, channels)
}

// copy copies rows lo to hi of some channels into panels.
func (p *groupPanels) copy(panel, lo, hi, width, channel, channels int) {
	p.row, p.pixels, p.first = lo, (hi-lo)*width, channel
	p.buf = portions.Grow(p.buf, portions.RoundUp(channels, panel)*p.pixels)
	const few = 16
	for i := 0; i < p.pixels; i += few { // a few pixels at a time, so that they are read in order
		for c := 0; c < channels; c += panel {
			from := p.from[(lo*width+i)*p.pitch+channel+c:]
			tile.Pack(cpu.Active(), p.buf[c*p.pixels+i*panel:], from, p.pitch, false, min(few, p.pixels-i), min(panel, channels-c))
		}
	}
	p.from, p.pitch = p.buf, panel
}

// at returns what there is from a channel on.
func (p *groupPanels) at(channel int) []float32 {
	c := channel - p.first
	if p.pixels == 0 {
		return p.from[c:]
	}
	return p.from[c/p.pitch*p.pitch*p.pixels+c%p.pitch:]
}

// list sets c to what rows first to end of all images contribute.
func (g *groupedGrad) list(c *groupCalls, first, end int) {
	s := g.shape
	c.segs, c.calls = c.segs[:0], c.calls[:0]
	for r := range s.R {
		for _, run := range g.runs {
			if run.columns > 2 {
				call := groupCall{firstSeg: len(c.segs), tap: r*s.S + run.tap, taps: run.taps, ldx: s.StrideW * c.x.pitch, ldy: c.dy.pitch}
				for row := first; row < end; row++ {
					if x, dy, ok := g.seg(c, row, r, run.first, run.tap); ok {
						c.segs = append(c.segs, x, dy, run.columns)
					}
				}
				c.add(call)
				continue
			}
			for ow := run.first; ow < run.first+run.columns; ow++ { // down the column
				call := groupCall{firstSeg: len(c.segs), tap: r*s.S + run.tap, taps: run.taps, ldx: s.StrideH * s.W * c.x.pitch, ldy: s.OutW() * c.dy.pitch}
				open := false
				for row := first; row < end; row++ {
					x, dy, ok := g.seg(c, row, r, ow, run.tap)
					if row%s.OutH() == 0 || !ok {
						open = false
					}
					switch {
					case ok && open:
						c.segs[len(c.segs)-1]++
					case ok:
						c.segs, open = append(c.segs, x, dy, 1), true
					}
				}
				c.add(call)
			}
		}
	}
}

// seg returns what tap (r, tap) of the pixel in column ow of a row, counted through all images, reads, and the pixel.
func (g *groupedGrad) seg(c *groupCalls, row, r, ow, tap int) (x, dy int, ok bool) {
	s := g.shape
	image, oh := row/s.OutH(), row%s.OutH()
	ih, iw := s.source(oh, ow, r*s.S+tap)
	return ((image*s.H+ih-c.x.row)*s.W + iw) * c.x.pitch, ((row-c.dy.row)*s.OutW() + ow) * c.dy.pitch, ih >= 0 && ih < s.H
}

// add ends a call that has segments.
func (c *groupCalls) add(call groupCall) {
	if call.segs = (len(c.segs) - call.firstSeg) / 3; call.segs > 0 {
		c.calls = append(c.calls, call)
	}
}

// band adds what the calls list to the sums of band b.
func (g *groupedGrad) band(c *groupCalls, b int, sums []float32) {
	l, t := &g.layout, &c.args
	span, channel, at := l.band(b)
	t.Tap = g.shape.DilationW * c.x.pitch
	for i := range c.calls {
		call := &c.calls[i]
		t.Segs, t.Seg, t.LDX, t.LDY = call.segs, c.segs[call.firstSeg:], call.ldx, call.ldy
		t.X = c.x.at(channel)
		if l.quad == 0 {
			t.Pitch = span.vectors * l.lanes
			t.DY, t.Sums = c.dy.at(channel), sums[at+call.tap*t.Pitch:]
			l.depthwiseGrad[span.vectors-1][call.taps-1](t)
			continue
		}
		t.Pitch = 4 * l.lanes
		for part := range l.parts {
			t.DY = c.dy.at(l.partner(channel, part, 0, 0))
			for e := range l.quad {
				t.Sums = sums[at+((part*l.quad+e)*l.taps+call.tap)*t.Pitch:]
				l.quadsGrad[e][call.taps-1](t)
			}
		}
	}
}

// groupUnpacking is the loop over the bands of dw.
type groupUnpacking groupedGrad

// Run writes bands lo to hi.
func (u *groupUnpacking) Run(lo, hi int) {
	g := (*groupedGrad)(u)
	l, pitch := &g.layout, g.shape.K
	for b := lo; b < hi; b++ {
		span, channel, at := l.band(b)
		from := g.sums[at:]
		if l.quad == 0 {
			for tap := range l.taps {
				copy(g.dw[tap*pitch+channel:], from[:span.vectors*l.lanes])
				from = from[span.vectors*l.lanes:]
			}
			continue
		}
		for part := range l.parts {
			for e := range l.quad {
				for tap := range l.taps {
					for q := range l.lanes / 4 {
						in, out := channel+4*q, l.partner(channel, part, e, q)
						unpackQuad(g.dw[(tap*l.group+in%l.group)*pitch+out:], pitch, from[4*q:], l.lanes)
					}
					from = from[4*l.lanes:]
				}
			}
		}
	}
}

// unpackQuad sets dw[a][a^d] = from[d*lanes+a].
func unpackQuad(dw []float32, pitch int, from []float32, lanes int) {
	a, b, c, d := from[:4], from[lanes:][:4], from[2*lanes:][:4], from[3*lanes:][:4]
	copyQuad(dw[:4], a[0], b[0], c[0], d[0])
	copyQuad(dw[pitch:][:4], b[1], a[1], d[1], c[1])
	copyQuad(dw[2*pitch:][:4], c[2], d[2], a[2], b[2])
	copyQuad(dw[3*pitch:][:4], d[3], c[3], b[3], a[3])
}
