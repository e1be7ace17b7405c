package image

import (
	"bytes"
	"encoding/binary"
)

// Orientation is a number of EXIF, which of eight ways the camera was held; the one tag is read here, since the
// libraries for all of them are many times this package or have not been kept for years.

// orientation returns what a file says, 1 to 8, or 1, upright, if it says nothing that is understood.
func orientation(file []byte, format string) int {
	var tiff []byte
	switch format {
	case "jpeg":
		tiff = exifOfJPEG(file)
	case "png":
		tiff = exifOfPNG(file)
	case "webp":
		tiff = exifOfWebP(file)
	}
	tiff = bytes.TrimPrefix(tiff, []byte("Exif\x00\x00"))
	if v, ok := orientationTag(tiff); ok && v >= 1 && v <= 8 {
		return int(v)
	}
	return 1
}

// exifOfJPEG returns the first segment APP1 that is EXIF.
func exifOfJPEG(b []byte) []byte {
	for at := 2; at+4 <= len(b) && b[at] == 0xff; {
		marker, n := b[at+1], int(binary.BigEndian.Uint16(b[at+2:]))
		switch {
		case marker == 0xff: // padding
			at++
			continue
		case marker == 0xda || n < 2 || at+2+n > len(b): // the picture begins
			return nil
		}
		body := b[at+4 : at+2+n]
		if marker == 0xe1 && bytes.HasPrefix(body, []byte("Exif\x00\x00")) {
			return body
		}
		at += 2 + n
	}
	return nil
}

// exifOfPNG returns the chunk eXIf.
func exifOfPNG(b []byte) []byte {
	for at := 8; at+12 <= len(b); {
		n := int64(binary.BigEndian.Uint32(b[at:]))
		if n > int64(len(b)-at-12) {
			return nil
		}
		if string(b[at+4:at+8]) == "eXIf" {
			return b[at+8 : at+8+int(n)]
		}
		at += 12 + int(n)
	}
	return nil
}

// exifOfWebP returns the chunk EXIF.
func exifOfWebP(b []byte) []byte {
	for at := 12; at+8 <= len(b); {
		n := int64(binary.LittleEndian.Uint32(b[at+4:]))
		if n > int64(len(b)-at-8) {
			return nil
		}
		if string(b[at:at+4]) == "EXIF" {
			return b[at+8 : at+8+int(n)]
		}
		at += 8 + int(n+n&1)
	}
	return nil
}

// orientationTag finds tag 0x0112, a short, in the first directory of a TIFF.
func orientationTag(b []byte) (uint16, bool) {
	if len(b) < 8 {
		return 0, false
	}
	var order binary.ByteOrder = binary.LittleEndian
	if b[0] == 'M' {
		order = binary.BigEndian
	}
	at := int64(order.Uint32(b[4:]))
	if at+2 > int64(len(b)) {
		return 0, false
	}
	n := int64(order.Uint16(b[at:]))
	for i := range n {
		entry := at + 2 + 12*i
		if entry+12 > int64(len(b)) {
			return 0, false
		}
		if e := b[entry : entry+12]; order.Uint16(e) == 0x0112 && order.Uint16(e[2:]) == 3 {
			return order.Uint16(e[8:]), true
		}
	}
	return 0, false
}

// upright returns m turned so that an orientation becomes 1.
func (m *Image) upright(orientation int) *Image {
	if orientation == 1 {
		return m
	}
	h, w := m.Height, m.Width
	if orientation >= 5 { // the camera was held on its side
		h, w = w, h
	}
	out := New(h, w, m.Channels)
	for y := range h {
		for x := range w {
			i, j := m.before(orientation, y, x)
			from, to := (i*m.Width+j)*m.Channels, (y*w+x)*m.Channels
			copy(out.Pixels[to:to+m.Channels], m.Pixels[from:])
		}
	}
	return out
}

// before returns where the pixel of the upright picture in row y and column x is in m.
func (m *Image) before(orientation, y, x int) (row, column int) {
	bottom, right := m.Height-1, m.Width-1
	switch orientation {
	case 2:
		return y, right - x
	case 3:
		return bottom - y, right - x
	case 4:
		return bottom - y, x
	case 5:
		return x, y
	case 6:
		return bottom - x, y
	case 7:
		return bottom - x, right - y
	}
	return x, right - y // 8
}
