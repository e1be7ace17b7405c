package image

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	stdimage "image"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

type pillowPicture struct {
	Height, Width int
	RGB           []byte
}

func pillowPictures(t *testing.T) map[string]pillowPicture {
	t.Helper()
	file := reference[struct{ Pictures map[string]pillowPicture }](t, "pictures.json")
	for name, p := range file.Pictures {
		z, err := zlib.NewReader(bytes.NewReader(p.RGB))
		require.NoError(t, err)
		p.RGB, err = io.ReadAll(z)
		require.NoError(t, err)
		file.Pictures[name] = p
	}
	return file.Pictures
}

func TestDecodeEqualsPillow(t *testing.T) {
	files, err := os.ReadDir("testdata/pictures")
	require.NoError(t, err)
	pictures := pillowPictures(t)
	require.Len(t, files, len(pictures))
	for name, want := range pictures {
		got, err := Load(filepath.Join("testdata/pictures", name))
		require.NoError(t, err, name)
		require.Equal(t, [3]int{want.Height, want.Width, 3}, [3]int{got.Height, got.Width, got.Channels}, name)
		require.True(t, bytes.Equal(want.RGB, got.Pixels), "%s has other bytes", name)
	}
}

func TestHostilePictures(t *testing.T) {
	deep := func(width, height uint32, depth, kind byte) string {
		header := []byte{'I', 'H', 'D', 'R', byte(width >> 24), byte(width >> 16), byte(width >> 8), byte(width),
			byte(height >> 24), byte(height >> 16), byte(height >> 8), byte(height), depth, kind, 0, 0, 0}
		sum := crc32.ChecksumIEEE(header)
		return "\x89PNG\r\n\x1a\n\x00\x00\x00\x0d" + string(header) + string(binary.BigEndian.AppendUint32(nil, sum))
	}
	png := func(width, height uint32) string { return deep(width, height, 8, 2) }
	for text, says := range map[string]string{
		"":                                     "it is empty",
		"no picture":                           "unknown format",
		png(15_000, 15_000):                    "png of 15000x15000 pixels, at most 178956970 are read",
		png(100_000, 100_000):                  "png", // Go's own limit where an int has 32 bits
		png(10_000, 10_000):                    "png of 10000x10000 pixels in 33 bytes",
		png(5, 5):                              "png: ",
		png(107, 107):                          "png of 107x107 pixels in 33 bytes", // of three bytes each
		deep(400, 400, 1, 0):                   "png: ",                             // of a bit each
		deep(72, 72, 16, 6):                    "png of 72x72 pixels in 33 bytes",
		"\xff\xd8\xff\xe1\x00\x10Exif\x00\x00": "EOF",
	} {
		m, err := Decode(strings.NewReader(text))
		require.ErrorIs(t, err, ErrFormat)
		require.ErrorContains(t, err, says)
		require.Nil(t, m)
	}
	_, err := Decode(iotest.ErrReader(io.ErrClosedPipe))
	require.ErrorIs(t, err, io.ErrClosedPipe)
	require.NotErrorIs(t, err, ErrFormat)
	_, err = Load(t.TempDir())
	require.ErrorContains(t, err, "not a regular file")
	_, err = Load(filepath.Join(t.TempDir(), "none.png"))
	require.ErrorIs(t, err, fs.ErrNotExist)
}

// A beginning of a JPEG is an error that says so, and a scan more than are read is one, too.
func TestHostileJPEG(t *testing.T) {
	files, err := filepath.Glob("testdata/pictures/*.jpg")
	require.NoError(t, err)
	for _, name := range files {
		whole, err := os.ReadFile(name)
		require.NoError(t, err)
		for n := 2; n < len(whole)-2; n += 7 {
			_, err := Decode(bytes.NewReader(whole[:n]))
			require.ErrorIs(t, err, ErrFormat, "%s cut at %d", name, n)
			require.ErrorContains(t, err, "EOF")
		}
	}
	whole, err := os.ReadFile("testdata/pictures/progressive.jpg")
	require.NoError(t, err)
	scan := bytes.Index(whole, []byte{0xff, 0xda}) // of the means, which the same scan gives once more
	next := scan + bytes.Index(whole[scan:], []byte{0xff, 0xc4})
	again := append(bytes.Repeat(whole[scan:next], maxScans+1), whole[next:]...)
	_, err = Decode(bytes.NewReader(append(whole[:scan:scan], again...)))
	require.ErrorContains(t, err, "more than 200 scans")

	whole, err = os.ReadFile("testdata/pictures/photo0-2.jpg")
	require.NoError(t, err)
	size := bytes.Index(whole, []byte{0xff, 0xc0}) + 5
	copy(whole[size:], "\xff\xff\xff\xff")
	_, err = Decode(bytes.NewReader(whole))
	require.ErrorContains(t, err, "65535x65535 pixels, at most")
}

// Whatever the bytes are, there is a picture or an error.
func FuzzDecode(f *testing.F) {
	files, err := os.ReadDir("testdata/pictures")
	require.NoError(f, err)
	for _, file := range files {
		b, err := os.ReadFile(filepath.Join("testdata/pictures", file.Name()))
		require.NoError(f, err)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, format, err := stdimage.DecodeConfig(bytes.NewReader(b)); err == nil && format == "webp" && c.Width*c.Height > 1<<20 {
			return // large ones of one colour take few bytes, and long
		}
		m, err := Decode(bytes.NewReader(b))
		if err != nil {
			require.ErrorIs(t, err, ErrFormat)
			return
		}
		require.Len(t, m.Pixels, m.Height*m.Width*3)
	})
}

// torchvision 0.29 cuts these windows: transforms.functional.center_crop and resize of its sizes.
func TestCentreCropAndShortSideAreTorchvisions(t *testing.T) {
	for _, c := range []struct{ size, n, begins int }{
		{10, 10, 0}, {10, 9, 0}, {10, 8, 1}, {10, 7, 2}, {11, 8, 2}, {256, 224, 16}, {257, 224, 16}, {259, 224, 18},
		{5, 8, -1}, {5, 9, -2}, {1, 4, -1},
	} {
		require.Equal(t, c.begins, middle(c.size, c.n), "%d of %d", c.n, c.size)
	}
	m := picture(33, 47, 3)
	s := m.ShortSide(20, Bilinear)
	require.Equal(t, [2]int{20, 28}, [2]int{s.Height, s.Width})
	c := m.CentreCrop(40, 11)
	require.Equal(t, [2]int{40, 11}, [2]int{c.Height, c.Width})
	require.Equal(t, make([]uint8, 33), c.row(2))
	require.Equal(t, m.row(0)[18*3:29*3], c.row(3))
}
