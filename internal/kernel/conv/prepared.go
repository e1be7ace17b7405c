package conv

import (
	"fmt"
	"slices"

	"github.com/residuum-go/residuum/internal/cpu"
	"github.com/residuum-go/residuum/internal/kernel/gemm/tile"
	"github.com/residuum-go/residuum/internal/kernel/vec"
	"github.com/residuum-go/residuum/internal/portions"
)

// Prepared is the convolution of images of one size by weights that do not change. How it is computed is decided
// once, and the weights are packed or transformed once. It is immutable: any number of goroutines may run it at once.
//
// An image has the same bits alone, anywhere in a batch, and for any number of workers: a sum adds in an order that its
// row of weights and the level decide, not the tile that it is in. They need not be [Forward]'s, which computes most 1x1
// convolutions as matrix products, here direct sums; the bound of the error is the same. Without stride those take the
// pixels of all images as one's, so that linear layers, which are convolutions of 1x1 images, fill their tiles.
type Prepared struct {
	shape   Shape // of one image
	weights []float32
	level   cpu.Level
	packed  []float32 // panels of the direct sum, nil if only images that Winograd's algorithm is not good enough for need them
	tiles   []float32 // weights of Winograd's algorithm, nil for the direct sum
}

// Epilogue is what follows a convolution: y = f(y + Bias + Add), each part if it is there. It is computed while what a
// piece of work has written is in its cache, where that pays.
type Epilogue struct {
	Bias   []float32 // [K], or nil
	Add    []float32 // as y, or nil; must not overlap y
	Act    Activation
	Lo, Hi float32 // the bounds of Clip
}

// Activation is the function f of an [Epilogue].
type Activation int

// What may follow. ReLU is that of [vec.ReLU].
const (
	Identity Activation = iota
	ReLU
	Clip // min(max(v, Lo), Hi), NaN for NaN
	SiLU // v/(1 + e^-v)
)

// Prepare returns the convolution of images of s, whose N does not matter, by w, of which it keeps a copy. Whether it
// uses Winograd's algorithm is decided here.
func Prepare(s Shape, w []float32) *Prepared {
	s.N = 0
	s.check("Prepare", 0, len(w), 0)
	s.N = 1
	p := &Prepared{shape: s, weights: slices.Clone(w), level: cpu.Active()}
	switch {
	case p.byReference():
	case Winograd() && s.winogradWins(false):
		k := new(winograd)
		k.begin(p.level, s, false, nil, nil, p.weights)
		k.weights = make([]float32, 36*k.weightPitch)
		k.transformAll()
		p.tiles = k.weights
	default:
		k := new(direct)
		k.begin(p.level, s, false, nil, nil, p.weights)
		k.packed = make([]float32, k.packedSize())
		k.packAll()
		p.packed = k.packed
	}
	return p
}

// PrepareLinear returns y = x·wᵀ for rows x of in numbers, y of out, and w [out, in], as a convolution of 1x1 images: Run's n
// is the rows.
func PrepareLinear(in, out int, w []float32) *Prepared {
	if in < 0 || out < 0 || len(w) != in*out {
		panic(fmt.Sprintf("conv: PrepareLinear: %d weights from %d to %d", len(w), in, out))
	}
	columns := make([]float32, len(w))
	tile.Transpose(cpu.Active(), columns, out, w, in, out, in)
	return Prepare(Shape{H: 1, W: 1, C: in, K: out, R: 1, S: 1, StrideH: 1, StrideW: 1, DilationH: 1, DilationW: 1, Groups: 1}, columns)
}

// byReference reports whether outputs are empty sums, or images beyond what the other ways can do.
func (p *Prepared) byReference() bool {
	s := p.shape
	return len(p.weights) == 0 || s.H*s.W == 0 || s.OutH()*s.OutW() == 0 || s.huge()
}

// Run computes the outputs y of n images x and what follows, overwriting y. It allocates nothing once there has been a
// call of that many images.
func (p *Prepared) Run(y, x []float32, n int, e Epilogue) {
	s := p.shape
	s.N = n
	s.check("Run", len(x), len(p.weights), len(y))
	if e.Bias != nil && len(e.Bias) != s.K || e.Add != nil && len(e.Add) != len(y) {
		panic(fmt.Sprintf("conv: Run: a bias of %d and %d elements to add, for %d outputs of %+v", len(e.Bias), len(e.Add), len(y), s))
	}
	switch {
	case len(y) == 0:
	case p.byReference():
		ForwardRef(s, y, x, p.weights)
		e.rows(y, 0, len(y)/s.K, s.K, 0, s.K)
	case p.tiles != nil:
		p.winograd(s, y, x, e)
	default:
		p.direct(s, y, x, e)
	}
}

// shortRows is the most channels for which a call for each pixel of a tile would take longer than a pass of its own.
const shortRows = 128

func (p *Prepared) winograd(s Shape, y, x []float32, e Epilogue) {
	k := winograds.Get()
	k.begin(p.level, s, false, y, x, p.weights)
	k.prepared = p
	if s.K > shortRows {
		k.epilogue = e
	}
	own := k.weights
	k.weights = p.tiles
	if k.manyTiles() {
		k.byTiles()
	} else {
		k.byPanels()
	}
	k.again()
	k.weights = own
	k.release()
	if s.K <= shortRows {
		e.rows(y, 0, len(y)/s.K, s.K, 0, s.K)
	}
}

func (p *Prepared) direct(s Shape, y, x []float32, e Epilogue) {
	if all := s; s.pointwise() && !s.strided() {
		all.N, all.H, all.W = 1, 1, s.N*s.H*s.W
		if !all.huge() {
			s = all
		}
	}
	k := directs.Get()
	rows := k.begin(p.level, s, false, y, x, p.weights)
	k.split(rows)
	whole := k.panelsInner && s.Groups == 1 // else a piece writes parts of pixels
	if whole {
		k.epilogue = e
	}
	own := k.packed
	if p.packed != nil {
		k.packed, k.local = p.packed, false
	} else if !k.local {
		k.packed = portions.Grow(k.packed, k.packedSize())
		own = k.packed
		k.packAll()
	}
	k.compute()
	k.packed = own
	directs.Put(k)
	if !whole {
		e.rows(y, 0, len(y)/s.K, s.K, 0, s.K)
	}
}

// again computes n images directly that Winograd's algorithm is not good enough for.
func (p *Prepared) again(k *winograd, first, n int) {
	s, e := p.shape, k.epilogue
	s.N = n
	from, end := first*k.outImage, (first+n)*k.outImage
	if e.Add != nil {
		e.Add = e.Add[from:end]
	}
	p.direct(s, k.out[from:end], k.in[first*k.inImage:][:n*k.inImage], e)
}

// some reports whether there is anything to do.
func (e *Epilogue) some() bool { return e.Bias != nil || e.Add != nil || e.Act != Identity }

// rows applies e to the channels first to end of n pixels of y, which follow each other from offset at on.
func (e *Epilogue) rows(y []float32, at, n, channels, first, end int) {
	if !e.some() {
		return
	}
	if first == 0 && end == channels {
		e.apply(y, at, n*channels)
		return
	}
	for i := range n {
		e.one(y, at+i*channels+first, first, end)
	}
}

// apply applies e to n elements of whole pixels.
func (e *Epilogue) apply(y []float32, at, n int) {
	to := y[at : at+n]
	last := e.Act == ReLU && e.Add == nil
	switch {
	case e.Bias == nil:
		if last {
			vec.ReLU(to, to)
		}
	case last:
		vec.AddRowReLU(to, to, e.Bias)
	default:
		vec.AddRow(to, to, e.Bias)
	}
	e.add(to, at)
}

// one applies e to channels first to end of one pixel, the first of which is at offset at.
func (e *Epilogue) one(y []float32, at, first, end int) {
	to := y[at : at+end-first]
	last := e.Act == ReLU && e.Add == nil
	switch {
	case e.Bias == nil:
		if last {
			vec.ReLU(to, to)
		}
	case last:
		vec.AddReLU(to, to, e.Bias[first:end])
	default:
		vec.Add(to, to, e.Bias[first:end])
	}
	e.add(to, at)
}

// add adds what stands at offset at in Add, and does what is left.
func (e *Epilogue) add(to []float32, at int) {
	switch {
	case e.Add == nil:
	case e.Act == ReLU:
		vec.AddReLU(to, to, e.Add[at:][:len(to)])
	default:
		vec.Add(to, to, e.Add[at:][:len(to)])
	}
	switch e.Act {
	case Clip:
		for i, v := range to {
			to[i] = min(max(v, e.Lo), e.Hi)
		}
	case SiLU:
		vec.SiLU(to, to)
	}
}

// finish applies the epilogue to what a piece has computed of tiles first to end for panels panel to panelEnd of
// group g. Pixels of a class of Forward follow each other.
func (k *direct) finish(c *class, g, panel, panelEnd, first, end int) {
	if !k.epilogue.some() || first == end {
		return
	}
	pixels := func(i int) int { return i/len(c.tiles)*len(c.out) + c.tiles[i%len(c.tiles)].first }
	from, to := pixels(first), pixels(end)
	col := g * k.outer
	k.epilogue.rows(k.out, from*k.shape.K, to-from, k.shape.K, col+panel*k.cols, col+min(panelEnd*k.cols, k.outer))
}
