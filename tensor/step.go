package tensor

import "math"

// SGDStep updates the parameters p in place with their gradient g and the velocity m:
//
//	d = g + weightDecay*p
//	m = momentum*m + d
//	p = p - lr*m                  or, with nesterov, p - lr*(d + momentum*m)
//
// m may be nil when momentum is zero. These are PyTorch's conventions (no dampening).
func SGDStep(p, g, m *Tensor, lr, momentum, weightDecay float32, nesterov bool) {
	const op = "SGDStep"
	sameShape(op, p, g)
	if m == nil {
		if momentum != 0 {
			fail(op, "momentum without a velocity", p.shape)
		}
		for i, d := range g.data {
			p.data[i] -= lr * (d + weightDecay*p.data[i])
		}
		return
	}
	sameShape(op, p, m)
	for i, d := range g.data {
		d += weightDecay * p.data[i]
		v := momentum*m.data[i] + d
		m.data[i] = v
		if nesterov {
			v = d + momentum*v
		}
		p.data[i] -= lr * v
	}
}

// AdamStep updates the parameters p in place with their gradient g, the running mean m and the
// running mean square v; step counts from 1:
//
//	g = g + weightDecay*p         unless decoupled
//	m = b1*m + (1-b1)*g
//	v = b2*v + (1-b2)*g*g
//	p = p - lr*weightDecay*p      if decoupled (AdamW)
//	p = p - lr * (m/(1-b1**step)) / (sqrt(v/(1-b2**step)) + eps)
//
// Sources: Kingma & Ba 2015, algorithm 1; Loshchilov & Hutter 2019, algorithm 2.
func AdamStep(p, g, m, v *Tensor, lr, b1, b2, eps, weightDecay float32, decoupled bool, step int) {
	const op = "AdamStep"
	sameShape(op, p, g)
	sameShape(op, p, m)
	sameShape(op, p, v)
	if step < 1 {
		fail(op, "step "+itoa(step)+" is not positive", p.shape)
	}
	c1 := float32(1 / (1 - math.Pow(float64(b1), float64(step))))
	c2 := float32(1 / (1 - math.Pow(float64(b2), float64(step))))
	for i, d := range g.data {
		x := p.data[i]
		if decoupled {
			x -= lr * weightDecay * x
		} else {
			d += weightDecay * x
		}
		m.data[i] = b1*m.data[i] + (1-b1)*d
		v.data[i] = b2*v.data[i] + (1-b2)*d*d
		p.data[i] = x - lr*m.data[i]*c1/(float32(math.Sqrt(float64(v.data[i]*c2)))+eps)
	}
}
