package autograd

import (
	"fmt"

	"github.com/residuum-go/residuum/tensor"
)

// Dropout sets every element of x to zero with probability p, in [0,1), and divides the others by
// 1-p; beside a tape in evaluation mode, or on a constant, it returns x. What is dropped is 0 whatever
// it was, also infinite or NaN. The choice comes from the tape's random source. Source: Srivastava et
// al. 2014, with the scaling moved into training.
func Dropout(x *Var, p float32) *Var {
	if !(p >= 0 && p < 1) { // in evaluation too
		panic(fmt.Sprintf("autograd: Dropout: probability %v is outside [0,1)", p))
	}
	if !x.Training() || p == 0 {
		return x
	}
	mask := x.tape.record("dropout mask").buffer(x.Shape()...)
	tensor.DropoutMask(mask, p, x.tape.rand)
	return drop(x, dropped{mask, p})
}

// dropped is what a dropout does.
type dropped struct {
	mask *tensor.Tensor
	p    float32
}

func drop(x *Var, by dropped) *Var {
	y := result("Dropout", x)
	*attr[dropped](y) = by
	tensor.Dropout(y.buffer(x.Shape()...), x.value, by.mask, by.p)
	return y.returns(func(y, g *Var, d []*Var) { d[0] = drop(g, *attr[dropped](y)) })
}
