package conv

import (
	"math"

	"github.com/residuum-go/residuum/internal/cpu"
	"github.com/residuum-go/residuum/internal/kernel/gemm/tile"
	"github.com/residuum-go/residuum/internal/kernel/vec"
	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/internal/portions"
)

// weightGrad computes the gradient of the weights: for each tap, the product of the transposed
// pixels of x with the pixels of dy.
//
// The sum over pixels is long and dw may be small, so it is cut into chunks of strips that run in
// parallel, each with a dw of its own, and the chunks are added in order. Where dw is large there
// are fewer chunks, and its panels, bands and taps run in parallel instead.
type weightGrad struct {
	shape     Shape
	plan      *gradPlan
	level     cpu.Level
	mr, nr    int // rows and columns of a tile
	x, dy, dw []float32
	cg, kg    int
	panels    int  // of a group of channels
	pack      bool // copy the panels of dy for each strip
	strips    int  // of the batch

	// A piece of work is a chunk of the strips, piecePanels panels of all groups of channels, and
	// pieceGroups groups of the plan.
	chunks, piecePanels, pieceGroups int
	sums                             []float32 // a dw for each chunk but the first
}

var weightGrads portions.Pool[weightGrad]

func runWeightGrad(s Shape, dw, x, dy []float32) {
	g := weightGrads.Get()
	g.shape, g.dw, g.x, g.dy = s, dw, x, dy
	g.level = cpu.Active()
	g.mr, g.nr = tile.Size(g.level)
	g.cg, g.kg = s.C/s.Groups, s.K/s.Groups
	g.panels = portions.Ceil(g.kg, g.nr)
	pitch := s.K
	if g.pack = g.choosePacking(); g.pack {
		pitch = g.nr
	}
	packed := 0
	if g.choosePackedX() {
		packed = g.nr
	}
	g.plan = gradPlanFor(s, pitch, packed)
	g.strips = portions.Ceil(s.N, g.plan.images) * g.plan.strips
	g.split()
	across, down := g.grid()
	g.sums = portions.Grow(g.sums, (g.chunks-1)*len(dw))
	parallel.For(g.chunks*across*down, 1, g)
	for c := 1; c < g.chunks; c++ {
		vec.Add(dw, dw, g.chunk(c))
	}
	g.dw, g.x, g.dy, g.plan = nil, nil, nil, nil
	weightGrads.Put(g)
}

// choosePacking reports whether panels of dy are copied before use: when a copy is read often, since
// rows a power of two apart share few places in the first-level cache, and when whole vectors would
// be read beyond the end of dy.
func (g *weightGrad) choosePacking() bool {
	uses := g.shape.R * g.shape.S * portions.Ceil(g.cg, g.mr)
	return g.shape.K > g.nr && uses >= 6 || g.kg%tile.Whole(g.level) != 0
}

// maxPanels is the most panels of dy in a piece: packed, 256 KB.
const maxPanels = 8

// split chooses chunks and pieces by size alone.
func (g *weightGrad) split() {
	const (
		maxSums   = 4 << 20 // elements of all chunks' dw
		minPixels = 1024    // of a chunk: adding it up is then a few percent of the work at most
		enough    = 1 << 21 // multiply-adds of a piece
		want      = 16      // pieces
	)
	pixels := g.shape.N * g.shape.OutH() * g.shape.OutW()
	worth := int(min(int64(pixels)*int64(len(g.dw))/enough, math.MaxInt32)) // pieces
	g.chunks = max(1, min(want, g.strips, maxSums/len(g.dw), pixels/minPixels, worth))
	all := g.shape.Groups * g.panels
	g.piecePanels = min(all, maxPanels)
	g.pieceGroups = len(g.plan.groups)
	across, _ := g.grid()
	down := min(len(g.plan.groups), portions.Ceil(want, g.chunks*across), max(1, worth/(g.chunks*across)))
	g.pieceGroups = portions.Ceil(len(g.plan.groups), down)
}

// grid returns how many pieces of panels and of groups cover a chunk.
func (g *weightGrad) grid() (across, down int) {
	return portions.Ceil(g.shape.Groups*g.panels, g.piecePanels), portions.Ceil(len(g.plan.groups), g.pieceGroups)
}

// chunk returns where chunk i adds up: the first one in dw.
func (g *weightGrad) chunk(i int) []float32 {
	if i == 0 {
		return g.dw
	}
	return g.sums[(i-1)*len(g.dw) : i*len(g.dw)]
}

// Run computes pieces lo to hi.
func (g *weightGrad) Run(lo, hi int) {
	across, down := g.grid()
	buf, x := buffers.Get(), packedXs.Get()
	for i := lo; i < hi; i++ {
		chunk, q, b := i%g.chunks, i/g.chunks%across, i/g.chunks/across
		groups := g.plan.groups[portions.Share(len(g.plan.groups), b, down):portions.Share(len(g.plan.groups), b+1, down)]
		all := g.shape.Groups * g.panels
		panel, panelEnd := portions.Share(all, q, across), portions.Share(all, q+1, across)
		first, end := portions.Share(g.strips, chunk, g.chunks), portions.Share(g.strips, chunk+1, g.chunks)
		for st := first; st < end; st++ {
			g.strip(g.chunk(chunk), st, st > first, st+1 < end, groups, panel, panelEnd, buf, x)
		}
	}
	buffers.Put(buf)
	packedXs.Put(x)
}

// strip adds what strip st contributes to the panels first to end in the rows of dw that groups name.
// With more, it fetches the next strip meanwhile.
func (g *weightGrad) strip(dst []float32, st int, acc, more bool, groups [][]list, first, end int, buf *[]float32, packed *packedX) {
	s := g.shape
	image, images, part := g.where(st)
	dy, pixels := g.pixels(st)
	if g.pack {
		*buf = portions.Grow(*buf, (end-first)*pixels*g.nr)
		g.packStrip(*buf, dy, pixels, first, end)
	}
	t := tile.Outer{LDA: g.plan.xPitch(s), LDB: g.plan.pitch, LDC: s.K, Ahead: g.x}
	var next fetch
	if more {
		next = g.next(st, pixels*(end-first)*g.tilesOf(groups))
	}
	for i, lists := range groups {
		if band := lists[0]; g.plan.packed > 0 && (i == 0 || band.x != groups[i-1][0].x) {
			g.packX(packed, st, band.x, band.rows)
		}
		for q := first; q < end; q++ {
			k, cols := g.panel(q)
			t.Cols = cols
			if t.B = dy[k:]; g.pack {
				t.B = (*buf)[(q-first)*pixels*g.nr:]
			}
			x := g.x[image*s.H*s.W*s.C+q/g.panels*g.cg:]
			for i := range lists {
				l := &lists[i]
				t.Seg = l.strips[part].segs
				t.Segs = l.strips[part].perImage * images
				t.Acc = 0
				if acc || l.adds {
					if t.Acc = 1; t.Segs == 0 {
						continue
					}
				}
				if g.plan.packed == 0 {
					g.tiles(&t, l.row, l.rows, x[l.x:], dst[k:], &next, pixels)
					continue
				}
				for c := 0; c < l.rows; c += g.nr {
					panel := packed.buf[c*packed.pixels:]
					g.tiles(&t, l.row+c, min(g.nr, l.rows-c), panel, dst[k:], &next, pixels)
				}
			}
		}
	}
}

// where returns the images of strip st and which strip of an image it is.
func (g *weightGrad) where(st int) (image, images, part int) {
	image, part = st/g.plan.strips*g.plan.images, st%g.plan.strips
	return image, min(g.plan.images, g.shape.N-image), part
}

// pixels returns dy from strip st on, and how many pixels the strip has.
func (g *weightGrad) pixels(st int) (dy []float32, n int) {
	s := g.shape
	image, images, part := g.where(st)
	row, end := g.plan.rows(s, part)
	return g.dy[(image*s.OutH()+row)*s.OutW()*s.K:], (images*s.OutH() - s.OutH() + end - row) * s.OutW()
}

// fetch is what a strip asks the cache for on behalf of the next one: first x, then dy.
type fetch struct {
	x, dy []float32
	step  int // bytes of each step
}

// next returns what the strip after st reads that st does not, to be spread over so many steps.
func (g *weightGrad) next(st, steps int) fetch {
	s := g.shape
	image, images, part := g.where(st)
	from := image*s.H*s.W*s.C + g.plan.ends[part]
	to := from - g.plan.ends[part] + g.plan.ends[(part+1)%g.plan.strips]
	if part+1 == g.plan.strips {
		to += images * s.H * s.W * s.C
	}
	var f fetch
	if s.R >= s.StrideH && s.S >= s.StrideW { // else most of it is not read
		f.x = g.x[min(from, to, len(g.x)):min(to, len(g.x))]
	}
	dy, n := g.pixels(st + 1)
	f.dy = dy[:n*s.K]
	f.step = min(64, portions.Ceil(4*(len(f.x)+len(f.dy)), max(steps, 1)))
	return f
}

// take lets a tile of n steps fetch the next part of f.
func (f *fetch) take(t *tile.Outer, n int) {
	t.AheadStep = f.step
	part := &f.x
	if len(f.x) == 0 {
		part = &f.dy
	}
	if len(*part) > 0 {
		t.Ahead = *part
		*part = (*part)[min(n*f.step/4, len(*part)):]
	}
}

// tilesOf returns how many tiles groups have in a panel of full width.
func (g *weightGrad) tilesOf(groups [][]list) int {
	n := 0
	for _, lists := range groups {
		if rows := lists[0].rows; g.plan.packed > 0 {
			n += portions.Ceil(rows, g.nr) * portions.Ceil(g.nr, g.mr)
		} else {
			n += portions.Ceil(rows, g.mr)
		}
	}
	return n
}

// panel returns the first column and the width of panel q, counted through all groups.
func (g *weightGrad) panel(q int) (k, cols int) {
	gr, first := q/g.panels, q%g.panels*g.nr
	return gr*g.kg + first, min(g.nr, g.kg-first)
}

// packStrip copies panels of dy, a few pixels at a time so that dy is read in order.
func (g *weightGrad) packStrip(dst, dy []float32, pixels, first, end int) {
	const few = 16
	for p := 0; p < pixels; p += few {
		for q := first; q < end; q++ {
			k, cols := g.panel(q)
			tile.Pack(g.level, dst[((q-first)*pixels+p)*g.nr:], dy[p*g.shape.K+k:], g.shape.K, false, min(few, pixels-p), cols)
		}
	}
}

// tiles computes rows of dw from row on in one panel, x being their first channel.
func (g *weightGrad) tiles(t *tile.Outer, row, rows int, x, dst []float32, next *fetch, pixels int) {
	mr := g.mr
	if t.Cols <= g.nr/2 {
		mr = tile.NarrowRows(g.level)
	}
	n := portions.Ceil(rows, mr)
	for j := range n { // tiles of equal height, give or take a row
		first, end := portions.Share(rows, j, n), portions.Share(rows, j+1, n)
		t.Rows = end - first
		t.A = x[first:]
		t.C = dst[(row+first)*g.shape.K:]
		next.take(t, pixels)
		t.Run(g.level)
	}
}
