// Package winograd has the one-dimensional transforms of Winograd's convolution F(4x4, 3x3), written once for all levels:
// the commands conv and neon/conv lead them over the rows and columns of a tile. What transforms read and write is what get
// returns and put takes, in whatever order suits them.
package winograd

import "github.com/residuum-go/residuum/internal/kernel/_asm/vector"

type vec = vector.Vec

// The points of interpolation are 0, ±a, ±b and infinity.
const (
	a = 5. / 8
	b = 3. / 2
)

// numbers returns constants in registers.
func numbers(m vector.Machine, v ...float64) (c []vec) {
	for _, x := range v {
		c = append(c, m.Copy(m.F(x)))
	}
	return c
}

// Input returns the transform BT d of six pixels; it overwrites d.
func Input(m vector.Machine) func(d []vec, put func(i int, v vec)) {
	c := numbers(m, a*a*b*b, a*a+b*b, a*a, b*b, a, b)
	return func(d []vec, put func(i int, v vec)) {
		first := m.AddMul(m.Copy(d[4]), d[0], c[0])
		put(0, m.SubMul(first, d[2], c[1]))
		last := m.AddMul(d[5], d[1], c[0])
		put(5, m.SubMul(last, d[3], c[1]))
		for i, square := range []vec{c[3], c[2]} {
			even, odd := d[4], d[3]
			if i == 0 {
				even, odd = m.Copy(d[4]), m.Copy(d[3])
			}
			m.SubMul(even, d[2], square)
			m.SubMul(odd, d[1], square)
			put(1+2*i, m.AddMul(m.Copy(even), odd, c[4+i]))
			put(2+2*i, m.SubMul(even, odd, c[4+i]))
		}
	}
}

// Output returns the transform AT d of six sums to four pixels. The first sum is read once, as an operand.
func Output(m vector.Machine) func(get func(i int) vec, put func(i int, v vec)) {
	c := numbers(m, a, b, a*a, b*b, a*a*a, b*b*b)
	return func(get func(i int) vec, put func(i int, v vec)) {
		var sum, dif []vec
		for i := 1; i < 5; i += 2 {
			u, v := get(i), get(i+1)
			sum, dif = append(sum, m.Add(u, v)), append(dif, m.Sub(u, v))
		}
		put(0, m.Add(m.Add(sum[0], sum[1]), get(0)))
		put(1, m.AddMul(m.Mul(dif[0], c[0]), dif[1], c[1]))
		put(2, m.AddMul(m.Mul(sum[0], c[2]), sum[1], c[3]))
		put(3, m.AddMul(m.AddMul(get(5), dif[0], c[4]), dif[1], c[5]))
	}
}

// factors are the numbers in the transform of weights: that of the point 0, and for a and b those of the
// first and the third weight and of the second.
func factors(m vector.Machine) []vec {
	const ka, kb = 1 / (2 * a * a * (a*a - b*b)), 1 / (2 * b * b * (b*b - a*a))
	return numbers(m, 1/(a*a*b*b), ka, a*a*ka, a*ka, kb, b*b*kb, b*kb)
}

// Weights returns the transform G g of three weights to six.
func Weights(m vector.Machine) func(g [3]vec, put func(i int, v vec)) {
	c := factors(m)
	return func(g [3]vec, put func(i int, v vec)) {
		put(0, m.Mul(g[0], c[0]))
		put(5, g[2])
		for i := range 2 {
			k := c[1+3*i:]
			even := m.AddMul(m.Mul(g[0], k[0]), g[2], k[1])
			put(1+2*i, m.AddMul(m.Copy(even), g[1], k[2]))
			put(2+2*i, m.SubMul(even, g[1], k[2]))
		}
	}
}

// Gradient returns the transform A d of four pixels of a gradient to six.
func Gradient(m vector.Machine) func(d [4]vec, put func(i int, v vec)) {
	c := numbers(m, a*a, b*b, a, b)
	return func(d [4]vec, put func(i int, v vec)) {
		put(0, d[0])
		put(5, d[3])
		for i := range 2 {
			even, odd := m.AddMul(m.Copy(d[0]), d[2], c[i]), m.AddMul(m.Copy(d[1]), d[3], c[i])
			put(1+2*i, m.AddMul(m.Copy(even), odd, c[2+i]))
			put(2+2*i, m.SubMul(even, odd, c[2+i]))
		}
	}
}

// WeightGrad returns the transform GT d of six sums to three gradients of weights.
func WeightGrad(m vector.Machine) func(get func(i int) vec, put func(i int, v vec)) {
	c := factors(m)
	return func(get func(i int) vec, put func(i int, v vec)) {
		var out [3]vec
		out[0], out[2] = m.Mul(get(0), c[0]), get(5)
		for i := range 2 {
			u, v := get(1+2*i), get(2+2*i)
			sum, k := m.Add(u, v), c[1+3*i:]
			m.AddMul(out[0], sum, k[0])
			m.AddMul(out[2], sum, k[1])
			if dif := m.Sub(u, v); i == 0 {
				out[1] = m.Mul(dif, k[2])
			} else {
				m.AddMul(out[1], dif, k[2])
			}
		}
		for i, v := range out {
			put(i, v)
		}
	}
}
