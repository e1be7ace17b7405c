package image

// decodeJPEG decodes a picture of the size that its header was seen to have.
//
// It is not Go's image/jpeg because equality with libjpeg, which networks were trained on, takes the same inverse
// transform (see inverseDCT), and all of CMYK before it is converted; neither can be had from Go's pictures.
func decodeJPEG(b []byte, width, height int) (*Image, error) {
	f, err := readJPEG(b, width, height)
	if err != nil {
		return nil, err
	}
	return f.rgb(), nil
}

// rgb converts as libjpeg does: parts that are stored at half the size are interpolated ("fancy upsampling",
// jdsample.c), and the sums are those of jdcolor.c.
func (f *jpegFile) rgb() *Image {
	out := New(f.height, f.width, 3)
	var rows [4][]uint8
	var ups [4]*upsampler
	for i := range f.parts {
		ups[i] = f.upsampler(&f.parts[i])
		rows[i] = make([]uint8, f.width+4)
	}
	set := f.colours(&rows)
	for y := range f.height {
		for i := range f.parts {
			ups[i].row(rows[i], f.parts[i].pixels, y)
		}
		set(out.row(y))
	}
	return out
}

// colours returns what sets a row of pixels from the rows of the parts. Which colours they are is decided as in
// libjpeg's jdapimin.c, and four are inverted, as Adobe writes them and Pillow reads all of them.
func (f *jpegFile) colours(rows *[4][]uint8) func(dst []uint8) {
	a, b, c, k := rows[0], rows[1], rows[2], rows[3]
	switch {
	case len(f.parts) == 1:
		return func(dst []uint8) {
			for x := range len(dst) / 3 {
				dst[3*x], dst[3*x+1], dst[3*x+2] = a[x], a[x], a[x]
			}
		}
	case len(f.parts) == 4:
		mixed := f.adobe && f.transform == 2
		return func(dst []uint8) {
			if mixed { // the colours that the inks leave, inverted once more
				setRGB(dst, a, b, c)
			} else {
				for x := range len(dst) / 3 {
					dst[3*x], dst[3*x+1], dst[3*x+2] = 255-a[x], 255-b[x], 255-c[x]
				}
			}
			for i, v := range dst {
				dst[i] = ink(v, 255-k[i/3])
			}
		}
	case f.isRGB():
		return func(dst []uint8) {
			for x := range len(dst) / 3 {
				dst[3*x], dst[3*x+1], dst[3*x+2] = a[x], b[x], c[x]
			}
		}
	}
	return func(dst []uint8) { setRGB(dst, a, b, c) }
}

func (f *jpegFile) isRGB() bool {
	if f.jfif || f.adobe {
		return !f.jfif && f.transform == 0
	}
	return f.parts[0].id == 'R' && f.parts[1].id == 'G' && f.parts[2].id == 'B'
}

// setRGB converts a row by factors of 16 binary digits.
func setRGB(dst, luma, cb, cr []uint8) {
	const (
		half = 1 << 15
		crR  = 91881  // 1.402
		cbB  = 116130 // 1.772
		crG  = 46802  // 0.71414
		cbG  = 22554  // 0.34414
	)
	n := len(dst) / 3
	luma, cb, cr = luma[:n], cb[:n], cr[:n]
	for x, l := range luma {
		y, blue, red, p := int32(l), int32(cb[x])-128, int32(cr[x])-128, dst[3*x:3*x+3:3*x+3]
		p[0] = clampByte(y + (crR*red+half)>>16)
		p[1] = clampByte(y + (half-cbG*blue-crG*red)>>16)
		p[2] = clampByte(y + (cbB*blue+half)>>16)
	}
}

func clampByte(v int32) uint8 {
	if uint32(v) > 255 {
		return uint8(^(v >> 31))
	}
	return uint8(v)
}

// upsampler makes rows of a part as wide as the image.
type upsampler struct {
	width, height, stride int // of the stored part
	across, down          int // pixels of the image to one of it
	sums                  []int32
}

func (f *jpegFile) upsampler(p *jpegPart) *upsampler {
	u := &upsampler{across: f.across / p.across, down: f.down / p.down, stride: 8 * p.blocks}
	u.width, u.height = up(f.width, u.across), up(f.height, u.down)
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
	case u.across > 2, u.down > 2, u.across == 2 && u.width <= 2: // too narrow for libjpeg's triangle
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
		sums, far := u.sums[:len(near)], far[:len(near)]
		for i, v := range near {
			sums[i] = 3*int32(v) + int32(far[i])
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
	before := u.sums[0]
	dst[0] = uint8((4*before + left) >> shift)
	dst = dst[1:]
	for i, s := range u.sums[1:] {
		two := dst[2*i : 2*i+2 : 2*i+2]
		two[0] = uint8((3*before + s + right) >> shift)
		two[1] = uint8((3*s + before + left) >> shift)
		before = s
	}
	dst[2*len(u.sums)-2] = uint8((4*before + right) >> shift)
}
