package weights

import (
	"fmt"
	"math"
	"slices"

	"github.com/residuum-go/residuum/tensor"
)

// check reports whether every element of t is in its storage and the storage in the file.
func (t *torchTensor) check(size int64) error {
	s := t.storage
	bits, ok := elementBits(t.dtype)
	if !ok {
		return nil // it will not be read
	}
	elements := s.n
	if s.dtype == "" {
		elements = s.n * 8 / bits
	}
	if s.n > size || s.at < 0 || elements > (size-s.at)*8/bits {
		return fmt.Errorf("storage %.40q of %d elements does not fit into the file of %d bytes", s.key, s.n, size)
	}
	last := t.offset
	for i, n := range t.shape {
		if n == 0 {
			return nil
		}
		step := t.stride[i]
		if step < 0 || n > 1 && step > (math.MaxInt64-last)/int64(n-1) {
			return fmt.Errorf("stride %d of an axis of %d", step, n)
		}
		last += int64(n-1) * step
	}
	if t.offset < 0 || last >= elements {
		return fmt.Errorf("its last element is number %d of storage %.40q, which has %d", last, s.key, elements)
	}
	return nil
}

// elements returns t's elements as float32 in row-major order.
func (a *torchArchive) elements(t *torchTensor) (*tensor.Tensor, error) {
	out := tensor.New(t.shape...)
	if out.Len() == 0 {
		return out, nil
	}
	if t.contiguous() {
		return out, a.read(out.Data(), t, t.offset)
	}
	span := make([]float32, t.last()-t.offset+1)
	if err := a.read(span, t, t.offset); err != nil {
		return nil, err
	}
	gather(out.Data(), span, t.shape, t.stride)
	return out, nil
}

// gather fills dst with the elements of src that shape and strides speak of, and returns what is left of dst.
func gather(dst, src []float32, shape []int, stride []int64) []float32 {
	if len(shape) == 0 {
		dst[0] = src[0]
		return dst[1:]
	}
	for i := range shape[0] {
		dst = gather(dst, src[int64(i)*stride[0]:], shape[1:], stride[1:])
	}
	return dst
}

// read fills dst with the elements of t's storage from the first on.
func (a *torchArchive) read(dst []float32, t *torchTensor, first int64) error {
	f := formats[t.dtype]
	size := f.bits / 8
	src := &source{r: a.r, at: t.storage.at + first*int64(size)}
	for part := range slices.Chunk(dst, chunk/8) {
		b, err := src.take(len(part) * size)
		if err != nil {
			return err
		}
		if a.big {
			swap(b, size)
		}
		f.decode(part, b)
	}
	return nil
}

// contiguous reports whether the elements lie in row-major order without gaps.
func (t *torchTensor) contiguous() bool {
	step := int64(1)
	for i := len(t.shape) - 1; i >= 0; i-- {
		if t.shape[i] != 1 && t.stride[i] != step {
			return false
		}
		step *= int64(t.shape[i])
	}
	return true
}

// last returns the place of the last element of t, which is not empty, in its storage.
func (t *torchTensor) last() int64 {
	at := t.offset
	for i, n := range t.shape {
		at += int64(n-1) * t.stride[i]
	}
	return at
}

// swap reverses the bytes of each element.
func swap(b []byte, size int) {
	for ; len(b) > 0; b = b[size:] {
		for i := range size / 2 {
			b[i], b[size-1-i] = b[size-1-i], b[i]
		}
	}
}

func elementBits(dtype string) (int64, bool) {
	f, ok := formats[dtype]
	return int64(f.bits), ok && f.decode != nil
}
