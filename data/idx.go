package data

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"strings"
)

// The IDX format (Yann LeCun, "The MNIST database of handwritten digits") is: two zero bytes, a
// byte for the element type (8 is uint8), a byte for the number of axes, each axis as a big-endian
// uint32, then the elements in row-major order.
const idxUint8 = 8

// LoadIDX reads the images and labels of an MNIST-like set from two IDX files of fsys, gzipped or not. A wrong magic
// number, a truncated file, trailing bytes, no images, more than 1 GiB of pixels or 2^27 labels, a gzip bomb, a label of
// classes or more, and files of different lengths are a [*FormatError] that names the file.
//
// Memory is taken as bytes arrive, whatever a header promises: at most four times what has arrived, or a third more than
// the elements; labels take eight bytes each. What arrives from a gzipped file is at most 1 MiB or 256 times the file;
// deflate could pack 1032 times as much, but pictures do not.
func LoadIDX(fsys fs.FS, images, labels string, classes int) (*Dataset, error) {
	if classes < 1 {
		return nil, fmt.Errorf("data: LoadIDX: %d classes", classes)
	}
	shape, pixels, err := loadIDX(fsys, images, 3, maxBytes)
	if err != nil {
		return nil, err
	}
	_, raw, err := loadIDX(fsys, labels, 1, maxLabels)
	if err != nil {
		return nil, err
	}
	if len(raw) != shape[0] {
		return nil, &FormatError{labels, fmt.Sprintf("%d labels for the %d images of %s", len(raw), shape[0], images), nil}
	}
	ints, err := checkLabels(labels, raw, classes)
	if err != nil {
		return nil, err
	}
	return New(Dataset{Height: shape[1], Width: shape[2], Channels: 1, Classes: classes, Pixels: pixels, Labels: ints})
}

func loadIDX(fsys fs.FS, name string, rank, limit int) (shape []int, elements []uint8, err error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, nil, fmt.Errorf("data: %w", err)
	}
	defer f.Close()
	return readIDX(name, f, rank, limit)
}

// readIDX reads an array of at most limit bytes with the given number of axes. What is wrong with it is reported as a
// [*FormatError] under the given name.
func readIDX(name string, r io.Reader, rank, limit int) (shape []int, elements []uint8, err error) {
	fail := func(err error, format string, args ...any) ([]int, []uint8, error) {
		if own := (*FormatError)(nil); errors.As(err, &own) {
			return nil, nil, err
		}
		return nil, nil, &FormatError{name, fmt.Sprintf(format, args...), err}
	}
	r, err = plain(name, r)
	if err != nil {
		return fail(err, "")
	}
	header, err := readUpTo(r, 4+4*rank)
	switch {
	case err != nil:
		return fail(err, "unreadable header")
	case len(header) >= 4 && (header[0] != 0 || header[1] != 0 || header[2] != idxUint8 || int(header[3]) != rank):
		return fail(nil, "magic number %#08x, expected %#08x", header[:4], []byte{0, 0, idxUint8, byte(rank)})
	case len(header) < 4+4*rank:
		return fail(nil, "truncated: the header ends after %d of %d bytes", len(header), 4+4*rank)
	}
	size := 1
	for i := range rank {
		n := binary.BigEndian.Uint32(header[4+4*i:])
		shape = append(shape, int(n))
		if n == 0 || uint64(n) > uint64(limit/size) {
			return fail(nil, "axis %d of the header has length %d: empty or over %d bytes", i, n, limit)
		}
		size *= int(n)
	}
	elements, err = readUpTo(r, size)
	if err != nil {
		return fail(err, "unreadable after %d of %s bytes", len(elements), times(shape))
	}
	if len(elements) < size {
		return fail(nil, "truncated: the header promises %s bytes, the file holds %d", times(shape), len(elements))
	}
	// Reading on to the end also checks the checksum of gzip.
	rest, err := readUpTo(r, 1)
	if err != nil {
		return fail(err, "unreadable end")
	}
	if len(rest) > 0 {
		return fail(nil, "trailing bytes after the %s that the header promises", times(shape))
	}
	return shape, elements, nil
}

// WriteIDX writes an array of bytes of the given shape in IDX format, not compressed. A shape that the
// format cannot hold or that is not that of the elements is an error, and nothing is written.
func WriteIDX(w io.Writer, shape []int, elements []uint8) error {
	size, ok := product(shape...)
	if !ok || size != len(elements) || len(shape) < 1 || len(shape) > 255 {
		return fmt.Errorf("data: WriteIDX: shape %v for %d elements", shape, len(elements))
	}
	header := []byte{0, 0, idxUint8, byte(len(shape))}
	for _, n := range shape {
		if uint64(n) > math.MaxUint32 {
			return fmt.Errorf("data: WriteIDX: shape %v: an axis has at most %d", shape, uint32(math.MaxUint32))
		}
		header = binary.BigEndian.AppendUint32(header, uint32(n))
	}
	if _, err := w.Write(header); err != nil {
		return err
	}
	_, err := w.Write(elements)
	return err
}

func checkLabels(name string, raw []uint8, classes int) ([]int, error) {
	labels := make([]int, len(raw))
	for i, l := range raw {
		if int(l) >= classes {
			return nil, &FormatError{name, fmt.Sprintf("label %d of image %d is outside 0..%d", l, i, classes-1), nil}
		}
		labels[i] = int(l)
	}
	return labels, nil
}

// times formats a shape as 2x3 = 6.
func times(shape []int) string {
	var b strings.Builder
	size := 1
	for i, n := range shape {
		if i > 0 {
			b.WriteByte('x')
		}
		fmt.Fprint(&b, n)
		size *= n
	}
	if len(shape) > 1 {
		fmt.Fprintf(&b, " = %d", size)
	}
	return b.String()
}
