package nn

import (
	"fmt"

	"github.com/residuum-go/residuum/autograd"
)

// ReLU is max(x, 0), elementwise.
type ReLU struct{}

// Forward returns max(x, 0).
func (ReLU) Forward(x *autograd.Var) *autograd.Var { return autograd.ReLU(x) }

// Parts returns nil.
func (ReLU) Parts() []Part { return nil }

// Tanh is the hyperbolic tangent, elementwise.
type Tanh struct{}

// Forward returns tanh x.
func (Tanh) Forward(x *autograd.Var) *autograd.Var { return autograd.Tanh(x) }

// Parts returns nil.
func (Tanh) Parts() []Part { return nil }

// Sigmoid is 1/(1+exp(-x)), elementwise.
type Sigmoid struct{}

// Forward returns 1/(1+exp(-x)).
func (Sigmoid) Forward(x *autograd.Var) *autograd.Var { return autograd.Sigmoid(x) }

// Parts returns nil.
func (Sigmoid) Parts() []Part { return nil }

// SiLU is x/(1+exp(-x)), elementwise, also called swish. Hendrycks and Gimpel 2016, Ramachandran et al. 2017.
type SiLU struct{}

// Forward returns x/(1+exp(-x)).
func (SiLU) Forward(x *autograd.Var) *autograd.Var { return autograd.SiLU(x) }

// Parts returns nil.
func (SiLU) Parts() []Part { return nil }

// Dropout zeroes each element with probability p in training and divides the others by 1-p, so that
// the expectation is x; it evaluates to x. Srivastava et al. 2014.
type Dropout struct{ p float32 }

// NewDropout returns dropout with probability p, which must be in [0, 1).
func NewDropout(p float32) Dropout {
	if !(p >= 0 && p < 1) {
		panic(fmt.Sprintf("nn: NewDropout: probability %v is outside [0,1)", p))
	}
	return Dropout{p}
}

// Forward returns x with dropout. The random numbers are the tape's.
func (d Dropout) Forward(x *autograd.Var) *autograd.Var { return autograd.Dropout(x, d.p) }

// Parts returns nil.
func (Dropout) Parts() []Part { return nil }
