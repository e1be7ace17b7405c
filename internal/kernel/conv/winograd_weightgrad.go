package conv

import (
	"sync"
	"sync/atomic"

	"github.com/residuum-go/residuum/internal/cpu"
	"github.com/residuum-go/residuum/internal/kernel/gemm/tile"
	"github.com/residuum-go/residuum/internal/parallel"
)

// winogradGrad computes the gradient of the weights of a 3x3 convolution with stride 1 by the transpose of
// the algorithm of [winograd]:
//
//	dw[c, k] = GT [ Σ_tiles (BT d B) ⊙ (A e AT) ] G
//
// where d is the 6 x 6 inputs of channel c and e the 4 x 4 gradients of channel k. The brackets are 36
// matrix products, each a sum of outer products over tiles.
//
// Error. With u = 2^-24, T tiles in all and to first order in u,
//
//	|error| <= (T + 20) u · |GT| [ Σ_tiles (|BT| |d| |B|) ⊙ (|A| |e| |AT|) ] |G|
//
// When a result is not finite, all are computed again, directly.
//
// The tiles are taken in chunks, whose inputs and gradients are transformed for all to share. The sums are
// cut into units, a band of input channels and a panel of output channels, which keep them from
// chunk to chunk and transform them after the last one.
type winogradGrad struct {
	shape     Shape
	plan      *tilePlan
	level     cpu.Level
	mr, nr    int // rows and columns of a tile of a product
	x, dy, dw []float32
	panels    int
	bands     int

	first, end        int       // tiles at hand, counted through all images
	last              bool      // they are the last ones
	inputs, grads     []float32 // transformed: [36][end-first][ldx], [36][end-first][ldy]
	ldx, ldy          int
	pitchX, pitchY    int
	sums              []float32 // [bands][panels][36][rows of a band][nr]
	pitch             int       // from one of the 36 parts to the next
	notFinite         atomic.Bool
	doInputs, doUnits func(lo, hi int)
}

var winogradGrads = sync.Pool{New: func() any {
	g := new(winogradGrad)
	g.doInputs, g.doUnits = g.someInputs, g.someUnits
	return g
}}

const (
	// bandRows is the most input channels of a band: the sums of a unit take 295 KB at AVX2.
	bandRows = 128
	// rowSkew is added to the rows of transformed pixels, so that those of a panel spread over the first-level
	// cache.
	rowSkew = 16
)

// gradTiles is the most tiles of a chunk: what is transformed takes 19 MB with 512 channels. With 256, 64
// channels at 56x56 run at 1.6 instead of 2.0 of the peak. A variable, so that tests can lower it.
var gradTiles = 128

// winogradGradWins reports whether Winograd's algorithm is faster for the gradient of the weights.
//
// Measured in units of the multiply-add peak, AVX2 on Zen 3, one thread, batches of 8, direct and Winograd: 64
// channels at 56x56 0.88 and 2.0, 128 at 28x28 0.87 and 2.3, 256 at 14x14 0.88 and 1.45, 512 at 7x7, with 32
// tiles, 0.83 and 1.04, but on two threads 1.20 and 1.09. With 16 tiles, 256 channels are even; with 32 channels it
// gains a tenth. NEON has no transforms for it.
func (s Shape) winogradGradWins() bool {
	if cpu.Active() == cpu.NEON {
		return false
	}
	tiles := s.N * ceil(s.OutH(), 4) * ceil(s.OutW(), 4)
	return s.winogradWins(false) && min(s.C, s.K) >= 64 && tiles >= max(32, s.C*s.K>>12)
}

func runWinogradGrad(s Shape, dw, x, dy []float32) {
	g := winogradGrads.Get().(*winogradGrad)
	g.shape, g.dw, g.x, g.dy = s, dw, x, dy
	g.level = cpu.Active()
	g.mr, g.nr = tile.Size(g.level)
	g.plan = tilePlanFor(s, false)
	g.panels = ceil(s.K, g.nr)
	g.bands = ceil(s.C, bandRows)
	g.ldx, g.ldy = s.C+rowSkew, s.K+rowSkew
	g.pitch = ceil(s.C, g.bands)*g.nr + skew
	g.sums = grow(g.sums, g.bands*g.panels*36*g.pitch)
	tiles := s.N * g.plan.tiles
	chunks := ceil(tiles, gradTiles)
	for i := range chunks {
		g.first, g.end, g.last = tiles*i/chunks, tiles*(i+1)/chunks, i == chunks-1
		n := g.end - g.first
		g.pitchX, g.pitchY = n*g.ldx+skew, n*g.ldy+skew
		g.inputs, g.grads = grow(g.inputs, 36*g.pitchX), grow(g.grads, 36*g.pitchY)
		parallel.For(n, 1, g.doInputs)
		parallel.For(g.bands*g.panels, 1, g.doUnits)
	}
	if g.notFinite.Swap(false) {
		runWeightGrad(s, dw, x, dy)
	}
	g.dw, g.x, g.dy, g.plan = nil, nil, nil, nil
	winogradGrads.Put(g)
}

// someInputs transforms inputs and gradients of tiles.
func (g *winogradGrad) someInputs(lo, hi int) {
	s := g.shape
	scratch := buffers.Get().(*[]float32)
	*scratch = grow(*scratch, scratchPerChannel*tileChannels)
	for i := lo; i < hi; i++ {
		image, t := (g.first+i)/g.plan.tiles, (g.first+i)%g.plan.tiles
		x, dy := g.x[image*s.H*s.W*s.C:], g.dy[image*s.OutH()*s.OutW()*s.K:]
		for c := 0; c < s.C; c += tileChannels {
			tileInput(g.level, g.inputs[i*g.ldx+c:], g.pitchX, x[c:], g.plan.zeros, g.plan.in[36*t:], *scratch, min(tileChannels, s.C-c))
		}
		for k := 0; k < s.K; k += tileChannels {
			n := min(tileChannels, s.K-k)
			tileGradient(g.level, g.grads[i*g.ldy+k:], g.pitchY, dy[k:], g.plan.zeros, g.plan.out[16*t:], *scratch, n)
		}
	}
	buffers.Put(scratch)
}

// someUnits adds the tiles at hand to the sums of units.
func (g *winogradGrad) someUnits(lo, hi int) {
	scratch := buffers.Get().(*[]float32)
	for u := lo; u < hi; u++ {
		b, q := u/g.panels, u%g.panels
		row, end := g.shape.C*b/g.bands, g.shape.C*(b+1)/g.bands
		sums := g.sums[u*36*g.pitch:][:36*g.pitch]
		g.products(sums, row, end, q)
		if g.last {
			g.finish(sums, row, end, q, scratch)
		}
	}
	buffers.Put(scratch)
}

// products adds the tiles at hand to the sums of the input channels first to end and panel q.
func (g *winogradGrad) products(sums []float32, first, end, q int) {
	n := g.end - g.first
	seg := [3]int32{0, 0, int32(n)}
	t := tile.Outer{Segs: 1, Seg: seg[:], LDA: g.ldx, LDB: g.ldy, LDC: g.nr, Cols: min(g.nr, g.shape.K-q*g.nr), Acc: min(g.first, 1)}
	mr := g.mr
	if t.Cols <= g.nr/2 {
		mr = tile.NarrowRows(g.level)
	}
	rows := ceil(end-first, mr)
	for i := range 36 {
		x, m := g.inputs[i*g.pitchX+first:], sums[i*g.pitch:]
		t.B = g.grads[i*g.pitchY+q*g.nr:]
		for j := range rows {
			lo, hi := (end-first)*j/rows, (end-first)*(j+1)/rows
			t.Rows = hi - lo
			t.A, t.C = x[lo:], m[lo*g.nr:]
			t.Run(g.level)
		}
	}
}

// finish writes the weights of the input channels first to end and panel q.
func (g *winogradGrad) finish(sums []float32, first, end, q int, scratch *[]float32) {
	n, k := (end-first)*g.nr, g.shape.K
	*scratch = grow(*scratch, 9*n)
	cols := min(g.nr, k-q*g.nr)
	if !tileWeightGrad(g.level, *scratch, sums, g.pitch, n) {
		g.notFinite.Store(true)
	}
	for t := range 9 {
		for c := first; c < end; c++ {
			copy(g.dw[(t*g.shape.C+c)*k+q*g.nr:][:cols], (*scratch)[t*n+(c-first)*g.nr:])
		}
	}
}
