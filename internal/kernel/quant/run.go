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
	k := &w.tile
	k.Zero, k.Pitch, k.AddMul, k.Lo, k.Hi = t.zero, len(t.weights)/len(t.start)*panel, t.addMul, t.lo, t.hi
	chunks := portions.Ceil(t.tiles, t.chunk)
	for i := lo; i < hi; i++ {
		first, end := i/chunks*t.kept, min((i/chunks+1)*t.kept, len(t.start)/panel)
		from, to := i%chunks*t.chunk, min((i%chunks+1)*t.chunk, t.tiles)
		full := end // panels without channels beyond K, which numbers have no room for
		if t.float {
			full = max(first, min(end, t.shape.K/panel))
		}
		pairs := first + (full-first)&^1
		t.panels(w, t.kernel.pairs, first, pairs, from, to)
		t.panels(w, t.kernel.single, pairs, full, from, to)
		t.panels(w, t.kernel.single, full, end, from, to)
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

// panels has a kernel compute panels first to end of tiles from to to.
func (t *task) panels(w *work, kernel func(*tile), first, end, from, to int) {
	if first == end {
		return
	}
	k := &w.tile
	k.Panels, k.W = end-first, t.weights[first*k.Pitch:]
	k.Start, k.Mul, k.Bias = t.start[first*panel:], t.mul[first*panel:], t.bias[first*panel:]
	if t.pointwise {
		t.pixels(w, t.rows)
	}
	s, channel, pitch := t.shape, first*panel, Pitch(t.shape.C)
	edge := t.float && end*panel > s.K
	image, of := 0, 0
	if !t.pointwise {
		image, of = from/len(t.Conv.tiles), from%len(t.Conv.tiles)
	}
	for j := from; j < to; j++ {
		in, out := j*t.rows, j*t.rows
		if !t.pointwise {
			in, out = image*s.H*s.W, image*s.OutH()*s.OutW()
			p := &t.Conv.tiles[of]
			k.Taps, k.Steps, k.Off, k.Out = p.taps, p.steps, p.off, p.out
			if of++; of == len(t.Conv.tiles) {
				image, of = image+1, 0
			}
		} else if left := t.n*s.H*s.W - in; left < t.rows {
			t.pixels(w, left)
		}
		k.X = t.x[in*pitch:]
		switch at := out*t.pitch + channel; {
		case edge:
			w.computeEdge(kernel, t.f[at:], s.K-channel)
		case t.float:
			k.F = t.f[at:]
			kernel(k)
		default:
			k.Y = t.y[at:]
			if t.add != nil {
				k.Add = t.add[at:]
			}
			kernel(k)
		}
	}
}

// pixels turns w to a tile of so many pixels that follow each other in images and results.
func (t *task) pixels(w *work, n int) {
	pitch := Pitch(t.shape.C)
	for i := range t.rows {
		p := min(i, n-1)
		w.off[i], w.out[i] = int32(p*pitch), int32(p*t.pitch)
	}
	w.tile.Taps, w.tile.Steps, w.tile.Off, w.tile.Out = 1, pitch/4, w.off[:t.rows], w.out[:t.rows]
}

// computeEdge computes a panel of which f takes so many channels.
func (w *work) computeEdge(kernel func(*tile), f []float32, channels int) {
	k := &w.tile
	out := k.Out
	for i := range out {
		w.edgeOut[i] = int32(i * panel)
	}
	k.F, k.Out = w.edge[:], w.edgeOut[:len(out)]
	kernel(k)
	k.Out = out
	for i, o := range out {
		copy(f[o:][:channels], w.edge[i*panel:])
	}
}
