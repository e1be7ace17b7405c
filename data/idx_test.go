package data_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"runtime"
	"testing"
	"testing/fstest"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/data"
)

func idx(shape []int, elements ...uint8) []byte {
	var b bytes.Buffer
	if err := data.WriteIDX(&b, shape, elements); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func gzipped(b []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, _ = z.Write(b)
	_ = z.Close()
	return out.Bytes()
}

func TestReadIDXReturnsWhatWriteIDXWrote(t *testing.T) {
	file := idx([]int{2, 2, 3}, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
	for name, file := range map[string][]byte{"plain": file, "gzip": gzipped(file)} {
		t.Run(name, func(t *testing.T) {
			for _, r := range []io.Reader{bytes.NewReader(file), iotest.OneByteReader(bytes.NewReader(file)), iotest.DataErrReader(bytes.NewReader(file))} {
				shape, elements, err := data.ReadIDX("f", r, 3)
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
		{"gzip of short file", "promises 2x1x2 = 4 bytes, the file holds 2", gzipped(good[:18])},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := data.ReadIDX("some-file", bytes.NewReader(c.file), 3)
			var format *data.FormatError
			require.ErrorAs(t, err, &format)
			require.Equal(t, "some-file", format.File)
			require.ErrorContains(t, err, c.reason)
		})
	}
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
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, _, err := data.ReadIDX("f", bytes.NewReader(c.file), 3)
			runtime.ReadMemStats(&after)
			require.ErrorContains(t, err, c.reason)
			require.Less(t, int(after.TotalAlloc-before.TotalAlloc), 1<<20+600*len(c.file))
		})
	}
}

func TestReadIDXPassesOnErrorsOfTheReader(t *testing.T) {
	_, _, err := data.ReadIDX("f", io.MultiReader(bytes.NewReader(idx([]int{9}, make([]uint8, 9)...)[:8]), iotest.ErrReader(fs.ErrPermission)), 1)
	require.ErrorIs(t, err, fs.ErrPermission)
	require.ErrorContains(t, err, "unreadable after 0 of 9 bytes")
}

func TestLoadIDXChecksImagesAgainstLabels(t *testing.T) {
	images, labels := idx([]int{2, 1, 2}, 1, 2, 3, 4), idx([]int{2}, 0, 9)
	load := func(images, labels []byte, classes int) (*data.Dataset, error) {
		fsys := fstest.MapFS{"images": {Data: images}, "labels": {Data: labels}}
		return data.LoadIDX(fsys, "images", "labels", classes)
	}
	d, err := load(images, gzipped(labels), 10)
	require.NoError(t, err)
	require.Equal(t, &data.Dataset{Height: 1, Width: 2, Channels: 1, Classes: 10, Pixels: []uint8{1, 2, 3, 4}, Labels: []int{0, 9}}, d)

	_, err = load(images, labels, 9)
	require.EqualError(t, err, "data: labels: label 9 of image 1 is outside 0..8")
	_, err = load(images, idx([]int{3}, 1, 2, 3), 10)
	require.EqualError(t, err, "data: labels: 3 labels for the 2 images of images")
	_, err = load(labels, images, 10)
	require.ErrorContains(t, err, "data: images: magic number")

	_, err = data.LoadIDX(fstest.MapFS{}, "images", "labels", 10)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "images")
}

func FuzzReadIDX(f *testing.F) {
	good := idx([]int{2, 1, 2}, 1, 2, 3, 4)
	for _, seed := range [][]byte{nil, good, good[:18], gzipped(good), gzipped(good)[:20], idx([]int{0, 1, 1}),
		{0, 0, 8, 3, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255}} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		shape, elements, err := data.ReadIDX("f", bytes.NewReader(file), 3)
		if err != nil {
			var format *data.FormatError
			require.ErrorAs(t, err, &format)
			return
		}
		require.Len(t, elements, shape[0]*shape[1]*shape[2])
		again, copied, err := data.ReadIDX("f", bytes.NewReader(idx(shape, elements...)), 3)
		require.NoError(t, err)
		require.Equal(t, shape, again)
		require.Equal(t, elements, copied)
	})
}
