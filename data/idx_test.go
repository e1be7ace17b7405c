package data

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"testing/fstest"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

func idx(shape []int, elements ...uint8) []byte {
	var b bytes.Buffer
	if err := WriteIDX(&b, shape, elements); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func TestWriteIDXRefusesShapesThatDoNotFit(t *testing.T) {
	half := 1 << (strconv.IntSize / 2)
	for _, c := range []struct {
		shape    []int
		elements int
	}{
		{[]int{-2, -3}, 6},
		{[]int{-1}, 0},
		{[]int{2, 3}, 5},
		{[]int{half, half}, 0},
		{[]int{half, half, 0}, 0},
		{nil, 1},
		{make([]int, 256), 0},
	} {
		var b bytes.Buffer
		require.ErrorContains(t, WriteIDX(&b, c.shape, make([]uint8, c.elements)), fmt.Sprintf("data: WriteIDX: shape %v", c.shape))
		require.Zero(t, b.Len())
	}
	if long := int64(1 << 32); strconv.IntSize == 64 {
		require.ErrorContains(t, WriteIDX(io.Discard, []int{0, int(long)}, nil), "an axis has at most 4294967295")
	}
	require.ErrorIs(t, WriteIDX(failing{}, []int{1}, []uint8{1}), fs.ErrPermission)
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, fs.ErrPermission }

func gzipped(b []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, _ = z.Write(b)
	_ = z.Close()
	return out.Bytes()
}

func TestReadIDXReturnsWhatWriteIDXWrote(t *testing.T) {
	file := idx([]int{2, 2, 3}, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
	for name, file := range map[string][]byte{"plain": file, "gzip": gzipped(file),
		// Two gzip files one behind the other are a gzip file of both contents (RFC 1952), also if one is empty.
		"gzip in parts": slices.Concat(gzipped(file[:5]), gzipped(nil), gzipped(file[5:]), gzipped(nil))} {
		t.Run(name, func(t *testing.T) {
			for _, r := range []io.Reader{bytes.NewReader(file), iotest.OneByteReader(bytes.NewReader(file)), iotest.DataErrReader(bytes.NewReader(file))} {
				shape, elements, err := readIDX("f", r, 3, maxBytes)
				require.NoError(t, err)
				require.Equal(t, []int{2, 2, 3}, shape)
				require.Equal(t, []uint8{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, elements)
			}
		})
	}
}

func TestReadIDXRefusesDamage(t *testing.T) {
	good := idx([]int{2, 1, 2}, 1, 2, 3, 4)
	packed := gzipped(good)
	flipped := bytes.Clone(packed)
	flipped[len(flipped)-8] ^= 1 // a bit of the checksum
	for _, c := range []struct {
		name, reason string
		file         []byte
	}{
		{"empty", "truncated: the header ends after 0 of 16", nil},
		{"short magic", "truncated: the header ends after 3 of 16", good[:3]},
		{"short header", "truncated: the header ends after 10 of 16", good[:10]},
		{"no elements", "promises 2x1x2 = 4 bytes, the file holds 0", good[:16]},
		{"short elements", "promises 2x1x2 = 4 bytes, the file holds 3", good[:19]},
		{"trailing byte", "trailing bytes", append(bytes.Clone(good), 0)},
		{"labels as images", "magic number 0x00000801, expected 0x00000803", idx([]int{3}, 1, 2, 3)},
		{"other element type", "magic number 0x00000d03", append([]byte{0, 0, 13, 3}, good[4:]...)},
		{"not IDX", "magic number 0x89504e47", []byte("\x89PNG\r\n\x1a\n")},
		{"no images", "axis 0 of the header has length 0", idx([]int{0, 28, 28})},
		{"no columns", "axis 2 of the header has length 0", idx([]int{1, 28, 0})},
		{"overflow", "axis 1 of the header has length 4294967295", []byte{0, 0, 8, 3, 0, 0, 0, 2, 255, 255, 255, 255, 255, 255, 255, 255}},
		{"two gigabytes", "axis 2 of the header has length 4", append([]byte{0, 0, 8, 3, 0, 0, 128, 0, 0, 0, 64, 0, 0, 0, 0, 4}, 1)},
		{"gzip header alone", "bad gzip header", packed[:5]},
		{"gzip cut", "unreadable", packed[:len(packed)-3]},
		{"gzip checksum", "checksum", flipped},
		{"gzip trailing bytes", "unreadable end", append(bytes.Clone(packed), 'x')},
		{"gzip with another behind it", "trailing bytes after the 2x1x2 = 4", slices.Concat(packed, packed)},
		{"gzip with a cut one behind it", "unreadable end", slices.Concat(packed, packed[:9])},
		{"gzip with zeros behind it", "unreadable end", slices.Concat(packed, make([]byte, 20))},
		{"gzip of short file", "promises 2x1x2 = 4 bytes, the file holds 2", gzipped(good[:18])},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := readIDX("some-file", bytes.NewReader(c.file), 3, maxBytes)
			var format *FormatError
			require.ErrorAs(t, err, &format)
			require.Equal(t, "some-file", format.File)
			require.ErrorContains(t, err, c.reason)
		})
	}
}

// allocated returns how many bytes f has allocated in all, which bounds what it held at one time.
func allocated(f func()) int {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int(after.TotalAlloc - before.TotalAlloc)
}

// A file of few bytes must not make the reader allocate many, whatever it claims or unpacks to.
func TestReadIDXAllocatesInProportionToTheFile(t *testing.T) {
	header := []byte{0, 0, 8, 3, 0, 0, 128, 0, 0, 0, 128, 0, 0, 0, 0, 1} // 32768x32768x1
	bomb := gzipped(append(bytes.Clone(header), make([]byte, 64<<20)...))
	for _, c := range []struct {
		name, reason string
		file         []byte
	}{
		{"lying header", "truncated", append(bytes.Clone(header), 1, 2, 3)},
		{"bomb behind an honest header", "gzip bomb", bomb},
		{"bomb after the end", "trailing bytes", gzipped(append(idx([]int{1, 1, 1}, 1), make([]byte, 64<<20)...))},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := allocated(func() {
				_, _, err := readIDX("f", bytes.NewReader(c.file), 3, maxBytes)
				require.ErrorContains(t, err, c.reason)
			})
			require.Less(t, n, 1<<20+4*4/3*256*len(c.file))
		})
	}
}

// What is there takes a third more than itself while it is read, packed or not.
func TestReadIDXAllocatesLittleMoreThanItReturns(t *testing.T) {
	for _, size := range []int{1 << 10, 64<<10 + 1, 1 << 20, 3 << 20, 4<<20 + 1} {
		elements := make([]uint8, size)
		for i := range elements {
			elements[i] = uint8(i * i >> 7 / (1 + i&15)) // shrinks to less than half, by far not to 1/256
		}
		file := idx([]int{size}, elements...)
		for name, file := range map[string][]byte{"plain": file, "gzip": gzipped(file)} {
			n := allocated(func() {
				_, got, err := readIDX("f", bytes.NewReader(file), 1, maxBytes)
				require.NoError(t, err)
				require.True(t, bytes.Equal(elements, got))
			})
			require.Less(t, n, 128<<10+size*4/3, "%d bytes, %s", size, name)
		}
	}
}

// Each label becomes an int, so that there are fewer than there may be pixels.
func TestLoadIDXBoundsLabels(t *testing.T) {
	header := []byte{0, 0, 8, 1, 8, 0, 0, 1} // 2^27 + 1
	fsys := fstest.MapFS{"images": {Data: idx([]int{1, 1, 1}, 1)}, "labels": {Data: header}}
	_, err := LoadIDX(fsys, "images", "labels", 10)
	require.EqualError(t, err, "data: labels: axis 0 of the header has length 134217729: empty or over 134217728 bytes")
}

func TestReadIDXPassesOnErrorsOfTheReader(t *testing.T) {
	_, _, err := readIDX("f", io.MultiReader(bytes.NewReader(idx([]int{9}, make([]uint8, 9)...)[:8]), iotest.ErrReader(fs.ErrPermission)), 1, maxBytes)
	require.ErrorIs(t, err, fs.ErrPermission)
	require.ErrorContains(t, err, "unreadable after 0 of 9 bytes")
}

func TestLoadIDXChecksImagesAgainstLabels(t *testing.T) {
	images, labels := idx([]int{2, 1, 2}, 1, 2, 3, 4), idx([]int{2}, 0, 9)
	load := func(images, labels []byte, classes int) (*Dataset, error) {
		fsys := fstest.MapFS{"images": {Data: images}, "labels": {Data: labels}}
		return LoadIDX(fsys, "images", "labels", classes)
	}
	d, err := load(images, gzipped(labels), 10)
	require.NoError(t, err)
	require.Equal(t, &Dataset{Height: 1, Width: 2, Channels: 1, Classes: 10, Pixels: []uint8{1, 2, 3, 4}, Labels: []int{0, 9}}, d)

	_, err = load(images, labels, 9)
	require.EqualError(t, err, "data: labels: label 9 of image 1 is outside 0..8")
	_, err = load(images, idx([]int{3}, 1, 2, 3), 10)
	require.EqualError(t, err, "data: labels: 3 labels for the 2 images of images")
	_, err = load(labels, images, 10)
	require.ErrorContains(t, err, "data: images: magic number")
	_, err = load(images, labels, 0)
	require.EqualError(t, err, "data: LoadIDX: 0 classes")

	_, err = LoadIDX(fstest.MapFS{}, "images", "labels", 10)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "images")
}

func FuzzLoadIDX(f *testing.F) {
	images, labels := idx([]int{2, 1, 2}, 1, 2, 3, 4), idx([]int{2}, 0, 9)
	for _, classes := range []int{10, 9, 0, -1} {
		f.Add(images, labels, classes)
	}
	f.Add(gzipped(images), gzipped(labels), 10)
	f.Add(images, idx([]int{1}, 0), 10)
	f.Add(labels, images, 10)
	f.Fuzz(func(t *testing.T, images, labels []byte, classes int) {
		fsys := fstest.MapFS{"images": {Data: images}, "labels": {Data: labels}}
		d, err := LoadIDX(fsys, "images", "labels", classes)
		if err != nil {
			var format *FormatError
			require.True(t, classes < 1 || errors.As(err, &format), "%v", err)
			return
		}
		again, err := New(*d)
		require.NoError(t, err)
		require.Equal(t, again, d)
		require.Positive(t, d.Len())
	})
}

func FuzzReadIDX(f *testing.F) {
	good := idx([]int{2, 1, 2}, 1, 2, 3, 4)
	for _, seed := range [][]byte{nil, good, good[:18], gzipped(good), gzipped(good)[:20], idx([]int{0, 1, 1}),
		{0, 0, 8, 3, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255}} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		shape, elements, err := readIDX("f", bytes.NewReader(file), 3, maxBytes)
		if err != nil {
			var format *FormatError
			require.ErrorAs(t, err, &format)
			return
		}
		require.Len(t, elements, shape[0]*shape[1]*shape[2])
		again, copied, err := readIDX("f", bytes.NewReader(idx(shape, elements...)), 3, maxBytes)
		require.NoError(t, err)
		require.Equal(t, shape, again)
		require.Equal(t, elements, copied)
	})
}
