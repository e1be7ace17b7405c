package weights

import (
	"archive/zip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/residuum-go/residuum/tensor"
)

// NumPy's formats (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html). An array, .npy: a magic
// string, two bytes of version, the length of a header, the header, which is a Python dictionary as text, and the
// elements. Several, .npz: a zip archive of such files by name.

const (
	numpyBegin  = "\x93NUMPY"
	numpySuffix = ".npy"
	numpyHeader = 1 << 16 // bytes that a header may have; NumPy itself asks to be told to trust one of more than 10,000
	// zipRatio is how many times as long as its archive the arrays together may be. Weights shrink to nine tenths, and
	// zeros to a thousandth.
	zipRatio = 100
	lonely   = "arr_0" // how np.savez calls an array that was given no name
)

// readNPY reads a file of one array.
func readNPY(r io.ReaderAt, size int64) (*File, error) {
	file := newNumPy()
	err := file.readArray(lonely, io.NewSectionReader(r, 0, size), size)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("%w: %w", errRead, err) // size was checked against the header, so r is shorter
	}
	return file, err
}

func newNumPy() *File {
	return &File{Tensors: map[string]*tensor.Tensor{}, Unsupported: map[string]string{}, Types: map[string]int{}}
}

// isNPZ reports whether an archive is of arrays alone.
func isNPZ(z *zip.Reader) bool {
	return len(z.File) > 0 && !slices.ContainsFunc(z.File, func(f *zip.File) bool { return !strings.HasSuffix(f.Name, numpySuffix) })
}

// readNPZ reads an archive of arrays, compressed or not.
func readNPZ(z *zip.Reader, size int64) (*File, error) {
	file := newNumPy()
	left := uint64(size) * zipRatio
	for _, f := range z.File {
		name := strings.TrimSuffix(f.Name, numpySuffix)
		if file.has(name) {
			return nil, twice(name)
		}
		if f.UncompressedSize64 > left {
			return nil, fmt.Errorf("array %.80q: the arrays together have more than %d times the bytes of the archive", name, zipRatio)
		}
		left -= f.UncompressedSize64
		if err := file.readRecord(name, f); err != nil {
			return nil, fmt.Errorf("array %.80q: %w", name, err)
		}
	}
	return file, nil
}

func (f *File) has(name string) bool {
	_, unsupported := f.Unsupported[name]
	return unsupported || f.Tensors[name] != nil
}

func (f *File) readRecord(name string, record *zip.File) error {
	r, err := record.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	if err := f.readArray(name, r, int64(record.UncompressedSize64)); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, r) // to its end, where the checksum is compared
	return err
}

// readArray reads an array of so many bytes together with its header.
func (f *File) readArray(name string, r io.Reader, size int64) error {
	text, size, err := arrayHeader(r, size)
	if err != nil {
		return err
	}
	h, err := parseArrayHeader(text)
	if err != nil {
		return err
	}
	dtype, ok := numpyTypes[h.descr[1:]]
	if !ok {
		f.Unsupported[name] = h.descr
		return nil
	}
	n, err := elements(h.shape)
	if err != nil {
		return err
	}
	format := formats[dtype]
	if n*uint64(format.bits/8) != uint64(size) {
		return fmt.Errorf("shape %v of %s needs %d bytes, it has %d", h.shape, h.descr, n*uint64(format.bits/8), size)
	}
	if h.fortran {
		slices.Reverse(h.shape)
	}
	t := tensor.New(h.shape...)
	buf := make([]byte, min(size, chunk))
	err = format.fill(t.Data(), h.descr[0] == '>', func(n int) ([]byte, error) {
		_, err := io.ReadFull(r, buf[:n])
		return buf[:n], early(err)
	})
	if err != nil {
		return err
	}
	if h.fortran {
		t = tensor.Transpose(nil, t)
	}
	f.Tensors[name] = t
	f.Types[dtype]++
	return nil
}

// early says of the end of data that it comes too early.
func early(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// arrayHeader reads the header's text, and returns how many of size bytes are left behind it.
func arrayHeader(r io.Reader, size int64) (string, int64, error) {
	begin := make([]byte, len(numpyBegin)+2)
	if size < int64(len(begin)+4) {
		return "", 0, fmt.Errorf("%d bytes long, too short for a header", size)
	}
	if _, err := io.ReadFull(r, begin); err != nil {
		return "", 0, early(err)
	}
	if string(begin[:len(numpyBegin)]) != numpyBegin {
		return "", 0, errors.New("it does not begin as a NumPy array")
	}
	version, length := begin[len(numpyBegin)], make([]byte, 4)
	digits := length
	switch version {
	case 1:
		digits = length[:2]
	case 2, 3:
	default:
		return "", 0, fmt.Errorf("version %d of the format, want 1 to 3", version)
	}
	if _, err := io.ReadFull(r, digits); err != nil {
		return "", 0, early(err)
	}
	size -= int64(len(begin) + len(digits))
	n := int64(binary.LittleEndian.Uint32(length))
	if n > numpyHeader || n > size {
		return "", 0, fmt.Errorf("a header of %d bytes, at most %d allowed, and %d are left", n, numpyHeader, size)
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(r, text); err != nil {
		return "", 0, early(err)
	}
	return string(text), size - n, nil
}

// arrayHeaderOf is what the header of an array says.
type arrayHeaderOf struct {
	descr   string // the order of bytes, one of <>|, and the type, as in <f4
	fortran bool   // the first axis varies fastest
	shape   []int
}

// numpyTypes are the names in formats of NumPy's types.
var numpyTypes = map[string]string{
	"f8": "F64", "f4": "F32", "f2": "F16", "i8": "I64", "i4": "I32", "i2": "I16", "i1": "I8",
	"u8": "U64", "u4": "U32", "u2": "U16", "u1": "U8", "b1": "BOOL",
}

// item is an entry of the dictionary with the comma behind it: the values are a string, a bool and a tuple of numbers.
var item = regexp.MustCompile(`^\s*'(\w+)'\s*:\s*(?:'([<>|]\w+)'|(True|False)|\(([\d,\s]*)\))\s*(?:,|$)`)

// parseArrayHeader parses the text of a Python dictionary of descr, fortran_order and shape, in any order.
func parseArrayHeader(text string) (h arrayHeaderOf, err error) {
	inner, ok := strings.CutPrefix(strings.TrimSpace(text), "{")
	inner, ok2 := strings.CutSuffix(inner, "}")
	seen := map[string]bool{}
	for ok && ok2 && strings.TrimSpace(inner) != "" {
		m := item.FindStringSubmatch(inner)
		if m == nil {
			break
		}
		inner = inner[len(m[0]):]
		if seen[m[1]] {
			return h, twice(m[1])
		}
		seen[m[1]] = true
		switch {
		case m[1] == "descr" && m[2] != "":
			h.descr = m[2]
		case m[1] == "fortran_order" && m[3] != "":
			h.fortran = m[3] == "True"
		case m[1] == "shape" && m[2]+m[3] == "":
			if h.shape, err = axes(m[4]); err != nil {
				return h, err
			}
		default:
			return h, fmt.Errorf("header: key %q with the value %.40q", m[1], m[0])
		}
	}
	switch {
	case !ok || !ok2 || strings.TrimSpace(inner) != "":
		return h, fmt.Errorf("header: %.80q is not descr, fortran_order and shape of an array of numbers", inner)
	case len(seen) != 3:
		return h, fmt.Errorf("header: %.80q lacks one of descr, fortran_order and shape", text)
	case h.descr[1:] == "O":
		return h, errors.New("an array of Python objects, which are pickled")
	}
	return h, nil
}

// axes parses the numbers of a tuple.
func axes(text string) ([]int, error) {
	shape := []int{}
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' }) {
		n, err := strconv.Atoi(word)
		if err != nil {
			return nil, fmt.Errorf("header: an axis: %w", err)
		}
		if len(shape) == maxAxes {
			return nil, fmt.Errorf("shape of more than %d axes", maxAxes)
		}
		shape = append(shape, n)
	}
	return shape, nil
}
