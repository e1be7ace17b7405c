package conv

import "github.com/residuum-go/residuum/internal/portions"

// plan says, for one shape and one direction, where each output pixel of an image reads and writes.
// It depends on nothing else, so all images of all batches share it.
//
// The output pixels are sorted into classes: pixels of a class use the same taps. Forward has one
// class. The gradient with respect to the image has one for each phase of the stride: with stride 2,
// a 3x3 kernel reaches pixels of the four parities through 4, 2, 2 and 1 taps. Every tap belongs to
// one class, so the classes share the weights out and no product with an inserted zero is computed.
type plan struct {
	classes []class
	taps    []int     // of all classes, in the order in which the weights are packed
	zeros   []float32 // what pixels outside the image read
	size    int       // entries of all tables
}

// class is the tiles of one class of pixels.
type class struct {
	firstTap, taps int // taps plan.taps[firstTap : firstTap+taps]
	run            int // a multiple of this many taps is a whole number of a tile's, merged or not
	tiles          []tiling
	out            []int32 // offset of each pixel in the output image
}

// tiling is one tile: consecutive pixels of a class.
type tiling struct {
	first, rows int     // pixels
	taps, inner int     // taps, and how many elements each contributes
	off         []int32 // [taps][rows] offsets in the input image, negative for a pixel outside

	// The next tile, in the next image for the last one, needs fresh elements of the input image from
	// offset ahead on that neither this tile nor an earlier one reads.
	ahead, fresh int
}

// view is what a plan is made from: an output of height x width pixels, outC apart, whose pixel
// (h, w) reads, through tap t, inner elements at offset source(h, w, t) of the input image.
// source returns outside for pixels beyond the border, and never when the stride of the convolution
// skips that combination.
type view struct {
	height, width, outC int
	inSize              int // elements of the input image
	phaseH, phaseW      int // pixels a phase apart are in one class
	taps, inner         int
	backward            bool // the last tap comes first
	run                 int  // taps that are neighbours in memory when inside the image, 1 for none
	source              func(h, w, t int) int
}

const (
	outside = -1
	never   = -2
)

// newPlan builds a plan with tiles of at most maxRows rows.
func newPlan(v view, maxRows int) *plan {
	p := &plan{zeros: make([]float32, max(v.inner, groupChannels))} // tiles of narrow groups read whole vectors
	for ph := range min(v.phaseH, v.height) {
		for pw := range min(v.phaseW, v.width) {
			c := class{firstTap: len(p.taps), run: v.run}
			for i := range v.taps {
				t := i
				if v.backward {
					t = v.taps - 1 - i
				}
				if v.source(ph, pw, t) != never {
					p.taps = append(p.taps, t)
				}
			}
			used := p.taps[c.firstTap:]
			c.taps = len(used)
			var pixels [][2]int
			for h := ph; h < v.height; h += v.phaseH {
				for w := pw; w < v.width; w += v.phaseW {
					pixels = append(pixels, [2]int{h, w})
					c.out = append(c.out, int32((h*v.width+w)*v.outC))
				}
			}
			n := portions.Ceil(len(pixels), maxRows)
			for i := range n { // tiles of equal height, give or take a row
				first, end := portions.Share(len(pixels), i, n), portions.Share(len(pixels), i+1, n)
				t := v.tiling(pixels[first:end], used)
				t.first = first
				c.tiles = append(c.tiles, t)
				p.size += len(t.off)
			}
			c.lookAhead(v.inSize)
			p.size += len(c.out)
			p.classes = append(p.classes, c)
		}
	}
	return p
}

// lookAhead fills in what the tiles have to fetch for their successors. Images are read more or less
// from start to end, so this is what lies between the ends of two tiles. Where a stride leaves most
// of that unread, nothing is fetched.
func (c *class) lookAhead(inSize int) {
	ends := make([]int, len(c.tiles)+1)
	for i, t := range c.tiles {
		for _, o := range t.off {
			ends[i] = max(ends[i], int(o)+t.inner)
		}
	}
	ends[len(c.tiles)] = inSize + ends[0]
	for i := range c.tiles {
		t := &c.tiles[i]
		t.ahead = ends[i]
		if i == len(c.tiles)-1 {
			t.ahead = inSize
		}
		if fresh := ends[i+1] - t.ahead; fresh < 2*t.rows*t.taps*t.inner {
			t.fresh = max(fresh, 0)
		}
	}
}

// tiling makes the table of one tile. Where no pixel is outside, taps that are neighbours in memory
// become one longer tap, which matters when the image has few channels.
func (v view) tiling(pixels [][2]int, taps []int) tiling {
	t := tiling{rows: len(pixels), taps: len(taps), inner: v.inner, off: make([]int32, 0, len(taps)*len(pixels))}
	inside := true
	for _, tap := range taps {
		for _, p := range pixels {
			o := v.source(p[0], p[1], tap)
			t.off = append(t.off, int32(o))
			inside = inside && o >= 0
		}
	}
	if inside && v.run > 1 {
		t.taps /= v.run
		t.inner *= v.run
		for i := range t.taps {
			copy(t.off[i*t.rows:(i+1)*t.rows], t.off[i*v.run*t.rows:])
		}
		t.off = append([]int32(nil), t.off[:t.taps*t.rows]...)
	}
	return t
}

// forwardView reads x to write y.
func (s Shape) forwardView() view {
	run := 1
	if s.DilationW == 1 && s.Groups == 1 {
		run = s.S
	}
	fromH, fromW := make([]int, s.R*s.S), make([]int, s.R*s.S) // what a tap reads for the first output
	for t := range fromH {
		fromH[t], fromW[t] = s.source(0, 0, t)
	}
	return view{
		height: s.OutH(), width: s.OutW(), outC: s.K, inSize: s.H * s.W * s.C, phaseH: 1, phaseW: 1,
		taps: s.R * s.S, inner: s.C / s.Groups, run: run,
		source: func(oh, ow, t int) int {
			ih, iw := fromH[t]+oh*s.StrideH, fromW[t]+ow*s.StrideW
			if !s.inside(ih, iw) {
				return outside
			}
			return (ih*s.W + iw) * s.C
		},
	}
}

// inputGradView reads dy to write dx.
func (s Shape) inputGradView() view {
	outH, outW := s.OutH(), s.OutW()
	run := 1
	if s.DilationW == 1 && s.StrideW == 1 && s.Groups == 1 {
		run = s.S
	}
	return view{
		height: s.H, width: s.W, outC: s.C, inSize: outH * outW * s.K, phaseH: s.StrideH, phaseW: s.StrideW,
		taps: s.R * s.S, inner: s.K / s.Groups, run: run,
		backward: true, // later taps read earlier pixels; memory is best read forwards
		source: func(ih, iw, t int) int {
			h := ih + s.PadH - t/s.S*s.DilationH
			w := iw + s.PadW - t%s.S*s.DilationW
			if h%s.StrideH != 0 || w%s.StrideW != 0 {
				return never
			}
			oh, ow := h/s.StrideH, w/s.StrideW
			if h < 0 || w < 0 || oh >= outH || ow >= outW {
				return outside
			}
			return (oh*outW + ow) * s.K
		},
	}
}

// A first-level cache keeps few lines whose places are a multiple of so many bytes apart. It is so on all common
// processors.
const (
	sameLines = 4 << 10
	keptLines = 8
)

// tileRows returns how many rows a tile of the direct sum may have, at most so many: where neighbouring pixels compete for
// the same lines of the cache they push each other out before their next channel is read. The few channels of a group are
// read only once for each tap.
func (s Shape) tileRows(most int, inputGrad bool) int {
	apart := 4 * s.C * s.StrideW
	if inputGrad {
		apart = 4 * s.K
	}
	if s.Groups == 1 && apart%sameLines == 0 {
		return min(most, keptLines)
	}
	return most
}

// planKey identifies a plan: the shape of one image, and the tile that it was made for.
type planKey struct {
	shape     Shape // N is 0
	inputGrad bool
	rows      int
}

var plans cache[planKey, *plan]

func planFor(s Shape, inputGrad bool, rows int) *plan {
	s.N = 0
	key := planKey{s, inputGrad, rows}
	if p := plans.get(key); p != nil {
		return p
	}
	v := s.forwardView()
	if inputGrad {
		v = s.inputGradView()
	}
	p := newPlan(v, rows)
	plans.put(key, p, p.size)
	return p
}
