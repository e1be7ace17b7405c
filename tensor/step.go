package tensor

import "github.com/residuum-go/residuum/internal/kernel/vec"

// SGDOptions are the numbers of an [SGDStep]. They are rounded to float32.
type SGDOptions struct {
	Rate, Momentum, WeightDecay float64
	Nesterov                    bool // needs Momentum
}

// SGDStep updates the parameters p in place with their gradient g and the velocity m:
//
//	d = g + WeightDecay*p
//	m = Momentum*m + d
//	p = p - Rate*m                or, with Nesterov, p - Rate*(d + Momentum*m)
//
// m starts as zeros. When Momentum is zero it is neither read nor written and may be nil. These are
// PyTorch's conventions, without dampening.
func SGDStep(p, g, m *Tensor, o SGDOptions) {
	const op = "SGDStep"
	sameShape(op, p, g)
	lr, momentum, weightDecay := float32(o.Rate), float32(o.Momentum), float32(o.WeightDecay)
	if momentum == 0 {
		vec.SGDStep(p.data, g.data, nil, lr, 0, weightDecay, false)
		return
	}
	if m == nil {
		fail(op, "momentum without a velocity", p.shape)
	}
	sameShape(op, p, m)
	vec.SGDStep(p.data, g.data, m.data, lr, momentum, weightDecay, o.Nesterov)
}

// AdamOptions are the numbers of an [AdamStep]. None has a default.
type AdamOptions struct {
	Rate, Beta1, Beta2, Eps, WeightDecay float64
	Decoupled                            bool // the weight decay is that of AdamW
}

// AdamStep updates the parameters p in place with their gradient g, the running mean m and the
// running mean square v, which start as zeros; step counts from 1:
//
//	g = g + WeightDecay*p         unless Decoupled
//	m = Beta1*m + (1-Beta1)*g
//	v = Beta2*v + (1-Beta2)*g*g
//	p = p - Rate*WeightDecay*p    if Decoupled
//	p = p - Rate * (m/(1-Beta1**step)) / (sqrt(v/(1-Beta2**step)) + Eps)
//
// What does not depend on the tensors is computed in float64, so the betas may be closer to 1 than
// float32 can tell. Sources: Kingma & Ba 2015, algorithm 1; Loshchilov & Hutter 2019, algorithm 2.
func AdamStep(p, g, m, v *Tensor, step int, o AdamOptions) {
	const op = "AdamStep"
	sameShape(op, p, g)
	sameShape(op, p, m)
	sameShape(op, p, v)
	if step < 1 {
		fail(op, "step "+itoa(step)+" is not positive", p.shape)
	}
	vec.AdamStep(p.data, g.data, m.data, v.data, o.Rate, o.Beta1, o.Beta2, o.Eps, o.WeightDecay, o.Decoupled, step)
}
