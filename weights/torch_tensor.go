package weights

import (
	"fmt"
	"math"

	"github.com/residuum-go/residuum/tensor"
)

// last returns the number of t's last element in its storage, or an error if that is not in the storage, or the storage
// not in the file of the given size. The type of t is converted. Of an empty one the number means nothing.
func (t *torchTensor) last(size int64) (int64, error) {
	s, elements := t.storage, t.storage.n
	bits, _ := elementBits(t.dtype)
	if s.dtype == "" {
		elements = s.n * 8 / bits
	}
	if s.n > size || s.at < 0 || elements > (size-s.at)*8/bits {
		return 0, fmt.Errorf("storage %.40q of %d elements does not fit into the file of %d bytes", s.key, s.n, size)
	}
	last := t.offset
	for i, n := range t.shape {
		if n == 0 {
			return 0, nil
		}
		step := t.stride[i]
		if step < 0 || n > 1 && step > (math.MaxInt64-last)/int64(n-1) {
			return 0, fmt.Errorf("stride %d of an axis of %d", step, n)
		}
		last += int64(n-1) * step
	}
	if t.offset < 0 || last >= elements {
		return 0, fmt.Errorf("its last element is number %d of storage %.40q, which has %d", last, s.key, elements)
	}
	return last, nil
}

// elements returns t's elements as float32 in row-major order.
func (a *torchArchive) elements(t *torchTensor) (*tensor.Tensor, error) {
	last, err := t.last(a.size)
	if err != nil {
		return nil, err
	}
	out := tensor.New(t.shape...)
	if out.Len() == 0 || t.contiguous() {
		return out, a.read(out.Data(), t)
	}
	if last-t.offset >= sparse*int64(out.Len()) {
		return out, a.scattered(out.Data(), t)
	}
	span := make([]float32, last-t.offset+1)
	if err := a.read(span, t); err != nil {
		return nil, err
	}
	gather(out.Data(), span, t.shape, t.stride)
	return out, nil
}

// sparse is how many times as many elements as a tensor has are read for it at once. Of a file that has many tensors of few
// elements far apart, all would be read for each.
const sparse = 1000

// scattered fills dst, element by element.
func (a *torchArchive) scattered(dst []float32, t *torchTensor) error {
	one := torchTensor{storage: t.storage, dtype: t.dtype}
	for i := range dst {
		one.offset = t.offset
		for rest, k := i, len(t.shape)-1; k >= 0; k-- {
			one.offset += int64(rest%t.shape[k]) * t.stride[k]
			rest /= t.shape[k]
		}
		if err := a.read(dst[i:i+1], &one); err != nil {
			return err
		}
	}
	return nil
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

// read fills dst with the elements of t's storage from t's first on.
func (a *torchArchive) read(dst []float32, t *torchTensor) error {
	f := formats[t.dtype]
	src := &source{r: a.r, at: t.storage.at + t.offset*int64(f.bits/8)}
	return f.fill(dst, a.big, src.take)
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
