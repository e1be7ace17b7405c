package image

import (
	"encoding/binary"
	"errors"
	"io"
)

// jpegBits reads the bits of a scan, in which 0xff is written as 0xff 0x00, up to the next marker.
type jpegBits struct {
	data []byte
	at   int    // of the next byte
	bits uint64 // the first are the next
	n    int    // valid bits; behind them are zeros
}

func (b *jpegBits) fill() {
	if b.n <= 56 && b.at+8 <= len(b.data) {
		const ones, tops = 0x0101010101010101, 0x8080808080808080
		next := binary.BigEndian.Uint64(b.data[b.at:])
		if (^next-ones)&next&tops == 0 { // none is 0xff: ^next has no byte of 0
			whole := (64 - b.n) / 8
			b.bits |= next >> (64 - 8*whole) << (64 - 8*whole) >> b.n
			b.at, b.n = b.at+whole, b.n+8*whole
			return
		}
	}
	for b.n <= 56 && b.at < len(b.data) {
		v := b.data[b.at]
		if v == 0xff {
			if b.at+1 >= len(b.data) || b.data[b.at+1] != 0 {
				return
			}
			b.at++
		}
		b.at++
		b.bits |= uint64(v) << (56 - b.n)
		b.n += 8
	}
}

// take returns the next n bits, at most 16.
func (b *jpegBits) take(n int) (int32, error) {
	if b.n < n {
		if b.fill(); b.n < n {
			return 0, io.ErrUnexpectedEOF
		}
	}
	v := int32(b.bits >> 32 >> (32 - n))
	b.bits <<= n
	b.n -= n
	return v, nil
}

// signed returns a number of n bits, of which those below 2^(n-1) are negative (T.81, figure F.12).
func (b *jpegBits) signed(n int) (int32, error) {
	v, err := b.take(n)
	if n > 0 && v < 1<<(n-1) {
		v += 1 - 1<<n
	}
	return v, err
}

// huffman is a table of codes (T.81, annexes C and F.2.2.3).
type huffman struct {
	fast   [256]uint16 // for the next 8 bits: value and, in the low byte, the code's length, or 0 for a longer one
	values []byte
	limit  [17]int32 // of each length: one more than its last code
	offset [17]int32 // of each length: what to add to a code for its place among the values
}

func newHuffman(counts *[16]byte, values []byte) (*huffman, error) {
	h := &huffman{values: values}
	code, place := int32(0), int32(0)
	for i, count := range counts {
		length := i + 1
		h.offset[length] = place - code
		for range count {
			if length <= 8 {
				from := code << (8 - length)
				for j := range int32(1) << (8 - length) {
					if from+j < 256 {
						h.fast[from+j] = uint16(values[place])<<8 | uint16(length)
					}
				}
			}
			code++
			place++
		}
		if code > 1<<length {
			return nil, errors.New("more Huffman codes of a length than there are")
		}
		h.limit[length] = code
		code <<= 1
	}
	return h, nil
}

func (b *jpegBits) decode(h *huffman) (int, error) {
	if b.n < 16 {
		b.fill()
	}
	if f := h.fast[b.bits>>56]; f != 0 {
		length := int(f & 255)
		if length > b.n {
			return 0, io.ErrUnexpectedEOF
		}
		b.bits <<= length
		b.n -= length
		return int(f >> 8), nil
	}
	for length := 9; length <= 16; length++ {
		code := int32(b.bits >> (64 - length))
		if code >= h.limit[length] {
			continue
		}
		if length > b.n {
			return 0, io.ErrUnexpectedEOF
		}
		b.bits <<= length
		b.n -= length
		return int(h.values[code+h.offset[length]]), nil
	}
	if b.n < 16 {
		return 0, io.ErrUnexpectedEOF
	}
	return 0, errors.New("no such Huffman code")
}
