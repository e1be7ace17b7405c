package autograd

import "github.com/residuum-go/residuum/tensor"

// Softmax returns e^a[i] / (sum over j of e^a[j]) along the last axis.
func Softmax(a *Var) *Var {
	y := result("Softmax", a)
	tensor.Softmax(y.buffer(a.Shape()...), a.value)
	return y.returns(func(y, g *Var, d []*Var) { d[0] = softmaxGrad(y, g) })
}

// softmaxGrad multiplies g by the symmetric Jacobian of softmax at its result p.
func softmaxGrad(p, g *Var) *Var {
	pg := Mul(p, g)
	return Sub(pg, Mul(p, Sum(pg, true, -1)))
}

// LogSoftmax returns a[i] - log(sum over j of e^a[j]) along the last axis, without overflow.
func LogSoftmax(a *Var) *Var {
	y := result("LogSoftmax", a)
	tensor.LogSoftmax(y.buffer(a.Shape()...), a.value)
	return y.returns(func(y, g *Var, d []*Var) { d[0] = Sub(g, Mul(Exp(y), Sum(g, true, -1))) })
}
