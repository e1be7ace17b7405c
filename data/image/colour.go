package image

import (
	"fmt"
	"math"
)

// The changes of colour are those of torchvision on PIL images, bit for bit: factors are rounded to float32, as in Pillow.

// blend returns from + factor*(m-from), byte by byte, rounded towards zero and clipped. from is called for each pixel.
func (m *Image) blend(from func(pixel int) [3]uint8, factor float64) *Image {
	out := New(m.Height, m.Width, 3)
	f := float32(factor)
	for i := range m.Height * m.Width {
		for c, a := range from(i) {
			b := m.Pixels[3*i+c]
			v := float32(a) + float32(f*float32(int(b)-int(a)))
			out.Pixels[3*i+c] = uint8(min(max(v, 0), 255))
		}
	}
	return out
}

func (m *Image) wantColours(op string) {
	if m.Channels != 3 {
		panic(fmt.Sprintf("image: %s: %d channels: want 3", op, m.Channels))
	}
}

// Brightness returns m with all bytes times a factor that is not negative: 0 is black, 1 as it was.
func (m *Image) Brightness(factor float64) *Image {
	m.wantColours("Brightness")
	return m.blend(func(int) [3]uint8 { return [3]uint8{} }, factor)
}

// Contrast returns m with differences to its mean luminance times a factor: 0 is grey, 1 as it was.
func (m *Image) Contrast(factor float64) *Image {
	m.wantColours("Contrast")
	sum := int64(0)
	for _, p := range m.Grey().Pixels {
		sum += int64(p)
	}
	mean := uint8(float64(sum)/float64(m.Height*m.Width) + 0.5)
	return m.blend(func(int) [3]uint8 { return [3]uint8{mean, mean, mean} }, factor)
}

// Saturation returns m with differences to the luminance of each pixel times a factor: 0 is grey, 1 as it was.
func (m *Image) Saturation(factor float64) *Image {
	m.wantColours("Saturation")
	grey := m.Grey().Pixels
	return m.blend(func(i int) [3]uint8 { return [3]uint8{grey[i], grey[i], grey[i]} }, factor)
}

// Sharpness returns m with differences to a smoothed image times a factor: 0 is smooth, 1 as it was, 2 sharp.
func (m *Image) Sharpness(factor float64) *Image {
	m.wantColours("Sharpness")
	smooth := m.smooth().Pixels
	return m.blend(func(i int) [3]uint8 { return [3]uint8(smooth[3*i : 3*i+3]) }, factor)
}

// smooth weighs each pixel by 5/13 and its eight neighbours by 1/13, rounded; those at the border stay.
func (m *Image) smooth() *Image {
	out := New(m.Height, m.Width, m.Channels)
	copy(out.Pixels, m.Pixels)
	c := m.Channels
	for y := 1; y < m.Height-1; y++ {
		for i := c; i < (m.Width-1)*c; i++ {
			sum := 4 * int(m.row(y)[i])
			for _, row := range [][]uint8{m.row(y - 1), m.row(y), m.row(y + 1)} {
				sum += int(row[i-c]) + int(row[i]) + int(row[i+c])
			}
			out.row(y)[i] = uint8((2*sum + 13) / 26)
		}
	}
	return out
}

// Hue returns m with its hues turned by a part of the circle, in [-0.5, 0.5], in steps of 1/255.
func (m *Image) Hue(turn float64) *Image {
	m.wantColours("Hue")
	if !(turn >= -0.5 && turn <= 0.5) {
		panic(fmt.Sprintf("image: Hue: %v: want -0.5 to 0.5", turn))
	}
	out := New(m.Height, m.Width, 3)
	shift := uint8(int(turn * 255))
	for i := 0; i < len(m.Pixels); i += 3 {
		h, s, v := hsv(m.Pixels[i], m.Pixels[i+1], m.Pixels[i+2])
		out.Pixels[i], out.Pixels[i+1], out.Pixels[i+2] = rgb(h+shift, s, v)
	}
	return out
}

// hsv and rgb are Pillow's conversions (Convert.c), with its mixture of float32 and float64.
func hsv(r, g, b uint8) (h, s, v uint8) {
	most, least := max(r, g, b), min(r, g, b)
	if most == least {
		return 0, 0, most
	}
	span := float32(most - least)
	rc, gc, bc := float32(most-r)/span, float32(most-g)/span, float32(most-b)/span
	var hue float32
	switch most {
	case r:
		hue = bc - gc
	case g:
		hue = float32(2 + float64(rc) - float64(bc))
	default:
		hue = float32(4 + float64(gc) - float64(rc))
	}
	hue = float32(math.Mod(float64(hue)/6+1, 1))
	return uint8(float64(hue) * 255), uint8(float64(span/float32(most)) * 255), most
}

func rgb(h, s, v uint8) (r, g, b uint8) {
	if s == 0 {
		return v, v, v
	}
	hue := float32(float64(h) * 6 / 255)
	i := math.Floor(float64(hue))
	f, fs := float64(hue-float32(i)), float64(float32(float64(s)/255))
	part := func(x float64) uint8 { return uint8(min(max(math.Round(float64(v)*(1-x)), 0), 255)) }
	p, q, t := part(fs), part(fs*f), part(float64(fs*(1-f)))
	switch int(i) % 6 {
	case 0:
		return v, t, p
	case 1:
		return q, v, p
	case 2:
		return p, v, t
	case 3:
		return p, q, v
	case 4:
		return t, p, v
	}
	return v, p, q
}
