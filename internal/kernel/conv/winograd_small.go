package conv

import (
	"github.com/residuum-go/residuum/internal/kernel/gemm/tile"
	"github.com/residuum-go/residuum/internal/kernel/vec"
	"github.com/residuum-go/residuum/internal/pages"
	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/internal/portions"
)

// smallWinograd is Winograd's F(2x2, 3x3) for a [Prepared] whose images have few pixels and many weights, such as 512
// channels on 7x7 pixels: 16 products for 4 outputs, where the direct sum has 36. F(4x4, 3x3) has 9, but its weights are
// four times those of the direct sum, not 16/9, and with one image it waits for them to come from memory.
//
// The points of interpolation are 0, ±1 and infinity. Images with a tile that is not even, see [unevenness], or with
// a result that is not finite, are computed again, directly. Transforms are passes over whole pixels, in Go.
type smallWinograd struct {
	prepared *Prepared
	in, out  []float32
	images   int
	inputs   []float32 // of some images, transformed: [16][tiles][channels]
	pitch    int       // from one of the 16 parts to the next
	uneven   []bool    // by tile; several tiles are transformed at once
	infinite []bool    // by image and panel
	direct   []bool    // by image: it has to be computed directly
	epilogue Epilogue
	first    int // image of those at hand
}

// smallPlan says where the 2 x 2 tiles of an image read and write.
type smallPlan struct {
	tiles int
	in    []int32   // [tiles][4][4] offsets in the input image, negative for a pixel outside
	out   []int32   // [tiles][16] offsets of 2 x 2 outputs, and 12 that are negative
	zeros []float32 // what pixels outside read
}

var smallWinograds portions.Pool[smallWinograd]

// The loops of a smallWinograd.
type (
	smallInputs smallWinograd
	smallPanels smallWinograd
)

// smallTiles is the most tiles whose inputs are kept.
const smallTiles = 64

// smallWins reports whether F(2x2, 3x3) is faster than F(4x4, 3x3) with batches of N: the weights of each panel then meet
// fewer than a tile's rows of inputs.
func (s Shape) smallWins() bool {
	tiles := s.N * portions.Ceil(s.OutH(), 4) * portions.Ceil(s.OutW(), 4)
	return tiles > 0 && tiles <= 8 && s.C*s.K >= 1<<16
}

func newSmallPlan(s Shape) *smallPlan {
	p := &smallPlan{zeros: make([]float32, max(s.C, s.K))}
	in, out := image{s.H, s.W, s.C}, image{s.OutH(), s.OutW(), s.K}
	for h := 0; h < out.height; h += 2 {
		for w := 0; w < out.width; w += 2 {
			p.in = in.offsets(p.in, h-s.PadH, w-s.PadW, 4)
			p.out = out.offsets(p.out, h, w, 2)
			for range 12 {
				p.out = append(p.out, outside)
			}
			p.tiles++
		}
	}
	return p
}

// smallWeights returns the weights w of p, transformed: [panels][16][C][columns of a tile].
func smallWeights(p *Prepared, w []float32) []float32 {
	s := p.shape
	_, cols := tile.Size(p.level)
	panels, parts, panel := portions.Ceil(s.K, cols), portions.Ceil(s.C, weightRows), s.C*cols
	all := pages.Make[float32](panels * 16 * panel)
	parallel.For(panels*parts, 1, parallel.Func(func(lo, hi int) {
		buf := buffers.Get()
		for i := lo; i < hi; i++ {
			q, c := i/parts, i%parts*weightRows
			p.smallFilters(all[q*16*panel+c*cols:], panel, w[c*s.K+q*cols:], min(weightRows, s.C-c), min(cols, s.K-q*cols), buf)
		}
		buffers.Put(buf)
	}))
	return all
}

// smallFilters writes the filters of so many input channels and of columns of a panel, transformed, whose 16 elements are a
// pitch apart. They begin in w.
func (p *Prepared) smallFilters(dst []float32, pitch int, w []float32, rows, cols int, buf *[]float32) {
	s := p.shape
	_, width := tile.Size(p.level)
	n := rows * width
	*buf = portions.Grow(*buf, 22*n)
	of := func(i int) []float32 { return (*buf)[i*n:][:n] }
	for i := range 9 {
		tile.Pack(p.level, of(i), w[i*s.C*s.K:], s.K, false, rows, cols)
	}
	t, half := func(i int) []float32 { return of(9 + i) }, of(21) // G g, [4][3]
	for j := range 3 {
		smallFilter(t(j), t(3+j), t(6+j), t(9+j), of(j), of(3+j), of(6+j), half)
	}
	for i := range 4 {
		v := func(j int) []float32 { return dst[(4*i+j)*pitch:][:n] }
		smallFilter(v(0), v(1), v(2), v(3), t(3*i), t(3*i+1), t(3*i+2), half)
	}
}

// smallFilter computes G g = (g0, (g0 + g2)/2 + g1/2, (g0 + g2)/2 - g1/2, g2) for many channels.
func smallFilter(y0, y1, y2, y3, g0, g1, g2, half []float32) {
	copy(y0, g0)
	copy(y3, g2)
	vec.Add(y2, g0, g2)
	vec.Scale(y2, y2, .5)
	vec.Scale(half, g1, .5)
	vec.Add(y1, y2, half)
	vec.Sub(y2, y2, half)
}

// runSmall computes the images x by F(2x2, 3x3), some at a time.
func (p *Prepared) runSmall(s Shape, y, x []float32, e Epilogue) {
	k := smallWinograds.Get()
	_, cols := tile.Size(p.level)
	panels := portions.Ceil(s.K, cols)
	k.prepared, k.in, k.out, k.epilogue = p, x, y, e
	k.direct = portions.Grow(k.direct, s.N)
	for k.first = 0; k.first < s.N; k.first += k.images {
		k.images = min(max(1, smallTiles/p.small.tiles), s.N-k.first)
		tiles := k.images * p.small.tiles
		k.pitch = tiles*s.C + skew
		k.inputs = portions.Grow(k.inputs, 16*k.pitch)
		k.uneven, k.infinite = portions.Grow(k.uneven, tiles), portions.Grow(k.infinite, panels*k.images)
		parallel.For(tiles, 1, (*smallInputs)(k))
		parallel.For(panels, 1, (*smallPanels)(k))
		for i := range k.images {
			k.direct[k.first+i] = k.bad(i, panels)
		}
	}
	p.again(s, y, x, e, func(i int) bool { return k.direct[i] })
	k.prepared, k.in, k.out, k.epilogue = nil, nil, nil, Epilogue{}
	smallWinograds.Put(k)
}

// bad reports whether image i of those at hand has to be computed directly.
func (k *smallWinograd) bad(i, panels int) bool {
	tiles := k.prepared.small.tiles
	for _, bad := range k.uneven[i*tiles : (i+1)*tiles] {
		if bad {
			return true
		}
	}
	for q := range panels {
		if k.infinite[q*k.images+i] {
			return true
		}
	}
	return false
}

// Run transforms the inputs of tiles lo to hi, BT d B with BT = [1 0 -1 0; 0 1 1 0; 0 -1 1 0; 0 1 0 -1].
func (l *smallInputs) Run(lo, hi int) {
	k := (*smallWinograd)(l)
	p, c := k.prepared.small, k.prepared.shape.C
	buf := buffers.Get()
	*buf = portions.Grow(*buf, 16*c)
	for i := lo; i < hi; i++ {
		image := k.in[(k.first+i/p.tiles)*k.prepared.shape.H*k.prepared.shape.W*c:]
		off := p.in[16*(i%p.tiles):][:16]
		var d [16][]float32
		for j, o := range off {
			if d[j] = p.zeros[:c]; o >= 0 {
				d[j] = image[o:][:c]
			}
		}
		k.uneven[i] = !p.even(i%p.tiles, &d)
		to := func(j int) []float32 { return (*buf)[j*c:][:c] }
		for j := range 4 { // columns of d
			smallInput(to(j), to(4+j), to(8+j), to(12+j), d[j], d[4+j], d[8+j], d[12+j])
		}
		out := func(j int) []float32 { return k.inputs[j*k.pitch+i*c:][:c] }
		for j := 0; j < 16; j += 4 { // rows
			smallInput(out(j), out(j+1), out(j+2), out(j+3), to(j), to(j+1), to(j+2), to(j+3))
		}
	}
	buffers.Put(buf)
}

// smallInput computes BT d for d and results of whole pixels.
func smallInput(y0, y1, y2, y3, d0, d1, d2, d3 []float32) {
	vec.Sub(y0, d0, d2)
	vec.Add(y1, d1, d2)
	vec.Sub(y2, d2, d1)
	vec.Sub(y3, d1, d3)
}

// even reports whether tile t is even, d being its pixels.
func (p *smallPlan) even(t int, d *[16][]float32) bool {
	var squares [16]float64
	for i, v := range d {
		squares[i] = vec.Dot(v, v)
	}
	return windowsEven(squares[:], 4, func(a, b int) bool { return p.out[16*t+2*a+b] >= 0 && p.in[16*t+4*(a+1)+b+1] >= 0 })
}

// Run computes panels lo to hi of the outputs.
func (l *smallPanels) Run(lo, hi int) {
	k := (*smallWinograd)(l)
	sums, scratch := buffers.Get(), buffers.Get()
	s, p, level := k.prepared.shape, k.prepared.small, k.prepared.level
	_, cols := tile.Size(level)
	panel, tiles := s.C*cols, k.images*p.tiles
	pitch := tiles*cols + skew
	*sums, *scratch = portions.Grow(*sums, 16*pitch), portions.Grow(*scratch, 10*cols)
	for q := lo; q < hi; q++ {
		o := q * cols
		t := tile.Strip{M: tiles, K: s.C, RowA: s.C, StepA: 1, LDB: cols, LDC: cols, Cols: min(cols, s.K-o)}
		strips := portions.Ceil(tiles, tile.StripRows(level, t.Cols))
		t.Rows, t.AheadStep = portions.Ceil(tiles, strips), portions.Ceil(4*cols, strips)
		weights := k.prepared.tiles[q*16*panel:]
		for i := range 16 {
			t.A, t.B, t.C = k.inputs[i*k.pitch:], weights[i*panel:], (*sums)[i*pitch:]
			t.Ahead = weights[(i+1)*panel:]
			t.Run(level)
		}
		clear(k.infinite[q*k.images:][:k.images])
		for i := range tiles {
			if !k.output(i, o, o+t.Cols, (*sums)[i*cols:], pitch, *scratch) {
				k.infinite[q*k.images+i/p.tiles] = true
			}
		}
	}
	buffers.Put(sums)
	buffers.Put(scratch)
}

// output makes the output channels first to end of tile i from their sums m, AT m A with AT = [1 1 1 0; 0 1 -1 -1],
// and reports whether all are finite.
func (k *smallWinograd) output(i, first, end int, m []float32, pitch int, scratch []float32) bool {
	s, p, n := k.prepared.shape, k.prepared.small, end-first
	image, off := (k.first+i/p.tiles)*s.OutH()*s.OutW()*s.K+first, p.out[16*(i%p.tiles):][:16]
	from := func(j int) []float32 { return m[j*pitch:][:n] }
	to := func(j int) []float32 { return scratch[j*n:][:n] }
	for j := range 4 { // columns of m
		smallOutput(to(j), to(4+j), from(j), from(4+j), from(8+j), from(12+j))
	}
	finite := true
	for a := range 2 {
		t, row := 4*a, off[2*a:]
		y := [2][]float32{to(8), to(9)} // for pixels that are not there
		for b := range y {
			if row[b] >= 0 {
				y[b] = k.out[image+int(row[b]):][:n]
			}
		}
		smallOutput(y[0], y[1], to(t), to(t+1), to(t+2), to(t+3))
		for b := range y {
			v := vec.Dot(y[b], y[b])
			finite = finite && v-v == 0
		}
	}
	if k.epilogue.some() {
		k.epilogue.tile(k.prepared.level, k.out[image:], image, off, first, end, p.zeros)
	}
	return finite
}

// smallOutput computes AT m for m and results of some channels.
func smallOutput(y0, y1, m0, m1, m2, m3 []float32) {
	vec.Add(y0, m0, m1)
	vec.Add(y0, y0, m2)
	vec.Sub(y1, m1, m2)
	vec.Sub(y1, y1, m3)
}
