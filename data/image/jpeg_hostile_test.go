package image

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
)

// plainJPEG is a progressive grey picture of which every scan but that of the means says nothing, in few bytes.
func plainJPEG(width, height, scans int) []byte {
	var b bytes.Buffer
	segment := func(marker byte, parts ...[]byte) {
		body := bytes.Join(parts, nil)
		b.Write([]byte{0xff, marker})
		b.Write(binary.BigEndian.AppendUint16(nil, uint16(len(body)+2)))
		b.Write(body)
	}
	oneCode := func(table, value byte) []byte { return append(append([]byte{table, 1}, make([]byte, 15)...), value) }
	b.WriteString("\xff\xd8")
	segment(0xdb, []byte{0}, bytes.Repeat([]byte{1}, 64))
	size := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, uint16(height)), uint16(width))
	segment(0xc2, []byte{8}, size, []byte{1, 1, 0x11, 0})
	segment(0xc4, oneCode(0, 0))       // no difference to the mean before
	segment(0xc4, oneCode(0x10, 0xe0)) // a run of 2^14 blocks and as many as the next 14 bits say
	segment(0xda, []byte{1, 1, 0, 0, 0, 0})
	blocks := up(width, 8) * up(height, 8)
	b.Write(make([]byte, up(blocks, 8)))
	for i := range scans - 1 {
		bits := []byte{1, 1, 0, 1, 63, 0x01}
		if i > 0 {
			bits[5] = 0x10
		}
		segment(0xda, bits)
		b.Write(emptyRuns(up(blocks, 1<<15-1)))
	}
	b.WriteString("\xff\xd9")
	return b.Bytes()
}

// emptyRuns writes n times a bit that is 0 and 14 that are 1.
func emptyRuns(n int) (out []byte) {
	word, bits := uint32(0), 0
	for range n {
		word, bits = word<<15|1<<14-1, bits+15
		for ; bits >= 8; bits -= 8 {
			if out = append(out, byte(word>>(bits-8))); out[len(out)-1] == 0xff {
				out = append(out, 0)
			}
		}
	}
	return append(out, byte(word<<(8-bits)|1<<(8-bits)-1))
}

// As many scans as are read, of a picture that is large, cost a look at a word of each block, and no more.
func TestManyEmptyScans(t *testing.T) {
	file := plainJPEG(4001, 3999, maxScans)
	require.Less(t, len(file), 60_000)
	m, err := Decode(bytes.NewReader(file))
	require.NoError(t, err)
	require.Equal(t, [3]int{3999, 4001, 3}, [3]int{m.Height, m.Width, m.Channels})
	for _, p := range m.Pixels {
		if p != 128 {
			require.Equal(t, uint8(128), p)
		}
	}
	_, err = Decode(bytes.NewReader(plainJPEG(64, 64, maxScans+1)))
	require.ErrorContains(t, err, "more than 200 scans")
	_, err = decodeJPEG(file, 4001, 4001)
	require.ErrorContains(t, err, "two sizes")
}
