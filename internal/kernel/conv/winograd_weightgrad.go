package conv

import (
	"sync/atomic"

	"github.com/residuum-go/residuum/internal/cpu"
	"github.com/residuum-go/residuum/internal/kernel/gemm/tile"
	"github.com/residuum-go/residuum/internal/kernel/vec"
	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/internal/portions"
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
// The largest of these bilinear forms in |d| and |e| has the norm 69.5, a pixel is in at most 4 tiles and a gradient in
// one. With the roots of the sums of squares over all images, as in [unevenness], that is at most
//
//	|error| <= 140 (T + 20) u ‖x_c‖‖e_k‖
//
// where the direct sum, of up to 16 T terms, has 16 T u ‖x_c‖‖e_k‖, whatever the images hold. So nothing is looked for
// here: a large value of x_c or e_k costs all nine weights between c and k the same digits, as it does directly unless
// what it is multiplied with is padding or small.
//
// When a result is not finite, all are computed again, directly.
//
// The sums are cut into units, a band of input channels and a panel of output channels. Where they are
// small, the tiles are cut into parts, each with sums of its own, which are added in order. Otherwise the
// tiles are taken in chunks that are transformed for all to share, and each unit keeps its sums from chunk to
// chunk.
type winogradGrad struct {
	shape     Shape
	plan      *tilePlan
	level     cpu.Level
	nr        int // columns of a tile of a product
	x, dy, dw []float32
	panels    int
	bands     int
	parts     int

	chunk     transformed
	last      bool      // it is the last one
	sums      []float32 // [parts][bands][panels][36][rows of a band][nr]
	pitch     int       // from one of the 36 to the next
	notFinite atomic.Bool
}

// The loops of a winogradGrad.
type (
	winogradGradParts  winogradGrad
	winogradGradFinish winogradGrad
	winogradGradInputs winogradGrad
	winogradGradUnits  winogradGrad
)

// transformed is tiles in the domain of the products.
type transformed struct {
	first, end     int       // counted through all images
	inputs, grads  []float32 // [36][end-first][ldx], [36][end-first][ldy]
	ldx, ldy       int
	pitchX, pitchY int
}

var winogradGrads portions.Pool[winogradGrad]

const (
	// bandRows is the most input channels of a band: the sums of a unit take 295 KB at AVX2.
	bandRows = 128
	// rowSkew is added to the rows of transformed pixels, so that those of a panel spread over the first-level
	// cache.
	rowSkew = 16
	// ownSums is the most weights for which parts of the tiles have sums of their own: those of a part take
	// 147 KB.
	ownSums = 32 * 32
)

// partPiece is what is transformed at a time in a part, in elements: 230 KB, half a second-level cache. A variable, so
// that tests can lower it.
var partPiece = 56 << 10

// gradTiles is the most tiles of a chunk: what is transformed takes 10 MB with 512 channels, and is to come back from
// the third-level cache. Parts have at least twice as many. A variable, so that tests can lower it.
var gradTiles = 64

// winogradGradWins reports whether Winograd's algorithm is faster for the gradient of the weights, as it is from 32 tiles
// on, or more with many weights. NEON has no transforms for it.
func (s Shape) winogradGradWins() bool {
	if cpu.Active() == cpu.NEON {
		return false
	}
	tiles := s.N * portions.Ceil(s.OutH(), 4) * portions.Ceil(s.OutW(), 4)
	return s.winogradWins(false) && tiles >= max(32, s.C*s.K>>12)
}

func runWinogradGrad(s Shape, dw, x, dy []float32) {
	g := winogradGrads.Get()
	g.shape, g.dw, g.x, g.dy = s, dw, x, dy
	g.level = cpu.Active()
	_, g.nr = tile.Size(g.level)
	g.plan = tilePlanFor(s, false)
	g.panels = portions.Ceil(s.K, g.nr)
	g.bands = portions.Ceil(s.C, bandRows)
	g.pitch = portions.Ceil(s.C, g.bands)*g.nr + skew
	if s.C*s.K <= ownSums {
		g.byParts()
	} else {
		g.byChunks()
	}
	if g.notFinite.Swap(false) {
		runWeightGrad(s, dw, x, dy)
	}
	g.dw, g.x, g.dy, g.plan = nil, nil, nil, nil
	winogradGrads.Put(g)
}

// unit returns the sums of unit u of a part.
func (g *winogradGrad) unit(part, u int) []float32 {
	return g.sums[(part*g.bands*g.panels+u)*36*g.pitch:][:36*g.pitch]
}

// byParts sums parts of the tiles separately.
func (g *winogradGrad) byParts() {
	tiles, units := g.shape.N*g.plan.tiles, g.bands*g.panels
	g.parts = max(1, min(16, tiles/(2*gradTiles))) // with fewer tiles, adding the sums would take long
	g.sums = portions.Grow(g.sums, g.parts*units*36*g.pitch)
	parallel.For(g.parts, 1, (*winogradGradParts)(g))
	size := units * 36 * g.pitch
	for p := 1; p < g.parts; p++ {
		vec.Add(g.sums[:size], g.sums[:size], g.sums[p*size:][:size])
	}
	parallel.For(units, 1, (*winogradGradFinish)(g))
}

// Run sums parts lo to hi of the tiles.
func (l *winogradGradParts) Run(lo, hi int) {
	g := (*winogradGrad)(l)
	inputs, grads, scratch := buffers.Get(), buffers.Get(), buffers.Get()
	tiles := g.shape.N * g.plan.tiles
	b := transformed{ldx: g.shape.C, ldy: g.shape.K}
	piece := partPiece / (36 * (b.ldx + b.ldy))
	for p := lo; p < hi; p++ {
		first, end := portions.Share(tiles, p, g.parts), portions.Share(tiles, p+1, g.parts)
		for b.first = first; b.first < end; b.first = b.end {
			b.end = min(b.first+piece, end)
			b.room(inputs, grads)
			g.transform(&b, b.first, b.end, scratch)
			for u := range g.bands * g.panels {
				g.products(&b, g.unit(p, u), u, b.first > first)
			}
		}
	}
	buffers.Put(inputs)
	buffers.Put(grads)
	buffers.Put(scratch)
}

// Run writes the weights of units lo to hi.
func (l *winogradGradFinish) Run(lo, hi int) {
	g := (*winogradGrad)(l)
	scratch := buffers.Get()
	for u := lo; u < hi; u++ {
		g.finish(g.unit(0, u), u, scratch)
	}
	buffers.Put(scratch)
}

// byChunks transforms a chunk of the tiles for all units, then the next.
func (g *winogradGrad) byChunks() {
	units := g.bands * g.panels
	g.sums = portions.Grow(g.sums, units*36*g.pitch)
	tiles := g.shape.N * g.plan.tiles
	chunks := portions.Ceil(tiles, gradTiles)
	c := &g.chunk
	c.ldx, c.ldy = g.shape.C+rowSkew, g.shape.K+rowSkew
	for i := range chunks {
		c.first, c.end, g.last = portions.Share(tiles, i, chunks), portions.Share(tiles, i+1, chunks), i == chunks-1
		c.room(&c.inputs, &c.grads)
		parallel.For(c.end-c.first, 1, (*winogradGradInputs)(g))
		parallel.For(units, 1, (*winogradGradUnits)(g))
	}
}

// room makes room for the tiles in buffers.
func (b *transformed) room(inputs, grads *[]float32) {
	n := b.end - b.first
	b.pitchX, b.pitchY = n*b.ldx+skew, n*b.ldy+skew
	*inputs, *grads = portions.Grow(*inputs, 36*b.pitchX), portions.Grow(*grads, 36*b.pitchY)
	b.inputs, b.grads = *inputs, *grads
}

// Run transforms tiles lo to hi of the chunk at hand.
func (l *winogradGradInputs) Run(lo, hi int) {
	g := (*winogradGrad)(l)
	scratch := buffers.Get()
	g.transform(&g.chunk, g.chunk.first+lo, g.chunk.first+hi, scratch)
	buffers.Put(scratch)
}

// transform transforms inputs and gradients of the tiles first to end.
func (g *winogradGrad) transform(b *transformed, first, end int, scratch *[]float32) {
	s := g.shape
	sizeX, sizeY := s.H*s.W*s.C, s.OutH()*s.OutW()*s.K // of an image
	*scratch = portions.Grow(*scratch, scratchPerChannel*tileChannels)
	for i := first; i < end; i++ {
		image, t := i/g.plan.tiles, i%g.plan.tiles
		x, dy := g.x[image*sizeX:], g.dy[image*sizeY:]
		g.plan.fetchInput(x, sizeX, t, s.C)
		g.plan.fetchOutput(dy, sizeY, t, s.K)
		inputs, grads := b.inputs[(i-b.first)*b.ldx:], b.grads[(i-b.first)*b.ldy:]
		for c := 0; c < s.C; c += tileChannels {
			tileInput(g.level, inputs[c:], b.pitchX, x[c:], g.plan.zeros, g.plan.in[36*t:], *scratch, min(tileChannels, s.C-c))
		}
		for k := 0; k < s.K; k += tileChannels {
			n := min(tileChannels, s.K-k)
			tileGradient(g.level, grads[k:], b.pitchY, dy[k:], g.plan.zeros, g.plan.out[16*t:], *scratch, n)
		}
	}
}

// Run adds the chunk at hand to the sums of units lo to hi.
func (l *winogradGradUnits) Run(lo, hi int) {
	g := (*winogradGrad)(l)
	scratch := buffers.Get()
	for u := lo; u < hi; u++ {
		g.products(&g.chunk, g.unit(0, u), u, g.chunk.first > 0)
		if g.last {
			g.finish(g.unit(0, u), u, scratch)
		}
	}
	buffers.Put(scratch)
}

// channels returns the input channels of unit u, the first of its output channels, and how many it has.
func (g *winogradGrad) channels(u int) (first, end, k, cols int) {
	b, q := u/g.panels, u%g.panels
	return portions.Share(g.shape.C, b, g.bands), portions.Share(g.shape.C, b+1, g.bands), q * g.nr, min(g.nr, g.shape.K-q*g.nr)
}

// products adds tiles to the sums of unit u, or sets them. Meanwhile it fetches the inputs of the next product, each tile
// of sums a few channels of every row.
func (g *winogradGrad) products(b *transformed, sums []float32, u int, acc bool) {
	first, end, k, cols := g.channels(u)
	t := tile.Strip{M: end - first, K: b.end - b.first, RowA: 1, StepA: b.ldx, LDB: b.ldy, LDC: g.nr, Cols: cols}
	tall := portions.Ceil(t.M, tile.StripRows(g.level, cols))
	t.Rows = portions.Ceil(t.M, tall)
	if acc {
		t.Acc = 1
	}
	t.AheadStep = 4 * b.ldx
	t.AheadTile = portions.Ceil(4*t.M, tall) - t.AheadStep*t.K
	for i := range 36 {
		t.A, t.B, t.C = b.inputs[i*b.pitchX+first:], b.grads[i*b.pitchY+k:], sums[i*g.pitch:]
		t.Ahead = b.inputs[min(i+1, 35)*b.pitchX+first:]
		t.Run(g.level)
	}
}

// finish writes the weights of unit u.
func (g *winogradGrad) finish(sums []float32, u int, scratch *[]float32) {
	first, end, o, cols := g.channels(u)
	n, k := (end-first)*g.nr, g.shape.K
	*scratch = portions.Grow(*scratch, 9*n)
	if !tileWeightGrad(g.level, *scratch, sums, g.pitch, n) {
		g.notFinite.Store(true)
	}
	for t := range 9 {
		for c := first; c < end; c++ {
			copy(g.dw[(t*g.shape.C+c)*k+o:][:cols], (*scratch)[t*n+(c-first)*g.nr:])
		}
	}
}
