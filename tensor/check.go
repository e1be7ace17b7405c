package tensor

import (
	"math"
	"math/bits"
	"slices"
	"strconv"
	"unsafe"

	"github.com/residuum-go/residuum/internal/pages"
)

// size returns the number of elements of a shape. It panics when a length is negative, or when the
// product of the lengths that are not zero is more than memory can address (so that no stride of a
// tensor can overflow, not even one of an empty tensor).
func size(op string, shape []int) int {
	n, empty := uint(1), false
	for _, d := range shape {
		if d < 0 {
			fail(op, "negative length", shape)
		}
		if d == 0 {
			empty = true
			continue
		}
		hi, lo := bits.Mul(n, uint(d))
		if hi != 0 || lo > math.MaxInt/4 {
			fail(op, "the number of elements overflows", shape)
		}
		n = lo
	}
	if empty {
		return 0
	}
	return int(n)
}

// maxStep bounds strides, windows, paddings and dilations, so that what is added up from them and from the lengths
// of a tensor fits an int of 32 bits.
const maxStep = 1 << 28

// product multiplies lengths that are already known to belong to a tensor.
func product(dims []int) int {
	n := 1
	for _, d := range dims {
		n *= d
	}
	return n
}

// lastAxis views a tensor as rows of its last axis: their number and their length.
func lastAxis(op string, t *Tensor) (rows, c int) {
	if len(t.shape) == 0 {
		fail(op, "rank 0 has no last axis", t.shape)
	}
	last := len(t.shape) - 1
	return product(t.shape[:last]), t.shape[last]
}

// axis checks an axis number, which may count from the end.
func axis(op string, i int, shape []int) int {
	at := i
	if at < 0 {
		at += len(shape)
	}
	if at < 0 || at >= len(shape) {
		fail(op, "no axis "+itoa(i), shape)
	}
	return at
}

// out returns dst after checking its shape, or a new tensor when dst is nil.
func out(op string, dst *Tensor, shape []int) *Tensor {
	if dst == nil {
		return wrap(pages.Make[float32](size(op, shape)), shape)
	}
	checkDst(op, dst, shape)
	return dst
}

func checkDst(op string, dst *Tensor, shape []int) {
	if !slices.Equal(dst.shape, shape) {
		panic("tensor: " + op + ": dst " + shapeString(dst.shape) + ", result " + shapeString(shape) + ": shapes differ")
	}
}

func sameShape(op string, a, b *Tensor) {
	if !slices.Equal(a.shape, b.shape) {
		fail(op, "shapes differ", a.shape, b.shape)
	}
}

// mustBe panics unless t, called name, has the given shape.
func mustBe(op, name string, t *Tensor, shape ...int) {
	if !slices.Equal(t.shape, shape) {
		panic("tensor: " + op + ": " + name + " " + shapeString(t.shape) + ": want " + shapeString(shape))
	}
}

// apart panics when dst shares memory with an input that is still read after dst is first written.
func apart(op string, dst *Tensor, inputs ...*Tensor) {
	for _, t := range inputs {
		if overlap(dst.data, t.data) {
			fail(op, "dst shares memory with an input", dst.shape, t.shape)
		}
	}
}

// apartOrSame is apart for elementwise operations, which may overwrite an input of the same size as
// they go.
func apartOrSame(op string, dst *Tensor, inputs ...*Tensor) {
	for _, t := range inputs {
		if len(t.data) != len(dst.data) || len(t.data) > 0 && &t.data[0] != &dst.data[0] {
			apart(op, dst, t)
		}
	}
}

func overlap(x, y []float32) bool {
	if len(x) == 0 || len(y) == 0 {
		return false
	}
	return uintptr(unsafe.Pointer(&x[0])) <= uintptr(unsafe.Pointer(&y[len(y)-1])) &&
		uintptr(unsafe.Pointer(&y[0])) <= uintptr(unsafe.Pointer(&x[len(x)-1]))
}

// fail reports a caller's bug as "tensor: Op: [2 3] x [4 5]: why".
func fail(op, why string, shapes ...[]int) {
	s := "tensor: " + op + ": "
	for i, shape := range shapes {
		if i > 0 {
			s += " x "
		}
		s += shapeString(shape)
	}
	panic(s + ": " + why)
}

// shapeString formats a shape. Unlike package fmt it lets the shape stay on the caller's stack.
func shapeString(shape []int) string {
	b := []byte{'['}
	for i, d := range shape {
		if i > 0 {
			b = append(b, ' ')
		}
		b = strconv.AppendInt(b, int64(d), 10)
	}
	return string(append(b, ']'))
}

func itoa(i int) string { return strconv.Itoa(i) }
