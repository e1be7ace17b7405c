package autograd

import (
	"math"
	"slices"

	"github.com/residuum-go/residuum/tensor"
)

// Step is an op of a computation, as [Trace] lists it.
type Step struct {
	Op    string         // the name of the op's function, or "Input", "Param" or "Constant"
	In    []int          // places of its operands in the list, before its own
	Shape []int          // of its result
	Attr  any            // what the op was given beside its operands, see Trace
	Value *tensor.Tensor // of an input, parameter or constant
	Param *Param         // of a parameter
}

// Trace runs f on x in evaluation mode and lists the ops that the result is made of, which comes last. What depends on x is
// mostly not computed, which would take long and be for nothing, and shares memory: f must not look at its values.
// A parameter is one also when it is frozen. The ops are those that would compute: where an op of this package is made of
// others, these. Attr is nil, or by op
//
//	Conv2D                       tensor.ConvSpec
//	MaxPool2D, AvgPool2D         tensor.PoolSpec
//	BatchNorm                    TracedNorm, if the statistics are known
//	MatMul                       tensor.Transposed
//	Scale, AddScalar             float32
//	Clip                         [2]float32, the bounds
//	Sum, Mean, Max, with Keep    []int, the axes
//	Transpose                    []int, the permutation
//	Concat                       int, the axis
//	SliceAxis, PadAxis           [3]int: the axis, and where in the longer of operand and result the other one lies
//	SubsampleHW                  int, the stride
//	Resize                       tensor.Interpolation
//
// What the shape of the result says is not repeated. An op that hides from gradients what it is made of, as [Detach] does,
// has no operands here.
func Trace(x *tensor.Tensor, f func(x *Var) *Var) []Step {
	t := NewTape(0)
	t.training, t.tracing = false, true
	l := lister{places: map[*Var]int{}, constants: map[*tensor.Tensor]int{}}
	l.list(f(t.Input(x)))
	return l.steps
}

// TracedNorm is a batch norm by known statistics and the ReLU behind it. The operands of its step are x, gamma and beta,
// and what is added before the ReLU.
type TracedNorm struct {
	Mean, Variance *tensor.Tensor
	Eps            float32
	ReLU           bool
}

// computes gives v a tensor for its value and reports whether it has to be computed. It has not if it depends on the input
// of a tape that only traces: all such values share one memory. The first element says so: it is NaN, as are constants that
// are made of it. Ops that do not ask, because they take little, compute what nobody will look at.
func (v *Var) computes(shape ...int) bool {
	if !v.listed {
		v.buffer(shape...)
		return true
	}
	t := v.tape
	if n := length(shape); n > len(t.blank) {
		t.blank = make([]float32, n)
		t.blank[0] = float32(math.NaN())
	}
	v.value = tensor.From(t.blank[:length(shape)], shape...)
	return false
}

type lister struct {
	steps     []Step
	places    map[*Var]int
	constants map[*tensor.Tensor]int
}

// list returns the place of y, which it lists behind its operands.
func (l *lister) list(y *Var) int {
	if y.tape == nil {
		if _, ok := l.constants[y.value]; !ok {
			l.constants[y.value] = len(l.steps)
			l.steps = append(l.steps, Step{Op: "Constant", Shape: slices.Clone(y.Shape()), Value: y.value})
		}
		return l.constants[y.value]
	}
	if at, ok := l.places[y]; ok {
		return at
	}
	s := Step{Op: y.op, Shape: slices.Clone(y.Shape()), Attr: y.given(), Param: y.param}
	for _, x := range y.in {
		s.In = append(s.In, l.list(x))
	}
	if y.op == "Input" || y.param != nil {
		s.Value = y.value
	}
	l.places[y] = len(l.steps)
	l.steps = append(l.steps, s)
	return l.places[y]
}

// given returns what the op of y was given beside its operands. Ops that leave their parameters alone may find those of
// another step in the record, but a traced tape has no other.
func (y *Var) given() any {
	switch a := y.attr.(type) {
	case *tensor.ConvSpec:
		return *a
	case *tensor.PoolSpec:
		return *a
	case *ownChoice:
		return a.spec
	case *knownNorm:
		return TracedNorm{a.mean, a.variance, a.eps, a.relu}
	case *tensor.Transposed:
		return *a
	case *float32:
		return *a
	case *clipped:
		return [2]float32{a.lo, a.hi}
	case *kept:
		return slices.Clone(a.axes)
	case *permutation:
		return slices.Clone([]int(*a))
	case *joined:
		return a.axis
	case *slice:
		return [3]int{a.axis, a.lo, a.hi}
	case *int:
		return *a
	case *tensor.Interpolation:
		return *a
	}
	return nil
}
