package conv

import (
	"sync"

	"github.com/residuum-go/residuum/internal/cpu"
	"github.com/residuum-go/residuum/internal/kernel/gemm/tile"
	"github.com/residuum-go/residuum/internal/parallel"
)

// walk computes an output image from an input image along a plan: Forward and InputGrad.
//
// The weights are packed once per call into panels [taps][inner][cols of a tile]. Work is handed out
// in blocks of tiles by panels. A block goes through its panels one by one, and through all its
// tiles for each, so that a panel is fetched once per block while its tiles read pixels that stay in
// the second-level cache.
type walk struct {
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

	blockTiles, blockPanels int
	packed                  []float32
	pack, compute           func(lo, hi int)
}

var walks = sync.Pool{New: func() any {
	k := new(walk)
	k.pack, k.compute = k.doPack, k.doCompute
	return k
}}

// run computes out from in. The shape has no empty dimension.
func run(s Shape, inputGrad bool, out, in, w []float32) {
	k := walks.Get().(*walk)
	k.shape, k.inputGrad = s, inputGrad
	k.in, k.w, k.out = in, w, out
	k.level = cpu.Active()
	var rows int
	rows, k.cols = tile.Size(k.level)
	k.plan = planFor(s, inputGrad, rows)
	k.inImage, k.outImage = s.H*s.W*s.C, s.OutH()*s.OutW()*s.K
	k.inner, k.outer = s.C/s.Groups, s.K/s.Groups
	if inputGrad {
		k.inImage, k.outImage = k.outImage, k.inImage
		k.inner, k.outer = k.outer, k.inner
	}
	k.pair = k.outer <= tile.PairCols(k.level) && k.inner%2 == 0
	k.panels = ceil(k.outer, k.cols)
	all := s.Groups * k.panels
	k.packed = grow(k.packed, all*k.panelSize())
	parallel.For(all, max(1, 1<<16/k.panelSize()), k.pack)
	k.split(rows)
	blocks := 0
	for i := range k.plan.classes {
		blocks += k.blocks(&k.plan.classes[i])
	}
	parallel.For(blocks, 1, k.compute)
	k.in, k.w, k.out, k.plan = nil, nil, nil, nil
	walks.Put(k)
}

// tapSize returns the elements of a panel for one tap, panelSize for all.
func (k *walk) tapSize() int {
	if k.pair {
		return k.inner / 2 * k.cols
	}
	return k.inner * k.cols
}

func (k *walk) panelSize() int { return len(k.plan.taps) * k.tapSize() }

// doPack packs panels of all groups. Row (t, i) of a panel holds the weights between input channel i
// and the output channels of the panel through tap t.
func (k *walk) doPack(lo, hi int) {
	s := k.shape
	cg, kg := s.C/s.Groups, s.K/s.Groups
	pack := tile.Pack
	if k.pair {
		pack = tile.PackPair
	}
	for i := lo; i < hi; i++ {
		g, first := i/k.panels, i%k.panels*k.cols
		cols := min(k.cols, k.outer-first)
		panel := k.packed[i*k.panelSize():]
		if !k.inputGrad {
			pack(k.level, panel, k.w[g*kg+first:], s.K, false, len(k.plan.taps)*cg, cols)
			continue
		}
		for t, tap := range k.plan.taps {
			pack(k.level, panel[t*k.tapSize():], k.w[(tap*cg+first)*s.K+g*kg:], s.K, true, kg, cols)
		}
	}
}

// split chooses blocks of about 2^21 multiply-adds, by size alone.
func (k *walk) split(rows int) {
	const enough, fewest, most = 1 << 21, 16, 96
	perTile := max(1, rows*k.cols*len(k.plan.taps)*k.inner/len(k.plan.classes))
	k.blockTiles = min(max(enough/perTile, fewest), most)
	k.blockPanels = max(1, min(enough/(perTile*k.blockTiles), k.panels))
}

// grid returns how many blocks cover the tiles and the panels of a class, all groups together.
func (k *walk) grid(c *class) (down, across int) {
	return ceil(k.shape.N*len(c.tiles), k.blockTiles), k.shape.Groups * ceil(k.panels, k.blockPanels)
}

func (k *walk) blocks(c *class) int {
	down, across := k.grid(c)
	return down * across
}

func (k *walk) doCompute(lo, hi int) {
	for i := lo; i < hi; i++ {
		b, classes := i, k.plan.classes
		for b >= k.blocks(&classes[0]) {
			b -= k.blocks(&classes[0])
			classes = classes[1:]
		}
		c := &classes[0]
		down, _ := k.grid(c)
		across := ceil(k.panels, k.blockPanels)
		tiles := k.shape.N * len(c.tiles)
		first, end := tiles*(b%down)/down, tiles*(b%down+1)/down
		g, q := b/down/across, b/down%across*k.blockPanels
		for ; q < min((b/down%across+1)*k.blockPanels, k.panels); q++ {
			k.panel(c, g, q, first, end)
		}
	}
}

// panel computes tiles first to end of class c, counted through all images, for panel q of group g.
func (k *walk) panel(c *class, g, q, first, end int) {
	t := tile.Rows{
		Zero: k.plan.zeros,
		B:    k.packed[(g*k.panels+q)*k.panelSize()+c.firstTap*k.tapSize():],
		LDB:  k.cols,
		Cols: min(k.cols, k.outer-q*k.cols),
	}
	for image, i := first/len(c.tiles), first%len(c.tiles); first < end; first++ {
		x := &c.tiles[i]
		t.Rows, t.Taps, t.Inner = x.rows, x.taps, x.inner
		t.Off, t.Out = x.off, c.out[x.first:]
		t.A = k.in[image*k.inImage+g*k.inner:]
		t.C = k.out[image*k.outImage+g*k.outer+q*k.cols:]
		if k.pair {
			t.RunPair(k.level)
		} else {
			t.Run(k.level)
		}
		if i++; i == len(c.tiles) {
			image, i = image+1, 0
		}
	}
}

// grow returns a buffer of n elements, s if it is large enough.
func grow(s []float32, n int) []float32 {
	if cap(s) < n {
		return make([]float32, n)
	}
	return s[:n]
}
