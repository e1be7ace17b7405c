package conv

import (
	"iter"
	"sync/atomic"

	"github.com/residuum-go/residuum/internal/cpu"
	"github.com/residuum-go/residuum/internal/kernel/gemm/tile"
	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/internal/portions"
)

// winograd computes a 3x3 convolution with stride 1, or its gradient with respect to the image, by
// Winograd's F(4x4, 3x3) (A. Lavin and S. Gray, Fast Algorithms for Convolutional Neural Networks,
// 2015, arXiv:1509.09308). A tile of 4 x 4 outputs is
//
//	Y = AT [ Σ_c (G g GT) ⊙ (BT d B) ] A
//
// where d is the 6 x 6 inputs of channel c that the tile depends on and g is its 3 x 3 weights. Element i
// of the brackets, for all tiles and output channels, is a matrix product, so there are 36 products,
// with a fourth of the multiplications of the sum in the package comment.
//
// Error. With u = 2^-24 and to first order in u, each output satisfies
//
//	|error| <= (C + 20) u · |AT| [ Σ_c (|G| |g| |GT|) ⊙ (|BT| |d| |B|) ] |A|
//
// since an input takes part in 4 roundings, a weight in 8, a product in C and an output in 6, two more
// being in the constants. So an output also has errors from inputs that are not its own but its
// tile's. Measured on 8x8 images of normal numbers, as they are and behind a ReLU, with 16 to 512
// channels, the error is 1.0 to 1.7 u Σ|x w| in the root mean square and at most 23 u Σ|x w|; that of the
// direct sum is 0.5 and 5. The points of interpolation are 0, ±5/8, ±3/2 and infinity. With the usual 0, ±1,
// ±2 the error is twice as large.
//
// Two kinds of images are therefore computed again, directly. Those with a tile that is not even: see [unevenness].
// And those with a result that is not finite, as that spreads over its tile: NaN and infinities come out as they do
// there, and what only overflowed between the transforms comes out finite.
type winograd struct {
	winogradCall

	weights     []float32 // transformed: [36][panels][inner][cols]
	weightPitch int       // elements from one of the 36 parts to the next
	inputs      []float32 // of the tiles first to end, transformed: [36][end-first][inner]
	inputPitch  int
	first, end  int // counted through all images

	down, across int // into how many parts byTiles cuts the tiles, and the panels

	prepared *Prepared // whose transformed weights these are, or nil
	epilogue Epilogue  // of prepared
}

var winograds portions.Pool[winograd]

// winogradCall is a convolution by Winograd's algorithm, of one group or of several, and the images that it is not good
// enough for.
type winogradCall struct {
	shape        Shape
	inputGrad    bool
	plan         *tilePlan
	level        cpu.Level
	rows, cols   int // of a tile of a product
	in, w, out   []float32
	inImage      int // elements of an input image
	outImage     int // elements of an output image
	inner, outer int // input and output channels of a group
	panels       int // of a group's output channels

	direct []atomic.Bool // images to compute directly
}

// The loops of a winograd.
type (
	winogradWeights winograd
	winogradTiles   winograd
	winogradInputs  winograd
	winogradPanels  winograd
)

const (
	// skew is added to the distance of the 36 parts, so that they begin in different places of the caches.
	skew = 32
	// tileChannels is how many channels of a tile are transformed at a time: what is kept between the two
	// passes of a transform takes 18 KB.
	tileChannels = 128
	// weightRows is how many input channels of a panel are transformed at a time when all weights are: their 9
	// taps take 18 KB.
	weightRows = 32
	// panelRows is the same where a panel's weights are used once, which is when there are many: longer stretches
	// of their rows arrive faster.
	panelRows = 128
	// pieceElements is the most elements of a piece of tiles: 160 KB, which stay in the second-level cache. With many
	// channels a piece has tallPiece tiles of products nevertheless, since each reads all weights.
	pieceElements = 40 << 10
	tallPiece     = 2
)

const (
	// fewTiles is how many tiles a piece has at least where there are too few for all workers. Rather than cut them finer
	// several pieces transform the same tiles and compute some panels each.
	fewTiles = 8
	// fewestTiles is how many tiles a part of a panel has at least: each part reads the weights of the panel.
	fewestTiles = 32
	// leastPiece is the fewest multiply-adds that are worth handing to another worker: some 2 microseconds.
	leastPiece = 1 << 17
)

// sharedTiles is the most tiles whose inputs are kept for all panels: 9 MB with 512 channels. A variable, so
// that tests can lower it.
var sharedTiles = 128

// winograds reports whether Winograd's algorithm can compute the convolution.
func (s Shape) winograds() bool {
	return s.R == 3 && s.S == 3 && s.StrideH == 1 && s.StrideW == 1 && s.DilationH == 1 && s.DilationW == 1 && s.Groups == 1 &&
		s.C%16 == 0 && s.K%16 == 0
}

// winogradWins reports whether Winograd's algorithm can do it and is faster. It looks at the shape of an image alone,
// so that an image has the same bits in every batch. From 16 to 512 channels it is 1.6 to 3 times as fast as the direct
// sum, but with one image of 7x7 pixels, where the weights take most of the time, as fast.
func (s Shape) winogradWins(inputGrad bool) bool {
	if !s.winograds() {
		return false
	}
	h, w := s.OutH(), s.OutW()
	if inputGrad {
		h, w = s.H, s.W
	}
	return 2*h*w >= 16*portions.Ceil(h, 4)*portions.Ceil(w, 4) // else most of what tiles compute lies outside
}

// runWinograd computes out from in. The shape has no empty dimension.
func runWinograd(s Shape, inputGrad bool, out, in, w []float32) {
	k := winograds.Get()
	k.begin(cpu.Active(), s, inputGrad, out, in, w)
	if k.manyTiles() {
		k.weights = portions.Grow(k.weights, 36*k.weightPitch)
		k.transformAll()
		k.byTiles()
	} else {
		k.byPanels()
	}
	k.again()
	k.release()
}

// begin sets what the plan and the transformed weights depend on.
func (k *winograd) begin(level cpu.Level, s Shape, inputGrad bool, out, in, w []float32) {
	k.winogradCall.begin(level, s, inputGrad, out, in, w)
	k.weightPitch = k.panels*k.inner*k.cols + skew
}

// begin sets what the plan depends on.
func (k *winogradCall) begin(level cpu.Level, s Shape, inputGrad bool, out, in, w []float32) {
	k.shape, k.inputGrad = s, inputGrad
	k.in, k.w, k.out = in, w, out
	k.level = level
	k.rows, k.cols = tile.Size(k.level)
	k.plan = tilePlanFor(s, inputGrad)
	k.inImage, k.outImage = s.H*s.W*s.C, s.OutH()*s.OutW()*s.K
	k.inner, k.outer = s.C/s.Groups, s.K/s.Groups
	if inputGrad {
		k.inImage, k.outImage = k.outImage, k.inImage
		k.inner, k.outer = k.outer, k.inner
	}
	k.panels = portions.Ceil(k.outer, k.cols)
	k.direct = portions.Grow(k.direct, s.N)
}

// release lets go of what the caller owns, and of k.
func (k *winograd) release() {
	k.letGo()
	k.prepared, k.epilogue = nil, Epilogue{}
	winograds.Put(k)
}

// letGo lets go of what the caller owns.
func (k *winogradCall) letGo() { k.in, k.w, k.out, k.plan = nil, nil, nil, nil }

// bad reports whether image i has to be computed directly, once.
func (k *winogradCall) bad(i int) bool { return k.direct[i].Swap(false) }

// again computes the images directly that Winograd's algorithm is not good enough for.
func (k *winogradCall) again() {
	for first, end := range neighbours(len(k.direct), k.bad) {
		s := k.shape
		s.N = end - first
		out, in := k.out[first*k.outImage:end*k.outImage], k.in[first*k.inImage:end*k.inImage]
		if s.narrow(k.level, widestGroup) {
			runGrouped(s, k.inputGrad, out, in, k.w)
		} else {
			run(s, k.inputGrad, out, in, k.w)
		}
	}
}

// neighbours yields first and end of images next to each other of which bad tells, of n.
func neighbours(n int, bad func(image int) bool) iter.Seq2[int, int] {
	return func(yield func(first, end int) bool) {
		for i := 0; i < n; i++ {
			first := i
			for i < n && bad(i) {
				i++
			}
			if i > first && !yield(first, i) {
				return
			}
		}
	}
}

// manyTiles says which operand is transformed for all to share, the smaller one that is: the weights,
// while each piece of work transforms its tiles, or the inputs, while each transforms its panel of
// weights.
func (k *winograd) manyTiles() bool {
	weights := k.inner * k.outer
	return weights <= 1<<17 && k.shape.N*k.plan.tiles >= weights>>10
}

// transformAll transforms all weights.
func (k *winograd) transformAll() {
	parallel.For(k.panels*portions.Ceil(k.inner, weightRows), 1, (*winogradWeights)(k))
}

// byTiles computes piece by piece of tiles, all weights being transformed, each in the second-level
// cache from its inputs to its outputs.
func (k *winograd) byTiles() {
	tiles := k.shape.N * k.plan.tiles
	piece := max(tallPiece*k.rows, pieceElements/(37*max(k.inner, k.outer))/k.rows*k.rows)
	if tiles < 16*piece { // spread them evenly
		piece = max(tallPiece*k.rows, portions.Ceil(tiles, 16))
	}
	k.down, k.across = portions.Ceil(tiles, piece), 1
	if w := parallel.Workers(); w > 1 && k.down < 2*w && 36*tiles*k.inner*k.outer >= 2*leastPiece {
		k.down = max(k.down, min(2*w, tiles/fewTiles), 1)
		k.across = min(k.panels, portions.Ceil(w, k.down))
	}
	parallel.For(k.down*k.across, 1, (*winogradTiles)(k))
}

// Run transforms the weights of parts lo to hi of all panels.
func (l *winogradWeights) Run(lo, hi int) {
	k := (*winograd)(l)
	parts := portions.Ceil(k.inner, weightRows)
	buf := buffers.Get()
	for i := lo; i < hi; i++ {
		q, row := i/parts, i%parts*weightRows
		k.transformWeights(k.weights[q*k.inner*k.cols:], k.weightPitch, q, row, min(row+weightRows, k.inner), buf)
	}
	buffers.Put(buf)
}

// transformWeights transforms the weights between the input channels first to end and the output
// channels of panel q, whose [inner][cols] begin at panel.
func (k *winograd) transformWeights(panel []float32, pitch, q, first, end int, buf *[]float32) {
	c, kk := k.shape.C, k.shape.K
	rows, o := end-first, q*k.cols
	n, cols := rows*k.cols, min(k.cols, k.outer-o)
	*buf = portions.Grow(*buf, 9*n)
	for t := range 9 {
		if k.inputGrad {
			tile.Pack(k.level, (*buf)[(8-t)*n:], k.w[(t*c+o)*kk+first:], kk, true, rows, cols)
		} else {
			tile.Pack(k.level, (*buf)[t*n:], k.w[(t*c+first)*kk+o:], kk, false, rows, cols)
		}
	}
	tileWeights(k.level, panel[first*k.cols:], pitch, *buf, n)
}

// Run computes pieces lo to hi.
func (l *winogradTiles) Run(lo, hi int) {
	k := (*winograd)(l)
	tiles := k.shape.N * k.plan.tiles
	for i := lo; i < hi; i++ {
		p, q := i/k.across, i%k.across
		k.piece(portions.Share(tiles, p, k.down), portions.Share(tiles, p+1, k.down),
			portions.Share(k.panels, q, k.across), portions.Share(k.panels, q+1, k.across))
	}
}

// piece computes panels panel to panelEnd of tiles first to end. The products take the places of the inputs before
// them, which are not needed any more: part i begins at i*pitch, and its inputs one pitch later.
func (k *winograd) piece(first, end, panel, panelEnd int) {
	buf, scratch := buffers.Get(), buffers.Get()
	n, o, oEnd := end-first, panel*k.cols, min(panelEnd*k.cols, k.outer)
	pitch := n*max(k.inner, oEnd-o) + skew
	*buf = portions.Grow(*buf, 37*pitch)
	for i := range n {
		k.transformInput((*buf)[pitch+i*k.inner:], pitch, first+i, scratch)
	}
	k.products(&products{a: (*buf)[pitch:], b: k.weights[panel*k.inner*k.cols:], c: *buf, pitchA: pitch, pitchB: k.weightPitch, pitchC: pitch,
		ldc: oEnd - o, tiles: n, panel: panel, panelEnd: panelEnd})
	for i := range n {
		k.transformOutput((*buf)[i*(oEnd-o):], pitch, first+i, o, oEnd, scratch)
	}
	buffers.Put(buf)
	buffers.Put(scratch)
}

// byPanels transforms all inputs and then computes panel by panel of output channels, each in the
// second-level cache from its weights to its outputs.
func (k *winograd) byPanels() {
	tiles := k.shape.N * k.plan.tiles
	chunks := portions.Ceil(tiles, sharedTiles)
	for i := range chunks {
		k.first, k.end = portions.Share(tiles, i, chunks), portions.Share(tiles, i+1, chunks)
		n := k.end - k.first
		k.inputPitch = n*k.inner + skew
		k.inputs = portions.Grow(k.inputs, 36*k.inputPitch)
		parallel.For(n, 1, (*winogradInputs)(k))
		k.down = 1
		if w := parallel.Workers(); w > 1 && k.panels < 2*w { // fewer panels than keep all busy: each in parts
			k.down = max(1, min(portions.Ceil(2*w, k.panels), n/fewestTiles))
		}
		parallel.For(k.panels*k.down, 1, (*winogradPanels)(k))
	}
}

// Run transforms the inputs of tiles lo to hi of the chunk at hand.
func (l *winogradInputs) Run(lo, hi int) {
	k := (*winograd)(l)
	scratch := buffers.Get()
	for i := lo; i < hi; i++ {
		k.transformInput(k.inputs[i*k.inner:], k.inputPitch, k.first+i, scratch)
	}
	buffers.Put(scratch)
}

// Run computes parts lo to hi of the panels of the outputs of the chunk at hand.
func (l *winogradPanels) Run(lo, hi int) {
	k := (*winograd)(l)
	weights, sums, scratch := buffers.Get(), buffers.Get(), buffers.Get()
	pitch := k.inner*k.cols + skew
	*weights = portions.Grow(*weights, 36*pitch)
	for i := lo; i < hi; i++ {
		q := i / k.down
		first, end := portions.Share(k.end-k.first, i%k.down, k.down), portions.Share(k.end-k.first, i%k.down+1, k.down)
		b, pitchB := *weights, pitch
		if k.prepared != nil {
			b, pitchB = k.weights[q*k.inner*k.cols:], k.weightPitch
		} else {
			for row := 0; row < k.inner; row += panelRows {
				k.transformWeights(b, pitch, q, row, min(row+panelRows, k.inner), scratch)
			}
		}
		pitchC := (end-first)*k.cols + skew
		*sums = portions.Grow(*sums, 36*pitchC)
		k.products(&products{a: k.inputs[first*k.inner:], b: b, c: *sums, pitchA: k.inputPitch, pitchB: pitchB, pitchC: pitchC,
			ldc: k.cols, tiles: end - first, panel: q, panelEnd: q + 1})
		o := q * k.cols
		for t := first; t < end; t++ {
			k.transformOutput((*sums)[(t-first)*k.cols:], pitchC, k.first+t, o, min(o+k.cols, k.outer), scratch)
		}
	}
	buffers.Put(weights)
	buffers.Put(sums)
	buffers.Put(scratch)
}

// transformInput transforms the input of tile i.
func (k *winograd) transformInput(dst []float32, pitch, i int, scratch *[]float32) {
	*scratch = portions.Grow(*scratch, scratchPerChannel*tileChannels)
	image, t := i/k.plan.tiles, i%k.plan.tiles
	x := k.in[image*k.inImage:]
	k.plan.fetchInput(x, k.inImage, t, k.inner)
	even, squares := true, [8]float32{}
	for c := 0; c < k.inner; c += tileChannels {
		n := min(tileChannels, k.inner-c)
		tileInputSquares(k.level, dst[c:], pitch, x[c:], k.plan.zeros, k.plan.in[36*t:], *scratch, n, &squares)
		even = k.plan.quartersEven(t, &squares) && even
	}
	if !even && !k.direct[image].Load() && !k.plan.windowsEven(t, x, k.inner) {
		k.direct[image].Store(true)
	}
}

// transformOutput makes the output channels first to end of tile i from their sums.
func (k *winograd) transformOutput(sums []float32, pitch, i, first, end int, scratch *[]float32) {
	*scratch = portions.Grow(*scratch, scratchPerChannel*tileChannels)
	image, t := i/k.plan.tiles, i%k.plan.tiles
	y := k.out[image*k.outImage:]
	k.plan.fetchOutput(y, k.outImage, t, k.outer)
	for c := first; c < end; c += tileChannels {
		n := min(tileChannels, end-c)
		if !tileOutput(k.level, y[c:], k.plan.out[16*t:], sums[c-first:], pitch, *scratch, n) {
			k.direct[image].Store(true)
		}
	}
	if e := &k.epilogue; e.some() {
		at := image*k.outImage + first
		e.tile(k.level, k.out[at:], at, k.plan.out[16*t:][:16], first, end, k.plan.zeros)
	}
}

// products is 36 matrix products c = a·b, of inputs [tiles][inner] and panels [inner][cols] of weights.
type products struct {
	a, b, c                []float32
	pitchA, pitchB, pitchC int // from one product to the next
	ldc                    int // distance of the rows of c
	tiles                  int
	panel, panelEnd        int // b and c begin with the first
}

// products computes p. Meanwhile it fetches what comes next of the operand that many pieces share, and
// that therefore comes from the third-level cache or from memory: the next panel, or the next inputs when there is
// one panel that the piece has transformed itself.
func (k *winograd) products(p *products) {
	panel := k.inner * k.cols
	own := p.panelEnd == p.panel+1 && k.prepared == nil
	t := tile.Strip{M: p.tiles, K: k.inner, RowA: k.inner, StepA: 1, LDB: k.cols, LDC: p.ldc}
	for i := range 36 {
		t.A = p.a[i*p.pitchA:]
		for q := range p.panelEnd - p.panel {
			t.Cols = min(k.cols, k.outer-(p.panel+q)*k.cols)
			tiles := portions.Ceil(t.M, tile.StripRows(k.level, t.Cols))
			t.Rows = portions.Ceil(t.M, tiles)
			t.B = p.b[i*p.pitchB+q*panel:]
			t.C = p.c[i*p.pitchC+q*k.cols:]
			switch {
			case own:
				t.Ahead, t.AheadStep = t.A[t.Rows*t.RowA:], 4*t.Rows
			case p.panel+q+1 < p.panelEnd || i == 35:
				t.Ahead, t.AheadStep = t.B[panel:], portions.Ceil(4*k.cols, tiles)
			default:
				t.Ahead, t.AheadStep = p.b[(i+1)*p.pitchB:], portions.Ceil(4*k.cols, tiles)
			}
			t.Run(k.level)
		}
	}
}
