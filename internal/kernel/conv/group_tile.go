package conv

import (
	"math/bits"

	"github.com/residuum-go/residuum/internal/cpu"
	"github.com/residuum-go/residuum/internal/kernel/vec"
	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/internal/portions"
)

// grouped computes an output image from an input image along a plan, where groups are narrow: Forward and InputGrad. A
// piece is some tiles with all their channels.
type grouped struct {
	shape     Shape
	inputGrad bool
	layout    groupLayout
	plan      *plan

	in, w, out        []float32
	inImage, outImage int // elements of an image
	pieceTiles        int
	packed            []float32

	epilogue Epilogue // of a [Prepared]
}

var (
	groupeds   portions.Pool[grouped]
	groupTiles portions.Pool[groupTile]
)

// runGrouped computes out from in. The shape has no empty dimension.
func runGrouped(s Shape, inputGrad bool, out, in, w []float32) {
	k := groupeds.Get()
	k.begin(cpu.Active(), s, inputGrad, out, in, w)
	k.packed = portions.Grow(k.packed, k.layout.size())
	k.packAll()
	k.compute()
	groupeds.Put(k)
}

func (k *grouped) begin(level cpu.Level, s Shape, inputGrad bool, out, in, w []float32) {
	k.shape, k.inputGrad = s, inputGrad
	k.in, k.w, k.out = in, w, out
	kernels := groupKernelsFor(level, s.C)
	k.layout = s.layout(kernels, len(kernels.depthwise))
	rows := k.layout.rows
	if k.layout.quad > 0 {
		rows = k.layout.quadRows
	}
	k.plan = planFor(s, inputGrad, rows)
	k.inImage, k.outImage = s.H*s.W*s.C, s.OutH()*s.OutW()*s.K
	if inputGrad {
		k.inImage, k.outImage = k.outImage, k.inImage
	}
	const enough = 1 << 18 // multiply-adds of a piece
	perTile := rows * k.layout.kernel / len(k.plan.classes) * s.C * k.layout.group
	k.pieceTiles = min(max(4, enough/max(1, perTile)), 96)
}

// packAll packs all weights.
func (k *grouped) packAll() {
	n := k.layout.bands()
	parallel.For(n, max(1, 1<<15*n/k.layout.size()), (*groupPacking)(k))
}

// groupPacking is the loop over the bands.
type groupPacking grouped

// Run packs bands lo to hi, the taps in the order of the plan.
func (p *groupPacking) Run(lo, hi int) {
	k := (*grouped)(p)
	l, s := &k.layout, k.shape
	for i := lo; i < hi; i++ {
		span, channel, at := l.band(i)
		to := k.packed[at:]
		for _, tap := range k.plan.taps {
			from := k.w[tap*l.group*s.K:]
			if l.quad > 0 {
				k.packQuads(to, from, channel)
			} else {
				copy(to[:l.tapSize(span)], from[channel:])
			}
			to = to[l.tapSize(span):]
		}
	}
}

// packQuads packs a tap of the weights between a vector of output channels and their group.
func (k *grouped) packQuads(to, w []float32, channel int) {
	l, pitch := &k.layout, k.shape.K
	for part := range l.parts {
		for e := range l.quad {
			for q := range l.lanes / 4 {
				in, out := l.partner(channel, part, e, q), channel+4*q
				if k.inputGrad {
					packQuadBack(to[4*q:], l.lanes, w[out%l.group*pitch+in:], pitch)
				} else {
					packQuad(to[4*q:], l.lanes, w[in%l.group*pitch+out:], pitch)
				}
			}
			to = to[4*l.lanes:]
		}
	}
}

// packQuad sets to[d*lanes+a] = w[a][a^d], and packQuadBack to w[a^d][a].
func packQuad(to []float32, lanes int, w []float32, pitch int) {
	a, b, c, d := w[:4], w[pitch:][:4], w[2*pitch:][:4], w[3*pitch:][:4]
	copyQuad(to[:4], a[0], b[1], c[2], d[3])
	copyQuad(to[lanes:][:4], a[1], b[0], c[3], d[2])
	copyQuad(to[2*lanes:][:4], a[2], b[3], c[0], d[1])
	copyQuad(to[3*lanes:][:4], a[3], b[2], c[1], d[0])
}

func packQuadBack(to []float32, lanes int, w []float32, pitch int) {
	a, b, c, d := w[:4], w[pitch:][:4], w[2*pitch:][:4], w[3*pitch:][:4]
	copyQuad(to[:4], a[0], b[1], c[2], d[3])
	copyQuad(to[lanes:][:4], b[0], a[1], d[2], c[3])
	copyQuad(to[2*lanes:][:4], c[0], d[1], a[2], b[3])
	copyQuad(to[3*lanes:][:4], d[0], c[1], b[2], a[3])
}

func copyQuad(to []float32, a, b, c, d float32) { to[0], to[1], to[2], to[3] = a, b, c, d }

// compute computes all pieces, and lets go of what the caller owns.
func (k *grouped) compute() {
	parallel.For(k.down()*len(k.plan.classes), 1, k)
	k.in, k.w, k.out, k.plan, k.epilogue = nil, nil, nil, nil, Epilogue{}
}

// down returns how many pieces cover the tiles of a class. All classes have nearly as many tiles.
func (k *grouped) down() int {
	return portions.Ceil(k.shape.N*len(k.plan.classes[0].tiles), k.pieceTiles)
}

// Run computes pieces lo to hi.
func (k *grouped) Run(lo, hi int) {
	t, down := groupTiles.Get(), k.down()
	for i := lo; i < hi; i++ {
		i, c := i/len(k.plan.classes), &k.plan.classes[i%len(k.plan.classes)]
		tiles := k.shape.N * len(c.tiles)
		for tile := portions.Share(tiles, i, down); tile < portions.Share(tiles, i+1, down); tile++ {
			k.tile(t, c, tile/len(c.tiles), &c.tiles[tile%len(c.tiles)])
			if ahead := tile + fetchAhead; ahead < tiles && k.shape.C <= fetchChannels {
				x := &c.tiles[ahead%len(c.tiles)]
				fetchPixels(&k.out[ahead/len(c.tiles)*k.outImage], &c.out[x.first], 1, x.rows, 4*k.shape.C)
			}
		}
	}
	*t = groupTile{}
	groupTiles.Put(t)
}

// tile computes one tile of an image.
func (k *grouped) tile(t *groupTile, c *class, image int, x *tiling) {
	out := k.out[image*k.outImage:]
	pixels := c.out[x.first : x.first+x.rows]
	if c.taps == 0 { // the stride leaves these pixels out
		for _, o := range pixels {
			clear(out[o:][:k.shape.C])
		}
		return
	}
	l, in := &k.layout, k.in[image*k.inImage:]
	t.Rows, t.Taps, t.Parts, t.Zero, t.Off, t.Out = x.rows, c.taps, l.parts, k.plan.zeros, x.off, pixels
	for i := range l.spans {
		s := &l.spans[i]
		if s.bands == 0 {
			continue
		}
		t.WStep = l.bandSize(s)
		w := k.packed[s.packed+c.firstTap*l.tapSize(s):]
		switch {
		case l.quad == 0:
			k.span(t, l.depthwise[s.vectors-1], s.first, s.first, s.bands, in, out, w, image)
		case l.parts == 1:
			k.span(t, l.quads[bits.Len(uint(l.quad))-1], s.first, s.first, s.bands, in, out, w, image)
		default: // each vector reads its group from the first channel on
			for b := range s.bands {
				channel := b * l.lanes
				k.span(t, l.quads[bits.Len(uint(l.quad))-1], channel, channel/l.group*l.group, 1, in, out, w[b*t.WStep:], image)
			}
		}
	}
	if k.epilogue.Act == SiLU {
		for _, o := range pixels {
			vec.SiLU(out[o:][:k.shape.C], out[o:][:k.shape.C])
		}
	}
}

// span computes some bands of a tile, from channel on, which read from the input's channel from on.
func (k *grouped) span(t *groupTile, kernel func(*groupTile), channel, from, bands int, in, out, w []float32, image int) {
	t.Bands, t.X, t.W, t.Y = bands, in[from:], w, out[channel:]
	if e := &k.epilogue; e.some() {
		t.After, t.Bias, t.Add = 1, nil, nil
		if e.Bias != nil {
			t.Bias = e.Bias[channel:]
		}
		if e.Add != nil {
			t.Add = e.Add[image*k.outImage+channel:]
		}
		t.Lo, t.Hi = e.Bounds()
	}
	kernel(t)
}
