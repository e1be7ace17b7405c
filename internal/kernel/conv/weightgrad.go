package conv

import (
	"sync"

	"github.com/residuum-go/residuum/internal/cpu"
	"github.com/residuum-go/residuum/internal/kernel/gemm/tile"
	"github.com/residuum-go/residuum/internal/parallel"
)

// weightGrad computes the gradient of the weights: for each tap, the product of the transposed
// pixels of x with the pixels of dy.
//
// The sum over pixels is long and dw may be small, so it is cut into chunks of strips that run in
// parallel, each with a dw of its own, and the chunks are added in order. Where dw is large there
// are fewer chunks, and its panels and taps run in parallel instead.
type weightGrad struct {
	shape       Shape
	plan        *gradPlan
	level       cpu.Level
	mr, nr      int // rows and columns of a tile
	x, dy, dw   []float32
	cg, kg      int
	panels      int // of a group
	strips      int // of the batch
	chunks      int
	blockGroups int
	pack        bool      // copy a panel of dy for each strip
	sums        []float32 // a dw for each chunk

	compute, total func(lo, hi int)
}

var weightGrads = sync.Pool{New: func() any {
	g := new(weightGrad)
	g.compute, g.total = g.doCompute, g.doTotal
	return g
}}

// buffers hold packed panels of dy.
var buffers = sync.Pool{New: func() any { return new([]float32) }}

func runWeightGrad(s Shape, dw, x, dy []float32) {
	g := weightGrads.Get().(*weightGrad)
	g.shape, g.dw, g.x, g.dy = s, dw, x, dy
	g.level = cpu.Active()
	g.mr, g.nr = tile.Size(g.level)
	g.cg, g.kg = s.C/s.Groups, s.K/s.Groups
	g.panels = ceil(g.kg, g.nr)
	pitch := s.K
	if g.pack = g.choosePacking(); g.pack {
		pitch = g.nr
	}
	g.plan = gradPlanFor(s, pitch)
	g.strips = ceil(s.N, g.plan.images) * g.plan.strips
	blocks := g.split()
	if g.chunks > 1 {
		g.sums = grow(g.sums, g.chunks*len(dw))
	}
	parallel.For(blocks, 1, g.compute)
	if g.chunks > 1 {
		parallel.For(len(dw), 1<<14/g.chunks, g.total)
	}
	g.dw, g.x, g.dy, g.plan = nil, nil, nil, nil
	weightGrads.Put(g)
}

// choosePacking reports whether panels of dy are copied before use: when a copy is read often, since
// rows a power of two apart share few places in the first-level cache, and when whole vectors would
// be read beyond the end of dy.
func (g *weightGrad) choosePacking() bool {
	uses := g.shape.R * g.shape.S * ceil(g.cg, g.mr)
	return g.shape.K > g.nr && uses >= 6 || g.level == cpu.AVX2 && g.kg%8 != 0
}

// split chooses chunks and blocks by size alone, and returns the number of blocks of all chunks.
func (g *weightGrad) split() int {
	const (
		maxSums = 4 << 20 // elements of all chunks' dw
		enough  = 1 << 22 // multiply-adds of a block
		want    = 32      // blocks
	)
	work := g.shape.N * g.shape.OutH() * g.shape.OutW() * len(g.dw)
	g.chunks = max(1, min(want, g.strips, maxSums/len(g.dw), work/enough))
	across := g.shape.Groups * g.panels
	down := max(1, min(len(g.plan.groups), want/(g.chunks*across), work/(g.chunks*across*enough)))
	g.blockGroups = ceil(len(g.plan.groups), down)
	return g.chunks * across * ceil(len(g.plan.groups), g.blockGroups)
}

func (g *weightGrad) doCompute(lo, hi int) {
	down := ceil(len(g.plan.groups), g.blockGroups)
	buf := buffers.Get().(*[]float32)
	for i := lo; i < hi; i++ {
		chunk, b := i%g.chunks, i/g.chunks
		first := b % down * g.blockGroups
		groups := g.plan.groups[first:min(first+g.blockGroups, len(g.plan.groups))]
		dst := g.dw
		if g.chunks > 1 {
			dst = g.sums[chunk*len(g.dw) : (chunk+1)*len(g.dw)]
		}
		first, end := g.strips*chunk/g.chunks, g.strips*(chunk+1)/g.chunks
		for st := first; st < end; st++ {
			g.strip(dst, st, st > first, groups, b/down/g.panels, b/down%g.panels, buf)
		}
	}
	buffers.Put(buf)
}

// strip adds what strip st contributes to panel q of group gr in the rows of dw that groups name.
func (g *weightGrad) strip(dst []float32, st int, acc bool, groups [][]list, gr, q int, buf *[]float32) {
	s := g.shape
	image, part := st/g.plan.strips*g.plan.images, st%g.plan.strips
	images := min(g.plan.images, s.N-image)
	k := gr*g.kg + q*g.nr
	firstRow, endRow := g.plan.rows(s, part)
	t := tile.Outer{
		A:    g.x[image*s.H*s.W*s.C+gr*g.cg:],
		B:    g.dy[(image*s.OutH()+firstRow)*s.OutW()*s.K+k:],
		LDA:  s.StrideW * s.C,
		LDB:  g.plan.pitch,
		LDC:  s.K,
		Cols: min(g.nr, g.kg-q*g.nr),
	}
	if g.pack {
		pixels := (images*s.OutH() - s.OutH() + endRow - firstRow) * s.OutW()
		*buf = grow(*buf, pixels*g.nr)
		tile.Pack(g.level, *buf, t.B, s.K, false, pixels, t.Cols)
		t.B = *buf
	}
	mr := g.mr
	if t.Cols <= g.nr/2 {
		mr = tile.NarrowRows(g.level)
	}
	x := t.A
	for _, lists := range groups {
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
			n := ceil(l.rows, mr)
			for j := range n { // tiles of equal height, give or take a row
				first, end := l.rows*j/n, l.rows*(j+1)/n
				t.Rows = end - first
				t.A = x[first:]
				t.C = dst[(l.row+first)*s.K+k:]
				t.Run(g.level)
			}
		}
	}
}

func (g *weightGrad) doTotal(lo, hi int) {
	dw := g.dw[lo:hi]
	clear(dw)
	for c := range g.chunks {
		for i, v := range g.sums[c*len(g.dw)+lo : c*len(g.dw)+hi] {
			dw[i] += v
		}
	}
}
