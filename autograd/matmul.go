package autograd

import "github.com/residuum-go/residuum/tensor"

// MatMul returns the product of two matrices, of which t transposes none, one or both before:
// [m,k] x [k,n] -> [m,n], or of stacks of matrices, whose leading axes broadcast; see [tensor.MatMul].
func MatMul(a, b *Var, t tensor.Transposed) *Var {
	y := result("MatMul", a, b)
	*attr[tensor.Transposed](y) = t
	shape := y.shapes.MatMul(a.Shape(), b.Shape(), t)
	if y.computes(shape...) {
		tensor.MatMul(y.value, a.value, b.value, t)
	}
	return y.returns(func(y, g *Var, d []*Var) {
		a, b := y.in[0], y.in[1]
		switch *attr[tensor.Transposed](y) {
		case tensor.NN:
			d[0], d[1] = y.matMulGrad(0, g, b, tensor.NT), y.matMulGrad(1, a, g, tensor.TN)
		case tensor.NT:
			d[0], d[1] = y.matMulGrad(0, g, b, tensor.NN), y.matMulGrad(1, g, a, tensor.TN)
		case tensor.TN:
			d[0], d[1] = y.matMulGrad(0, b, g, tensor.NT), y.matMulGrad(1, a, g, tensor.NN)
		case tensor.TT:
			d[0], d[1] = y.matMulGrad(0, b, g, tensor.TT), y.matMulGrad(1, g, a, tensor.TT)
		}
	})
}

// matMulGrad is MatMul for the gradient by input i, if that is needed.
func (y *Var) matMulGrad(i int, a, b *Var, t tensor.Transposed) *Var {
	if !y.needs(i) {
		return nil
	}
	return SumTo(MatMul(a, b, t), y.in[i].Shape()...)
}
