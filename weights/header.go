package weights

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"unicode/utf8"
)

const (
	maxHeader   = 100_000_000 // bytes, the limit of the reference implementation
	maxAxes     = 64          // the limit of NumPy and PyTorch
	maxElements = min(1<<44, math.MaxInt/4)
	metadataKey = "__metadata__"
)

// entry is what the header says about one tensor.
type entry struct {
	name       string
	dtype      string
	shape      []int
	begin, end int64 // in the bytes after the header
}

// parseHeader decodes the JSON and checks it on its own: names and keys unique, each range as long as
// its shape needs. It puts the metadata into f.
func (f *File) parseHeader(b []byte) (entries []entry, err error) {
	if !utf8.Valid(b) {
		return nil, errors.New("header is not UTF-8")
	}
	if len(b) == 0 || b[0] != '{' {
		return nil, errors.New("header does not start with {")
	}
	s, seen := &scanner{b: b}, map[string]bool{}
	err = s.object(func(name string) error {
		if name == metadataKey {
			return f.metadata(s)
		}
		if seen[name] {
			return twice(name)
		}
		e, err := s.entry(name)
		if err != nil {
			return fmt.Errorf("tensor %.80q: %w", name, err)
		}
		seen[name] = true
		entries = append(entries, e)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	if rest := bytes.TrimRight(b[s.at:], " "); len(rest) > 0 {
		return nil, errors.New("header: bytes after the JSON object")
	}
	return entries, nil
}

func (f *File) metadata(s *scanner) error {
	if f.Meta != nil {
		return twice(metadataKey)
	}
	f.Meta = map[string]string{}
	err := s.object(func(key string) (err error) {
		if _, ok := f.Meta[key]; ok {
			return twice(key)
		}
		f.Meta[key], err = s.text()
		return err
	})
	if err != nil {
		return fmt.Errorf("%s: %w", metadataKey, err)
	}
	return nil
}

func twice(name string) error { return fmt.Errorf("%.80q occurs twice", name) }

// entry reads what the header says about the tensor of the given name.
func (s *scanner) entry(name string) (entry, error) {
	e := entry{name: name}
	keys := [...]string{"dtype", "shape", "data_offsets"}
	var seen [len(keys)]bool
	err := s.object(func(key string) (err error) {
		i := slices.Index(keys[:], key)
		if i < 0 {
			return fmt.Errorf("unknown key %.80q", key)
		}
		if seen[i] {
			return twice(key)
		}
		seen[i] = true
		switch key {
		case "dtype":
			e.dtype, err = s.text()
		case "shape":
			e.shape, err = s.shape()
		case "data_offsets":
			e.begin, e.end, err = s.offsets()
		}
		return err
	})
	if err != nil {
		return e, err
	}
	if i := slices.Index(seen[:], false); i >= 0 {
		return e, fmt.Errorf("%s is missing", keys[i])
	}
	return e, e.check()
}

func (s *scanner) shape() ([]int, error) {
	shape := []int{}
	return shape, s.list(func() error {
		n, err := s.natural()
		if err == nil && n > math.MaxInt {
			err = fmt.Errorf("an axis of length %d is too large", n)
		}
		if len(shape) == maxAxes {
			err = fmt.Errorf("shape of more than %d axes", maxAxes)
		}
		shape = append(shape, int(n))
		return err
	})
}

func (s *scanner) offsets() (begin, end int64, err error) {
	var at [2]int64
	n := 0
	err = s.list(func() error {
		v, err := s.natural()
		if n < len(at) {
			at[n] = v
		}
		n++
		return err
	})
	if err == nil && n != len(at) {
		err = fmt.Errorf("%d data_offsets, expected 2", n)
	}
	return at[0], at[1], err
}

// elements returns the product of a shape, or an error if it is too large.
func elements(shape []int) (uint64, error) {
	// Axes of length zero do not excuse a product of the others that overflows.
	product, empty := uint64(1), false
	for _, n := range shape {
		if n == 0 {
			empty = true
			continue
		}
		hi, lo := bits.Mul64(product, uint64(n))
		if hi != 0 || lo > maxElements {
			return 0, fmt.Errorf("shape %v is too large", shape)
		}
		product = lo
	}
	if empty {
		product = 0
	}
	return product, nil
}

// check compares the range with the shape. The size of elements of an unknown type is unknown.
func (e *entry) check() error {
	product, err := elements(e.shape)
	if err != nil {
		return err
	}
	if e.end < e.begin {
		return fmt.Errorf("data_offsets are %d to %d", e.begin, e.end)
	}
	if f, ok := formats[e.dtype]; ok {
		hi, lo := bits.Mul64(product, uint64(f.bits))
		need := hi<<61 | lo>>3
		if lo%8 != 0 {
			return fmt.Errorf("shape %v of %s does not fill whole bytes", e.shape, e.dtype)
		}
		if uint64(e.end-e.begin) != need {
			return fmt.Errorf("shape %v of %s needs %d bytes, data_offsets are %d to %d", e.shape, e.dtype, need, e.begin, e.end)
		}
	}
	return nil
}
