package nn

import (
	"strconv"

	"github.com/residuum-go/residuum/autograd"
)

// Sequential applies its modules one after the other. A convolution, linear layer or batch norm and the [ReLU]
// right behind it are computed together, with the same bits in fewer passes over memory, and so are a batch norm
// with a ReLU and the [MaxPool2D] behind it, in less memory. A module may occur several times.
type Sequential []Module

// reluFuser is a module that computes itself and a ReLU behind it together.
type reluFuser interface {
	forwardReLU(x *autograd.Var) *autograd.Var
}

// Forward returns the last module's output.
func (s Sequential) Forward(x *autograd.Var) *autograd.Var {
	for i := 0; i < len(s); i++ {
		y := s[i:].firstTwo(x)
		if y != nil {
			i++
		} else {
			y = s[i].Forward(x)
		}
		x = y
	}
	return x
}

// firstTwo returns what the first two modules make of x if that can be computed together, else nil.
func (s Sequential) firstTwo(x *autograd.Var) *autograd.Var {
	if len(s) < 2 {
		return nil
	}
	switch next := s[1].(type) {
	case ReLU:
		if m, ok := s[0].(reluFuser); ok {
			return m.forwardReLU(x)
		}
	case MaxPool2D:
		if b, ok := s[0].(*BatchNorm2D); ok {
			return b.forwardMaxPool(x, next)
		}
	}
	return nil
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
