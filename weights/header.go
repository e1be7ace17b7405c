package weights

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"slices"
	"strconv"
	"unicode/utf8"
)

const (
	maxHeader   = 100_000_000 // bytes, the limit of the reference implementation
	metadataKey = "__metadata__"
)

// entry is what the header says about one tensor.
type entry struct {
	name       string
	dtype      string
	shape      []int
	begin, end int64 // in the bytes after the header
}

// parseHeader decodes the JSON and checks it on its own: names and keys unique, types known, each
// range as long as its shape needs.
func parseHeader(b []byte) (entries []entry, meta map[string]string, err error) {
	if !utf8.Valid(b) {
		return nil, nil, errors.New("header is not UTF-8")
	}
	if len(b) == 0 || b[0] != '{' {
		return nil, nil, errors.New("header does not start with {")
	}
	d := &decoder{json.NewDecoder(bytes.NewReader(b))}
	d.UseNumber()
	err = d.object(func(name string) error {
		if name == metadataKey {
			meta, err = d.metadata()
			return err
		}
		e, err := d.entry(name)
		if err != nil {
			return fmt.Errorf("tensor %q: %w", name, err)
		}
		entries = append(entries, e)
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("header: %w", err)
	}
	if rest := bytes.TrimRight(b[d.InputOffset():], " "); len(rest) > 0 {
		return nil, nil, errors.New("header: bytes after the JSON object")
	}
	return entries, meta, nil
}

// decoder reads the header's JSON token by token, because Unmarshal accepts a key that occurs twice.
// The nesting that it follows is fixed.
type decoder struct{ *json.Decoder }

// object calls f after each key of an object, to consume the value.
func (d *decoder) object(f func(key string) error) error {
	if err := d.delim('{'); err != nil {
		return err
	}
	seen := map[string]bool{}
	for d.More() {
		key, err := d.text()
		if err != nil {
			return err
		}
		if seen[key] {
			return fmt.Errorf("%q occurs twice", key)
		}
		seen[key] = true
		if err := f(key); err != nil {
			return err
		}
	}
	return d.delim('}')
}

func (d *decoder) next() (json.Token, error) {
	t, err := d.Token()
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return t, err
}

func (d *decoder) delim(want json.Delim) error {
	t, err := d.next()
	if err == nil && t != want {
		err = fmt.Errorf("expected %v, found %v", want, t)
	}
	return err
}

func (d *decoder) text() (string, error) {
	t, err := d.next()
	s, ok := t.(string)
	if err == nil && !ok {
		err = fmt.Errorf("expected a string, found %v", t)
	}
	return s, err
}

func (d *decoder) metadata() (map[string]string, error) {
	meta := map[string]string{}
	err := d.object(func(key string) (err error) {
		meta[key], err = d.text()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", metadataKey, err)
	}
	return meta, nil
}

// naturals reads a list of non-negative integers.
func (d *decoder) naturals() ([]int, error) {
	if err := d.delim('['); err != nil {
		return nil, err
	}
	list := []int{}
	for d.More() {
		t, err := d.next()
		if err != nil {
			return nil, err
		}
		n, ok := t.(json.Number)
		if !ok {
			return nil, fmt.Errorf("expected a number, found %v", t)
		}
		u, err := strconv.ParseUint(n.String(), 10, strconv.IntSize-1)
		if err != nil {
			return nil, fmt.Errorf("%s is no size", n)
		}
		list = append(list, int(u))
	}
	return list, d.delim(']')
}

func (d *decoder) entry(name string) (entry, error) {
	e := entry{name: name}
	var keys []string
	err := d.object(func(key string) (err error) {
		keys = append(keys, key)
		switch key {
		case "dtype":
			e.dtype, err = d.text()
		case "shape":
			e.shape, err = d.naturals()
		case "data_offsets":
			var r []int
			if r, err = d.naturals(); err == nil && len(r) != 2 {
				err = fmt.Errorf("%d data_offsets, expected 2", len(r))
			}
			if err == nil {
				e.begin, e.end = int64(r[0]), int64(r[1])
			}
		default:
			err = fmt.Errorf("unknown key %q", key)
		}
		return err
	})
	if err != nil {
		return e, err
	}
	for _, want := range []string{"dtype", "shape", "data_offsets"} {
		if !slices.Contains(keys, want) {
			return e, fmt.Errorf("%s is missing", want)
		}
	}
	return e, e.check()
}

func (e *entry) check() error {
	f, ok := formats[e.dtype]
	if !ok {
		return fmt.Errorf("type %q cannot be read", e.dtype)
	}
	// Axes of length zero do not excuse a product of the others that overflows.
	product, empty := uint64(f.size), false
	for _, n := range e.shape {
		if n == 0 {
			empty = true
			continue
		}
		hi, lo := bits.Mul64(product, uint64(n))
		if hi != 0 || lo >= 1<<(strconv.IntSize-1) {
			return fmt.Errorf("shape %v is too large", e.shape)
		}
		product = lo
	}
	if empty {
		product = 0
	}
	if e.end < e.begin || uint64(e.end-e.begin) != product {
		return fmt.Errorf("shape %v of %s needs %d bytes, data_offsets are %d to %d", e.shape, e.dtype, product, e.begin, e.end)
	}
	return nil
}
