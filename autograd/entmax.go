package autograd

import "github.com/residuum-go/residuum/tensor"

// Entmax15 returns the 1.5-entmax of a along its last axis, p with p[i] = max(a[i]/2 - tau, 0)^2 and sum 1: a softmax that
// is exactly 0 for what is more than 2 below the largest, and often for nearer ones (Peters, Niculae, Martins 2019, "Sparse
// sequence-to-sequence models").
func Entmax15(a *Var) *Var {
	z := Sub(a, Detach(MaxKeep(a, -1))) // p is the same, and keeps its digits
	return Square(entmaxRoot(z, entmax15Threshold(z)))
}

// entmaxRoot returns the square root of the entmax of z, given its threshold.
func entmaxRoot(z, tau *Var) *Var { return ReLU(Sub(Scale(z, 0.5), tau)) }

// entmax15Threshold returns [tensor.Entmax15Threshold]. Its gradient follows from the sum of p staying 1: with s = sqrt p,
// d tau / d z[i] = s[i]/2 / sum over j of s[j], and that sum is at least 1.
func entmax15Threshold(z *Var) *Var {
	y := result("Entmax15Threshold", z)
	tensor.Entmax15Threshold(y.buffer(y.shapes.ReduceKeep(y.op, z.Shape(), -1)...), z.value)
	return y.returns(func(y, g *Var, d []*Var) {
		s := entmaxRoot(y.in[0], y)
		d[0] = Mul(g, Div(Scale(s, 0.5), SumKeep(s, -1)))
	})
}

// Entmoid15 returns the first of two elements of the 1.5-entmax of (a, 0), a sigmoid that is exactly 0 up to -2 and 1 from 2
// on: ((c + sqrt(2 - c^2)) / 2)^2 with c = a/2 clipped to [-1, 1].
func Entmoid15(a *Var) *Var {
	c := Clip(Scale(a, 0.5), -1, 1)
	return Square(Scale(Add(c, Sqrt(AddScalar(Neg(Square(c)), 2))), 0.5))
}
