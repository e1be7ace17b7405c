package image

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// TrivialAugment changes m by one of fourteen operations with a random strength: TrivialAugment Wide of Müller and Hutter
// 2021 with the ranges and bits of torchvision's TrivialAugmentWide on PIL images. What a movement uncovers is black. It panics
// unless m has three channels.
func TrivialAugment(m *Image, rng *rand.Rand) *Image {
	m.wantColours("TrivialAugment")
	op := operations[rng.IntN(len(operations))]
	return op.vary(m, op.strength(wide, m, rng.IntN(steps+1)), rng)
}

// RandAugment changes m by so many operations of fourteen, one after the other, drawn with replacement, all of one strength
// from 0 to 30: RandAugment of Cubuk et al. 2020 with the ranges and bits of torchvision's RandAugment on PIL images, which
// by default has 2 operations of strength 9. What a movement uncovers is black. It panics unless m has three channels,
// count is not negative and strength in its range.
func RandAugment(m *Image, count, strength int, rng *rand.Rand) *Image {
	m.wantColours("RandAugment")
	if count < 0 || strength < 0 || strength > steps {
		panic(fmt.Sprintf("image: RandAugment: %d operations of strength %d: want none negative, strength at most %d", count, strength, steps))
	}
	for range count {
		op := operations[rng.IntN(len(operations))]
		m = op.vary(m, op.strength(narrow, m, strength), rng)
	}
	return m
}

const steps = 30 // from the weakest to the strongest

// ranges are the greatest strengths.
type ranges struct {
	shear, degrees, colour float32
	bits                   float64 // that posterize takes away
	pixels                 func(side int) float32
}

var (
	wide   = ranges{0.99, 135, 0.99, 6, func(int) float32 { return 32 }}
	narrow = ranges{0.3, 30, 0.9, 4, func(side int) float32 { return float32(150. / 331 * float64(side)) }}
)

// operation changes an image by a strength, of which the sign may be drawn.
type operation struct {
	name     string // torchvision's
	strength func(r ranges, m *Image, step int) float64
	signed   bool
	apply    func(m *Image, x float64) *Image
}

func (op operation) vary(m *Image, x float64, rng *rand.Rand) *Image {
	if op.signed && rng.IntN(2) == 1 {
		x = -x
	}
	return op.apply(m, x)
}

// upTo is value i of torch.linspace(0, most, steps+1): counted from the nearer end, with one rounding to float32.
func upTo(most float32, i int) float64 {
	step := float64(most / steps)
	if i < (steps+1)/2 {
		return float64(float32(step * float64(i)))
	}
	return float64(float32(float64(most) - float64(step*float64(steps-i))))
}

func none(ranges, *Image, int) float64            { return 0 }
func shears(r ranges, _ *Image, i int) float64    { return upTo(r.shear, i) }
func colouring(r ranges, _ *Image, i int) float64 { return upTo(r.colour, i) }

var operations = []operation{
	{"Identity", none, false, func(m *Image, _ float64) *Image { return m }},
	{"ShearX", shears, true, func(m *Image, x float64) *Image { return m.affine([6]float64{1, x, 0, 0, 1, 0}) }},
	{"ShearY", shears, true, func(m *Image, x float64) *Image { return m.affine([6]float64{1, 0, 0, x, 1, 0}) }},
	{"TranslateX", func(r ranges, m *Image, i int) float64 { return upTo(r.pixels(m.Width), i) }, true,
		func(m *Image, x float64) *Image { return m.Crop(0, -int(x), m.Height, m.Width) }},
	{"TranslateY", func(r ranges, m *Image, i int) float64 { return upTo(r.pixels(m.Height), i) }, true,
		func(m *Image, x float64) *Image { return m.Crop(-int(x), 0, m.Height, m.Width) }},
	{"Rotate", func(r ranges, _ *Image, i int) float64 { return upTo(r.degrees, i) }, true, (*Image).rotate},
	{"Brightness", colouring, true, func(m *Image, x float64) *Image { return m.Brightness(1 + x) }},
	{"Color", colouring, true, func(m *Image, x float64) *Image { return m.Saturation(1 + x) }},
	{"Contrast", colouring, true, func(m *Image, x float64) *Image { return m.Contrast(1 + x) }},
	{"Sharpness", colouring, true, func(m *Image, x float64) *Image { return m.Sharpness(1 + x) }},
	{"Posterize", func(r ranges, _ *Image, i int) float64 { return 8 - math.Round(float64(i)*r.bits/steps) }, false, (*Image).posterize},
	{"Solarize", func(_ ranges, _ *Image, i int) float64 { return upTo(255, steps-i) }, false, (*Image).solarize},
	{"AutoContrast", none, false, func(m *Image, _ float64) *Image { return m.autoContrast() }},
	{"Equalize", none, false, func(m *Image, _ float64) *Image { return m.equalize() }},
}

// affine returns the image whose pixel (x, y) is the one nearest to (a[0]x + a[1]y + a[2], a[3]x + a[4]y + a[5]) in m,
// counted from centres, by Pillow's steps of 2^-16 (Geometry.c).
func (m *Image) affine(a [6]float64) *Image {
	fixed := func(v float64) int64 { return int64(math.Floor(float64(v*65536) + 0.5)) }
	out := New(m.Height, m.Width, m.Channels)
	c := m.Channels
	x0 := fixed(a[2] + float64(a[0]*0.5) + float64(a[1]*0.5))
	y0 := fixed(a[5] + float64(a[3]*0.5) + float64(a[4]*0.5))
	dx, dy := fixed(a[0]), fixed(a[3])
	for y := range m.Height {
		dst := out.row(y)
		fx, fy := x0, y0
		for x := range m.Width {
			if j, i := fx>>16, fy>>16; j >= 0 && j < int64(m.Width) && i >= 0 && i < int64(m.Height) {
				copy(dst[x*c:(x+1)*c], m.row(int(i))[int(j)*c:])
			}
			fx, fy = fx+dx, fy+dy
		}
		x0, y0 = x0+fixed(a[1]), y0+fixed(a[4])
	}
	return out
}

// rotate turns m around its centre, by degrees against the clock.
func (m *Image) rotate(degrees float64) *Image {
	sin, cos := math.Sincos(-math.Mod(degrees+360, 360) * math.Pi / 180)
	round := func(v float64) float64 { return math.Round(v*1e15) / 1e15 }
	sin, cos = round(sin), round(cos)
	w, h := float64(m.Width)/2, float64(m.Height)/2
	return m.affine([6]float64{
		cos, sin, float64(cos*-w) + float64(sin*-h) + w,
		-sin, cos, float64(-sin*-w) + float64(cos*-h) + h,
	})
}

// byTable returns m with each byte of channel c replaced by what table(c) has for it.
func (m *Image) byTable(table func(channel int) [256]uint8) *Image {
	out := New(m.Height, m.Width, m.Channels)
	for c := range m.Channels {
		t := table(c)
		for i := c; i < len(m.Pixels); i += m.Channels {
			out.Pixels[i] = t[m.Pixels[i]]
		}
	}
	return out
}

func tableOf(f func(i int) uint8) (t [256]uint8) {
	for i := range t {
		t[i] = f(i)
	}
	return t
}

// posterize keeps the given number of upper bits.
func (m *Image) posterize(bits float64) *Image {
	mask := uint8(0xff << (8 - int(bits)))
	return m.byTable(func(int) [256]uint8 { return tableOf(func(i int) uint8 { return uint8(i) & mask }) })
}

// solarize inverts what is not below a threshold.
func (m *Image) solarize(threshold float64) *Image {
	return m.byTable(func(int) [256]uint8 {
		return tableOf(func(i int) uint8 {
			if float64(i) < threshold {
				return uint8(i)
			}
			return uint8(255 - i)
		})
	})
}

func (m *Image) histogram(channel int) (h [256]int) {
	for i := channel; i < len(m.Pixels); i += m.Channels {
		h[m.Pixels[i]]++
	}
	return h
}

// autoContrast stretches each channel so that its least byte becomes 0 and its largest 255.
func (m *Image) autoContrast() *Image {
	return m.byTable(func(c int) [256]uint8 {
		least, most := 255, 0
		for i, n := range m.histogram(c) {
			if n > 0 {
				least, most = min(least, i), max(most, i)
			}
		}
		if most <= least {
			return tableOf(func(i int) uint8 { return uint8(i) })
		}
		scale := 255 / float64(most-least)
		offset := float64(-least) * scale
		return tableOf(func(i int) uint8 { return uint8(min(max(float64(float64(i)*scale)+offset, 0), 255)) })
	})
}

// equalize makes each channel's bytes nearly equally frequent.
func (m *Image) equalize() *Image {
	return m.byTable(func(c int) [256]uint8 {
		h := m.histogram(c)
		last := 255
		for h[last] == 0 {
			last--
		}
		step := (m.Height*m.Width - h[last]) / 255
		if step == 0 {
			return tableOf(func(i int) uint8 { return uint8(i) })
		}
		n := step / 2
		return tableOf(func(i int) uint8 {
			v := n / step
			n += h[i]
			return uint8(min(v, 255))
		})
	})
}
