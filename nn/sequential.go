package nn

import (
	"strconv"

	"github.com/residuum-go/residuum/autograd"
)

// Sequential applies its modules one after the other. A convolution, linear layer or batch norm and the [ReLU]
// right behind it are computed together, with the same bits in fewer passes over memory.
type Sequential []Module

// reluFuser is a module that computes itself and a ReLU behind it together.
type reluFuser interface {
	forwardReLU(x *autograd.Var) *autograd.Var
}

// NewSequential names the parameters of the i-th module "i." and what they were called before.
func NewSequential(modules ...Module) Sequential {
	for i, m := range modules {
		Named(strconv.Itoa(i), m)
	}
	return modules
}

// Forward returns the last module's output.
func (s Sequential) Forward(x *autograd.Var) *autograd.Var {
	for i := 0; i < len(s); i++ {
		if m, ok := s[i].(reluFuser); ok && i+1 < len(s) && s[i+1] == Module(ReLU{}) {
			x = m.forwardReLU(x)
			i++
			continue
		}
		x = s[i].Forward(x)
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
