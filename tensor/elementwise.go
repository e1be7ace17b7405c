package tensor

import "math"

// Add computes a + b with broadcasting.
func Add(dst, a, b *Tensor) *Tensor {
	return zip("Add", dst, a, b, func(x, y float32) float32 { return x + y })
}

// Sub computes a - b with broadcasting.
func Sub(dst, a, b *Tensor) *Tensor {
	return zip("Sub", dst, a, b, func(x, y float32) float32 { return x - y })
}

// Mul computes a * b elementwise with broadcasting.
func Mul(dst, a, b *Tensor) *Tensor {
	return zip("Mul", dst, a, b, func(x, y float32) float32 { return x * y })
}

// Div computes a / b elementwise with broadcasting.
func Div(dst, a, b *Tensor) *Tensor {
	return zip("Div", dst, a, b, func(x, y float32) float32 { return x / y })
}

// Maximum computes max(a, b) elementwise with broadcasting; NaN if either is.
func Maximum(dst, a, b *Tensor) *Tensor {
	return zip("Maximum", dst, a, b, func(x, y float32) float32 { return max(x, y) })
}

func zip(op string, dst, a, b *Tensor, f func(x, y float32) float32) *Tensor {
	var buf [8]int
	shape := broadcastShape(op, buf[:0], a.shape, b.shape)
	dst = out(op, dst, shape)
	if len(dst.data) == 0 {
		return dst
	}
	var w broadcast
	w.plan(shape, a.shape, b.shape)
	last := len(w.dims) - 1
	n := w.dims[last]
	for r := range len(dst.data) / n {
		pa, pb := w.offsets(r)
		for i := range n {
			dst.data[r*n+i] = f(a.data[pa+i*w.a[last]], b.data[pb+i*w.b[last]])
		}
	}
	return dst
}

// Neg computes -a.
func Neg(dst, a *Tensor) *Tensor { return each("Neg", dst, a, func(x float32) float32 { return -x }) }

// Exp computes e**a.
func Exp(dst, a *Tensor) *Tensor { return each("Exp", dst, a, wide(math.Exp)) }

// Log computes the natural logarithm of a.
func Log(dst, a *Tensor) *Tensor { return each("Log", dst, a, wide(math.Log)) }

// Sqrt computes the square root of a.
func Sqrt(dst, a *Tensor) *Tensor { return each("Sqrt", dst, a, wide(math.Sqrt)) }

// Tanh computes the hyperbolic tangent of a.
func Tanh(dst, a *Tensor) *Tensor { return each("Tanh", dst, a, wide(math.Tanh)) }

// Sigmoid computes 1 / (1 + e**-a).
func Sigmoid(dst, a *Tensor) *Tensor {
	return each("Sigmoid", dst, a, func(x float32) float32 { return float32(1 / (1 + math.Exp(-float64(x)))) })
}

// ReLU computes max(a, 0).
func ReLU(dst, a *Tensor) *Tensor {
	return each("ReLU", dst, a, func(x float32) float32 { return max(x, 0) })
}

// Abs computes |a|.
func Abs(dst, a *Tensor) *Tensor { return each("Abs", dst, a, wide(math.Abs)) }

// Square computes a**2.
func Square(dst, a *Tensor) *Tensor {
	return each("Square", dst, a, func(x float32) float32 { return x * x })
}

// Step computes 1 where a > 0 and 0 elsewhere: the derivative of ReLU.
func Step(dst, a *Tensor) *Tensor {
	return each("Step", dst, a, func(x float32) float32 {
		if x > 0 {
			return 1
		}
		return 0
	})
}

// Scale computes a * s.
func Scale(dst, a *Tensor, s float32) *Tensor {
	return each("Scale", dst, a, func(x float32) float32 { return x * s })
}

// AddScalar computes a + s.
func AddScalar(dst, a *Tensor, s float32) *Tensor {
	return each("AddScalar", dst, a, func(x float32) float32 { return x + s })
}

// AddScaled computes a + s*b for a and b of equal shape.
func AddScaled(dst, a *Tensor, s float32, b *Tensor) *Tensor {
	sameShape("AddScaled", a, b)
	return zip("AddScaled", dst, a, b, func(x, y float32) float32 { return x + s*y })
}

// ReLUGrad computes g where y > 0 and 0 elsewhere, for y and g of equal shape: the gradient of
// y = ReLU(a) with respect to a, which needs only the output.
func ReLUGrad(dst, y, g *Tensor) *Tensor {
	sameShape("ReLUGrad", y, g)
	return zip("ReLUGrad", dst, y, g, func(y, g float32) float32 {
		if y > 0 {
			return g
		}
		return 0
	})
}

func each(op string, dst, a *Tensor, f func(float32) float32) *Tensor {
	dst = out(op, dst, a.shape)
	for i, x := range a.data {
		dst.data[i] = f(x)
	}
	return dst
}

func wide(f func(float64) float64) func(float32) float32 {
	return func(x float32) float32 { return float32(f(float64(x))) }
}
