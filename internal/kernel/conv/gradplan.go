package conv

import "sync"

// gradPlan says, for one shape, which pixels of x meet which pixels of dy in the gradient of the
// weights. Like a [plan] it depends on the shape of an image alone.
//
// The sum over pixels is cut into strips, so that the pixels of a strip stay in the cache while all
// tiles of dw pass over them: rows of one image, or several small images.
type gradPlan struct {
	pitch  int      // distance of the pixels of dy
	images int      // of a strip
	strips int      // of an image, 1 when images > 1
	groups [][]list // lists of different groups write different rows of dw
	size   int
}

// list is rows of dw that are neighbours in x as well: the channels of one tap, or of all the taps of
// one row of the kernel.
type list struct {
	row, rows int  // of dw as a [R*S*Cg, K] matrix
	adds      bool // an earlier list has computed these rows in part
	strips    []strip
}

// strip is the pixels that contribute to a list: runs of pixels of an output row, as tile.Outer takes
// them. Pixels whose source lies outside the image are left out.
type strip struct {
	segs     []int32
	perImage int // segments of each image
}

// stripElements bounds the elements of x and dy in a strip, about half the second-level cache.
const stripElements = 96 << 10

// stripPixels is the most pixels of a strip: a panel of dy then fits in the first-level cache.
const stripPixels = 256

func newGradPlan(s Shape, pitch int) *gradPlan {
	outH, outW := s.OutH(), s.OutW()
	pixels := min(stripPixels, max(64, stripElements/(s.C*s.StrideH*s.StrideW+s.K)))
	p := &gradPlan{pitch: pitch, images: max(1, min(pixels/(outH*outW), s.N)), strips: 1}
	if p.images == 1 {
		p.strips = min(outH, ceil(outH*outW, pixels))
	}
	cg := s.C / s.Groups
	// With few channels per tap, the taps of a kernel row are taken together where all of them are
	// inside the image; what remains at the left and right border follows tap by tap.
	joint := cg < jointBelow && s.S > 1 && s.DilationW == 1 && s.Groups == 1
	lo, hi := 0, 0 // output columns for which every tap is inside
	if joint {
		lo, _ = s.columns(0)
		_, hi = s.columns(s.S - 1)
		if joint = lo < hi; !joint {
			lo, hi = 0, 0
		}
	}
	for r := range s.R {
		if joint {
			p.add(s, list{row: r * s.S * cg, rows: s.S * cg}, r, 0, [][2]int{{lo, hi}})
		}
		for t := range s.S {
			first, end := s.columns(t)
			runs := [][2]int{{first, end}}
			if joint {
				runs = [][2]int{{first, min(end, lo)}, {max(first, hi), end}}
			}
			p.add(s, list{row: (r*s.S + t) * cg, rows: cg}, r, t, runs)
		}
	}
	return p
}

// jointBelow is the number of channels below which a tap alone makes tiles too low to keep the
// multipliers busy.
const jointBelow = 8

// columns returns the output columns whose source through column t of the kernel is inside.
func (s Shape) columns(t int) (first, end int) {
	d := s.PadW - t*s.DilationW // iw = ow*StrideW - d
	return min(max(0, ceilDiv(d, s.StrideW)), s.OutW()), max(0, min(s.OutW(), ceilDiv(s.W+d, s.StrideW)))
}

// ceilDiv is ceil for any sign of a.
func ceilDiv(a, b int) int {
	if a <= 0 {
		return -(-a / b)
	}
	return ceil(a, b)
}

// add appends l with the segments that tap (r, t) covers in the given runs of output columns.
func (p *gradPlan) add(s Shape, l list, r, t int, runs [][2]int) {
	outH, outW := s.OutH(), s.OutW()
	some := false
	for i := range p.strips {
		var st strip
		for image := range p.images {
			first, end := p.rows(s, i)
			for oh := first; oh < end; oh++ {
				for _, run := range runs {
					ih, iw := s.source(oh, run[0], r*s.S+t)
					if run[0] < run[1] && ih >= 0 && ih < s.H {
						dy := (image*outH+oh-first)*outW + run[0]
						st.append(((image*s.H+ih)*s.W+iw)*s.C, dy*p.pitch, run[1]-run[0], s.StrideW*s.C, p.pitch, image*outH*outW*p.pitch)
					}
				}
			}
			if image == 0 {
				st.perImage = len(st.segs) / 3
			}
		}
		some = some || len(st.segs) > 0
		p.size += len(st.segs)
		l.strips = append(l.strips, st)
	}
	last := len(p.groups) - 1
	switch l.adds = last >= 0 && p.groups[last][0].covers(l.row); {
	case !l.adds:
		p.groups = append(p.groups, []list{l})
	case some:
		p.groups[last] = append(p.groups[last], l)
	}
}

func (l *list) covers(row int) bool { return row >= l.row && row < l.row+l.rows }

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
	return s.OutH() * i / p.strips, s.OutH() * (i + 1) / p.strips
}

// gradPlans caches plans as [plans] does.
var gradPlans = struct {
	sync.RWMutex
	m    map[gradKey]*gradPlan
	size int
}{m: map[gradKey]*gradPlan{}}

type gradKey struct {
	shape Shape
	pitch int
}

func gradPlanFor(s Shape, pitch int) *gradPlan {
	key := gradKey{s, pitch}
	gradPlans.RLock()
	p := gradPlans.m[key]
	gradPlans.RUnlock()
	if p != nil {
		return p
	}
	p = newGradPlan(s, pitch)
	gradPlans.Lock()
	defer gradPlans.Unlock()
	if gradPlans.size += p.size; gradPlans.size > maxEntries {
		clear(gradPlans.m)
		gradPlans.size = p.size
	}
	gradPlans.m[key] = p
	return p
}
