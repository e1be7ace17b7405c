package tensor

import (
	"slices"

	"github.com/residuum-go/residuum/internal/kernel/vec"
	"github.com/residuum-go/residuum/internal/pages"
)

// Tensor is an n-dimensional array of float32 in row-major order without gaps: the last axis varies
// fastest. A tensor of rank 0 holds one number. Its shape never changes.
//
// Distinct tensors may share memory (see [From], [Tensor.Reshape] and [Tensor.Slice]). A tensor is
// safe for concurrent reading; writing needs the caller's own synchronisation.
type Tensor struct {
	shape  []int
	data   []float32
	inline [4]int // backs shape up to rank 4, so that a view costs one allocation
}

// New returns a tensor of zeros. Axes may have length zero; the product of the others must be
// representable.
func New(shape ...int) *Tensor {
	return wrap(pages.Make[float32](size("New", shape)), shape)
}

// From returns a tensor of the given shape whose elements are data itself, not a copy. It panics
// unless len(data) is the product of shape.
func From(data []float32, shape ...int) *Tensor {
	if n := size("From", shape); n != len(data) {
		fail("From", itoa(len(data))+" elements given, "+itoa(n)+" needed", shape)
	}
	return wrap(data[:len(data):len(data)], shape)
}

// Scalar returns a tensor of rank 0 that holds v.
func Scalar(v float32) *Tensor { return From([]float32{v}) }

// Full returns a tensor whose elements are all v.
func Full(v float32, shape ...int) *Tensor {
	t := New(shape...)
	t.Fill(v)
	return t
}

// wrap makes the header; shape is copied and need not escape.
func wrap(data []float32, shape []int) *Tensor {
	t := &Tensor{data: data}
	t.shape = append(t.inline[:0], shape...)
	return t
}

// Shape returns the length of every axis. The caller must not modify it.
func (t *Tensor) Shape() []int { return t.shape }

// Rank returns the number of axes.
func (t *Tensor) Rank() int { return len(t.shape) }

// Dim returns the length of axis i; a negative i counts from the end, -1 being the last axis.
func (t *Tensor) Dim(i int) int { return t.shape[axis("Dim", i, t.shape)] }

// Len returns the number of elements.
func (t *Tensor) Len() int { return len(t.data) }

// Data returns the elements in row-major order. It is the memory of the tensor, not a copy.
func (t *Tensor) Data() []float32 { return t.data }

// At returns the element at the given index, one number per axis.
func (t *Tensor) At(index ...int) float32 { return t.data[t.offset("At", index)] }

// Set stores v at the given index, one number per axis.
func (t *Tensor) Set(v float32, index ...int) { t.data[t.offset("Set", index)] = v }

func (t *Tensor) offset(op string, index []int) int {
	if len(index) != len(t.shape) {
		fail(op, "index "+shapeString(index)+" has another rank", t.shape)
	}
	at := 0
	for i, d := range t.shape {
		if index[i] < 0 || index[i] >= d {
			fail(op, "index "+shapeString(index)+" is outside", t.shape)
		}
		at = at*d + index[i]
	}
	return at
}

// Item returns the only element of a tensor that has exactly one.
func (t *Tensor) Item() float32 {
	if len(t.data) != 1 {
		fail("Item", "not exactly one element", t.shape)
	}
	return t.data[0]
}

// Clone returns a tensor with the same shape and its own copy of the elements.
func (t *Tensor) Clone() *Tensor { return wrap(slices.Clone(t.data), t.shape) }

// Copy copies the elements of src into dst, which has the same shape.
func Copy(dst, src *Tensor) {
	sameShape("Copy", dst, src)
	copy(dst.data, src.data)
}

// Fill sets every element to v.
func (t *Tensor) Fill(v float32) { vec.Fill(t.data, v) }

// Zero sets every element to zero.
func (t *Tensor) Zero() { clear(t.data) }
