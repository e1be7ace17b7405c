package vec

import "math"

// SGDStepRef is the reference of [SGDStep].
func SGDStepRef[T Float](p, g, m []T, lr, momentum, weightDecay T, nesterov bool) {
	for i := range p {
		d := g[i] + weightDecay*p[i]
		if momentum != 0 {
			m[i] = momentum*m[i] + d
			if nesterov {
				d += momentum * m[i]
			} else {
				d = m[i]
			}
		}
		p[i] -= lr * d
	}
}

// AdamStepRef is the reference of [AdamStep].
func AdamStepRef[T Float](p, g, m, v []T, lr, b1, b2, eps, weightDecay T, decoupled bool, step int) {
	c1 := 1 - T(math.Pow(float64(b1), float64(step)))
	c2 := T(math.Sqrt(1 - math.Pow(float64(b2), float64(step))))
	for i := range p {
		d := g[i]
		if decoupled {
			p[i] *= 1 - lr*weightDecay
		} else {
			d += weightDecay * p[i]
		}
		m[i] = b1*m[i] + (1-b1)*d
		v[i] = b2*v[i] + (1-b2)*d*d
		p[i] -= lr / c1 * m[i] / (T(math.Sqrt(float64(v[i])))/c2 + eps)
	}
}
