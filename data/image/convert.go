package image

import (
	"fmt"
	stdimage "image"
	"image/color"
)

// convert returns the colours of src as Pillow's convert("RGB") gives them.
func convert(src stdimage.Image) *Image {
	bounds := src.Bounds()
	out := New(bounds.Dy(), bounds.Dx(), 3)
	rgb := func(pixel func(x, y int) (r, g, b uint8)) *Image {
		for y := range out.Height {
			row := out.row(y)
			for x := range out.Width {
				row[3*x], row[3*x+1], row[3*x+2] = pixel(bounds.Min.X+x, bounds.Min.Y+y)
			}
		}
		return out
	}
	grey := func(pixel func(x, y int) uint8) *Image {
		return rgb(func(x, y int) (uint8, uint8, uint8) { v := pixel(x, y); return v, v, v })
	}
	switch src := src.(type) {
	case *stdimage.YCbCr:
		return rgbOfWebP(src)
	case *stdimage.NYCbCrA:
		return rgbOfWebP(&src.YCbCr)
	case *stdimage.Gray:
		return grey(func(x, y int) uint8 { return src.GrayAt(x, y).Y })
	case *stdimage.Gray16:
		return grey(func(x, y int) uint8 { return uint8(min(src.Gray16At(x, y).Y, 255)) })
	case *stdimage.Paletted:
		var colours [256][3]uint8
		for i, c := range src.Palette {
			colours[i][0], colours[i][1], colours[i][2] = opaque(c)
		}
		return rgb(func(x, y int) (uint8, uint8, uint8) { c := &colours[src.ColorIndexAt(x, y)]; return c[0], c[1], c[2] })
	case *stdimage.NRGBA64: // this and the next as below, without a colour on the heap for each pixel
		return rgb(func(x, y int) (uint8, uint8, uint8) {
			c := src.NRGBA64At(x, y)
			return uint8(c.R >> 8), uint8(c.G >> 8), uint8(c.B >> 8)
		})
	case *stdimage.RGBA64:
		return rgb(func(x, y int) (uint8, uint8, uint8) {
			c := src.RGBA64At(x, y)
			return uint8(c.R >> 8), uint8(c.G >> 8), uint8(c.B >> 8)
		})
	case *stdimage.RGBA:
		return rgb(func(x, y int) (uint8, uint8, uint8) {
			c := src.RGBAAt(x, y)
			if c.A < 255 {
				return opaque(c)
			}
			return c.R, c.G, c.B
		})
	case *stdimage.NRGBA:
		return rgb(func(x, y int) (uint8, uint8, uint8) { c := src.NRGBAAt(x, y); return c.R, c.G, c.B })
	}
	return rgb(func(x, y int) (uint8, uint8, uint8) { return opaque(src.At(x, y)) })
}

// opaque returns a colour without its transparency, which only premultiplied colours depend on.
func opaque(c color.Color) (r, g, b uint8) {
	switch c := c.(type) {
	case color.NRGBA:
		return c.R, c.G, c.B
	case color.NRGBA64:
		return uint8(c.R >> 8), uint8(c.G >> 8), uint8(c.B >> 8)
	case color.RGBA64:
		return uint8(c.R >> 8), uint8(c.G >> 8), uint8(c.B >> 8)
	case color.RGBA:
		if c.A == 255 || c.A == 0 {
			return c.R, c.G, c.B
		}
	}
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	return n.R, n.G, n.B
}

// ink is what an ink and black leave of the light: (255-k)(255-c)/255, rounded as Pillow does.
func ink(c, k uint8) uint8 {
	white := 255 - int(k)
	t := int(c)*white + 128
	return uint8(max(white-(t>>8+t)>>8, 0))
}

// Grey returns m with one channel, by the luminance of ITU-R 601-2 as in Pillow's convert("L"). It panics unless m has
// one channel or three.
func (m *Image) Grey() *Image {
	out := New(m.Height, m.Width, 1)
	switch m.Channels {
	case 1:
		copy(out.Pixels, m.Pixels)
	case 3:
		for i := range out.Pixels {
			r, g, b := uint32(m.Pixels[3*i]), uint32(m.Pixels[3*i+1]), uint32(m.Pixels[3*i+2])
			out.Pixels[i] = uint8((19595*r + 38470*g + 7471*b + 0x8000) >> 16)
		}
	default:
		panic(fmt.Sprintf("image: Grey: %d channels: want 1 or 3", m.Channels))
	}
	return out
}
