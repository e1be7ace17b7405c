package vec

import "math"

// SGDStep updates the parameters p and the momentum buffer m from the gradient g as PyTorch's SGD
// without dampening does:
//
//	d = g + weightDecay*p
//	m = momentum*m + d
//	p = p - lr*(d + momentum*m)   if nesterov
//	p = p - lr*m                  otherwise
//
// m starts as zeros. With momentum 0 the step is p -= lr*d, and m is neither read nor written and
// may be nil.
func SGDStep(p, g, m []float32, lr, momentum, weightDecay float32, nesterov bool) {
	t := newTask()
	t.p, t.g, t.m, t.set = p, g, m, active()
	t.step = stepParams{lr: lr, momentum: momentum, weightDecay: weightDecay}
	if momentum == 0 {
		check2("SGDStep", len(p), len(g))
		t.run(len(p), grain, func(t *task, lo, hi int) {
			t.set.sgdPlain(t.p[lo:hi], t.g[lo:hi], t.step.lr, t.step.weightDecay)
		})
		return
	}
	check3("SGDStep", len(p), len(g), len(m))
	body := func(t *task, lo, hi int) {
		t.set.sgdMomentum(t.p[lo:hi], t.g[lo:hi], t.m[lo:hi], t.step.lr, t.step.momentum, t.step.weightDecay)
	}
	if nesterov {
		body = func(t *task, lo, hi int) {
			t.set.sgdNesterov(t.p[lo:hi], t.g[lo:hi], t.m[lo:hi], t.step.lr, t.step.momentum, t.step.weightDecay)
		}
	}
	t.run(len(p), grain, body)
}

// AdamStep updates the parameters p, the first moments m and the second moments v from the gradient
// g as PyTorch's Adam does, or with decoupled weight decay as its AdamW does; step counts from 1:
//
//	p = p*(1 - lr*weightDecay)   if decoupled
//	g = g + weightDecay*p        otherwise
//	m = b1*m + (1-b1)*g
//	v = b2*v + (1-b2)*g*g
//	p = p - lr/(1-b1^step) * m / (sqrt(v)/sqrt(1-b2^step) + eps)
//
// m and v start as zeros. What is computed of the numbers alone is so in float64: a b1 or b2 that float32
// rounds to 1 would have 1-b1 and 1-b1^step vanish there. Sources: Kingma and Ba 2015, algorithm 1;
// Loshchilov and Hutter 2019, algorithm 2.
func AdamStep(p, g, m, v []float32, lr, b1, b2, eps, weightDecay float64, decoupled bool, step int) {
	check3("AdamStep", len(p), len(g), len(m))
	check2("AdamStep", len(p), len(v))
	t := newTask()
	t.p, t.g, t.m, t.v, t.set = p, g, m, v, active()
	t.step = stepParams{
		b1: float32(b1), oneMinusB1: float32(1 - b1), b2: float32(b2), oneMinusB2: float32(1 - b2), eps: float32(eps),
		rate:  float32(lr / (1 - math.Pow(b1, float64(step)))),
		root:  float32(1 / math.Sqrt(1-math.Pow(b2, float64(step)))),
		decay: 1,
	}
	if decoupled {
		t.step.decay = float32(1 - lr*weightDecay)
	} else {
		t.step.weightDecay = float32(weightDecay)
	}
	t.run(len(p), grain, func(t *task, lo, hi int) {
		s := &t.step
		t.set.adam(t.p[lo:hi], t.g[lo:hi], t.m[lo:hi], t.v[lo:hi],
			s.b1, s.oneMinusB1, s.b2, s.oneMinusB2, s.eps, s.rate, s.root, s.weightDecay, s.decay)
	})
}

// stepParams are the scalars of one optimiser step.
type stepParams struct {
	lr, momentum, weightDecay      float32
	b1, oneMinusB1, b2, oneMinusB2 float32
	eps, rate, root, decay         float32
}

// The generic kernels.

func sgdPlain(p, g []float32, lr, weightDecay float32) {
	SGDStepRef(p, g, nil, lr, 0, weightDecay, false)
}

func sgdMomentum(p, g, m []float32, lr, momentum, weightDecay float32) {
	SGDStepRef(p, g, m, lr, momentum, weightDecay, false)
}

func sgdNesterov(p, g, m []float32, lr, momentum, weightDecay float32) {
	SGDStepRef(p, g, m, lr, momentum, weightDecay, true)
}

func adam(p, g, m, v []float32, b1, oneMinusB1, b2, oneMinusB2, eps, rate, root, weightDecay, decay float32) {
	for i := range p {
		d := g[i] + weightDecay*p[i]
		m[i] = b1*m[i] + oneMinusB1*d
		v[i] = b2*v[i] + oneMinusB2*d*d
		p[i] = p[i]*decay - rate*m[i]/(float32(math.Sqrt(float64(v[i])))*root+eps)
	}
}
