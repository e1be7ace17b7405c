package onnx

import (
	"cmp"
	"slices"

	"github.com/residuum-go/residuum/graph"
	"github.com/residuum-go/residuum/tensor"
)

// savedUnary and savedBinary are the operators of functions that ONNX has, too.
var savedUnary = map[graph.Unary]string{
	graph.ReLU: "Relu", graph.Sigmoid: "Sigmoid", graph.Tanh: "Tanh", graph.Softplus: "Softplus", graph.Neg: "Neg", graph.Abs: "Abs",
	graph.Exp: "Exp", graph.Log: "Log", graph.Sqrt: "Sqrt",
}

var savedBinary = map[graph.Binary]string{
	graph.Add: "Add", graph.Sub: "Sub", graph.Mul: "Mul", graph.Div: "Div", graph.Maximum: "Max",
}

// write writes a node of the graph.
func (e *exporter) write(n *graph.Node) {
	if layer := e.fused[n]; layer != nil {
		e.values[n] = e.values[layer]
		return
	}
	var in []stored
	for _, m := range n.In {
		in = append(in, e.values[m])
	}
	switch op := n.Op.(type) {
	case graph.Input:
		order := identical(len(n.Shape))
		if len(n.Shape) == 4 {
			order = nchw
		}
		e.values[n] = stored{"input", n.Shape, order}
	case graph.Param, graph.Buffer:
		e.values[n] = stored{n.Name, n.Shape, stateOrder(n.Shape)}
	case graph.Constant:
		e.values[n] = e.constant(floats("", op.Tensor, identical(len(n.Shape))), n.Shape)
	case graph.Conv2D:
		e.conv(tensor.ConvSpec(op), in[0], in[1])
	case graph.BatchNorm:
		e.batchNorm(op, in[0])
	case graph.MatMul:
		e.matMul(tensor.Transposed(op), in[0], in[1])
	case graph.MaxPool2D:
		e.pool("MaxPool", tensor.PoolSpec(op), in[0])
	case graph.AvgPool2D:
		e.pool("AveragePool", tensor.PoolSpec(op), in[0])
	case graph.GlobalAvgPool:
		s := slices.Clone(in[0].shape)
		s[1], s[2] = 1, 1
		y := e.helper("GlobalAveragePool", s, nchw, []stored{e.want(in[0], nchw)})
		e.give("Flatten", identical(2), []stored{y}, number("axis", 1))
	case graph.Softmax:
		e.give("Softmax", in[0].order, in, number("axis", in[0].axis(op.Axis)))
	case graph.LogSoftmax:
		e.give("LogSoftmax", in[0].order, in, number("axis", in[0].axis(op.Axis)))
	case graph.Unary:
		e.unary(op, in[0])
	case graph.Binary:
		e.binary(op, in[0], in[1])
	case graph.Scale:
		e.give("Mul", in[0].order, append(in, e.scalar(float32(op))))
	case graph.AddScalar:
		e.give("Add", in[0].order, append(in, e.scalar(float32(op))))
	case graph.Clip:
		e.give("Clip", in[0].order, append(in, e.scalar(op.Lo), e.scalar(op.Hi)))
	default:
		e.writeShape(n, in)
	}
}

// writeShape writes ops that only move numbers, and reductions.
func (e *exporter) writeShape(n *graph.Node, in []stored) {
	switch op := n.Op.(type) {
	case graph.Reduction:
		e.reduce(op, in[0])
	case graph.Reshape:
		e.values[n] = e.reshape(in[0], n.Shape)
	case graph.Transpose:
		order := make([]int, len(op.Perm))
		for i, axis := range in[0].order {
			order[i] = slices.Index(op.Perm, axis)
		}
		e.values[n] = stored{in[0].name, n.Shape, order}
	case graph.Concat:
		for i := range in {
			in[i] = e.want(in[i], in[0].order)
		}
		e.give("Concat", in[0].order, in, number("axis", in[0].axis(op.Axis)))
	case graph.SliceAxis:
		e.give("Slice", in[0].order, append(in, e.integers(op.Lo), e.integers(op.Hi), e.integers(in[0].axis(op.Axis))))
	case graph.PadAxis:
		pads := make([]int, 2*len(n.Shape))
		at := in[0].axis(op.Axis)
		pads[at], pads[len(n.Shape)+at] = op.Before, op.After
		e.give("Pad", in[0].order, append(in, e.integers(pads...)))
	case graph.SubsampleHW:
		x, s := in[0], op.Stride
		e.give("Slice", x.order, []stored{x, e.integers(0, 0), e.integers(x.shape[1], x.shape[2]),
			e.integers(x.axis(1), x.axis(2)), e.integers(s, s)})
	default:
		e.refuse("ONNX files are written without this op")
	}
}

// windowOf returns strides and padding of a window.
func windowOf(stride, pad, more tensor.HW) (strides, pads []int) {
	return []int{stride.H, stride.W}, []int{pad.H, pad.W, pad.H + more.H, pad.W + more.W}
}

func bit(set bool) int {
	if set {
		return 1
	}
	return 0
}

// or returns s with what is zero, not given, taken from other.
func or(s, other tensor.HW) tensor.HW {
	return tensor.HW{H: cmp.Or(s.H, other.H), W: cmp.Or(s.W, other.W)}
}

func (e *exporter) conv(spec tensor.ConvSpec, x, w stored) {
	strides, pads := windowOf(or(spec.Stride, tensor.Both(1)), spec.Pad, spec.MoreAtEnd)
	dilation := or(spec.Dilation, tensor.Both(1))
	in := []stored{e.want(x, nchw), e.want(w, oihw)}
	if b := e.bias[e.node]; b != nil {
		in = append(in, stored{name: b.Name})
	}
	e.give("Conv", nchw, in, ints("kernel_shape", w.shape[0], w.shape[1]), ints("strides", strides...),
		ints("pads", pads...), ints("dilations", dilation.H, dilation.W), number("group", max(spec.Groups, 1)))
}

func (e *exporter) batchNorm(op graph.BatchNorm, x stored) {
	switch len(x.shape) {
	case 4:
		x = e.want(x, nchw)
	case 2:
		x = e.plain(x)
	default:
		e.refuse("of %d axes", len(x.shape))
	}
	in := []stored{x}
	for _, name := range []string{"weight", "bias", "running_mean", "running_var"} {
		in = append(in, stored{name: e.node.Name + "." + name})
	}
	e.give("BatchNormalization", x.order, in, float("epsilon", op.Eps), float("momentum", 1-op.Momentum))
}

// pool writes the padding out that rounding up stands for, since versions of ONNX differ in it.
func (e *exporter) pool(name string, spec tensor.PoolSpec, x stored) {
	spec.Stride = or(spec.Stride, spec.Size)
	strides, pads := windowOf(spec.Stride, spec.Pad, spec.MoreAtEnd)
	dilation := or(spec.Dilation, tensor.Both(1))
	if spec.Ceil {
		if name == "AveragePool" && !spec.ExcludePad {
			e.refuse("an average that counts padding, with sizes rounded up")
		}
		end := func(out, stride, dilation, size, in, pad, given int) int {
			return max((out-1)*stride+dilation*(size-1)+1-in-pad, given)
		}
		s := e.node.Shape
		pads[2] = end(s[1], spec.Stride.H, dilation.H, spec.Size.H, x.shape[1], spec.Pad.H, pads[2])
		pads[3] = end(s[2], spec.Stride.W, dilation.W, spec.Size.W, x.shape[2], spec.Pad.W, pads[3])
	}
	own := ints("dilations", dilation.H, dilation.W)
	if name == "AveragePool" { // which has none
		own = number("count_include_pad", bit(!spec.ExcludePad))
	}
	e.give(name, nchw, []stored{e.want(x, nchw)}, ints("kernel_shape", spec.Size.H, spec.Size.W),
		ints("strides", strides...), ints("pads", pads...), own)
}

// matMul writes a product of matrices as a Gemm, which takes transposed ones, too.
func (e *exporter) matMul(t tensor.Transposed, a, b stored) {
	ta, tb := t == tensor.TN || t == tensor.TT, t == tensor.NT || t == tensor.TT
	if len(a.shape) == 2 && len(b.shape) == 2 {
		in := []stored{e.plain(a), e.plain(b)}
		if bias := e.bias[e.node]; bias != nil {
			in = append(in, stored{name: bias.Name})
		}
		e.give("Gemm", identical(2), in, number("transA", bit(ta)), number("transB", bit(tb)))
		return
	}
	matrices := func(v stored, transposed bool) stored {
		order := identical(len(v.shape))
		if n := len(order); transposed {
			order[n-2], order[n-1] = n-1, n-2
		}
		return e.want(v, order)
	}
	e.give("MatMul", identical(len(e.node.Shape)), []stored{matrices(a, ta), matrices(b, tb)})
}

func (e *exporter) unary(op graph.Unary, x stored) {
	switch op {
	case graph.SiLU:
		e.give("Mul", x.order, []stored{x, e.helper("Sigmoid", x.shape, x.order, []stored{x})})
	case graph.Square:
		e.give("Mul", x.order, []stored{x, x})
	default:
		if savedUnary[op] == "" {
			e.refuse("ONNX files are written without %s", op)
		}
		e.give(savedUnary[op], x.order, []stored{x})
	}
}

// binary gives both operands the order of the one that has all axes of the result.
func (e *exporter) binary(op graph.Binary, a, b stored) {
	if savedBinary[op] == "" {
		e.refuse("ONNX files are written without %s", op)
	}
	rank := len(e.node.Shape)
	order := a.order
	if len(a.shape) < rank {
		order = b.order
	}
	full := func(v stored) stored {
		if missing := rank - len(v.shape); missing > 0 {
			v = e.reshape(v, append(slices.Repeat([]int{1}, missing), v.shape...))
		}
		return e.want(v, order)
	}
	e.give(savedBinary[op], order, []stored{full(a), full(b)})
}

// reduce keeps the axes it reduces, and drops them by a Reshape: the others are in our order then.
func (e *exporter) reduce(op graph.Reduction, x stored) {
	axes := op.Axes
	if len(axes) == 0 {
		axes = identical(len(x.shape))
	}
	kept := slices.Clone(x.shape)
	at := make([]int, len(axes))
	for i, a := range axes {
		at[i] = x.axis(a)
		kept[x.order[at[i]]] = 1
	}
	in, attributes := []stored{x}, ints("axes", at...)
	name := "Reduce" + string(op.Kind)
	var y stored
	if op.Kind == graph.Sum { // which alone takes axes as an operand in operator set 17
		y = e.helper(name, kept, x.order, append(in, e.integers(at...)))
	} else {
		y = e.helper(name, kept, x.order, in, attributes)
	}
	if !op.Keep {
		y = e.reshape(y, e.node.Shape)
	}
	e.values[e.node] = y
}

// reshape returns v in another shape, images with their channels in front where that moves no number.
func (e *exporter) reshape(v stored, shape []int) stored {
	if !v.inOrder() {
		v = e.plain(v)
	}
	to := stored{shape: shape, order: identical(len(shape))}
	if images := (stored{shape: shape, order: nchw}); len(shape) == 4 && images.inOrder() {
		to = images
	}
	dims := to.dims()
	free := 0
	for i, d := range dims {
		if d < 0 {
			dims[i] = -1
			free++
		}
	}
	if free > 1 || slices.Contains(dims, 0) {
		e.refuse("to %v: more than one length depends on the batch, or there are no numbers", shape)
	}
	return e.helper("Reshape", shape, to.order, []stored{v, e.integers(dims...)})
}
