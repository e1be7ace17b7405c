package graph

import (
	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
)

// Unary is a function of each element, with the name of that in package autograd.
type Unary string

// The functions of each element.
const (
	ReLU     Unary = "ReLU"
	Sigmoid  Unary = "Sigmoid"
	Tanh     Unary = "Tanh"
	SiLU     Unary = "SiLU"
	Softplus Unary = "Softplus"
	Neg      Unary = "Neg"
	Abs      Unary = "Abs"
	Exp      Unary = "Exp"
	Log      Unary = "Log"
	Sqrt     Unary = "Sqrt"
	Square   Unary = "Square"
)

var unary = map[Unary]func(a *autograd.Var) *autograd.Var{
	ReLU: autograd.ReLU, Sigmoid: autograd.Sigmoid, Tanh: autograd.Tanh, SiLU: autograd.SiLU,
	Softplus: autograd.Softplus, Neg: autograd.Neg, Abs: autograd.Abs, Exp: autograd.Exp, Log: autograd.Log, Sqrt: autograd.Sqrt, Square: autograd.Square,
}

// Binary is a function of two elements, by NumPy's rules of broadcasting, with the name of that in package autograd.
type Binary string

// The functions of two elements.
const (
	Add     Binary = "Add"
	Sub     Binary = "Sub"
	Mul     Binary = "Mul"
	Div     Binary = "Div"
	Maximum Binary = "Maximum"
)

var binary = map[Binary]func(a, b *autograd.Var) *autograd.Var{
	Add: autograd.Add, Sub: autograd.Sub, Mul: autograd.Mul, Div: autograd.Div, Maximum: autograd.Maximum,
}

// Functions of each element with a number of their own.
type (
	// Scale multiplies by a number.
	Scale float32
	// AddScalar adds a number.
	AddScalar float32
	// Clip keeps elements between two numbers.
	Clip struct{ Lo, Hi float32 }
)

func (Unary) operands() int { return 1 }
func (op Unary) shape(_ *tensor.Shapes, in [][]int, _ int) []int {
	if unary[op] == nil {
		panic("graph: no function " + string(op))
	}
	return in[0]
}
func (op Unary) forward(_ *autograd.Var, in []*autograd.Var) *autograd.Var {
	return unary[op](in[0])
}

func (Binary) operands() int { return 2 }
func (op Binary) shape(s *tensor.Shapes, in [][]int, _ int) []int {
	if binary[op] == nil {
		panic("graph: no function " + string(op))
	}
	return s.Broadcast(string(op), in[0], in[1])
}
func (op Binary) forward(_ *autograd.Var, in []*autograd.Var) *autograd.Var {
	return binary[op](in[0], in[1])
}

func (Scale) operands() int                                   { return 1 }
func (Scale) shape(_ *tensor.Shapes, in [][]int, _ int) []int { return in[0] }
func (op Scale) forward(_ *autograd.Var, in []*autograd.Var) *autograd.Var {
	return autograd.Scale(in[0], float32(op))
}

func (AddScalar) operands() int                                   { return 1 }
func (AddScalar) shape(_ *tensor.Shapes, in [][]int, _ int) []int { return in[0] }
func (op AddScalar) forward(_ *autograd.Var, in []*autograd.Var) *autograd.Var {
	return autograd.AddScalar(in[0], float32(op))
}

func (Clip) operands() int                                   { return 1 }
func (Clip) shape(_ *tensor.Shapes, in [][]int, _ int) []int { return in[0] }
func (op Clip) forward(_ *autograd.Var, in []*autograd.Var) *autograd.Var {
	return autograd.Clip(in[0], op.Lo, op.Hi)
}
