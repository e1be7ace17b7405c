// Package ubjson reads and writes UBJSON (ubjson.org, draft 12), as far as XGBoost writes it.
package ubjson

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// ErrFormat is wrapped by all errors of Decode.
var ErrFormat = errors.New("not UBJSON")

// maxDepth is how deep containers may lie in one another.
const maxDepth = 64

// Decode returns the value that data holds: nil, a bool, an int64, a float32, a float64, a string, a []any, a
// map[string]any, or for arrays of one type []int64, []float32 or []float64. What it allocates is proportional to data.
func Decode(data []byte) (any, error) {
	d := decoder{data}
	v, err := d.value(0)
	if err == nil && len(d.rest) > 0 {
		err = fmt.Errorf("%d bytes behind the end", len(d.rest))
	}
	if err != nil {
		return nil, fmt.Errorf("%w: at byte %d of %d: %w", ErrFormat, len(data)-len(d.rest), len(data), err)
	}
	return v, nil
}

type decoder struct{ rest []byte }

var errShort = errors.New("the data end here")

// sizes are the bytes of numbers.
var sizes = map[byte]int{'i': 1, 'U': 1, 'I': 2, 'l': 4, 'L': 8, 'd': 4, 'D': 8}

func (d *decoder) take(n int) ([]byte, error) {
	if n > len(d.rest) {
		return nil, errShort
	}
	out := d.rest[:n]
	d.rest = d.rest[n:]
	return out, nil
}

func (d *decoder) marker() (byte, error) {
	b, err := d.take(1)
	if err != nil {
		return 0, err
	}
	return b[0], nil
}

// next reports whether the next marker is m, and skips it if so.
func (d *decoder) next(m byte) bool {
	if len(d.rest) == 0 || d.rest[0] != m {
		return false
	}
	d.rest = d.rest[1:]
	return true
}

func (d *decoder) value(depth int) (any, error) {
	m, err := d.marker()
	if err != nil {
		return nil, err
	}
	return d.of(m, depth)
}

// of reads a value whose marker has been read.
func (d *decoder) of(m byte, depth int) (any, error) {
	switch m {
	case 'Z':
		return nil, nil
	case 'T', 'F':
		return m == 'T', nil
	case 'S':
		return d.text()
	case 'C':
		b, err := d.take(1)
		return string(b), err
	case '[', '{':
		if depth == maxDepth {
			return nil, errors.New("too deep")
		}
		if m == '[' {
			return d.array(depth + 1)
		}
		return d.object(depth + 1)
	case 'd', 'D':
		b, err := d.take(sizes[m])
		if err != nil {
			return nil, err
		}
		if m == 'd' {
			return math.Float32frombits(binary.BigEndian.Uint32(b)), nil
		}
		return math.Float64frombits(binary.BigEndian.Uint64(b)), nil
	}
	return d.integer(m)
}

func (d *decoder) integer(m byte) (int64, error) {
	n := sizes[m]
	if n == 0 || m == 'd' || m == 'D' {
		return 0, fmt.Errorf("marker %q, want one of a number", m)
	}
	b, err := d.take(n)
	if err != nil {
		return 0, err
	}
	v := int64(0)
	for _, c := range b {
		v = v<<8 | int64(c)
	}
	if m != 'U' { // the others are signed
		v = v << (64 - 8*n) >> (64 - 8*n)
	}
	return v, nil
}

// length reads an integer that counts things of at least one byte each.
func (d *decoder) length() (int, error) {
	m, err := d.marker()
	if err != nil {
		return 0, err
	}
	n, err := d.integer(m)
	if err == nil && (n < 0 || n > int64(len(d.rest))) {
		err = fmt.Errorf("length %d with %d bytes left", n, len(d.rest))
	}
	return int(n), err
}

func (d *decoder) text() (string, error) {
	n, err := d.length()
	if err != nil {
		return "", err
	}
	b, err := d.take(n)
	return string(b), err
}

// header reads the type and count of a container: 0 and -1 where there are none.
func (d *decoder) header() (of byte, count int, err error) {
	if d.next('$') {
		if of, err = d.marker(); err != nil {
			return 0, 0, err
		}
		if sizes[of] == 0 {
			return 0, 0, fmt.Errorf("container of type %q, want numbers", of)
		}
		if len(d.rest) == 0 || d.rest[0] != '#' {
			return 0, 0, errors.New("container with a type and without a count")
		}
	}
	if !d.next('#') {
		return 0, -1, nil
	}
	count, err = d.length()
	return of, count, err
}

func (d *decoder) array(depth int) (any, error) {
	of, count, err := d.header()
	if err != nil {
		return nil, err
	}
	if of != 0 {
		return d.numbers(of, count)
	}
	out := []any{}
	for i := 0; i != count; i++ {
		if count < 0 && d.next(']') {
			break
		}
		v, err := d.value(depth)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

func (d *decoder) numbers(of byte, count int) (any, error) {
	if count > len(d.rest)/sizes[of] {
		return nil, errShort
	}
	switch of {
	case 'd':
		return each[float32](d, of, count)
	case 'D':
		return each[float64](d, of, count)
	}
	return each[int64](d, of, count)
}

func each[T any](d *decoder, of byte, count int) ([]T, error) {
	out := make([]T, count)
	for i := range out {
		v, err := d.of(of, 0)
		if err != nil {
			return nil, err
		}
		out[i] = v.(T)
	}
	return out, nil
}

func (d *decoder) object(depth int) (any, error) {
	of, count, err := d.header()
	if err != nil {
		return nil, err
	}
	out := map[string]any{}
	for i := 0; i != count; i++ {
		if count < 0 && d.next('}') {
			break
		}
		name, err := d.text()
		if err != nil {
			return nil, err
		}
		if of != 0 {
			out[name], err = d.of(of, depth)
		} else {
			out[name], err = d.value(depth)
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
