package nn

import (
	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
)

// What is computed together is decided here, by looking at neighbours in a [Sequential] and at the ends of the two
// sides of a sum. Together they have the bits of one after the other, in fewer passes over memory and less of it:
//
//   - a convolution or linear layer and the ReLU behind it
//   - a batch norm with the ReLU, the max pooling, or the ReLU and max pooling behind it
//   - the batch norm at the end of a branch, the sum with a skip, and the ReLU behind that; with the skip's own
//     batch norm, if it ends in one

// reluFuser is a layer that computes itself and a ReLU behind it together.
type reluFuser interface {
	forwardReLU(x *autograd.Var) *autograd.Var
}

// forwardFirst applies the first modules of s, as many as are computed together, and returns the others.
func (s Sequential) forwardFirst(x *autograd.Var) (*autograd.Var, Sequential) {
	switch m := s[0].(type) {
	case *BatchNorm2D:
		then, rest := followers(s[1:])
		return m.forward(x, then), rest
	case reluFuser:
		if startsWith[ReLU](s[1:]) {
			return m.forwardReLU(x), s[2:]
		}
	}
	return s[0].Forward(x), s[1:]
}

// followers returns what may be computed together with a batch norm in front of s, and the rest of s.
func followers(s Sequential) (then autograd.Then, rest Sequential) {
	if startsWith[ReLU](s) {
		then.ReLU, s = true, s[1:]
	}
	if startsWith[MaxPool2D](s) && s[0] != (MaxPool2D{}) { // that one cannot be, and says so itself
		then.MaxPool, s = tensor.PoolSpec(s[0].(MaxPool2D)), s[1:]
	}
	return then, s
}

func startsWith[M Module](s Sequential) bool {
	if len(s) == 0 {
		return false
	}
	_, ok := s[0].(M)
	return ok
}

// AddReLU returns max(skip(x) + branch(x), 0), the end of a residual block (He et al. 2016a, figure 2).
func AddReLU(skip, branch Module, x *autograd.Var) *autograd.Var {
	body, norm := splitNorm(branch)
	if norm == nil {
		s := skip.Forward(x)
		return autograd.AddReLU(s, branch.Forward(x))
	}
	projection, other := splitNorm(skip)
	if other == nil {
		s := skip.Forward(x)
		return norm.forward(body.Forward(x), autograd.Then{Add: s, ReLU: true})
	}
	z := projection.Forward(x)
	x = body.Forward(x)
	a, b := norm.on(x), other.on(z)
	y, of, ofOther := autograd.BatchNorm(a, autograd.Then{AddNorm: b, ReLU: true})
	norm.track(x, of)
	other.track(z, ofOther)
	return y
}

// splitNorm returns a module that ends in a batch norm as what comes before and the batch norm.
func splitNorm(m Module) (before Sequential, norm *BatchNorm2D) {
	switch m := m.(type) {
	case *BatchNorm2D:
		return nil, m
	case Sequential:
		if len(m) > 0 {
			norm, _ = m[len(m)-1].(*BatchNorm2D)
		}
		if norm != nil {
			before = m[:len(m)-1]
		}
	}
	return before, norm
}
