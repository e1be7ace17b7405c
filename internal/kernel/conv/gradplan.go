package conv

import "github.com/residuum-go/residuum/internal/portions"

// gradPlan says, for one shape, which pixels of x meet which pixels of dy in the gradient of the
// weights. Like a [plan] it depends on the shape of an image alone.
//
// The sum over pixels is cut into strips, rows of one image or several small images, and dw into
// bands of channels, so that the part of a strip that a band reads stays in the second-level cache
// while all taps and panels pass over it.
type gradPlan struct {
	pitch  int      // distance of the pixels of dy
	packed int      // distance of the pixels of x in a copy, 0 when it is read in place
	images int      // of a strip
	strips int      // of an image, 1 when images > 1
	ends   []int    // for each strip, the end of what it reads of its image or images
	groups [][]list // in the order of the bands; lists of different groups write different rows of dw
	size   int
}

// list is rows of dw that are neighbours in x as well: channels of one tap, or of all the taps of one
// row of the kernel.
type list struct {
	row, rows int  // of dw as a [R*S*Cg, K] matrix
	x         int  // the first channel
	adds      bool // the list before has computed these rows in part
	strips    []strip
}

// strip is the pixels that contribute to a list: runs of pixels of an output row, as tile.Outer takes
// them. Pixels whose source lies outside the image are left out.
type strip struct {
	segs     []int32
	perImage int // segments of each image
}

const (
	// stripPixels is the most pixels of a strip: a panel of dy then takes 32 KB.
	stripPixels = 256
	// bandChannels is the most channels of a band: 16 tiles, 192 KB of a strip of x.
	bandChannels = 192
	// bandPacked is the most elements of a copy of x: 256 KB.
	bandPacked = 1 << 16
	// jointBelow is the number of channels below which a tap alone makes tiles too low to keep the
	// multipliers busy. The taps of a kernel row are then taken together where all of them are inside
	// the image; what remains at the left and right border follows tap by tap.
	jointBelow = 8
)

func newGradPlan(s Shape, pitch, packed int) *gradPlan {
	p := &gradPlan{pitch: pitch, packed: packed, images: s.stripImages(), strips: 1}
	if p.images == 1 {
		p.strips = min(s.OutH(), portions.Ceil(s.OutH()*s.OutW(), stripPixels))
	}
	for i := range p.strips {
		_, end := p.rows(s, i)
		last, _ := s.source(end-1, 0, s.R*s.S-1)
		p.ends = append(p.ends, ((p.images-1)*s.H+max(0, min(last+1, s.H)))*s.W*s.C)
	}
	cg := s.C / s.Groups
	lo, hi := 0, 0 // output columns for which every tap is inside
	if cg < jointBelow && s.S > 1 && s.DilationW == 1 && s.Groups == 1 {
		lo, _ = s.columns(0)
		_, hi = s.columns(s.S - 1)
	}
	if joint := lo < hi; joint {
		for r := range s.R {
			lists := []list{{row: r * s.S * cg, rows: s.S * cg, strips: p.stripsOf(s, r, 0, [2]int{lo, hi})}}
			for t := range s.S {
				first, end := s.columns(t)
				border := p.stripsOf(s, r, t, [2]int{first, min(end, lo)}, [2]int{max(first, hi), end})
				lists = append(lists, list{row: (r*s.S + t) * cg, rows: cg, adds: true, strips: border})
			}
			p.groups = append(p.groups, lists)
		}
		return p
	}
	taps := make([][]strip, s.R*s.S)
	for t := range taps {
		first, end := s.columns(t % s.S)
		taps[t] = p.stripsOf(s, t/s.S, t%s.S, [2]int{first, end})
	}
	unit := max(1, packed) // panels of a copy do not straddle bands
	units := portions.Ceil(cg, unit)
	bands := portions.Ceil(cg, p.band(s))
	for b := range bands {
		c, end := portions.Share(units, b, bands)*unit, min(portions.Share(units, b+1, bands)*unit, cg)
		for t, strips := range taps {
			p.groups = append(p.groups, []list{{row: t*cg + c, rows: end - c, x: c, strips: strips}})
		}
	}
	return p
}

// stripImages returns how many images a strip spans: all strips have nearly as many.
func (s Shape) stripImages() int {
	most := max(1, stripPixels/(s.OutH()*s.OutW()))
	return portions.Ceil(s.N, portions.Ceil(s.N, most))
}

// columns returns the output columns whose source through column t of the kernel is inside.
func (s Shape) columns(t int) (first, end int) {
	d := s.PadW - t*s.DilationW // iw = ow*StrideW - d
	return min(max(0, portions.Ceil(d, s.StrideW)), s.OutW()), max(0, min(s.OutW(), portions.Ceil(s.W+d, s.StrideW)))
}

// stripsOf returns, for each strip, the segments that tap (r, t) covers in runs of output columns.
func (p *gradPlan) stripsOf(s Shape, r, t int, runs ...[2]int) []strip {
	outH, outW := s.OutH(), s.OutW()
	strips := make([]strip, p.strips)
	for i := range strips {
		st := &strips[i]
		for image := range p.images {
			first, end := p.rows(s, i)
			for oh := first; oh < end; oh++ {
				for _, run := range runs {
					ih, iw := s.source(oh, run[0], r*s.S+t)
					if run[0] < run[1] && ih >= 0 && ih < s.H {
						dy := (image*outH+oh-first)*outW + run[0]
						x := p.pixel(s, i, image, ih, iw, dy)
						st.append(x, dy*p.pitch, run[1]-run[0], p.xPitch(s), p.pitch, image*outH*outW*p.pitch)
					}
				}
			}
			if image == 0 {
				st.perImage = len(st.segs) / 3
			}
		}
		p.size += len(st.segs)
	}
	return strips
}

// append adds a segment of count pixels at x and dy, which are xPitch and dyPitch apart, or lengthens
// the last one when this one continues it. An image, whose dy begins at start, begins a new segment
// since it may be left out.
func (st *strip) append(x, dy, count, xPitch, dyPitch, start int) {
	if n := len(st.segs); n > 0 && dy > start {
		last := st.segs[n-3:]
		if int(last[0])+int(last[2])*xPitch == x && int(last[1])+int(last[2])*dyPitch == dy {
			last[2] += int32(count)
			return
		}
	}
	st.segs = append(st.segs, int32(x), int32(dy), int32(count))
}

// rows returns the output rows of strip i.
func (p *gradPlan) rows(s Shape, i int) (first, end int) {
	return portions.Share(s.OutH(), i, p.strips), portions.Share(s.OutH(), i+1, p.strips)
}

var gradPlans cache[gradKey, *gradPlan]

type gradKey struct {
	shape         Shape
	pitch, packed int
}

func gradPlanFor(s Shape, pitch, packed int) *gradPlan {
	s.N = s.stripImages()
	key := gradKey{s, pitch, packed}
	if p := gradPlans.get(key); p != nil {
		return p
	}
	p := newGradPlan(s, pitch, packed)
	gradPlans.put(key, p, p.size)
	return p
}
