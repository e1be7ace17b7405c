package image

import stdimage "image"

// rgbOfJPEG converts a decoded JPEG as libjpeg does: chroma that is stored at half the size is interpolated ("fancy
// upsampling", jdsample.c), where Go's own conversion repeats it, and the sums are those of jdcolor.c.
func rgbOfJPEG(src *stdimage.YCbCr) *Image {
	w, h := src.Rect.Dx(), src.Rect.Dy()
	out := New(h, w, 3)
	u := newUpsampler(src)
	cb, cr := make([]uint8, w+1), make([]uint8, w+1)
	for y := range h {
		u.row(cb, src.Cb, y)
		u.row(cr, src.Cr, y)
		luma, dst := src.Y[y*src.YStride:], out.row(y)
		for x := range w {
			setRGB(dst[3*x:3*x+3], int32(luma[x]), int32(cb[x])-128, int32(cr[x])-128)
		}
	}
	return out
}

// setRGB converts by factors of 16 binary digits.
func setRGB(dst []uint8, y, cb, cr int32) {
	const (
		half = 1 << 15
		crR  = 91881  // 1.402
		cbB  = 116130 // 1.772
		crG  = 46802  // 0.71414
		cbG  = 22554  // 0.34414
	)
	dst[0] = clampByte(y + (crR*cr+half)>>16)
	dst[1] = clampByte(y + (-cbG*cb-crG*cr+half)>>16)
	dst[2] = clampByte(y + (cbB*cb+half)>>16)
}

func clampByte(v int32) uint8 { return uint8(min(max(v, 0), 255)) }

// upsampler makes rows of chroma as wide as the image.
type upsampler struct {
	width, height, stride int // of the stored chroma
	across, down          int // pixels of the image to one of it
	sums                  []int32
}

func newUpsampler(src *stdimage.YCbCr) *upsampler {
	u := &upsampler{stride: src.CStride, across: 1, down: 1}
	switch src.SubsampleRatio {
	case stdimage.YCbCrSubsampleRatio422:
		u.across = 2
	case stdimage.YCbCrSubsampleRatio420:
		u.across, u.down = 2, 2
	case stdimage.YCbCrSubsampleRatio440:
		u.down = 2
	case stdimage.YCbCrSubsampleRatio411:
		u.across = 4
	case stdimage.YCbCrSubsampleRatio410:
		u.across, u.down = 4, 2
	}
	u.width = (src.Rect.Dx() + u.across - 1) / u.across
	u.height = (src.Rect.Dy() + u.down - 1) / u.down
	u.sums = make([]int32, u.width)
	return u
}

// row fills dst with row y. Halves are interpolated by a triangle, 3/4 of the nearer value and 1/4 of the next one, other
// ratios repeated. dst has room for one pixel more than the image is wide.
func (u *upsampler) row(dst, plane []uint8, y int) {
	line := func(i int) []uint8 { return plane[i*u.stride:][:u.width] }
	near := line(y / u.down)
	switch {
	case u.across == 1 && u.down == 1:
		copy(dst, near)
	case u.across == 4, u.across == 2 && u.width <= 2: // too narrow for libjpeg's triangle
		for x, v := range near {
			for i := u.across * x; i < min(u.across*(x+1), len(dst)); i++ {
				dst[i] = v
			}
		}
	case u.down == 1:
		for i, v := range near {
			u.sums[i] = int32(v)
		}
		u.double(dst, 1, 2, 2)
	default:
		far, bias := line(max(y/2-1, 0)), int32(1)
		if y%2 == 1 {
			far, bias = line(min(y/2+1, u.height-1)), 2
		}
		for i, v := range near {
			u.sums[i] = 3*int32(v) + int32(far[i])
		}
		if u.across == 2 {
			u.double(dst, 8, 7, 4)
			return
		}
		for i, s := range u.sums {
			dst[i] = uint8((s + bias) >> 2)
		}
	}
}

// double interpolates between the sums, which are divided by 2^shift and rounded by what is added to pixels on the left
// and on the right.
func (u *upsampler) double(dst []uint8, left, right int32, shift uint) {
	last := len(u.sums) - 1
	for i, s := range u.sums {
		before, after := u.sums[max(i-1, 0)], u.sums[min(i+1, last)]
		dst[2*i] = uint8((3*s + before + left) >> shift)
		dst[2*i+1] = uint8((3*s + after + right) >> shift)
	}
}
