package data

import (
	"math/bits"
	"math/rand/v2"
)

// Augment says how training images are varied. The zero Augment leaves them as they are.
type Augment struct {
	// Pad black pixels are added on each side, then a crop of the original size is taken at a
	// uniformly random place. It must be less than height and width, so that every crop shows
	// part of the image.
	Pad int
	// Flip mirrors left and right with probability one half.
	Flip bool
	// Erase is the probability with which a rectangle becomes 0 after normalisation, the mean colour: random erasing
	// (Zhong et al. 2020), of 2 to 33 % of the area, as torchvision's RandomErasing.
	Erase float64
}

// view is where in its image a varied image starts and whether it is mirrored.
type view struct {
	top, left int // may be negative: outside is black
	flip      bool
}

// draw picks the view of one sample from a random source that is the sample's own, so that it does
// not matter which worker prepares it, or when.
func (a Augment) draw(seed uint64, epoch, sample int) view {
	var v view
	if a == (Augment{}) {
		return v
	}
	var source rand.PCG
	source.Seed(scramble(seed, epoch), uint64(sample))
	source.Uint64() // neighbouring seeds differ little before the first step
	if a.Pad > 0 {
		v.top = below(source.Uint64(), 2*a.Pad+1) - a.Pad
		v.left = below(source.Uint64(), 2*a.Pad+1) - a.Pad
	}
	v.flip = a.Flip && source.Uint64()>>63 == 1
	return v
}

// below maps a uniform 64-bit number to 0..n-1.
func below(u uint64, n int) int {
	hi, _ := bits.Mul64(u, uint64(n))
	return int(hi)
}

// scramble gives each epoch a seed of its own (the finaliser of SplitMix64, Steele et al. 2014).
func scramble(seed uint64, epoch int) uint64 {
	z := seed + (uint64(epoch)+1)*0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// render writes an image [h, w, channels], seen through v and normalised by table, to dst.
func render(dst []float32, image []uint8, h, w int, v view, table [][256]float32) {
	ch := len(table)
	if v == (view{}) {
		normalise(dst, image, table)
		return
	}
	for y := range h {
		for x := range w {
			sy, sx := y+v.top, x+v.left
			if v.flip {
				sx = w - 1 - x + v.left
			}
			out := dst[(y*w+x)*ch : (y*w+x+1)*ch]
			if sy < 0 || sy >= h || sx < 0 || sx >= w {
				for c := range out {
					out[c] = table[c][0]
				}
				continue
			}
			in := image[(sy*w+sx)*ch:]
			for c := range out {
				out[c] = table[c][in[c]]
			}
		}
	}
}
