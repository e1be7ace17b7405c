package autograd

import "github.com/residuum-go/residuum/tensor"

// MatMul returns the matrix product op(a) op(b) of two matrices, where op transposes if the flag
// says so: [m,k] x [k,n] -> [m,n].
func MatMul(a, b *Var, transA, transB bool) *Var {
	y := result("MatMul", a, b)
	*attr[flags](y) = flags{transA, transB}
	m, n := dim(a, 0), dim(b, 1)
	if transA {
		m = dim(a, 1)
	}
	if transB {
		n = dim(b, 0)
	}
	tensor.MatMul(y.buffer(m, n), a.value, b.value, transA, transB)
	return y.returns(func(y, g *Var, d []*Var) {
		a, b, t := y.in[0], y.in[1], attr[flags](y)
		if y.needs(0) {
			if t.a {
				d[0] = MatMul(b, g, t.b, true)
			} else {
				d[0] = MatMul(g, b, false, !t.b)
			}
		}
		if y.needs(1) {
			if t.b {
				d[1] = MatMul(g, a, true, t.a)
			} else {
				d[1] = MatMul(a, g, !t.a, false)
			}
		}
	})
}

type flags struct{ a, b bool }
