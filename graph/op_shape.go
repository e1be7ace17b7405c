package graph

import (
	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
)

// Ops about shapes. Lengths below 0 are multiples of the batch size as in [Node].
type (
	// Reduction adds up, averages or takes the maximum over axes, all of them if there are none.
	Reduction struct {
		Kind ReductionKind
		Axes []int
		Keep bool // they stay with length 1
	}
	// Reshape keeps the elements in their order.
	Reshape struct{ Shape []int }
	// BroadcastTo repeats by NumPy's rules.
	BroadcastTo struct{ Shape []int }
	// Transpose makes axis Perm[i] axis i.
	Transpose struct{ Perm []int }
	// Concat joins along an axis.
	Concat struct{ Axis int }
	// SliceAxis takes entries Lo up to but not including Hi.
	SliceAxis struct{ Axis, Lo, Hi int }
	// PadAxis puts zeros before and after.
	PadAxis struct{ Axis, Before, After int }
)

// ReductionKind is what a [Reduction] does.
type ReductionKind string

// The kinds of reduction.
const (
	Sum  ReductionKind = "Sum"
	Mean ReductionKind = "Mean"
	Max  ReductionKind = "Max"
)

type reductionFunc func(a *autograd.Var, axes ...int) *autograd.Var

var reductions = map[ReductionKind]struct{ drop, keep reductionFunc }{
	Sum: {autograd.Sum, autograd.SumKeep}, Mean: {autograd.Mean, autograd.MeanKeep}, Max: {autograd.Max, autograd.MaxKeep},
}

func (Reduction) operands() int { return 1 }
func (op Reduction) shape(s *tensor.Shapes, in [][]int, _ int) []int {
	if reductions[op.Kind].drop == nil {
		panic("graph: no reduction " + string(op.Kind))
	}
	if op.Keep {
		return s.ReduceKeep(string(op.Kind), in[0], op.Axes...)
	}
	return s.Reduce(string(op.Kind), in[0], op.Axes...)
}
func (op Reduction) forward(_ *autograd.Var, in []*autograd.Var) *autograd.Var {
	f := reductions[op.Kind]
	if op.Keep {
		return f.keep(in[0], op.Axes...)
	}
	return f.drop(in[0], op.Axes...)
}

func (Reshape) operands() int { return 1 }
func (op Reshape) shape(s *tensor.Shapes, in [][]int, n int) []int {
	return s.Reshape(in[0], ShapeAt(op.Shape, n)...)
}
func (op Reshape) forward(x *autograd.Var, in []*autograd.Var) *autograd.Var {
	return autograd.Reshape(in[0], ShapeAt(op.Shape, x.Shape()[0])...)
}

func (BroadcastTo) operands() int { return 1 }
func (op BroadcastTo) shape(s *tensor.Shapes, in [][]int, n int) []int {
	to := ShapeAt(op.Shape, n)
	got := s.Broadcast("BroadcastTo", in[0], to)
	for i := range got {
		if len(got) != len(to) || got[i] != to[i] {
			panic("graph: BroadcastTo: the operand is larger")
		}
	}
	return got
}
func (op BroadcastTo) forward(x *autograd.Var, in []*autograd.Var) *autograd.Var {
	return autograd.BroadcastTo(in[0], ShapeAt(op.Shape, x.Shape()[0])...)
}

func (Transpose) operands() int { return 1 }
func (op Transpose) shape(s *tensor.Shapes, in [][]int, _ int) []int {
	return s.Transpose(in[0], op.Perm...)
}
func (op Transpose) forward(_ *autograd.Var, in []*autograd.Var) *autograd.Var {
	return autograd.Transpose(in[0], op.Perm...)
}

func (Concat) operands() int                                      { return -1 }
func (op Concat) shape(s *tensor.Shapes, in [][]int, _ int) []int { return s.Concat(op.Axis, in...) }
func (op Concat) forward(_ *autograd.Var, in []*autograd.Var) *autograd.Var {
	return autograd.Concat(op.Axis, in...)
}

func (SliceAxis) operands() int { return 1 }
func (op SliceAxis) shape(s *tensor.Shapes, in [][]int, _ int) []int {
	return s.SliceAxis(in[0], op.Axis, op.Lo, op.Hi)
}
func (op SliceAxis) forward(_ *autograd.Var, in []*autograd.Var) *autograd.Var {
	return autograd.SliceAxis(in[0], op.Axis, op.Lo, op.Hi)
}

func (PadAxis) operands() int { return 1 }
func (op PadAxis) shape(s *tensor.Shapes, in [][]int, _ int) []int {
	return s.PadAxis(in[0], op.Axis, op.Before, op.After)
}
func (op PadAxis) forward(_ *autograd.Var, in []*autograd.Var) *autograd.Var {
	return autograd.PadAxis(in[0], op.Axis, op.Before, op.After)
}
