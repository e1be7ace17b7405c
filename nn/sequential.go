package nn

import (
	"strconv"

	"github.com/residuum-go/residuum/autograd"
)

// Sequential applies its modules one after the other. Some neighbours are computed together, with the same bits in
// fewer passes over memory and less of it: a convolution, linear layer or batch norm with the [ReLU] right behind it,
// and a batch norm and ReLU with the [MaxPool2D] behind them. A module may occur several times.
type Sequential []Module

// Forward returns the last module's output.
func (s Sequential) Forward(x *autograd.Var) *autograd.Var {
	for len(s) > 0 {
		x, s = s.forwardFirst(x)
	}
	return x
}

// Parts returns the modules, named "0", "1" and so on.
func (s Sequential) Parts() []Part {
	parts := make([]Part, len(s))
	for i, m := range s {
		parts[i] = Part{Name: strconv.Itoa(i), Module: m}
	}
	return parts
}

// Identity returns its input.
type Identity struct{}

// Forward returns x.
func (Identity) Forward(x *autograd.Var) *autograd.Var { return x }

// Parts returns nil.
func (Identity) Parts() []Part { return nil }
