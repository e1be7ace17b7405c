package image

import stdimage "image"

// rgbOfWebP converts a decoded lossy WebP as libwebp does: chroma by its interpolation (dsp/upsampling.c), and colours of
// the range 16 to 235 by its sums (dsp/yuv.h), where Go takes them for those of a JPEG.
func rgbOfWebP(src *stdimage.YCbCr) *Image {
	w, h := src.Rect.Dx(), src.Rect.Dy()
	out := New(h, w, 3)
	for y := range h {
		near, far := y/2, y/2-1
		if y%2 == 1 {
			far = min(near+1, (h-1)/2)
		}
		far = max(far, 0)
		luma, dst := src.Y[y*src.YStride:], out.row(y)
		for x := range w {
			cb := webpChroma(src.Cb[near*src.CStride:], src.Cb[far*src.CStride:], x, w)
			cr := webpChroma(src.Cr[near*src.CStride:], src.Cr[far*src.CStride:], x, w)
			setWebPRGB(dst[3*x:3*x+3], int32(luma[x]), cb, cr)
		}
	}
	return out
}

// webpChroma interpolates between the nearer and the farther row of chroma at pixel x of w.
func webpChroma(near, far []uint8, x, w int) int32 {
	i := x / 2
	j := i - 1 // the next column
	if x%2 == 1 {
		j = i + 1
	}
	a, c := int32(near[i]), int32(far[i])
	if x == 0 || x%2 == 1 && x == w-1 {
		return (3*a + c + 2) >> 2
	}
	b, d := int32(near[j]), int32(far[j])
	return ((a+3*b+3*c+d+8)>>3 + a) >> 1
}

// setWebPRGB converts by factors of 14 binary digits.
func setWebPRGB(dst []uint8, y, cb, cr int32) {
	y = y * 19077 >> 8
	dst[0] = clampByte((y + cr*26149>>8 - 14234) >> 6)
	dst[1] = clampByte((y - cb*6419>>8 - cr*13320>>8 + 8708) >> 6)
	dst[2] = clampByte((y + cb*33050>>8 - 17685) >> 6)
}
