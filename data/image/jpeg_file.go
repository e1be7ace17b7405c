package image

import (
	"errors"
	"fmt"
	"io"
)

// jpegFile is a JPEG of 8 bits, sequential or progressive, with Huffman codes (ITU-T T.81).
type jpegFile struct {
	data          []byte
	at            int
	width, height int
	progressive   bool
	parts         []jpegPart
	across, down  int // blocks of a unit of all parts
	quant         [4]*[64]int32
	dc, ac        [4]*huffman
	interval      int // units between restarts, 0 for none
	scans         int
	jfif, adobe   bool
	transform     byte // of Adobe
}

// jpegPart is what the standard calls a component.
type jpegPart struct {
	id            byte
	across, down  int // blocks in a unit
	table         byte
	quant         *[64]int32  // that of its first scan
	blocks, lines int         // of 8 pixels, with those that fill the last unit
	pixels        []uint8     // blocks*8 a line
	coefficients  [][64]int16 // of a progressive file
	set           []uint64    // of each block: which coefficients are not 0, in the order of the file
}

// maxScans bounds the time that a progressive file takes, whose scans may be some bytes for the whole picture. What is
// looked at of a block that a scan has nothing for is its word of set.
const maxScans = 200

// readJPEG reads a picture of a size that is known and not too large.
func readJPEG(data []byte, width, height int) (*jpegFile, error) {
	f := &jpegFile{data: data, at: 2, width: width, height: height}
	for {
		marker, err := f.marker()
		if err != nil {
			return nil, err
		}
		if marker == 0xd9 { // end of image
			break
		}
		if marker >= 0xd0 && marker <= 0xd7 { // restart
			continue
		}
		segment, err := f.segment()
		if err != nil {
			return nil, err
		}
		if err := f.take(marker, segment); err != nil {
			return nil, err
		}
	}
	if f.scans == 0 {
		return nil, errors.New("no scan")
	}
	if f.progressive {
		f.reconstruct()
	}
	return f, nil
}

// marker skips to the next marker, as libjpeg does.
func (f *jpegFile) marker() (byte, error) {
	for ; f.at+1 < len(f.data); f.at++ {
		if m := f.data[f.at+1]; f.data[f.at] == 0xff && m != 0 && m != 0xff {
			f.at += 2
			return m, nil
		}
	}
	return 0, io.ErrUnexpectedEOF
}

func (f *jpegFile) segment() ([]byte, error) {
	if f.at+2 > len(f.data) {
		return nil, io.ErrUnexpectedEOF
	}
	n := int(f.data[f.at])<<8 | int(f.data[f.at+1])
	if n < 2 {
		return nil, fmt.Errorf("a segment of %d bytes", n)
	}
	if f.at+n > len(f.data) {
		return nil, io.ErrUnexpectedEOF
	}
	s := f.data[f.at+2 : f.at+n]
	f.at += n
	return s, nil
}

func (f *jpegFile) take(marker byte, s []byte) error {
	switch {
	case marker <= 0xc2 && marker >= 0xc0:
		f.progressive = marker == 0xc2
		return f.frame(s)
	case marker == 0xc4:
		return f.huffman(s)
	case marker == 0xda:
		return f.scan(s)
	case marker == 0xdb:
		return f.quantisation(s)
	case marker == 0xdd:
		if len(s) != 2 {
			return errors.New("restart interval of a wrong length")
		}
		f.interval = int(s[0])<<8 | int(s[1])
	case marker == 0xe0:
		f.jfif = f.jfif || len(s) >= 5 && string(s[:5]) == "JFIF\x00"
	case marker == 0xee:
		if len(s) >= 12 && string(s[:5]) == "Adobe" {
			f.adobe, f.transform = true, s[11]
		}
	case marker > 0xe0 && marker <= 0xef, marker == 0xfe: // of applications, comments
	default:
		return fmt.Errorf("marker %#x is not supported", marker)
	}
	return nil
}

func (f *jpegFile) frame(s []byte) error {
	switch {
	case f.parts != nil:
		return errors.New("two frames")
	case len(s) < 6 || s[0] != 8 || len(s) != 6+3*int(s[5]):
		return errors.New("frame of a wrong length or precision")
	case s[5] != 1 && s[5] != 3 && s[5] != 4:
		return fmt.Errorf("%d components", s[5])
	}
	if f.height != int(s[1])<<8|int(s[2]) || f.width != int(s[3])<<8|int(s[4]) {
		return errors.New("two sizes")
	}
	f.across, f.down = 1, 1
	for s := s[6:]; len(s) > 0; s = s[3:] {
		p := jpegPart{id: s[0], across: int(s[1] >> 4), down: int(s[1] & 15), table: s[2]}
		if p.table > 3 || p.across < 1 || p.down < 1 || p.across > 4 || p.down > 4 {
			return errors.New("bad component")
		}
		f.across, f.down = max(f.across, p.across), max(f.down, p.down)
		f.parts = append(f.parts, p)
	}
	if len(f.parts) == 1 { // not interleaved, whatever its factors
		f.across, f.down, f.parts[0].across, f.parts[0].down = 1, 1, 1, 1
	}
	for i := range f.parts {
		p := &f.parts[i]
		if f.across%p.across != 0 || f.down%p.down != 0 {
			return errors.New("subsampling that is not a whole ratio")
		}
		p.blocks, p.lines = up(f.width, 8*f.across)*p.across, up(f.height, 8*f.down)*p.down
		p.pixels = make([]uint8, 64*p.blocks*p.lines)
		if f.progressive {
			p.coefficients, p.set = make([][64]int16, p.blocks*p.lines), make([]uint64, p.blocks*p.lines)
		}
	}
	return nil
}

// up is a/b, rounded up.
func up(a, b int) int { return (a + b - 1) / b }

func (f *jpegFile) quantisation(s []byte) error {
	for len(s) > 0 {
		wide, table := s[0]>>4, s[0]&15
		size := 64 * (1 + int(wide))
		if s = s[1:]; wide > 1 || table > 3 || len(s) < size {
			return errors.New("bad quantisation table")
		}
		q := new([64]int32)
		for i := range q {
			if wide == 1 {
				q[zigzag[i]] = int32(s[2*i])<<8 | int32(s[2*i+1])
			} else {
				q[zigzag[i]] = int32(s[i])
			}
		}
		f.quant[table] = q
		s = s[size:]
	}
	return nil
}

func (f *jpegFile) huffman(s []byte) error {
	for len(s) > 0 {
		if len(s) < 17 || s[0]&0xef > 3 {
			return errors.New("bad Huffman table")
		}
		n := 0
		for _, count := range s[1:17] {
			n += int(count)
		}
		if n == 0 || n > 256 || len(s) < 17+n {
			return errors.New("bad length of a Huffman table")
		}
		h, err := newHuffman((*[16]byte)(s[1:17]), s[17:17+n])
		if err != nil {
			return err
		}
		if s[0]>>4 == 0 {
			f.dc[s[0]&15] = h
		} else {
			f.ac[s[0]&15] = h
		}
		s = s[17+n:]
	}
	return nil
}

// zigzag is where in a block each coefficient of a file belongs (T.81, figure A.6).
var zigzag = [64]uint8{
	0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5,
	12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
	35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
	58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
}
