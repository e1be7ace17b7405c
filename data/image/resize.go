package image

import (
	"fmt"
	"math"
)

// Filter says how a resized pixel is made of those around its place.
type Filter int

// The filters of Pillow, by their names there. All but Nearest average, so that an image made smaller has no
// aliases: their support grows with the scale.
const (
	Bilinear Filter = iota // triangle, support 1
	Nearest                // the pixel that the centre falls into
	Box                    // support 0.5
	Hamming                // sinc under a Hamming window, support 1
	Bicubic                // Keys's cubic with a = -0.5, support 2
	Lanczos                // sinc under a sinc window, support 3
)

var filterNames = [...]string{Bilinear: "bilinear", Nearest: "nearest", Box: "box", Hamming: "hamming", Bicubic: "bicubic", Lanczos: "lanczos"}

// String returns the filter's name in lower case, as timm's configurations spell it.
func (f Filter) String() string {
	if f < 0 || int(f) >= len(filterNames) {
		return fmt.Sprintf("Filter(%d)", int(f))
	}
	return filterNames[f]
}

// kernel returns a filter's function and beyond which distance it is zero.
func (f Filter) kernel() (weight func(x float64) float64, support float64) {
	switch f {
	case Bilinear:
		return func(x float64) float64 { return max(1-math.Abs(x), 0) }, 1
	case Box:
		return func(x float64) float64 {
			if x > -0.5 && x <= 0.5 {
				return 1
			}
			return 0
		}, 0.5
	case Hamming:
		return hamming, 1
	case Bicubic:
		return cubic, 2
	case Lanczos:
		return func(x float64) float64 {
			if x < -3 || x >= 3 {
				return 0
			}
			return sinc(x) * sinc(x/3)
		}, 3
	}
	panic("image: Resize: no filter " + f.String())
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	x *= math.Pi
	return math.Sin(x) / x
}

func hamming(x float64) float64 {
	x = math.Abs(x)
	switch {
	case x == 0:
		return 1
	case x >= 1:
		return 0
	}
	x *= math.Pi
	return math.Sin(x) / x * (0.54 + float64(0.46*math.Cos(x)))
}

func cubic(x float64) float64 {
	const a = -0.5
	x = math.Abs(x)
	switch { // the conversions keep a processor from fusing, which rounds otherwise
	case x < 1:
		return float64((float64((a+2)*x)-(a+3))*x*x) + 1
	case x < 2:
		return float64((float64((float64(x-5)*x)+8)*x)-4) * a
	}
	return 0
}

// Resize returns m with height x width pixels, bit for bit as Pillow's Image.resize does it on images of 8 bits: along
// the rows and along the columns, each rounded to bytes, with weights of 22 binary digits. As in Pillow 13, columns come
// first where the height shrinks by more than twice as many pixels as the width; rounding differs from older versions
// there. It panics unless both are at least 1.
func (m *Image) Resize(height, width int, f Filter) *Image {
	if height < 1 || width < 1 {
		panic(fmt.Sprintf("image: Resize: to %dx%d pixels: want at least 1 of both", height, width))
	}
	return m.resize(span{int64(height), 0, height}, span{int64(width), 0, width}, f)
}

// span is the pixels [from, from+n) of an axis of so many. The axis may be longer than any image: of a picture that is a
// million times as wide as it is high, only the middle is ever computed.
type span struct {
	size int64
	from int64
	n    int
}

// resize computes a window of the resized image.
func (m *Image) resize(rows, columns span, f Filter) *Image {
	if f == Nearest {
		return m.nearest(rows, columns)
	}
	var vertical, horizontal []taps // none where an axis stays as it is
	if rows != (span{int64(m.Height), 0, m.Height}) {
		vertical = weightsOf(m.Height, rows, f)
	}
	if columns != (span{int64(m.Width), 0, m.Width}) {
		horizontal = weightsOf(m.Width, columns, f)
	}
	less := int64(m.Height) - rows.size
	columnsFirst := 2*(int64(m.Width)-columns.size) < less && less > 0 // since Pillow 13
	switch {
	case vertical == nil && horizontal == nil:
		return &Image{append([]uint8(nil), m.Pixels...), m.Height, m.Width, m.Channels}
	case vertical == nil:
		return m.resizeRows(horizontal)
	case horizontal == nil:
		return m.resizeColumns(vertical, 0)
	case columnsFirst:
		return m.resizeColumns(vertical, 0).resizeRows(horizontal)
	}
	last := vertical[len(vertical)-1]
	first, end := vertical[0].first, last.first+len(last.weight) // of the rows that matter
	n := m.Width * m.Channels
	part := &Image{m.Pixels[first*n : end*n], end - first, m.Width, m.Channels}
	return part.resizeRows(horizontal).resizeColumns(vertical, first)
}

// ShortSide returns m resized so that its shorter side has n pixels, the longer one in proportion, rounded down:
// torchvision's Resize(n).
func (m *Image) ShortSide(n int, f Filter) *Image {
	h, w := m.shortSide(n)
	return m.Resize(int(h), int(w), f)
}

// Cut returns the middle of ShortSide(short, f), height x width pixels, as CentreCrop cuts it out; with short 0 that of m.
// No more is computed, so that of a picture which is a million times as long as it is wide this takes no more memory than
// of another.
func (m *Image) Cut(short, height, width int, f Filter) *Image {
	if short == 0 {
		return m.CentreCrop(height, width)
	}
	h, w := m.shortSide(short)
	top, left := middle(h, int64(height)), middle(w, int64(width))
	rows, columns := visible(h, top, height), visible(w, left, width)
	m = m.resize(rows, columns, f)
	if rows.n == height && columns.n == width {
		return m
	}
	return m.Crop(int(top-rows.from), int(left-columns.from), height, width)
}

// visible returns what an axis has of n pixels that begin at a place, which may be before it.
func visible(size, from int64, n int) span {
	first := max(from, 0)
	return span{size, first, int(min(from+int64(n), size) - first)}
}

// shortSide returns the size that makes the shorter side n.
func (m *Image) shortSide(n int) (height, width int64) {
	if m.Width <= m.Height {
		return int64(n) * int64(m.Height) / int64(m.Width), int64(n)
	}
	return int64(n), int64(n) * int64(m.Width) / int64(m.Height)
}

// nearest takes pixels by places that are added up, as Pillow does, rounding errors included.
func (m *Image) nearest(rows, columns span) *Image {
	out := New(rows.n, columns.n, m.Channels)
	across := places(m.Width, columns)
	for y, from := range places(m.Height, rows) {
		src, dst := m.row(from), out.row(y)
		for x, from := range across {
			copy(dst[x*m.Channels:(x+1)*m.Channels], src[from*m.Channels:])
		}
	}
	return out
}

func places(in int, out span) []int {
	step := float64(in) / float64(out.size)
	at := step * 0.5
	p := make([]int, out.n)
	for i := range out.from + int64(out.n) {
		if i >= out.from {
			p[i-out.from] = min(int(at), in-1)
		}
		at += step
	}
	return p
}

// precision is the number of binary digits of a weight: 32 less 8 of the pixel, a sign and one for sums above 1.
const precision = 32 - 8 - 2

// taps are the pixels that make one resized pixel, from first on, and their weights in units of 2^-precision.
type taps struct {
	first  int
	weight []int32
}

func weightsOf(in int, out span, f Filter) []taps {
	weight, support := f.kernel()
	scale := float64(in) / float64(out.size)
	wide := max(scale, 1)
	support *= wide
	all := make([]taps, out.n)
	values := make([]float64, 0, int(math.Ceil(support))*2+1)
	for i := range all {
		centre := float64((float64(out.from+int64(i)) + 0.5) * scale) // the conversion keeps what follows from being fused with it
		first := max(int(centre-support+0.5), 0)
		last := min(int(centre+support+0.5), in)
		values = values[:0]
		sum := 0.0
		for x := first; x < last; x++ {
			w := weight(float64((float64(x) - centre + 0.5) * (1 / wide)))
			values = append(values, w)
			sum += w
		}
		fixed := make([]int32, len(values))
		for j, w := range values {
			if sum != 0 {
				w /= sum
			}
			fixed[j] = int32(math.Trunc(math.Copysign(0.5, w) + float64(w*(1<<precision))))
		}
		all[i] = taps{first, fixed}
	}
	return all
}

// clip is a sum of weighted pixels as a byte.
func clip(sum int32) uint8 { return uint8(min(max(sum>>precision, 0), 255)) }

const rounding = 1 << (precision - 1) // what a sum begins with, to round

func (m *Image) resizeRows(all []taps) *Image {
	out := New(m.Height, len(all), m.Channels)
	c := m.Channels
	for y := range m.Height {
		src, dst := m.row(y), out.row(y)
		for x, t := range all {
			for k := range c {
				sum, at := int32(rounding), t.first*c+k
				for _, w := range t.weight {
					sum += int32(src[at]) * w
					at += c
				}
				dst[x*c+k] = clip(sum)
			}
		}
	}
	return out
}

// resizeColumns resizes an image of whose rows the first ones are not there.
func (m *Image) resizeColumns(all []taps, missing int) *Image {
	out := New(len(all), m.Width, m.Channels)
	sums := make([]int32, m.Width*m.Channels)
	for y, t := range all {
		for i := range sums {
			sums[i] = rounding
		}
		for j, w := range t.weight {
			for i, p := range m.row(t.first + j - missing) {
				sums[i] += int32(p) * w
			}
		}
		dst := out.row(y)
		for i, sum := range sums {
			dst[i] = clip(sum)
		}
	}
	return out
}
