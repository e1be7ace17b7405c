package image

import (
	"bytes"
	"errors"
	"fmt"
	stdimage "image"
	"image/color"
	_ "image/gif" // the formats that Decode knows
	_ "image/jpeg"
	_ "image/png"
	"io"

	_ "golang.org/x/image/bmp"
	_ "golang.org/x/image/webp"

	"github.com/residuum-go/residuum/internal/regular"
)

// ErrFormat is matched, through errors.Is, by every error that says that a picture is none, or of a kind that is not
// read.
var ErrFormat = errors.New("not a valid picture")

// MaxPixels is how many pixels a picture may have, as many as Pillow opens without a warning that is an error. To decode
// one takes up to 16 bytes for each, of a progressive JPEG of four inks; 3 of them are the result.
const MaxPixels = 178_956_970

// Load reads the picture in a file; see [Decode].
func Load(path string) (*Image, error) {
	b, err := regular.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("image: %w", err)
	}
	m, err := decode(b)
	if err != nil {
		return nil, fmt.Errorf("image: %s: %w", path, err)
	}
	return m, nil
}

// Decode reads a picture in PNG, JPEG, GIF (the first frame), WebP or BMP, and gives it three channels, red, green and
// blue, turned upright by what EXIF says of its orientation. Kinds are converted as Pillow's convert("RGB") does: grey is
// repeated, palettes looked up, transparency dropped; of 16 bits in a colour the upper 8 are kept, and grey above 255 of
// 65535 is white.
//
// The pixels are Pillow's, those of JPEG, too: it is decoded as libjpeg-turbo does where it is told nothing else, but
// for its smoothing of progressive files that are cut off, which are errors here.
//
// Errors that say that it is no picture match [ErrFormat]; one of them is a size that the bytes cannot hold, or of more
// than [MaxPixels], which is found before memory is given.
func Decode(r io.Reader) (*Image, error) {
	b, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("image: %w", err)
	}
	m, err := decode(b)
	if err != nil {
		return nil, fmt.Errorf("image: %w", err)
	}
	return m, nil
}

func decode(b []byte) (*Image, error) {
	if len(b) == 0 {
		return nil, fmt.Errorf("%w: it is empty", ErrFormat)
	}
	c, format, err := stdimage.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if err := checkSize(c, format, b); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if format == "jpeg" {
		m, err := decodeJPEG(b, c.Width, c.Height)
		if err != nil {
			return nil, fmt.Errorf("%w: jpeg: %w", ErrFormat, err)
		}
		return m.upright(orientation(b, format)), nil
	}
	src, _, err := stdimage.Decode(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrFormat, format, err)
	}
	if frame, ok := src.(*stdimage.Paletted); ok && format == "gif" {
		keepClearColour(frame, c.ColorModel)
	}
	return convert(src).upright(orientation(b, format)), nil
}

// keepClearColour gives the transparent colour of a GIF, which Go's decoder makes black, what the palette of the file
// has there. A frame with a palette of its own stays as it is.
func keepClearColour(frame *stdimage.Paletted, all color.Model) {
	palette, ok := all.(color.Palette)
	if !ok || len(palette) != len(frame.Palette) {
		return
	}
	for i, c := range frame.Palette {
		if c == (color.RGBA{}) {
			frame.Palette[i] = palette[i]
		} else if c != palette[i] {
			return
		}
	}
}

// densest is how many pixels a byte of a format can stand for at most: DEFLATE makes 1032 bytes of one; a JPEG has at least
// a bit for each block of 64; LZW has codes of 12 bits for 4096 pixels. WebP knows no bound: a picture of one colour takes
// no bits.
var densest = map[string]int64{"png": 1032 * 8, "jpeg": 8 * 64, "gif": 4096, "bmp": 255}

// bitsOfPNG are those of a pixel, by the header that a PNG begins with.
func bitsOfPNG(b []byte) int64 {
	channels := map[byte]int64{2: 3, 4: 2, 6: 4} // colour, grey and alpha, colour and alpha
	return int64(b[24]) * max(channels[b[25]], 1)
}

func checkSize(c stdimage.Config, format string, b []byte) error {
	pixels, size := int64(c.Width)*int64(c.Height), len(b)
	most, ok := densest[format]
	if format == "png" {
		most /= bitsOfPNG(b)
	}
	switch {
	case c.Width < 1 || c.Height < 1:
		return fmt.Errorf("%s of %dx%d pixels", format, c.Width, c.Height)
	case c.Width > MaxPixels || c.Height > MaxPixels || pixels > MaxPixels:
		return fmt.Errorf("%s of %dx%d pixels, at most %d are read", format, c.Width, c.Height, MaxPixels)
	case ok && pixels > most*int64(size):
		return fmt.Errorf("%s of %dx%d pixels in %d bytes", format, c.Width, c.Height, size)
	}
	return nil
}
