package conv

// tilePlan says where the tiles of an image read and write. Like a [plan] it depends on the shape of
// an image alone.
type tilePlan struct {
	tiles  int       // of an image, row by row
	in     []int32   // [tiles][6][6] offsets in the input image, negative for a pixel outside
	out    []int32   // [tiles][4][4] offsets in the output image
	unseen []float32 // [tiles][2][2] infinity for quarters of the middle of in that no output needs, else 0
	zeros  []float32 // what pixels outside read
}

var tilePlans cache[planKey, *tilePlan]

func tilePlanFor(s Shape, inputGrad bool) *tilePlan {
	s.N = 0
	key := planKey{shape: s, inputGrad: inputGrad}
	if p := tilePlans.get(key); p != nil {
		return p
	}
	p := newTilePlan(s, inputGrad)
	tilePlans.put(key, p, len(p.in)+len(p.out)+len(p.zeros)+len(p.unseen))
	return p
}

// image is the size of an image or of a gradient.
type image struct{ height, width, channels int }

// offsets appends the offsets of n x n pixels from (h, w) on.
func (g image) offsets(to []int32, h, w, n int) []int32 {
	for i := h; i < h+n; i++ {
		for j := w; j < w+n; j++ {
			if i < 0 || i >= g.height || j < 0 || j >= g.width {
				to = append(to, outside)
			} else {
				to = append(to, int32((i*g.width+j)*g.channels))
			}
		}
	}
	return to
}

func newTilePlan(s Shape, inputGrad bool) *tilePlan {
	in, out := image{s.H, s.W, s.C}, image{s.OutH(), s.OutW(), s.K}
	padH, padW := s.PadH, s.PadW
	if inputGrad { // dx is dy convolved with the flipped weights
		in, out = out, in
		padH, padW = 2-padH, 2-padW
	}
	p := &tilePlan{zeros: make([]float32, max(in.channels, out.channels))}
	for h := 0; h < out.height; h += 4 {
		for w := 0; w < out.width; w += 4 {
			p.in = in.offsets(p.in, h-padH, w-padW, 6)
			p.out = out.offsets(p.out, h, w, 4)
			unseen := p.unseenQuarters(p.tiles)
			p.unseen = append(p.unseen, unseen[:]...)
			p.tiles++
		}
	}
	return p
}

// With few channels a tile takes less time than its pixels take to arrive, and they lie in too short stretches
// for the hardware to foresee: so they are fetched so many tiles ahead. With more than fetchChannels it makes no
// difference.
const (
	fetchAhead    = 3
	fetchChannels = 64
)

// fetchInput has the cache fetch what a tile soon after tile t of an image reads, x being that image and those
// behind it, of size elements each. The first two columns have arrived for its neighbour.
func (p *tilePlan) fetchInput(x []float32, size, t, channels int) {
	if from, t := p.ahead(size, t); channels <= fetchChannels && from < len(x) {
		fetchPixels(&x[from], &p.in[t*36+2], 6, 6, 4*4*channels)
	}
}

// fetchOutput is fetchInput for the pixels of y in the output.
func (p *tilePlan) fetchOutput(y []float32, size, t, channels int) {
	if from, t := p.ahead(size, t); channels <= fetchChannels && from < len(y) {
		fetchPixels(&y[from], &p.out[t*16], 4, 4, 4*4*channels)
	}
}

// ahead returns where the image begins of the tile to fetch, and its number there. A division would take longer.
func (p *tilePlan) ahead(size, t int) (from, tile int) {
	for t += fetchAhead; t >= p.tiles; t -= p.tiles {
		from += size
	}
	return from, t
}
