package nn

import (
	"strconv"

	"github.com/residuum-go/residuum/autograd"
)

// Sequential applies its modules one after the other.
type Sequential []Module

// NewSequential names the parameters of the i-th module "i." and what they were called before.
func NewSequential(modules ...Module) Sequential {
	for i, m := range modules {
		Named(strconv.Itoa(i), m)
	}
	return modules
}

// Forward returns the last module's output.
func (s Sequential) Forward(x *autograd.Var) *autograd.Var {
	for _, m := range s {
		x = m.Forward(x)
	}
	return x
}

// Params returns the parameters of all modules in order.
func (s Sequential) Params() []*autograd.Param { return Params(s...) }

// Identity returns its input.
type Identity struct{}

// Forward returns x.
func (Identity) Forward(x *autograd.Var) *autograd.Var { return x }

// Params returns nil.
func (Identity) Params() []*autograd.Param { return nil }
