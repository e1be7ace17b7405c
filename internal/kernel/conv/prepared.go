package conv

import (
	"fmt"
	"math"
	"slices"

	"github.com/residuum-go/residuum/internal/cpu"
	"github.com/residuum-go/residuum/internal/kernel/gemm/tile"
	"github.com/residuum-go/residuum/internal/kernel/vec"
	"github.com/residuum-go/residuum/internal/pages"
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
	level   cpu.Level
	weights []float32  // as they were given, for the reference alone
	packed  []float32  // panels of the direct sum, nil for the other ways
	tiles   []float32  // weights of Winograd's algorithm, nil for the direct sum
	small   *smallPlan // of F(2x2, 3x3), if tiles are its
	groups  []float32  // bands of narrow groups, nil for others
}

// Epilogue is what follows a convolution: y = f(y + Bias + Add), each part if it is there. It is computed while what a
// piece of work has written is in its cache, where that pays.
type Epilogue struct {
	Bias   []float32 // [K], or nil
	Add    []float32 // as y, or nil; must not overlap y, or be y where [Prepared.AddsInPlace]
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

// Prepare returns the convolution of images of s by w, of which it keeps nothing, by one of [Algorithms].
func Prepare(a Algorithm, s Shape, w []float32) *Prepared {
	s.N = 0
	s.check("Prepare", 0, len(w), 0)
	s.N = 1
	p := &Prepared{shape: s, level: cpu.Active()}
	switch {
	case p.byReference():
		p.weights = slices.Clone(w)
	case a == Winograd2:
		p.small = newSmallPlan(s)
		p.tiles = smallWeights(p, w)
	case a == Winograd4:
		k := new(winograd)
		k.begin(p.level, s, false, nil, nil, w)
		k.weights = pages.Make[float32](36 * k.weightPitch)
		k.transformAll()
		p.tiles = k.weights
	case s.narrow(p.level, widestGroup):
		k := new(grouped)
		k.begin(p.level, s, false, nil, nil, w)
		k.packed = pages.Make[float32](k.layout.size())
		k.packAll()
		p.groups = k.packed
	default:
		k := new(direct)
		k.begin(p.level, s, false, nil, nil, w)
		k.packed = pages.Make[float32](k.packedSize())
		k.packAll()
		p.packed = k.packed
	}
	return p
}

// byReference reports whether outputs are empty sums, or images beyond what the other ways can do.
func (p *Prepared) byReference() bool {
	s := p.shape
	return s.weights() == 0 || s.H*s.W == 0 || s.OutH()*s.OutW() == 0 || s.huge()
}

// AddsInPlace reports whether what Run adds may be y itself: each output is written once, after what is added to it was read.
func (p *Prepared) AddsInPlace() bool { return p.packed != nil && p.shape.R*p.shape.S == 1 }

// Run computes the outputs y of n images x and what follows, overwriting y. It allocates nothing once there has been a
// call of that many images.
func (p *Prepared) Run(y, x []float32, n int, e Epilogue) {
	s := p.shape
	s.N = n
	s.check("Run", len(x), s.weights(), len(y))
	if e.Bias != nil && len(e.Bias) != s.K || e.Add != nil && len(e.Add) != len(y) {
		panic(fmt.Sprintf("conv: Run: a bias of %d and %d elements to add, for %d outputs of %+v", len(e.Bias), len(e.Add), len(y), s))
	}
	switch {
	case len(y) == 0:
	case p.byReference():
		ForwardRef(s, y, x, p.weights)
		e.apply(y, s.K)
	case p.small != nil:
		p.runSmall(s, y, x, e)
	case p.tiles != nil:
		p.winograd(s, y, x, e)
	case p.groups != nil:
		p.grouped(s, y, x, e)
	default:
		p.direct(s, y, x, nil, e)
	}
}

func (p *Prepared) winograd(s Shape, y, x []float32, e Epilogue) {
	k := winograds.Get()
	k.begin(p.level, s, false, y, x, nil)
	k.prepared, k.epilogue = p, e
	own := k.weights
	k.weights = p.tiles
	if k.manyTiles() {
		k.byTiles()
	} else {
		k.byPanels()
	}
	p.again(s, y, x, e, k.bad)
	k.weights = own
	k.release()
}

func (p *Prepared) grouped(s Shape, y, x []float32, e Epilogue) {
	k := groupeds.Get()
	k.begin(p.level, s, false, y, x, nil)
	k.epilogue = e
	own := k.packed
	k.packed = p.groups
	k.compute()
	k.packed = own
	groupeds.Put(k)
}

// direct computes images by weights w, or where they are packed by those.
func (p *Prepared) direct(s Shape, y, x, w []float32, e Epilogue) {
	if all := s; s.pointwise() && !s.strided() {
		all.N, all.H, all.W = 1, 1, s.N*s.H*s.W
		if !all.huge() {
			s = all
		}
	}
	k := directs.Get()
	rows := k.begin(p.level, s, false, y, x, w)
	k.split(rows)
	k.epilogue = e
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
}

// Weights returns how many weights there are.
func (p *Prepared) Weights() int { return p.shape.weights() }

// Bytes returns what they take, packed or transformed.
func (p *Prepared) Bytes() int {
	return 4 * (len(p.weights) + len(p.packed) + len(p.tiles) + len(p.groups))
}

// some reports whether there is anything to do.
func (e *Epilogue) some() bool { return e.Bias != nil || e.Add != nil || e.Act != Identity }

// Bounds returns between which numbers Act keeps results, SiLU apart.
func (e *Epilogue) Bounds() (lo, hi float32) {
	lo, hi = float32(math.Inf(-1)), float32(math.Inf(1))
	switch e.Act {
	case ReLU:
		lo = 0
	case Clip:
		lo, hi = e.Lo, e.Hi
	}
	return lo, hi
}

// apply applies e to all results y.
func (e *Epilogue) apply(y []float32, channels int) {
	lo, hi := e.Bounds()
	for i, v := range y {
		if e.Bias != nil {
			v += e.Bias[i%channels]
		}
		if e.Add != nil {
			v += e.Add[i]
		}
		y[i] = bounded(v, lo, hi)
	}
	if e.Act == SiLU {
		vec.SiLU(y, y)
	}
}

// bounded returns v between lo and hi, v itself if it is NaN.
func bounded(v, lo, hi float32) float32 {
	switch {
	case v < lo:
		return lo
	case v > hi:
		return hi
	}
	return v
}

// after has a tile do what it can of e, which is all but SiLU: for channels from o on, which are outputs from at on.
func (e *Epilogue) after(t *tile.Rows, o, at int) {
	if e.Bias != nil {
		t.Bias = e.Bias[o:]
	}
	if e.Add != nil {
		t.Add = e.Add[at:]
	}
	t.Lo, t.Hi = e.Bounds()
	switch e.Act {
	case ReLU:
		t.Bounds = 1
	case Clip:
		t.Bounds = 2
	}
}

// tile applies e to the channels first to end of the 16 pixels of a tile at offsets off of y, which is the outputs from
// at on. Negative offsets are left out.
func (e *Epilogue) tile(l cpu.Level, y []float32, at int, off []int32, first, end int, zeros []float32) {
	bias, add := zeros[:end-first], []float32(nil)
	if e.Bias != nil {
		bias = e.Bias[first:end]
	}
	if e.Add != nil {
		add = e.Add[at:]
	}
	lo, hi := e.Bounds()
	tileAfter(l, y, off, bias, add, &[2]float32{lo, hi})
	if e.Act != SiLU {
		return
	}
	for _, o := range off {
		if o >= 0 {
			pixel := y[o:][:end-first]
			vec.SiLU(pixel, pixel)
		}
	}
}

// finish applies SiLU to what a piece has computed of tiles first to end for panels panel to panelEnd of group g. Pixels
// of a class of Forward follow each other.
func (k *direct) finish(c *class, g, panel, panelEnd, first, end int) {
	if k.epilogue.Act != SiLU || first == end {
		return
	}
	pixels := func(i int) int { return i/len(c.tiles)*len(c.out) + c.tiles[i%len(c.tiles)].first }
	col, colEnd := g*k.outer+panel*k.cols, g*k.outer+min(panelEnd*k.cols, k.outer)
	y := k.out[pixels(first)*k.shape.K : pixels(end)*k.shape.K]
	if colEnd-col == k.shape.K {
		vec.SiLU(y, y)
		return
	}
	for ; len(y) > 0; y = y[k.shape.K:] {
		vec.SiLU(y[col:colEnd], y[col:colEnd])
	}
}
