package onnx

import (
	"slices"

	"github.com/residuum-go/residuum/autograd"
)

// shaped returns a value in the order of ONNX with another shape.
func (r *run) shaped(v *value, shape []int) *value {
	if v.integers() {
		if count(shape) != len(v.ints) {
			fail("%v to %v", v.shape, shape)
		}
		return wholesOf(v.ints, shape...)
	}
	return r.reshape(r.plain(v), shape...)
}

// any returns operand i, numbers or integers.
func (c *call) any(i int) *value {
	v := c.optional(i)
	switch {
	case v == nil:
		fail("operand %d is missing", i)
	case v.hwio:
		fail("operand %d: a kernel of a convolution", i)
	}
	return v
}

func identity(c *call) { c.give(c.any(0)) }

// dropout is the identity, as it is in evaluation; from operator set 12 on a file may ask for the other.
func dropout(c *call) {
	if training := c.optional(2); training != nil && training.integers() && slices.Contains(training.ints, 1) {
		fail("in training mode")
	}
	c.give(c.tensor(0))
}

func shapeOf(c *call) {
	dims := c.any(0).dims()
	lo, hi := c.span(len(dims), c.int("start", 0), c.int("end", int64(len(dims))))
	out := []int64{}
	for _, d := range dims[lo:hi] {
		out = append(out, int64(d))
	}
	c.give(wholesOf(out, len(out)))
}

// span bounds a range of n entries that may count from the end.
func (c *call) span(n int, start, end int64) (lo, hi int) {
	from := func(i int64) int {
		if i < 0 {
			i += int64(n)
		}
		return int(min(max(i, 0), int64(n)))
	}
	lo, hi = from(start), from(end)
	return lo, max(lo, hi)
}

func sizeOf(c *call) {
	n := int64(1)
	for _, d := range c.any(0).shape {
		n *= int64(d)
	}
	c.give(wholesOf([]int64{n}))
}

// flatten makes two axes: those before one, and the others.
func flatten(c *call) {
	x := c.any(0)
	dims := x.dims()
	axis := c.int("axis", 1)
	if axis < 0 {
		axis += int64(len(dims))
	}
	if axis < 0 || axis > int64(len(dims)) {
		fail("axis %d of %v", axis, dims)
	}
	product := func(s []int) int {
		n := 1
		for _, d := range s {
			n *= d
		}
		return n
	}
	c.give(c.shaped(x, []int{product(dims[:axis]), product(dims[axis:])}))
}

// reshape takes 0 for the length that the operand has there, -1 for what is left, and a first length that is the batch that
// the file was made for, which exporters write as a number, for the batch that there is.
func reshape(c *call) {
	x, list := c.any(0), c.list(1)
	dims := x.dims()
	shape := make([]int, len(list))
	rest, n := -1, int64(1)
	for i, d := range list {
		switch {
		case d == 0 && c.int("allowzero", 0) == 0:
			if i >= len(dims) {
				fail("%v to %v", dims, list)
			}
			shape[i] = dims[i]
		case d == -1 && rest < 0:
			rest = i
			continue
		case d < 0 || d > maxLength:
			fail("%v to %v", dims, list)
		case i == 0 && int(d) == c.batch.made && len(dims) > 0 && dims[0] == c.batch.is:
			shape[i] = c.batch.is
		default:
			shape[i] = int(d)
		}
		if shape[i] > 0 && n > maxElements/int64(shape[i]) {
			fail("%v to %v", dims, list)
		}
		n *= int64(shape[i])
	}
	if rest >= 0 {
		all := int64(1)
		for _, d := range dims {
			all *= int64(d)
		}
		if n == 0 || all%n != 0 {
			fail("%v to %v", dims, list)
		}
		shape[rest] = int(all / n)
	}
	c.give(c.shaped(x, shape))
}

func squeeze(c *call) {
	x := c.any(0)
	var list []int64
	if a, ok := c.attributes["axes"]; ok {
		list = a.Ints
	} else if c.optional(1) != nil {
		list = c.list(1)
	}
	dims := x.dims()
	drop := make([]bool, len(dims))
	for i, d := range dims {
		drop[i] = len(list) == 0 && d == 1
	}
	for _, a := range list {
		if a < 0 {
			a += int64(len(dims))
		}
		if a < 0 || a >= int64(len(dims)) || dims[a] != 1 {
			fail("axes %v of %v", list, dims)
		}
		drop[a] = true
	}
	shape := []int{}
	for i, d := range dims {
		if !drop[i] {
			shape = append(shape, d)
		}
	}
	c.give(c.shaped(x, shape))
}

func unsqueeze(c *call) {
	x := c.any(0)
	var list []int64
	if a, ok := c.attributes["axes"]; ok {
		list = a.Ints
	} else {
		list = c.list(1)
	}
	dims := x.dims()
	rank := len(dims) + len(list)
	if rank > 64 {
		fail("%d axes", rank)
	}
	shape := make([]int, rank)
	for _, a := range list {
		if a < 0 {
			a += int64(rank)
		}
		if a < 0 || a >= int64(rank) || shape[a] != 0 {
			fail("axes %v for %v", list, dims)
		}
		shape[a] = 1
	}
	next := 0
	for i := range shape {
		if shape[i] == 0 {
			shape[i] = dims[next]
			next++
		}
	}
	c.give(c.shaped(x, shape))
}

// transpose between the two orders of images moves nothing.
func transpose(c *call) {
	x := c.any(0)
	n := len(x.shape)
	perm := make([]int, n)
	for i := range perm {
		perm[i] = n - 1 - i
	}
	if _, ok := c.attributes["perm"]; ok {
		perm = c.ints("perm", n, 0)
	}
	seen := make([]bool, n)
	for _, p := range perm {
		if p < 0 || p >= n || seen[p] {
			fail("perm %v of %v", perm, x.dims())
		}
		seen[p] = true
	}
	switch {
	case x.integers():
		c.give(transposeWholes(x, perm))
	case !x.nhwc && slices.Equal(perm, []int{0, 3, 1, 2}):
		c.give(&value{shape: x.shape, v: x.v, nhwc: true})
	case x.nhwc:
		for i, p := range perm {
			perm[i] = [4]int{0, 3, 1, 2}[p]
		}
		c.give(c.transpose(x, perm...))
	default:
		c.give(c.transpose(x, perm...))
	}
}

func concat(c *call) {
	first := c.any(0)
	a := c.int("axis", 1)
	if first.integers() {
		for i := range c.args {
			c.any(i)
		}
		c.give(joinWholes(c.args, first.axis(a)))
		return
	}
	images := false
	for i := range c.args {
		x := c.tensor(i)
		images = images || x.nhwc
		if len(x.shape) != len(first.shape) {
			fail("%v beside %v", x.dims(), first.dims())
		}
	}
	parts, shapes := make([]*value, len(c.args)), make([][]int, len(c.args))
	for i, x := range c.args {
		if images {
			x = c.image(x)
		}
		parts[i], shapes[i] = x, x.shape
	}
	axis := parts[0].axis(a)
	c.give(like(parts[0], c.emit(c.shapes.Concat(axis, shapes...), func() *autograd.Var {
		vs := make([]*autograd.Var, len(parts))
		for i, p := range parts {
			vs[i] = p.v
		}
		return autograd.Concat(axis, vs...)
	})))
}

// entries picks entries of a value along an axis of memory.
func (c *call) entries(x *value, axis int, entries []int) *value {
	if x.integers() {
		return takeWholes(x, axis, entries)
	}
	if len(entries) > most && len(entries) > x.shape[axis] {
		fail("%d entries of %v", len(entries), x.shape)
	}
	return c.take(x, axis, entries)
}

func gather(c *call) {
	x, index := c.any(0), c.any(1)
	if !index.integers() {
		fail("indices that are not known")
	}
	a := c.int("axis", 0)
	if x.nhwc {
		x = c.plain(x)
	}
	axis := x.axis(a)
	picked := make([]int, len(index.ints))
	for i, e := range index.ints {
		if e < 0 {
			e += int64(x.shape[axis])
		}
		picked[i] = int(min(max(e, -1), maxLength)) // what lies outside is found when it is taken
	}
	y := c.entries(x, axis, picked)
	c.give(c.shaped(y, slices.Concat(x.shape[:axis], index.shape, x.shape[axis+1:])))
}

// slice has its ranges as attributes before operator set 10, then as operands.
func slice(c *call) {
	x := c.any(0)
	var starts, ends, axes, steps []int64
	if len(c.args) == 1 {
		for name, to := range map[string]*[]int64{"starts": &starts, "ends": &ends, "axes": &axes} {
			if a, ok := c.attributes[name]; ok {
				*to = a.Ints
			}
		}
	} else {
		starts, ends = c.list(1), c.list(2)
		if c.optional(3) != nil {
			axes = c.list(3)
		}
		if c.optional(4) != nil {
			steps = c.list(4)
		}
	}
	if len(starts) != len(ends) || axes != nil && len(axes) != len(starts) || steps != nil && len(steps) != len(starts) {
		fail("starts %v, ends %v, axes %v, steps %v", starts, ends, axes, steps)
	}
	for i := range starts {
		a, step := int64(i), int64(1)
		if axes != nil {
			a = axes[i]
		}
		if steps != nil {
			step = bounded(steps[i])
		}
		axis := x.axis(a)
		if n := x.shape[axis]; step == 1 {
			lo, hi := c.span(n, bounded(starts[i]), bounded(ends[i]))
			x = c.cut(x, axis, lo, hi)
		} else {
			x = c.entries(x, axis, progression(n, bounded(starts[i]), bounded(ends[i]), step))
		}
	}
	c.give(x)
}

// cut keeps the entries lo to before hi along an axis of memory.
func (c *call) cut(x *value, axis, lo, hi int) *value {
	switch {
	case lo == 0 && hi == x.shape[axis]:
		return x
	case x.integers():
		return takeWholes(x, axis, progression(hi, int64(lo), int64(hi), 1))
	}
	return like(x, c.emit(c.shapes.SliceAxis(x.shape, axis, lo, hi),
		func() *autograd.Var { return autograd.SliceAxis(x.v, axis, lo, hi) }))
}

// progression lists the entries of n from start to before end in steps, as Python does. They must be few.
func progression(n int, start, end, step int64) (entries []int) {
	length := int64(n)
	if step != 0 && length/max(step, -step) > most {
		fail("every %d of %d: more than %d", step, n, most)
	}
	if start < 0 {
		start += length
	}
	if end < 0 {
		end += length
	}
	switch {
	case step == 0:
		fail("steps of 0")
	case step > 0:
		for i := max(start, 0); i < min(end, length); i += step {
			entries = append(entries, int(i))
		}
	default:
		for i := min(start, length-1); i > max(end, -1); i += step {
			entries = append(entries, int(i))
		}
	}
	return entries
}

func splitUp(c *call) {
	x := c.any(0)
	axis := x.axis(c.int("axis", 0))
	n := x.shape[axis]
	var sizes []int64
	if a, ok := c.attributes["split"]; ok {
		sizes = a.Ints
	} else if c.optional(1) != nil {
		sizes = c.list(1)
	} else {
		each := (n + len(c.out) - 1) / max(len(c.out), 1)
		for left := n; len(sizes) < len(c.out); left -= each {
			sizes = append(sizes, int64(max(min(each, left), 0)))
		}
	}
	at := int64(0)
	for _, size := range sizes {
		if size < 0 || size > int64(n)-at {
			fail("parts %v of %v", sizes, x.dims())
		}
		c.give(c.cut(x, axis, int(at), int(at+size)))
		at += size
	}
	if at != int64(n) {
		fail("parts %v of %v", sizes, x.dims())
	}
}

// expand broadcasts to a shape, which broadcasts too.
func expand(c *call) {
	x, list := c.plain(c.any(0)), c.list(1)
	shape := make([]int, len(list))
	for i, d := range list {
		if d < 0 || d > maxLength {
			fail("to %v", list)
		}
		shape[i] = int(d)
	}
	if x.integers() {
		c.give(wholes(x, wholesOf(make([]int64, count(shape)), shape...), func(a, _ int64) int64 { return a }))
		return
	}
	shape = slices.Clone(c.shapes.Broadcast("broadcast", x.shape, shape))
	c.give(c.emit(shape, func() *autograd.Var { return autograd.BroadcastTo(x.v, shape...) }))
}

func tile(c *call) {
	x, repeats := c.any(0), c.list(1)
	if len(repeats) != len(x.shape) {
		fail("repeats %v of %v", repeats, x.dims())
	}
	for a, n := range repeats {
		axis := x.axis(int64(a))
		if n < 0 || n > most || n*int64(x.shape[axis]) > most {
			fail("repeats %v of %v", repeats, x.dims())
		}
		var entries []int
		for range n {
			entries = append(entries, progression(x.shape[axis], 0, int64(x.shape[axis]), 1)...)
		}
		x = c.entries(x, axis, entries)
	}
	c.give(x)
}
