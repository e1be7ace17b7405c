package graph

import (
	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
)

// Op is what a node computes: one of the types of this package.
type Op interface {
	// operands returns how many inputs the op has, -1 for any number from 1 on.
	operands() int
	// shape returns that of the result for operands of the given shapes, in a batch of n. Like tensor.Shapes, which it asks,
	// it panics with a string if they do not fit.
	shape(s *tensor.Shapes, in [][]int, n int) []int
	forward(x *autograd.Var, in []*autograd.Var) *autograd.Var // x is the graph's input
}

// Leaves have no inputs.
type (
	// Input is the batch that the graph is applied to.
	Input struct{ Image []int }
	// Param is a parameter.
	Param struct{ *autograd.Param }
	// Buffer is a tensor that is saved with the parameters but not trained.
	Buffer struct{ *tensor.Tensor }
	// Constant is a tensor that belongs to the graph and is not saved.
	Constant struct{ *tensor.Tensor }
)

// Layers, each as the function of package autograd with its name computes it.
type (
	// Conv2D takes images and weights [R, S, C/groups, K].
	Conv2D tensor.ConvSpec
	// BatchNorm holds its parameters and statistics itself, since training moves these.
	BatchNorm struct{ *nn.BatchNorm2D }
	// MatMul takes two matrices or stacks of them.
	MatMul tensor.Transposed
	// MaxPool2D takes images.
	MaxPool2D tensor.PoolSpec
	// AvgPool2D takes images.
	AvgPool2D tensor.PoolSpec
	// GlobalAvgPool takes images and gives [N, C].
	GlobalAvgPool struct{}
	// Softmax is along an axis.
	Softmax struct{ Axis int }
	// LogSoftmax is along an axis.
	LogSoftmax struct{ Axis int }
	// Resize makes images of another size.
	Resize struct {
		Size tensor.HW
		By   tensor.Interpolation
	}
	// SubsampleHW keeps every Stride-th pixel.
	SubsampleHW struct{ Stride int }
)

func (Input) operands() int                                            { return 0 }
func (op Input) shape(_ *tensor.Shapes, _ [][]int, n int) []int        { return append([]int{n}, op.Image...) }
func (Input) forward(x *autograd.Var, _ []*autograd.Var) *autograd.Var { return x }

func (Param) operands() int                                               { return 0 }
func (op Param) shape(*tensor.Shapes, [][]int, int) []int                 { return op.Value.Shape() }
func (op Param) forward(x *autograd.Var, _ []*autograd.Var) *autograd.Var { return op.On(x) }

func (Buffer) operands() int                               { return 0 }
func (op Buffer) shape(*tensor.Shapes, [][]int, int) []int { return op.Shape() }
func (op Buffer) forward(*autograd.Var, []*autograd.Var) *autograd.Var {
	return autograd.Const(op.Tensor)
}

func (Constant) operands() int                               { return 0 }
func (op Constant) shape(*tensor.Shapes, [][]int, int) []int { return op.Shape() }
func (op Constant) forward(*autograd.Var, []*autograd.Var) *autograd.Var {
	return autograd.Const(op.Tensor)
}

func (Conv2D) operands() int { return 2 }
func (op Conv2D) shape(s *tensor.Shapes, in [][]int, _ int) []int {
	return s.Conv2D(in[0], in[1], tensor.ConvSpec(op))
}
func (op Conv2D) forward(_ *autograd.Var, in []*autograd.Var) *autograd.Var {
	return autograd.Conv2D(in[0], in[1], tensor.ConvSpec(op))
}

func (BatchNorm) operands() int { return 1 }
func (op BatchNorm) shape(_ *tensor.Shapes, in [][]int, _ int) []int {
	if c := op.Weight.Value.Len(); len(in[0]) == 0 || in[0][len(in[0])-1] != c {
		panic("graph: BatchNorm: other channels than its weights have")
	}
	return in[0]
}
func (op BatchNorm) forward(_ *autograd.Var, in []*autograd.Var) *autograd.Var {
	return op.Forward(in[0])
}

func (MatMul) operands() int { return 2 }
func (op MatMul) shape(s *tensor.Shapes, in [][]int, _ int) []int {
	return s.MatMul(in[0], in[1], tensor.Transposed(op))
}
func (op MatMul) forward(_ *autograd.Var, in []*autograd.Var) *autograd.Var {
	return autograd.MatMul(in[0], in[1], tensor.Transposed(op))
}

func (MaxPool2D) operands() int { return 1 }
func (op MaxPool2D) shape(s *tensor.Shapes, in [][]int, _ int) []int {
	return s.Pool("MaxPool2D", in[0], tensor.PoolSpec(op))
}
func (op MaxPool2D) forward(_ *autograd.Var, in []*autograd.Var) *autograd.Var {
	return autograd.MaxPool2D(in[0], tensor.PoolSpec(op))
}

func (AvgPool2D) operands() int { return 1 }
func (op AvgPool2D) shape(s *tensor.Shapes, in [][]int, _ int) []int {
	if d := op.Dilation; max(d.H, d.W) > 1 {
		panic("graph: AvgPool2D: dilation of an average")
	}
	return s.Pool("AvgPool2D", in[0], tensor.PoolSpec(op))
}
func (op AvgPool2D) forward(_ *autograd.Var, in []*autograd.Var) *autograd.Var {
	return autograd.AvgPool2D(in[0], tensor.PoolSpec(op))
}

func (GlobalAvgPool) operands() int                                   { return 1 }
func (GlobalAvgPool) shape(s *tensor.Shapes, in [][]int, _ int) []int { return s.GlobalAvgPool(in[0]) }
func (GlobalAvgPool) forward(_ *autograd.Var, in []*autograd.Var) *autograd.Var {
	return autograd.GlobalAvgPool(in[0])
}

func (Softmax) operands() int { return 1 }
func (op Softmax) shape(s *tensor.Shapes, in [][]int, _ int) []int {
	s.ReduceKeep("Softmax", in[0], op.Axis)
	return in[0]
}
func (op Softmax) forward(_ *autograd.Var, in []*autograd.Var) *autograd.Var {
	return autograd.Softmax(in[0], op.Axis)
}

func (LogSoftmax) operands() int { return 1 }
func (op LogSoftmax) shape(s *tensor.Shapes, in [][]int, _ int) []int {
	s.ReduceKeep("LogSoftmax", in[0], op.Axis)
	return in[0]
}
func (op LogSoftmax) forward(_ *autograd.Var, in []*autograd.Var) *autograd.Var {
	return autograd.LogSoftmax(in[0], op.Axis)
}

func (Resize) operands() int                                      { return 1 }
func (op Resize) shape(s *tensor.Shapes, in [][]int, _ int) []int { return s.Resize(in[0], op.Size) }
func (op Resize) forward(_ *autograd.Var, in []*autograd.Var) *autograd.Var {
	return autograd.Resize(in[0], op.Size, op.By)
}

func (SubsampleHW) operands() int { return 1 }
func (op SubsampleHW) shape(s *tensor.Shapes, in [][]int, _ int) []int {
	return s.SubsampleHW(in[0], op.Stride)
}
func (op SubsampleHW) forward(_ *autograd.Var, in []*autograd.Var) *autograd.Var {
	return autograd.SubsampleHW(in[0], op.Stride)
}
