package onnx

import (
	"slices"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
)

// cast makes integers of numbers that are known, and numbers of integers.
func cast(c *call) {
	to := typeOf(c.int("to", 0))
	if to == ofNothing {
		fail("to a type that is not known")
	}
	c.castTo(to)
}

func castLike(c *call) {
	to := ofNumbers
	if c.any(1).integers() {
		to = ofIntegers
	}
	c.castTo(to)
}

func (c *call) castTo(to class) {
	x := c.any(0)
	switch {
	case x.integers() && to == ofNumbers:
		values := make([]float32, len(x.ints))
		for i, n := range x.ints {
			values[i] = float32(n)
		}
		c.give(c.knownNumbers(tensor.From(values, x.shape...)))
	case !x.integers() && to == ofIntegers:
		numbers := x.numbers()
		ints := make([]int64, count(x.shape))
		for i := range ints {
			ints[i] = int64(min(max(numbers[i], -maxLength), maxLength))
		}
		c.give(wholesOf(ints, x.shape...))
	default:
		c.give(x)
	}
}

// knownNumbers is a constant.
func (r *run) knownNumbers(t *tensor.Tensor) *value {
	y := r.emit(t.Shape(), func() *autograd.Var { return constantVar(t) })
	y.known = t
	return y
}

func constantNode(c *call) {
	if c.constant.floats == nil {
		c.give(wholesOf(c.constant.ints, c.constant.shape...))
		return
	}
	c.give(c.knownNumbers(c.constant.floats))
}

func constantOfShape(c *call) {
	list := c.list(0)
	shape := make([]int, len(list))
	for i, d := range list {
		if d < 0 || d > maxLength {
			fail("shape %v", list)
		}
		shape[i] = int(d)
	}
	if c.constant.floats == nil {
		c.give(wholesOf(slices.Repeat(c.constant.ints, count(shape)), shape...))
		return
	}
	number := c.constant.floats.Data()[0]
	c.give(c.emit(shape, func() *autograd.Var { return constantVar(tensor.Full(number, shape...)) }))
}

func ranges(c *call) {
	start, limit, delta := c.any(0), c.any(1), c.any(2)
	for _, v := range []*value{start, limit, delta} {
		if !v.integers() || len(v.ints) != 1 {
			fail("a range of other than integers")
		}
	}
	out := []int64{}
	end, step := bounded(limit.ints[0]), bounded(delta.ints[0])
	for i := bounded(start.ints[0]); step > 0 && i < end || step < 0 && i > end; i += step {
		if out = append(out, i); len(out) > most {
			fail("more than %d integers", most)
		}
	}
	c.give(wholesOf(out, len(out)))
}
