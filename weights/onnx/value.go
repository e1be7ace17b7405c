package onnx

import (
	"slices"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
)

// value is what flows between nodes: numbers, or integers, which are shapes, axes and indices.
type value struct {
	shape []int         // as it lies in memory
	v     *autograd.Var // nil for integers, and where only shapes are computed
	nhwc  bool          // images [N, H, W, C] of what ONNX calls [N, C, H, W]

	ints  []int64         // integers, not nil
	param *autograd.Param // of an initializer
	known *tensor.Tensor  // the numbers, where the file gives them
	hwio  bool            // kernel of a convolution, turned
}

func (v *value) integers() bool { return v.ints != nil }

// dims returns the shape in the order of ONNX.
func (v *value) dims() []int {
	if !v.nhwc {
		return v.shape
	}
	return []int{v.shape[0], v.shape[3], v.shape[1], v.shape[2]}
}

// axis returns where an axis of ONNX lies, which may count from the end.
func (v *value) axis(a int64) int {
	n := int64(len(v.shape))
	if a < -n || a >= n {
		fail("axis %d of %v", a, v.dims())
	}
	if a < 0 {
		a += n
	}
	if v.nhwc {
		return [4]int{0, 3, 1, 2}[a]
	}
	return int(a)
}

// numbers returns what a value of numbers holds, where that is known.
func (v *value) numbers() []float32 {
	switch {
	case v.known != nil:
		return v.known.Data()
	case v.v != nil && !v.nhwc:
		return v.v.Value().Data()
	}
	fail("an operand must be a constant")
	return nil
}

// scalar returns the single number that a value holds.
func (v *value) scalar() float32 {
	x := v.numbers()
	if len(x) != 1 {
		fail("%v: want a single number", v.shape)
	}
	return x[0]
}

// plain returns a value in the order of ONNX.
func (r *run) plain(v *value) *value {
	if !v.nhwc {
		return v
	}
	n, h, w, c := v.shape[0], v.shape[1], v.shape[2], v.shape[3]
	if c == 1 || h*w == 1 {
		return r.reshape(v, n, c, h, w)
	}
	return r.transpose(v, 0, 3, 1, 2)
}

// image returns a value of four axes as images.
func (r *run) image(v *value) *value {
	if v.nhwc {
		return v
	}
	if len(v.shape) != 4 {
		fail("%v: want four axes", v.shape)
	}
	var y value
	n, c, h, w := v.shape[0], v.shape[1], v.shape[2], v.shape[3]
	if c == 1 || h*w == 1 {
		y = *r.reshape(v, n, h, w, c)
	} else {
		y = *r.transpose(v, 0, 2, 3, 1)
	}
	y.nhwc = true
	return &y
}

// reshape and transpose work in memory's order, and give what is no image.
func (r *run) reshape(v *value, shape ...int) *value {
	if slices.Equal(v.shape, shape) && !v.nhwc {
		return v
	}
	shape = slices.Clone(shape)
	y := r.emit(r.shapes.Reshape(v.shape, shape...), func() *autograd.Var { return autograd.Reshape(v.v, shape...) })
	if v.known != nil {
		y.known = v.known.Reshape(shape...)
	}
	return y
}

func (r *run) transpose(v *value, perm ...int) *value {
	if slices.IsSorted(perm) && len(perm) == len(v.shape) {
		y := *v
		y.nhwc = false
		return &y
	}
	return r.emit(r.shapes.Transpose(v.shape, perm...), func() *autograd.Var { return autograd.Transpose(v.v, perm...) })
}

// together brings operands of an elementwise op into one order: if one is images, all are that can be.
func (r *run) together(vs []*value) []*value {
	images, most := false, 0
	for _, v := range vs {
		if v.integers() {
			fail("integers among numbers")
		}
		images, most = images || v.nhwc, max(most, len(v.shape))
	}
	out := slices.Clone(vs)
	for i, v := range vs {
		switch {
		case images && most == 4 && len(v.shape) == 0: // fits as it is
		case images && most == 4:
			if !v.nhwc {
				v = r.reshape(v, append(slices.Repeat([]int{1}, 4-len(v.shape)), v.shape...)...)
			}
			out[i] = r.image(v)
		default:
			out[i] = r.plain(v)
		}
	}
	return out
}

// take picks entries along an axis as memory has it.
func (r *run) take(v *value, axis int, entries []int) *value {
	n := v.shape[axis]
	for _, e := range entries {
		if e < 0 || e >= n {
			fail("entry %d of %v along axis %d", e, v.shape, axis)
		}
	}
	var y *value
	switch step := stepOf(entries); {
	case step == 1 && len(entries) == n:
		return v
	case step == 1:
		lo, hi := entries[0], entries[0]+len(entries)
		y = r.emit(r.shapes.SliceAxis(v.shape, axis, lo, hi),
			func() *autograd.Var { return autograd.SliceAxis(v.v, axis, lo, hi) })
	case step > 1 && v.nhwc && (axis == 1 || axis == 2): // in the shortcuts of option A, by an op that package graph has
		v = r.take(v, axis, progression(n, int64(entries[0]), int64(entries[len(entries)-1]+1), 1))
		spec := tensor.PoolSpec{Size: tensor.Both(1), Stride: tensor.HW{H: step, W: 1}}
		if axis == 2 {
			spec.Stride = tensor.HW{H: 1, W: step}
		}
		y = r.emit(r.shapes.Pool("Slice", v.shape, spec), func() *autograd.Var { return autograd.AvgPool2D(v.v, spec) })
	default:
		perm := swapped(len(v.shape), axis)
		x := r.transpose(v, perm...)
		rows := r.emit(r.shapes.Rows("Gather", x.shape, len(entries)),
			func() *autograd.Var { return autograd.Gather(x.v, entries) })
		y = r.transpose(rows, perm...)
	}
	return &value{shape: y.shape, v: y.v, nhwc: v.nhwc}
}

// stepOf returns how far neighbouring entries are apart, 1 for a single one, and 0 if they are not evenly spaced.
func stepOf(entries []int) int {
	switch len(entries) {
	case 0:
		return 0
	case 1:
		return 1
	}
	step := entries[1] - entries[0]
	for i, e := range entries {
		if e != entries[0]+i*step {
			return 0
		}
	}
	return step
}

// swapped is the permutation of n axes that exchanges one with the first.
func swapped(n, axis int) []int {
	perm := make([]int, n)
	for i := range perm {
		perm[i] = i
	}
	perm[0], perm[axis] = axis, 0
	return perm
}

// like returns y as images if x is.
func like(x, y *value) *value {
	z := *y
	z.nhwc = x.nhwc
	return &z
}
