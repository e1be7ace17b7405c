package conv

import (
	"github.com/residuum-go/residuum/internal/cpu"
	"github.com/residuum-go/residuum/internal/kernel/gemm/tile"
	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/internal/portions"
)

// direct computes an output image from an input image along a plan: Forward and InputGrad.
//
// The weights are packed once per call into panels [taps][inner][cols of a tile]. Work is handed out
// in pieces of tiles by panels. When all panels fit in the second-level cache, a piece takes its
// tiles one by one and passes each over all panels: pixels are read once, at an even pace. Otherwise
// it takes its panels one by one and passes each over all tiles: a panel is fetched once per piece,
// and it is the pixels that stay in the cache.
type direct struct {
	shape     Shape
	inputGrad bool
	plan      *plan
	level     cpu.Level
	cols      int // of a tile
	pair      bool

	in, w, out []float32
	inImage    int // elements of an input image
	outImage   int // elements of an output image
	inner      int // input channels of a group
	outer      int // output channels of a group
	panels     int // of a group

	pieceTiles, piecePanels int
	panelsInner             bool
	local                   bool // pieces pack their own panels
	passes                  int  // over the taps, for each panel
	packed                  []float32

	epilogue Epilogue // of a [Prepared]
}

var directs portions.Pool[direct]

// run computes out from in. The shape has no empty dimension.
func run(s Shape, inputGrad bool, out, in, w []float32) {
	k := directs.Get()
	rows := k.begin(cpu.Active(), s, inputGrad, out, in, w)
	k.split(rows)
	if !k.local {
		k.packed = portions.Grow(k.packed, k.packedSize())
		k.packAll()
	}
	k.compute()
	directs.Put(k)
}

// begin sets what the plan and the packed weights depend on, and returns the most rows of a tile.
func (k *direct) begin(level cpu.Level, s Shape, inputGrad bool, out, in, w []float32) (rows int) {
	k.shape, k.inputGrad = s, inputGrad
	k.in, k.w, k.out = in, w, out
	k.level = level
	rows, k.cols = tile.Size(k.level)
	rows = s.tileRows(rows, inputGrad)
	k.plan = planFor(s, inputGrad, rows)
	k.inImage, k.outImage = s.H*s.W*s.C, s.OutH()*s.OutW()*s.K
	k.inner, k.outer = s.C/s.Groups, s.K/s.Groups
	if inputGrad {
		k.inImage, k.outImage = k.outImage, k.inImage
		k.inner, k.outer = k.outer, k.inner
	}
	k.pair = k.outer <= tile.PairCols(k.level) && k.inner%2 == 0
	k.panels = portions.Ceil(k.outer, k.cols)
	return rows
}

// packedSize returns the elements of the panels of all groups.
func (k *direct) packedSize() int { return k.shape.Groups * k.panels * k.panelSize() }

// packAll packs all weights.
func (k *direct) packAll() {
	parallel.For(k.shape.Groups*k.panels, max(1, 1<<16/k.panelSize()), (*packing)(k))
}

// compute computes all pieces, and lets go of what the caller owns.
func (k *direct) compute() {
	down, across := k.grid()
	parallel.For(down*across*len(k.plan.classes), 1, k)
	k.in, k.w, k.out, k.plan, k.epilogue = nil, nil, nil, nil, Epilogue{}
}

// tapSize returns the elements of a panel for one tap, panelSize for all.
func (k *direct) tapSize() int {
	if k.pair {
		return k.inner / 2 * k.cols
	}
	return k.inner * k.cols
}

func (k *direct) panelSize() int { return len(k.plan.taps) * k.tapSize() }

// packing is the loop over the panels of all groups.
type packing direct

// Run packs panels lo to hi.
func (p *packing) Run(lo, hi int) {
	k := (*direct)(p)
	for i := lo; i < hi; i++ {
		k.packTaps(k.packed[i*k.panelSize():], i/k.panels, i%k.panels, 0, len(k.plan.taps))
	}
}

// packTaps packs taps first to end of panel q of group g. Row (t, i) of a panel holds the weights
// between input channel i and the output channels of the panel through tap t.
func (k *direct) packTaps(panel []float32, g, q, first, end int) {
	s := k.shape
	cg, kg := s.C/s.Groups, s.K/s.Groups
	pack := tile.Pack
	if k.pair {
		pack = tile.PackPair
	}
	o := q * k.cols
	cols := min(k.cols, k.outer-o)
	if !k.inputGrad {
		pack(k.level, panel, k.w[first*cg*s.K+g*kg+o:], s.K, false, (end-first)*cg, cols)
		return
	}
	for i, tap := range k.plan.taps[first:end] {
		pack(k.level, panel[i*k.tapSize():], k.w[(tap*cg+o)*s.K+g*kg:], s.K, true, kg, cols)
	}
}

// What stays in a second-level cache of 1 MB beside the pixels. Variables, so that tests can lower them.
var (
	maxWeights = 96 << 10 // elements of the weights of a class while a tile passes over all its panels
	maxPass    = 72 << 10 // elements of a panel while the tiles of a piece use it
)

// split chooses pieces of about 2^21 multiply-adds, by size alone.
func (k *direct) split(rows int) {
	const (
		enough = 1 << 21
		fewest = 16 // tiles of a piece that stay in the cache for all panels
		most   = 96
	)
	perTile := max(1, rows*k.panelSize()/len(k.plan.classes))
	tiles := k.shape.N * len(k.plan.classes[0].tiles)
	k.panelsInner = k.panels*k.panelSize()/len(k.plan.classes) <= maxWeights
	k.local, k.passes = false, 1
	if k.panelsInner {
		k.piecePanels = k.panels
		k.pieceTiles = min(max(enough/(perTile*k.panels), fewest/2), most)
		if w := parallel.Workers(); w > 1 { // no worker waits, if it is worth handing out
			k.pieceTiles = min(k.pieceTiles, max(portions.Ceil(tiles, 2*w), portions.Ceil(leastPiece, perTile*k.panels)))
		}
		return
	}
	k.passes = max(1, min(len(k.plan.taps)/len(k.plan.classes), portions.Ceil(k.panelSize()/len(k.plan.classes), maxPass)))
	k.pieceTiles = min(max(enough/perTile, fewest), most)
	k.piecePanels = max(1, min(enough/(perTile*k.pieceTiles), k.panels))
	if k.local = tiles <= most && k.shape.Groups*k.panels >= 8; k.local {
		k.pieceTiles, k.piecePanels = tiles, 1
	}
}

// grid returns how many pieces cover the tiles of a class and the panels of all groups. All classes
// have nearly as many tiles.
func (k *direct) grid() (down, across int) {
	return portions.Ceil(k.shape.N*len(k.plan.classes[0].tiles), k.pieceTiles), k.shape.Groups * portions.Ceil(k.panels, k.piecePanels)
}

// Run computes pieces lo to hi. Pieces that read the same pixels follow each other.
func (k *direct) Run(lo, hi int) {
	down, across := k.grid()
	perGroup := portions.Ceil(k.panels, k.piecePanels)
	for i := lo; i < hi; i++ {
		b, q := i/across, i%across
		b, c := b/len(k.plan.classes), &k.plan.classes[b%len(k.plan.classes)]
		tiles := k.shape.N * len(c.tiles)
		first, end := portions.Share(tiles, b, down), portions.Share(tiles, b+1, down)
		g := q / perGroup
		q = q % perGroup
		panel, panelEnd := portions.Share(k.panels, q, perGroup), portions.Share(k.panels, q+1, perGroup)
		if c.taps == 0 {
			k.clear(c, g, panel, panelEnd, first, end)
			continue
		}
		if k.panelsInner {
			k.piece(c, g, panel, panelEnd, first, end, part{taps: c.taps, fetch: true})
			k.finish(c, g, panel, panelEnd, first, end)
			continue
		}
		for p := panel; p < panelEnd; p++ {
			k.passesOver(c, g, p, first, end)
			k.finish(c, g, p, p+1, first, end)
		}
	}
}

// clear is piece for pixels that the stride leaves without taps.
func (k *direct) clear(c *class, g, panel, panelEnd, first, end int) {
	from, to := g*k.outer+panel*k.cols, g*k.outer+min(panelEnd*k.cols, k.outer)
	for ; first < end; first++ {
		x := &c.tiles[first%len(c.tiles)]
		out := k.out[first/len(c.tiles)*k.outImage:]
		for _, o := range c.out[x.first : x.first+x.rows] {
			clear(out[int(o)+from : int(o)+to])
		}
	}
}

// part is what a pass over the tiles of a piece covers of the reduction.
type part struct {
	first, taps int       // taps of the class
	packed      []float32 // their panel, nil when it is where all panels are
	fetch       bool      // fetch the pixels of the next tile, else the weights that are needed next
}

// passesOver computes tiles for one panel, in several passes over the taps when the panel is large: what
// one pass uses of it then stays in the second-level cache.
func (k *direct) passesOver(c *class, g, q, first, end int) {
	if k.passes == 1 && !k.local {
		k.piece(c, g, q, q+1, first, end, part{taps: c.taps, fetch: q == 0})
		return
	}
	unit := max(1, c.run)
	buf := buffers.Get()
	for p := range k.passes {
		lo, hi := c.taps/unit*p/k.passes*unit, c.taps/unit*(p+1)/k.passes*unit
		if lo == hi {
			continue
		}
		r := part{first: lo, taps: hi - lo, fetch: q == 0 && p == 0}
		if k.local {
			*buf = portions.Grow(*buf, r.taps*k.tapSize())
			k.packTaps(*buf, g, q, c.firstTap+lo, c.firstTap+hi)
			r.packed = *buf
		}
		k.piece(c, g, q, q+1, first, end, r)
	}
	buffers.Put(buf)
}

// piece computes tiles first to end of class c, counted through all images, each for panels panel to
// panelEnd of group g.
func (k *direct) piece(c *class, g, panel, panelEnd, first, end int, r part) {
	t := tile.Rows{Zero: k.plan.zeros, LDB: k.cols, Ahead: k.in, Acc: min(r.first, 1)}
	if !r.fetch && r.packed == nil && r.taps > 0 { // what lies behind this part of the packed weights
		size := r.taps * k.tapSize()
		t.Ahead = k.packed[min(k.partAt(c, r, g, panel)+size, len(k.packed)):]
		t.AheadStep = portions.Ceil(4*k.cols, end-first)
	}
	for image, i := first/len(c.tiles), first%len(c.tiles); first < end; first++ {
		x := &c.tiles[i]
		merged := max(1, c.taps) / max(1, x.taps) // taps of the class in one of the tile
		t.Rows, t.Taps, t.Inner = x.rows, r.taps/merged, x.inner
		t.Off, t.Out = x.off[r.first/merged*x.rows:], c.out[x.first:]
		t.A = k.in[image*k.inImage+g*k.inner:]
		ahead, perPanel := image*k.inImage+x.ahead, 0
		if r.fetch && t.Taps > 0 {
			perPanel = x.fresh / (panelEnd - panel)
			t.AheadStep = k.aheadStep(&t, perPanel)
		}
		for q := panel; q < panelEnd; q++ {
			if t.B = r.packed; t.B == nil {
				t.B = k.packed[k.partAt(c, r, g, q):]
			}
			t.Cols = min(k.cols, k.outer-q*k.cols)
			o := g*k.outer + q*k.cols
			t.C = k.out[image*k.outImage+o:]
			if r.first+r.taps == c.taps {
				k.epilogue.after(&t, o, image*k.outImage+o)
			}
			if r.fetch {
				t.Ahead = k.in[ahead:]
				ahead = min(ahead+perPanel, len(k.in))
			}
			if k.pair {
				t.RunPair(k.level)
			} else {
				t.Run(k.level)
			}
			if !r.fetch {
				t.Ahead = t.Ahead[min(t.AheadStep*t.Taps*t.Inner/4, len(t.Ahead)):]
			}
		}
		if i++; i == len(c.tiles) {
			image, i = image+1, 0
		}
	}
}

// partAt returns where the part of panel q of group g begins in k.packed.
func (k *direct) partAt(c *class, r part, g, q int) int {
	return (g*k.panels+q)*k.panelSize() + (c.firstTap+r.first)*k.tapSize()
}

// aheadStep returns how many bytes of n elements each step of a tile has to fetch, at most the cache
// line that it asks for.
func (k *direct) aheadStep(t *tile.Rows, n int) int {
	steps := t.Taps * t.Inner
	if k.pair {
		steps /= 2
	}
	return min(portions.Ceil(4*n, steps), 64)
}
