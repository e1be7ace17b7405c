package onnx

import (
	"fmt"
	"slices"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/weights/onnx/internal/pb"
)

// node is an operator of the graph at its place.
type node struct {
	name, op   string
	attributes map[string]*pb.AttributeProto
	in, out    []int // indices of values; -1 for one left out
	done       []int // values that no later node needs
	compute    func(*call)
	constant   *constant       // of Constant and ConstantOfShape
	norm       *nn.BatchNorm2D // of a BatchNormalization whose weights are the file's
}

func (n *node) invalid(at int, format string, args ...any) error {
	return invalid("node %d %q (%s): %w", at, n.name, n.op, fmt.Errorf(format, args...))
}

// run computes a net, or without x only the shapes. What a file's shapes say is computed alike in both, so that a net
// whose shapes have been checked runs.
type run struct {
	net    *Net
	x      *autograd.Var // where parameters find their tape
	values []*value
	shapes tensor.Shapes
	given  int64 // numbers of the inputs and the parameters
	limit  int64 // of the next two, see growth
	live   int64 // numbers of the inputs and of all results that are still needed
	peak   int64 // the most that live was
	whole  int   // integers computed so far
	batch  batch
}

// batch is the length of the first input's first axis: what the file was made for, 0 if it leaves that open, and what it is.
type batch struct{ made, is int }

// call is a node with its operands.
type call struct {
	*run
	*node
	args []*value
	outs []*value
}

// problem is what a node finds wrong with its operands; it is caught where the node is run.
type problem string

func fail(format string, args ...any) { panic(problem(fmt.Sprintf(format, args...))) }

// all computes the outputs of the net from its inputs.
func (r *run) all(inputs []*value) ([]*value, error) {
	r.values = make([]*value, len(r.net.initial))
	for i, v := range r.net.initial {
		if v == nil {
			continue
		}
		r.values[i] = v
		if v.known != nil && r.x != nil {
			w := *v
			w.v = constantVar(v.known)
			if v.param != nil {
				w.v = v.param.On(r.x)
			}
			r.values[i] = &w
		}
	}
	for i, p := range r.net.inputs {
		r.values[p.at] = inputs[i]
		r.live += size(inputs[i].shape)
	}
	if len(inputs) > 0 && len(inputs[0].dims()) > 0 && len(r.net.inputs[0].dims) > 0 {
		r.batch = batch{made: r.net.inputs[0].dims[0], is: inputs[0].dims()[0]}
	}
	r.given = r.live + r.net.numbers
	r.limit = max(maxNumbers, growth*r.given)
	for i, n := range r.net.nodes {
		if err := r.one(n); err != nil {
			return nil, fmt.Errorf("onnx: node %d %q (%s): %w", i, n.name, n.op, err)
		}
		for _, at := range n.done {
			if r.net.initial[at] == nil && r.values[at] != nil {
				r.live -= size(r.values[at].shape)
			}
			r.values[at] = nil
		}
	}
	var outs []*value
	for _, o := range r.net.outputs {
		v := r.values[o.at]
		if v == nil {
			return nil, fmt.Errorf("onnx: output %q is not computed", o.name)
		}
		outs = append(outs, v)
	}
	return outs, nil
}

// one computes a node. The ops say what does not fit by a panic with a text; anything else is a fault of this package.
func (r *run) one(n *node) (err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case problem:
			err = fmt.Errorf("%s", string(p))
		case string:
			err = fmt.Errorf("%s", p)
		default:
			panic(p)
		}
	}()
	c, before := &call{run: r, node: n}, r.live
	for _, at := range n.in {
		var v *value
		if at >= 0 {
			if v = r.values[at]; v == nil {
				fail("an operand is an output that is not computed")
			}
		}
		c.args = append(c.args, v)
	}
	n.compute(c)
	for _, y := range c.outs {
		if r.whole += len(y.ints); n.op != "Constant" && r.whole > 64*most {
			fail("more than %d integers computed of shapes", 64*most)
		}
	}
	r.live = before // without what the node made on its way
	for i, at := range n.out {
		if at >= 0 && i < len(c.outs) { // others are missed only where they are used
			r.values[at] = c.outs[i]
			r.live += size(c.outs[i].shape)
		}
	}
	return nil
}

// A file can ask for more than it and the input hold, by shapes that are multiplied. What is needed at a time is at most
// maxNumbers, or growth times as many numbers as the input and the parameters together: the first convolution of VGG
// makes 21 of one. The files with which ONNX tests have their weights from ConstantOfShape, 143 million for VGG-19.
const (
	growth     = 256
	maxNumbers = 1 << 28 // 1 GiB
)

// maxElements is more than one tensor may have, so that nothing overflows.
const maxElements = 1 << 40

// size returns how many numbers a shape stands for, or maxElements if that is more. Axes of length 0 do not count.
func size(shape []int) int64 {
	n := int64(1)
	for _, d := range shape {
		if n > maxElements/int64(max(d, 1)) {
			return maxElements
		}
		n *= int64(max(d, 1))
	}
	return n
}

// emit is an op whose result has the given shape.
func (r *run) emit(shape []int, compute func() *autograd.Var) *value {
	n := size(shape)
	if n == maxElements || slices.ContainsFunc(shape, func(d int) bool { return d < 0 || d > maxLength }) {
		fail("a result of shape %v", shape)
	}
	r.live += n
	if r.peak = max(r.peak, r.live); r.peak > r.limit {
		fail("a result of shape %v: more than %d numbers at a time, for an input and parameters of %d", shape, r.limit, r.given)
	}
	y := &value{shape: slices.Clone(shape)}
	if r.x != nil {
		y.v = compute()
		if !slices.Equal(y.v.Shape(), y.shape) {
			panic(fmt.Errorf("onnx: a result of shape %v was foreseen as %v", y.v.Shape(), y.shape))
		}
	}
	return y
}

// tensor returns operand i, which must be numbers.
func (c *call) tensor(i int) *value {
	v := c.optional(i)
	switch {
	case v == nil:
		fail("operand %d is missing", i)
	case v.integers():
		fail("operand %d: integers", i)
	case v.hwio:
		fail("operand %d: a kernel of a convolution", i)
	}
	return v
}

// optional returns operand i, or nil if the node has none.
func (c *call) optional(i int) *value {
	if i >= len(c.args) {
		return nil
	}
	return c.args[i]
}

// list returns operand i, which must be integers of at most one axis.
func (c *call) list(i int) []int64 {
	v := c.optional(i)
	if v == nil || !v.integers() || len(v.shape) > 1 {
		fail("operand %d: want a list of integers that are known", i)
	}
	return v.ints
}

// give is the result of the node.
func (c *call) give(vs ...*value) { c.outs = append(c.outs, vs...) }

func (n *node) int(name string, otherwise int64) int64 {
	if a, ok := n.attributes[name]; ok {
		return bounded(a.GetI())
	}
	return otherwise
}

// bounded keeps integers that mean "to the end" from overflowing sums.
func bounded(i int64) int64 { return min(max(i, -maxLength), maxLength) }

// ints returns a list of n integers.
func (n *node) ints(name string, count int, otherwise int64) []int {
	a, ok := n.attributes[name]
	if !ok || len(a.Ints) == 0 && count > 0 {
		return slices.Repeat([]int{int(otherwise)}, count)
	}
	if len(a.Ints) != count {
		fail("%s: %v, want %d of them", name, a.Ints, count)
	}
	out := make([]int, count)
	for i, x := range a.Ints {
		out[i] = int(bounded(x))
	}
	return out
}

func (n *node) float(name string, otherwise float32) float32 {
	if a, ok := n.attributes[name]; ok {
		return a.GetF()
	}
	return otherwise
}

func (n *node) text(name, otherwise string) string {
	if a, ok := n.attributes[name]; ok {
		return string(a.GetS())
	}
	return otherwise
}

// axes returns the axes that a node names, by attribute or by operand i, in the order of memory; given says whether it
// names any.
func (c *call) axes(x *value, i int) (axes []int, given bool) {
	var list []int64
	if a, ok := c.attributes["axes"]; ok {
		list = a.Ints
	} else if c.optional(i) != nil {
		list = c.list(i)
	}
	for _, a := range list {
		axes = append(axes, x.axis(a))
	}
	return axes, len(axes) > 0
}
