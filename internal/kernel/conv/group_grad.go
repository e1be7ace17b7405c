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
// Where there are many channels, what a band reads of pixels lies far apart, and shares few places in the caches. A pixel of x
// is read for several taps, quads and rows of the kernel, so that it pays to copy a strip of x into panels first.
type groupedGrad struct {
	shape     Shape
	layout    groupLayout
	rows      []groupRun
	columns   []groupRun
	x, dy, dw []float32

	chunks, across int // pieces of rows, and of bands
	stripRows      int
	pack           bool
	panel          int       // channels of a panel, if strips are copied
	sums           []float32 // of all chunks
}

// groupRun is n neighbouring rows or columns of the output whose pixels read the same rows or columns of the kernel.
type groupRun struct{ first, n, tap, taps int }

// groupCalls is what a strip asks of the kernel for each band.
type groupCalls struct {
	segs  []int
	taps  []int // as [groupGrad] has them
	calls []groupCall
	args  groupGrad
	x     groupPanels
}

// groupPanels is the channels from first on of some rows of all images, in place or copied into panels.
type groupPanels struct {
	from, buf                 []float32
	row, pixels, first, pitch int
}

// groupCall is segments of x and dy, and the taps that they are for.
type groupCall struct{ firstSeg, segs, firstTap, taps, ldx, ldy int }

var (
	groupedGrads   portions.Pool[groupedGrad]
	groupCallsPool portions.Pool[groupCalls]
)

// packChannels is the least channels of an image of which strips are copied, or 0, in tests, if all are.
var packChannels = 256

// copies reports whether strips are copied. Those of depthwise convolutions are where channels are a multiple of a page, so
// that pixels share a few places in the first-level cache, and no stride leaves most of them out.
func (g *groupedGrad) copies() bool {
	s := g.shape
	if s.C%g.layout.lanes != 0 || s.C < packChannels {
		return false
	}
	return g.layout.quad > 0 || packChannels == 0 || s.C%g.layout.page == 0 && !s.strided()
}

func runGroupedGrad(s Shape, dw, x, dy []float32) {
	g := groupedGrads.Get()
	g.shape, g.dw, g.x, g.dy = s, dw, x, dy
	kernels := groupKernelsFor(cpu.Active(), s.C)
	g.layout = s.layout(kernels, len(kernels.depthwiseGrad))
	g.rows = groupRuns(g.rows[:0], s.OutH(), s.H, s.R, s.PadH, s.StrideH, s.DilationH)
	g.columns = groupRuns(g.columns[:0], s.OutW(), s.W, s.S, s.PadW, s.StrideW, s.DilationW)
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

// groupRuns appends the runs of one dimension, but for those outside the image.
func groupRuns(runs []groupRun, out, in, kernel, pad, stride, dilation int) []groupRun {
	taps := func(o int) (lo, hi int) {
		left := pad - o*stride // from the first tap to the image's first pixel
		lo = min(max(0, portions.Ceil(left, dilation)), kernel)
		return lo, min(max(lo, portions.Ceil(left+in, dilation)), kernel)
	}
	for first := 0; first < out; {
		lo, hi := taps(first)
		end := first + 1
		for ; end < out; end++ {
			if l, h := taps(end); l != lo || h != hi {
				break
			}
		}
		if lo < hi {
			runs = append(runs, groupRun{first, end - first, lo, hi - lo})
		}
		first = end
	}
	return runs
}

// split chooses chunks and pieces by size alone.
func (g *groupedGrad) split() {
	const (
		want      = 16      // pieces
		enough    = 1 << 19 // multiply-adds of a piece
		fewest    = 512     // pixels of a chunk: adding it up is then a few percent of the work at most
		depthwise = 128     // the same where the sums are few
		inCache   = 1 << 15 // numbers of a band of x and dy, which mostly stay in the first-level cache
		strip     = 1 << 18 // numbers of all bands of a piece, which stay in the second-level cache
		wide      = 128     // channels of a piece, if strips are copied: many, so that long parts of pixels are
	)
	s, bands := g.shape, g.layout.bands()
	rows, pixels := s.N*s.OutH(), s.N*s.OutH()*s.OutW()
	worth := max(1, int(min(want, int64(pixels)*int64(g.layout.size())/enough)))
	g.pack = g.copies()
	_, g.panel = tile.Size(cpu.Active())
	switch {
	case g.layout.quad == 0 && min(worth, rows, pixels/depthwise) > 1: // whole pixels are read, and their pages once
		g.across, g.chunks = 1, min(worth, rows, pixels/depthwise)
	case g.pack:
		g.across = min(bands/g.layout.parts, worth, max(1, s.C/wide))
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
		strips := portions.Ceil(rowEnd-row, g.stripRows)
		for i := range strips {
			first, end := row+portions.Share(rowEnd-row, i, strips), row+portions.Share(rowEnd-row, i+1, strips)
			g.read(c, first, end, band, bandEnd)
			g.list(c, first, end)
			for b := band; b < bandEnd; b++ {
				g.band(c, b, sums)
			}
		}
	}
	c.args, c.x.from = groupGrad{}, nil
	groupCallsPool.Put(c)
}

// read sets where the calls for rows first to end and some bands read x.
func (g *groupedGrad) read(c *groupCalls, first, end, band, bandEnd int) {
	s := g.shape
	c.x = groupPanels{from: g.x, buf: c.x.buf, pitch: s.C}
	if !g.pack {
		return
	}
	_, channel, _ := g.layout.band(band)
	span, last, _ := g.layout.band(bandEnd - 1)
	top, _ := s.source(first%s.OutH(), 0, 0)
	bottom, _ := s.source((end-1)%s.OutH(), 0, s.R*s.S-1)
	lo, hi := first/s.OutH()*s.H+max(0, min(top, s.H)), (end-1)/s.OutH()*s.H+max(0, min(bottom+1, s.H))
	c.x.copy(g.panel, lo, max(lo, hi), s.W, channel, last+span.vectors*g.layout.lanes-channel)
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
	c.segs, c.taps, c.calls = c.segs[:0], c.taps[:0], c.calls[:0]
	for i := range g.rows {
		for j := range g.columns {
			g.listRun(c, &g.rows[i], &g.columns[j], first, end)
		}
	}
}

// listRun lists the pixels of some rows and columns of those.
func (g *groupedGrad) listRun(c *groupCalls, rows, columns *groupRun, first, end int) {
	s, outH := g.shape, g.shape.OutH()
	call := groupCall{firstSeg: len(c.segs), ldx: s.StrideW * c.x.pitch, ldy: s.K}
	ldxRow, ldyRow := s.StrideH*s.W*c.x.pitch, s.OutW()*s.K
	down := columns.n <= 2
	if down {
		call.ldx, ldxRow, call.ldy, ldyRow = ldxRow, call.ldx, ldyRow, call.ldy
	}
	for image := first / outH; image*outH < end; image++ {
		row := max(first, image*outH+rows.first)
		n, long := min(end, image*outH+rows.first+rows.n)-row, columns.n
		if n <= 0 {
			continue
		}
		ih, iw := s.source(row-image*outH, columns.first, rows.tap*s.S+columns.tap)
		x, dy := ((image*s.H+ih-c.x.row)*s.W+iw)*c.x.pitch, (row*s.OutW()+columns.first)*s.K
		if down {
			n, long = long, n
		}
		for range n {
			c.segs = append(c.segs, x, dy, long)
			x, dy = x+ldxRow, dy+ldyRow
		}
	}
	if call.segs = (len(c.segs) - call.firstSeg) / 3; call.segs == 0 {
		return
	}
	most := g.layout.taps
	if g.layout.quad > 0 {
		most = g.layout.quadTaps
	}
	taps := rows.taps * columns.taps
	calls := portions.Ceil(taps, most)
	for i := range calls {
		call.firstTap = len(c.taps)
		t, last := portions.Share(taps, i, calls), portions.Share(taps, i+1, calls)
		for call.taps = last - t; t < last; t++ {
			r, column := t/columns.taps, t%columns.taps
			c.taps = append(c.taps, (r*s.DilationH*s.W+column*s.DilationW)*c.x.pitch, (rows.tap+r)*s.S+columns.tap+column)
		}
		c.calls = append(c.calls, call)
	}
}

// band adds what the calls list to the sums of band b.
func (g *groupedGrad) band(c *groupCalls, b int, sums []float32) {
	l, t := &g.layout, &c.args
	span, channel, at := l.band(b)
	for i := range c.calls {
		call := &c.calls[i]
		t.Segs, t.Seg, t.LDX, t.LDY = call.segs, c.segs[call.firstSeg:], call.ldx, call.ldy
		t.Taps, t.Tap = call.taps, c.taps[call.firstTap:]
		t.X = c.x.at(channel)
		if l.quad == 0 {
			t.Pitch = span.vectors * l.lanes
			t.DY, t.Sums = g.dy[channel:], sums[at:]
			l.depthwiseGrad[span.vectors-1](t)
			continue
		}
		t.Pitch = 4 * l.lanes
		for part := range l.parts {
			t.DY = g.dy[l.partner(channel, part, 0, 0):]
			for e := range l.quad {
				t.Sums = sums[at+(part*l.quad+e)*l.kernel*t.Pitch:]
				l.quadsGrad[e](t)
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
			for tap := range l.kernel {
				copy(g.dw[tap*pitch+channel:], from[:span.vectors*l.lanes])
				from = from[span.vectors*l.lanes:]
			}
			continue
		}
		for part := range l.parts {
			for e := range l.quad {
				for tap := range l.kernel {
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
