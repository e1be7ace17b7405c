package tensor

import "github.com/residuum-go/residuum/internal/kernel/vec"

// SGDStep updates the parameters p in place with their gradient g and the velocity m:
//
//	d = g + weightDecay*p
//	m = momentum*m + d
//	p = p - lr*m                  or, with nesterov, p - lr*(d + momentum*m)
//
// m starts as zeros. When momentum is zero it is neither read nor written and may be nil. These are
// PyTorch's conventions, without dampening.
func SGDStep(p, g, m *Tensor, lr, momentum, weightDecay float32, nesterov bool) {
	const op = "SGDStep"
	sameShape(op, p, g)
	if momentum == 0 {
		vec.SGDStep(p.data, g.data, nil, lr, 0, weightDecay, false)
		return
	}
	if m == nil {
		fail(op, "momentum without a velocity", p.shape)
	}
	sameShape(op, p, m)
	vec.SGDStep(p.data, g.data, m.data, lr, momentum, weightDecay, nesterov)
}

// AdamStep updates the parameters p in place with their gradient g, the running mean m and the
// running mean square v, which start as zeros; step counts from 1:
//
//	g = g + weightDecay*p         unless decoupled
//	m = b1*m + (1-b1)*g
//	v = b2*v + (1-b2)*g*g
//	p = p - lr*weightDecay*p      if decoupled (AdamW)
//	p = p - lr * (m/(1-b1**step)) / (sqrt(v/(1-b2**step)) + eps)
//
// What does not depend on the tensors is computed in float64, so b1 and b2 may be closer to 1 than
// float32 can tell. Sources: Kingma & Ba 2015, algorithm 1; Loshchilov & Hutter 2019, algorithm 2.
func AdamStep(p, g, m, v *Tensor, lr, b1, b2, eps, weightDecay float64, decoupled bool, step int) {
	const op = "AdamStep"
	sameShape(op, p, g)
	sameShape(op, p, m)
	sameShape(op, p, v)
	if step < 1 {
		fail(op, "step "+itoa(step)+" is not positive", p.shape)
	}
	vec.AdamStep(p.data, g.data, m.data, v.data, lr, b1, b2, eps, weightDecay, decoupled, step)
}
