package tensor

import "github.com/residuum-go/residuum/internal/kernel/vec"

// Neg computes -a.
func Neg(dst, a *Tensor) *Tensor { return Scale(dst, a, -1) }

func unary(op string, dst, a *Tensor, kernel func(dst, a []float32)) *Tensor {
	dst = out(op, dst, a.shape)
	apartOrSame(op, dst, a)
	kernel(dst.data, a.data)
	return dst
}

// Square computes a**2.
func Square(dst, a *Tensor) *Tensor {
	const op = "Square"
	dst = out(op, dst, a.shape)
	apartOrSame(op, dst, a)
	vec.Mul(dst.data, a.data, a.data)
	return dst
}

// Scale computes a * s.
func Scale(dst, a *Tensor, s float32) *Tensor {
	const op = "Scale"
	dst = out(op, dst, a.shape)
	apartOrSame(op, dst, a)
	vec.Scale(dst.data, a.data, s)
	return dst
}

// AddScalar computes a + s.
func AddScalar(dst, a *Tensor, s float32) *Tensor {
	const op = "AddScalar"
	dst = out(op, dst, a.shape)
	apartOrSame(op, dst, a)
	vec.AddScalar(dst.data, a.data, s)
	return dst
}

// AddScaled computes a + s*b for a and b of equal shape.
func AddScaled(dst, a *Tensor, s float32, b *Tensor) *Tensor {
	const op = "AddScaled"
	sameShape(op, a, b)
	dst = out(op, dst, a.shape)
	apartOrSame(op, dst, a, b)
	vec.AddScaled(dst.data, a.data, s, b.data)
	return dst
}

// ReLUGrad computes 0 where y <= 0 and g elsewhere, also where y is NaN, for y and g of equal shape: the
// gradient of y = ReLU(a) with respect to a, which needs only the output.
func ReLUGrad(dst, y, g *Tensor) *Tensor {
	const op = "ReLUGrad"
	sameShape(op, y, g)
	dst = out(op, dst, y.shape)
	apartOrSame(op, dst, y, g)
	vec.ReLUGrad(dst.data, y.data, g.data)
	return dst
}
