package quant

import (
	"fmt"

	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/internal/portions"
)

// Run computes the outputs y of n images x of bytes. add is what Then.Add says is added, in the shape of y, and may be y.
func (c *Conv) Run(y, x, add []uint8, n int) {
	pixels := n * c.shape.OutH() * c.shape.OutW()
	if c.float || len(y) != pixels*Pitch(c.shape.K) || (c.addMul != 0) != (add != nil) || add != nil && len(add) != len(y) {
		panic(fmt.Sprintf("quant: Run: %d bytes of results and %d to add, for %d images of %+v", len(y), len(add), n, c.shape))
	}
	c.run(task{y: y, x: x, add: add, n: n, pitch: Pitch(c.shape.K)})
}

// RunFloat computes the outputs y of n images x as numbers, if Prepare was asked for them.
func (c *Conv) RunFloat(y []float32, x []uint8, n int) {
	if !c.float || len(y) != n*c.shape.OutH()*c.shape.OutW()*c.shape.K {
		panic(fmt.Sprintf("quant: RunFloat: %d results, for %d images of %+v", len(y), n, c.shape))
	}
	c.run(task{f: y, x: x, n: n, pitch: c.shape.K})
}

// task is a call of Run: tiles of all images by some panels at a time.
type task struct {
	*Conv
	y, x, add []uint8
	f         []float32
	n, pitch  int // images, and elements of an output pixel

	rows   int    // of a tile
	kernel height // for them
	tiles  int    // of all images
	chunk  int    // tiles of a piece
	kept   int    // panels of a piece
	rounds int    // of all tiles, for other panels each
}

var tasks portions.Pool[task]

// keptBytes is how much of the weights stays in the second-level cache while pixels go by, and pieceWork how many
// multiply-adds are worth a piece.
const (
	keptBytes = 192 << 10
	pieceWork = 1 << 20
)

func (c *Conv) run(by task) {
	s := c.shape
	if len(by.x) != by.n*s.H*s.W*Pitch(s.C) {
		panic(fmt.Sprintf("quant: Run: %d bytes of images, for %d of %+v", len(by.x), by.n, s))
	}
	if by.n == 0 {
		return
	}
	t := tasks.Get()
	*t = by
	t.Conv = c
	h, k := c.height, kernelsFor(c.level)
	t.tiles = by.n * len(c.tiles)
	if c.pointwise {
		h = k.height(by.n * s.H * s.W)
		t.tiles = portions.Ceil(by.n*s.H*s.W, k.heights[h].rows)
	}
	t.kernel = k.heights[h]
	t.rows = t.kernel.rows
	panels := len(c.start) / panel
	inner := len(c.weights) / len(c.start) // multiply-adds of a sum
	t.kept = min(panels, max(2, keptBytes/(panel*inner)&^1))
	t.rounds = portions.Ceil(panels, t.kept)
	t.chunk = min(t.tiles, portions.Ceil(pieceWork, inner*t.rows*t.kept*panel))
	parallel.For(t.rounds*portions.Ceil(t.tiles, t.chunk), 1, t)
	*t = task{}
	tasks.Put(t)
}

// Run computes pieces lo to hi.
func (t *task) Run(lo, hi int) {
	w := works.Get()
	chunks := portions.Ceil(t.tiles, t.chunk)
	for i := lo; i < hi; i++ {
		round, chunk := i/chunks, i%chunks
		for j := chunk * t.chunk; j < min((chunk+1)*t.chunk, t.tiles); j++ {
			t.place(w, j)
			t.compute(w, round*t.kept, min((round+1)*t.kept, len(t.start)/panel))
		}
	}
	w.tile = tile{}
	works.Put(w)
}

// work is what a worker needs for a tile.
type work struct {
	tile     tile
	off, out [maxRows]int32
	edge     [maxRows * panel]float32 // numbers of a panel that has more channels than there are
	edgeOut  [maxRows]int32
}

var works portions.Pool[work]

// place turns w to the pixels of tile j.
func (t *task) place(w *work, j int) {
	k, s := &w.tile, t.shape
	pitch := Pitch(s.C)
	firstIn, firstOut := j*t.rows, j*t.rows
	if t.pointwise {
		for i := range t.rows {
			p := min(i, t.n*s.H*s.W-firstIn-1)
			w.off[i], w.out[i] = int32(p*pitch), int32(p*t.pitch)
		}
		k.Taps, k.Steps, k.Off = 1, pitch/4, w.off[:t.rows]
	} else {
		image, p := j/len(t.Conv.tiles), &t.Conv.tiles[j%len(t.Conv.tiles)]
		firstIn, firstOut = image*s.H*s.W, image*s.OutH()*s.OutW()
		for i, o := range p.out {
			w.out[i] = o * int32(t.pitch)
		}
		k.Taps, k.Steps, k.Off = p.taps, p.steps, p.off
	}
	k.X, k.Zero, k.Out = t.x[firstIn*pitch:], t.zero, w.out[:t.rows]
	switch first := firstOut * t.pitch; {
	case t.float:
		k.F = t.f[first:]
	default:
		k.Y = t.y[first:]
		if t.add != nil {
			k.Add = t.add[first:]
		}
	}
	k.AddMul, k.Lo, k.Hi = t.addMul, t.lo, t.hi
}

// compute computes panels first to end for the pixels that w is at. Numbers of a last panel with more channels than there
// are go by way of w.edge.
func (t *task) compute(w *work, first, end int) {
	full := end
	if t.float {
		full = max(first, min(end, t.shape.K/panel))
	}
	pairs := first + (full-first)&^1
	t.panels(&w.tile, t.kernel.pairs, first, pairs, first*panel)
	t.panels(&w.tile, t.kernel.single, pairs, full, pairs*panel)
	if full == end {
		return
	}
	f := w.tile.F
	for i := range t.rows {
		w.edgeOut[i] = int32(i * panel)
	}
	w.tile.F, w.tile.Out = w.edge[:], w.edgeOut[:t.rows]
	t.panels(&w.tile, t.kernel.single, full, end, 0)
	w.tile.F, w.tile.Out = f, w.out[:t.rows]
	for i, o := range w.tile.Out {
		copy(f[int(o)+full*panel:][:t.shape.K-full*panel], w.edge[i*panel:])
	}
}

// panels has a kernel compute panels first to end, the first of which is that many channels behind the pixels of k.
func (t *task) panels(k *tile, kernel func(*tile), first, end, channel int) {
	if first == end {
		return
	}
	k.Panels, k.Pitch = end-first, len(t.weights)/len(t.start)*panel
	k.W, k.Start, k.Mul, k.Bias = t.weights[first*k.Pitch:], t.start[first*panel:], t.mul[first*panel:], t.bias[first*panel:]
	y, f, add := k.Y, k.F, k.Add
	if t.float {
		k.F = f[channel:]
	} else {
		k.Y = y[channel:]
		if add != nil {
			k.Add = add[channel:]
		}
	}
	kernel(k)
	k.Y, k.F, k.Add = y, f, add
}
