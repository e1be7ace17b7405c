package infer

import (
	"fmt"

	"github.com/residuum-go/residuum/graph"
	"github.com/residuum-go/residuum/internal/kernel/conv"
	"github.com/residuum-go/residuum/tensor"
)

// step computes one value from others.
type step struct {
	name  string // of the node that it begins with
	op    op
	in    []*value
	out   *value
	alias bool // the result is the input in another shape: nothing is computed, and no program has the step

	multiplyAdds int64 // for one image
}

// op is what a step does. It is shared by all workspaces, so what it needs beside its operands is in w.
type op interface {
	run(w *workspace, dst *tensor.Tensor, in []*tensor.Tensor)
	overwrites() int // which operand dst may be, -1 for none; another may be the same only if it is the first
	String() string
}

// layer is an op with weights.
type layer interface {
	way() string // how it is computed
	weights() (number, bytes int)
}

// convolution is a convolution or a linear layer, and what follows it. Its operands are the images, or rows, and what is
// added.
type convolution struct {
	what string
	by   *conv.Prepared
	then conv.Epilogue
}

func (c *convolution) run(_ *workspace, dst *tensor.Tensor, in []*tensor.Tensor) {
	then := c.then
	if len(in) > 1 {
		then.Add = in[1].Data()
	}
	c.by.Run(dst.Data(), in[0].Data(), in[0].Dim(0), then)
}

// overwrites lets the sum of a residual block take the place of its shortcut, which saves a third of the traffic.
func (c *convolution) overwrites() int {
	if c.by.AddsInPlace() {
		return 1
	}
	return -1
}

func (c *convolution) String() string { return c.what }

func (c *convolution) way() string { return nameOf[c.by.Algorithm()] }

func (c *convolution) weights() (number, bytes int) { return c.by.Weights(), c.by.Bytes() }

// function is any op of package tensor; how says how it is called.
type function struct {
	what string
	same bool // dst may be the first operand
	call func(w *workspace, dst *tensor.Tensor, in []*tensor.Tensor)
}

func (f *function) run(w *workspace, dst *tensor.Tensor, in []*tensor.Tensor) { f.call(w, dst, in) }

func (f *function) overwrites() int {
	if f.same {
		return 0
	}
	return -1
}

func (f *function) String() string { return f.what }

var unary = map[graph.Unary]func(dst, a *tensor.Tensor) *tensor.Tensor{
	graph.ReLU: tensor.ReLU, graph.Sigmoid: tensor.Sigmoid, graph.Tanh: tensor.Tanh, graph.SiLU: tensor.SiLU,
	graph.Softplus: tensor.Softplus, graph.Neg: tensor.Neg, graph.Abs: tensor.Abs, graph.Exp: tensor.Exp,
	graph.Log: tensor.Log, graph.Sqrt: tensor.Sqrt, graph.Square: tensor.Square,
}

var binary = map[graph.Binary]func(dst, a, b *tensor.Tensor) *tensor.Tensor{
	graph.Add: tensor.Add, graph.Sub: tensor.Sub, graph.Mul: tensor.Mul, graph.Div: tensor.Div, graph.Maximum: tensor.Maximum,
}

type reduction func(dst, a *tensor.Tensor, axes ...int) *tensor.Tensor

var reductions = map[graph.ReductionKind]struct{ drop, keep reduction }{
	graph.Sum: {tensor.Sum, tensor.SumKeep}, graph.Mean: {tensor.Mean, tensor.MeanKeep}, graph.Max: {tensor.Max, tensor.MaxKeep},
}

type kernel = func(w *workspace, dst *tensor.Tensor, in []*tensor.Tensor)

// functionOf returns the step's op for a node that is no convolution, or an error for ops that package tensor computes
// along the last axis alone.
func functionOf(n *graph.Node) (*function, error) {
	f := &function{what: n.OpName()}
	one := func(g func(dst, a *tensor.Tensor) *tensor.Tensor) kernel {
		return func(_ *workspace, dst *tensor.Tensor, in []*tensor.Tensor) { g(dst, in[0]) }
	}
	switch op := n.Op.(type) {
	case graph.Unary:
		f.same, f.call = true, one(unary[op])
	case graph.Binary:
		f.same = true
		g := binary[op]
		f.call = func(_ *workspace, dst *tensor.Tensor, in []*tensor.Tensor) { g(dst, in[0], in[1]) }
	case graph.Scale:
		f.same = true
		f.call = one(func(dst, a *tensor.Tensor) *tensor.Tensor { return tensor.Scale(dst, a, float32(op)) })
	case graph.AddScalar:
		f.same = true
		f.call = one(func(dst, a *tensor.Tensor) *tensor.Tensor { return tensor.AddScalar(dst, a, float32(op)) })
	case graph.Clip:
		f.same = true
		f.call = one(func(dst, a *tensor.Tensor) *tensor.Tensor { return tensor.Clip(dst, a, op.Lo, op.Hi) })
	case graph.MaxPool2D:
		f.what = fmt.Sprintf("MaxPool2D %v", op.Size)
		f.call = func(w *workspace, dst *tensor.Tensor, in []*tensor.Tensor) {
			tensor.MaxPool2D(dst, w.indices(dst.Len()), in[0], tensor.PoolSpec(op))
		}
	case graph.AvgPool2D:
		f.what = fmt.Sprintf("AvgPool2D %v", op.Size)
		f.call = one(func(dst, a *tensor.Tensor) *tensor.Tensor { return tensor.AvgPool2D(dst, a, tensor.PoolSpec(op)) })
	case graph.GlobalAvgPool:
		f.call = one(tensor.GlobalAvgPool)
	case graph.Softmax:
		return f, lastAxis(f, n, op.Axis, tensor.Softmax)
	case graph.LogSoftmax:
		return f, lastAxis(f, n, op.Axis, tensor.LogSoftmax)
	case graph.Resize:
		f.call = one(func(dst, a *tensor.Tensor) *tensor.Tensor { return tensor.Resize(dst, a, op.Size, op.By) })
	case graph.SubsampleHW:
		f.call = one(func(dst, a *tensor.Tensor) *tensor.Tensor { return tensor.SubsampleHW(dst, a, op.Stride) })
	case graph.Reduction:
		g := reductions[op.Kind].drop
		if op.Keep {
			g = reductions[op.Kind].keep
		}
		f.call = one(func(dst, a *tensor.Tensor) *tensor.Tensor { return g(dst, a, op.Axes...) })
	case graph.BroadcastTo:
		f.call = func(_ *workspace, dst *tensor.Tensor, in []*tensor.Tensor) {
			tensor.BroadcastTo(dst, in[0], dst.Shape()...)
		}
	case graph.Transpose:
		f.call = one(func(dst, a *tensor.Tensor) *tensor.Tensor { return tensor.Transpose(dst, a, op.Perm...) })
	case graph.Concat:
		f.call = func(_ *workspace, dst *tensor.Tensor, in []*tensor.Tensor) { tensor.Concat(dst, op.Axis, in...) }
	case graph.SliceAxis:
		f.call = one(func(dst, a *tensor.Tensor) *tensor.Tensor { return tensor.SliceAxis(dst, a, op.Axis, op.Lo, op.Hi) })
	case graph.PadAxis:
		f.call = one(func(dst, a *tensor.Tensor) *tensor.Tensor {
			return tensor.PadAxis(dst, a, op.Axis, op.Before, op.After)
		})
	case graph.Conv2D:
		f.call = func(_ *workspace, dst *tensor.Tensor, in []*tensor.Tensor) {
			tensor.Conv2D(dst, in[0], in[1], tensor.ConvSpec(op))
		}
	case graph.MatMul:
		f.call = func(_ *workspace, dst *tensor.Tensor, in []*tensor.Tensor) {
			tensor.MatMul(dst, in[0], in[1], tensor.Transposed(op))
		}
	default:
		return nil, fmt.Errorf("no step computes the op %s", n.OpName())
	}
	return f, nil
}

func lastAxis(f *function, n *graph.Node, axis int, g func(dst, a *tensor.Tensor) *tensor.Tensor) error {
	if rank := len(n.Shape); axis != -1 && axis != rank-1 {
		return fmt.Errorf("%s along axis %d of %d", n.OpName(), axis, rank)
	}
	f.same = true
	f.call = func(_ *workspace, dst *tensor.Tensor, in []*tensor.Tensor) { g(dst, in[0]) }
	return nil
}

// normalisation is a batch norm that no convolution took in, with what follows it.
type normalisation struct {
	what string
	by   tensor.Affine
	relu bool
}

func (b *normalisation) run(_ *workspace, dst *tensor.Tensor, in []*tensor.Tensor) {
	then := tensor.Then{ReLU: b.relu}
	if len(in) > 1 {
		then.Add = in[1]
	}
	tensor.ScaleShift(dst, in[0], b.by, then)
}

func (b *normalisation) overwrites() int { return 0 }
func (b *normalisation) String() string  { return b.what }
