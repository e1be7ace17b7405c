package conv

import (
	"github.com/residuum-go/residuum/internal/cpu"
	"github.com/residuum-go/residuum/internal/kernel/gemm/tile"
	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/internal/portions"
)

// groupedWinograd is [winograd] for groups of few channels, each a convolution of its own: the bounds of the errors hold
// with C for the channels of a group.
//
// A bundle is neighbouring groups, so that long stretches of pixels are read and written. A piece of work is some tiles of
// one bundle: they and the bundle's weights stay in the second-level cache.
type groupedWinograd struct {
	winogradCall
	bundle      int // groups of a bundle
	pieces      int // of a bundle
	weightPitch int // elements from one of the 36 parts of a bundle's weights to the next
}

var groupedWinograds portions.Pool[groupedWinograd]

// winogradGroup is the channels of groups for which it wins: with 16 the transforms take too long, with 64 the weights of a
// single image of 7x7 pixels.
const winogradGroup = 32

// groupedWinogradWins reports whether Winograd's algorithm can do it and is faster. Like winogradWins it looks at the shape
// of an image alone.
func (s Shape) groupedWinogradWins(inputGrad bool) bool {
	group := s
	group.C, group.K, group.Groups = s.C/s.Groups, s.K/s.Groups, 1
	return s.Groups > 1 && group.C == winogradGroup && group.K == winogradGroup && group.winogradWins(inputGrad)
}

// runGroupedWinograd computes out from in. The shape has no empty dimension.
func runGroupedWinograd(s Shape, inputGrad bool, out, in, w []float32) {
	k := groupedWinograds.Get()
	k.begin(s, inputGrad, out, in, w)
	bundles := portions.Ceil(s.Groups, k.bundle)
	parallel.For(bundles*k.pieces, max(1, min(k.pieces, bundles*k.pieces/(4*parallel.Workers()))), k)
	k.again()
	k.letGo()
	groupedWinograds.Put(k)
}

func (k *groupedWinograd) begin(s Shape, inputGrad bool, out, in, w []float32) {
	const (
		elements = 112 << 10 // of a piece of tiles: 448 KB
		wide     = 128       // channels of a bundle
	)
	k.winogradCall.begin(cpu.Active(), s, inputGrad, out, in, w)
	k.cols = min(k.cols, k.outer)
	k.panels = portions.Ceil(k.outer, k.cols)
	k.bundle = min(s.Groups, wide/max(k.inner, k.outer))
	k.weightPitch = k.bundle*k.panels*k.inner*k.cols + skew
	k.pieces = portions.Ceil(s.N*k.plan.tiles, max(k.rows, elements/(37*wide)/k.rows*k.rows))
}

// Run computes pieces lo to hi, those of a bundle one after the other.
func (k *groupedWinograd) Run(lo, hi int) {
	tiles, last := k.shape.N*k.plan.tiles, -1
	weights, buf, scratch := buffers.Get(), buffers.Get(), buffers.Get()
	for i := lo; i < hi; i++ {
		bundle, p := i/k.pieces, i%k.pieces
		group, end := bundle*k.bundle, min((bundle+1)*k.bundle, k.shape.Groups)
		if bundle != last {
			*weights = portions.Grow(*weights, 36*k.weightPitch)
			k.transformWeights(*weights, group, end, scratch)
			last = bundle
		}
		*scratch = portions.Grow(*scratch, scratchPerChannel*tileChannels)
		k.piece(*weights, group, end, portions.Share(tiles, p, k.pieces), portions.Share(tiles, p+1, k.pieces), buf, *scratch)
	}
	buffers.Put(weights)
	buffers.Put(buf)
	buffers.Put(scratch)
}

// transformWeights transforms the weights of groups group to end: [36][groups][panels][inner][cols].
func (k *groupedWinograd) transformWeights(dst []float32, group, end int, buf *[]float32) {
	c, kg, kk := k.shape.C/k.shape.Groups, k.shape.K/k.shape.Groups, k.shape.K
	panel, panels := k.inner*k.cols, (end-group)*k.panels
	*buf = portions.Grow(*buf, 9*panels*panel)
	for t := range 9 {
		tap := t
		if k.inputGrad {
			tap = 8 - t
		}
		to := (*buf)[tap*panels*panel:]
		if k.inputGrad {
			for i := range panels {
				o := i % k.panels * k.cols
				from := k.w[(t*c+o)*kk+(group+i/k.panels)*kg:]
				tile.Transpose(k.level, to[i*panel:], k.cols, from, kk, min(k.cols, k.outer-o), k.inner)
			}
			continue
		}
		for row := range k.inner { // of all groups, so that they are read in order
			from := k.w[(t*c+row)*kk+group*kg:]
			for i := range panels {
				o := i % k.panels * k.cols
				copy(to[i*panel+row*k.cols:][:min(k.cols, k.outer-o)], from[i/k.panels*kg+o:])
			}
		}
	}
	tileWeights(k.level, dst, k.weightPitch, *buf, panels*panel)
}

// piece computes groups group to groupEnd of tiles first to end. As in [winograd.piece] products take the places of the
// inputs before them.
func (k *groupedWinograd) piece(weights []float32, group, groupEnd, first, end int, buf *[]float32, scratch []float32) {
	n, ldx, ldy := end-first, (groupEnd-group)*k.inner, (groupEnd-group)*k.outer
	pitch := n*max(ldx, ldy) + skew
	*buf = portions.Grow(*buf, 37*pitch)
	for i := range n {
		k.fetch(first+i+1, group*k.inner, ldx)
		for g := group; g < groupEnd; g++ {
			k.transformInput((*buf)[pitch+i*ldx+(g-group)*k.inner:], pitch, first+i, g*k.inner, scratch)
		}
	}
	t := tile.Strip{M: n, K: k.inner, RowA: ldx, StepA: 1, LDB: k.cols, LDC: ldy}
	for i := range 36 {
		for g := group; g < groupEnd; g++ {
			t.A = (*buf)[(i+1)*pitch+(g-group)*k.inner:]
			for q := range k.panels {
				t.Cols = min(k.cols, k.outer-q*k.cols)
				t.Rows = portions.Ceil(n, portions.Ceil(n, tile.StripRows(k.level, t.Cols)))
				t.B = weights[i*k.weightPitch+((g-group)*k.panels+q)*k.inner*k.cols:]
				t.C = (*buf)[i*pitch+(g-group)*k.outer+q*k.cols:]
				t.Ahead, t.AheadStep = t.B[k.inner*k.cols:], portions.Ceil(4*k.cols*t.Rows, n)
				t.Run(k.level)
			}
		}
	}
	for i := range n {
		image, tile := (first+i)/k.plan.tiles, (first+i)%k.plan.tiles
		y := k.out[image*k.outImage+group*k.outer:]
		if !tileOutput(k.level, y, k.plan.out[16*tile:], (*buf)[i*ldy:], pitch, scratch, ldy) {
			k.direct[image].Store(true)
		}
	}
}

// transformInput transforms the input of a group, whose first channel it is given, for tile i.
func (k *groupedWinograd) transformInput(dst []float32, pitch, i, channel int, scratch []float32) {
	image, t := i/k.plan.tiles, i%k.plan.tiles
	x := k.in[image*k.inImage+channel:]
	var squares [8]float32
	tileInputSquares(k.level, dst, pitch, x, k.plan.zeros, k.plan.in[36*t:], scratch, k.inner, &squares)
	if !k.plan.quartersEven(t, &squares) && !k.direct[image].Load() && !k.plan.windowsEven(t, x, k.inner) {
		k.direct[image].Store(true)
	}
}

// fetch has the cache fetch what tile i reads of some channels: the last four columns, as the others have been read.
func (k *groupedWinograd) fetch(i, channel, channels int) {
	image, t := i/k.plan.tiles, i%k.plan.tiles
	if image == k.shape.N {
		return
	}
	for row := range 6 {
		fetchPixels(&k.in[image*k.inImage+channel], &k.plan.in[36*t+6*row+2], 1, 4, 4*channels)
	}
}
