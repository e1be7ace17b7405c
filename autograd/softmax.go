package autograd

import "github.com/residuum-go/residuum/tensor"

// Softmax returns e^a[i] / (sum over j of e^a[j]) along an axis.
func Softmax(a *Var, axis int) *Var { return alongLast(a, axis, softmax) }

// LogSoftmax returns a[i] - log(sum over j of e^a[j]) along an axis, without overflow.
func LogSoftmax(a *Var, axis int) *Var { return alongLast(a, axis, logSoftmax) }

// alongLast applies a function along the last axis to another one, which trades places with the last.
func alongLast(a *Var, axis int, f func(a *Var) *Var) *Var {
	last := len(a.Shape()) - 1
	n := a.value.Dim(axis) // checks axis
	if axis < 0 {
		axis += last + 1
	}
	if axis == last {
		return f(a)
	}
	if n == length(a.Shape()[axis:]) { // what follows has length 1
		return Reshape(f(Reshape(a, a.Shape()[:axis+1]...)), a.Shape()...)
	}
	var buf [8]int
	perm := buf[:0]
	for i := range a.Shape() {
		perm = append(perm, i)
	}
	perm[axis], perm[last] = last, axis
	return Transpose(f(Transpose(a, perm...)), perm...)
}

func softmax(a *Var) *Var {
	y := result("Softmax", a)
	tensor.Softmax(y.buffer(a.Shape()...), a.value)
	return y.returns(func(y, g *Var, d []*Var) { d[0] = Mul(y, logSoftmaxJVP(y.in[0], g)) })
}

func logSoftmax(a *Var) *Var {
	y := result("LogSoftmax", a)
	tensor.LogSoftmax(y.buffer(a.Shape()...), a.value)
	return y.returns(func(y, g *Var, d []*Var) { d[0] = logSoftmaxVJP(y.in[0], g) })
}

// The Jacobian of log softmax is J = I - 1 p^T with p = softmax(a), and that of softmax is diag(p) J. The two
// ops below are J^T g and J h. They are ops of their own because p - onehot, which is what a
// loss makes of them, has no digits left in float32 when it is put together from p.

// logSoftmaxVJP returns J^T g = g - p * sum(g) along the last axis.
func logSoftmaxVJP(a, g *Var) *Var {
	y := result("logSoftmaxVJP", a, g)
	tensor.LogSoftmaxVJP(y.buffer(a.Shape()...), a.value, g.value)
	return y.returns(func(y, h *Var, d []*Var) {
		a, g := y.in[0], y.in[1]
		if y.needs(0) {
			d[0] = bilinearGrad(a, g, h)
		}
		if y.needs(1) {
			d[1] = logSoftmaxJVP(a, h)
		}
	})
}

// logSoftmaxJVP returns J h = h - sum(p * h) along the last axis.
func logSoftmaxJVP(a, h *Var) *Var {
	y := result("logSoftmaxJVP", a, h)
	tensor.LogSoftmaxJVP(y.buffer(a.Shape()...), a.value, h.value)
	return y.returns(func(y, g *Var, d []*Var) {
		a, h := y.in[0], y.in[1]
		if y.needs(0) {
			d[0] = bilinearGrad(a, g, h)
		}
		if y.needs(1) {
			d[1] = logSoftmaxVJP(a, g)
		}
	})
}

// bilinearGrad is the gradient of <g, J h> by a: of <g, h> - sum(g) <p, h>, that is -sum(g) p * J h.
func bilinearGrad(a, g, h *Var) *Var {
	return Neg(Mul(SumKeep(g, -1), Mul(softmax(a), logSoftmaxJVP(a, h))))
}
