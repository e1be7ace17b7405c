package main

import "github.com/residuum-go/residuum/internal/kernel/_asm/neon"

// unroll is how many vectors one turn of a memory-bound loop handles: it saves loop overhead.
const unroll = 4

func elementwise(m *neon.Asm) {
	binary := func(name, doc string, f func(a, b vec) vec) {
		m.Elementwise(name, "dst a b", "dst[i] = "+doc, unroll, func(l *neon.Loop) {
			a := l.Get("a")
			l.Set("dst", f(a, l.Get("b")))
		})
	}
	binary("add", "a[i] + b[i]", m.Add)
	binary("sub", "a[i] - b[i]", m.Sub)
	binary("mul", "a[i] * b[i]", m.Mul)
	binary("div", "a[i] / b[i]", m.Div)
	binary("max", "max(a[i], b[i]), NaN if either is, +0 of two zeros that differ", m.Max)
	binary("addReLU", "relu(a[i] + b[i])", func(a, b vec) vec { return m.ReLU(m.Add(a, b)) })
	binary("reluGrad", "0 where a[i] <= 0, else b[i]", func(a, b vec) vec { return m.AndNot(b, m.AtMostZero(a)) })

	m.Elementwise("addScalar", "dst a $s", "dst[i] = a[i] + s", unroll, func(l *neon.Loop) {
		l.Set("dst", l.Add(l.Get("a"), l.Scalar("s")))
	})
	m.Elementwise("scale", "dst a $s", "dst[i] = a[i] * s", unroll, func(l *neon.Loop) {
		l.Set("dst", l.Mul(l.Get("a"), l.Scalar("s")))
	})
	m.Elementwise("addScaled", "dst a $s b", "dst[i] = a[i] + s*b[i]", unroll, func(l *neon.Loop) {
		l.Set("dst", l.AddMul(l.Get("a"), l.Scalar("s"), l.Get("b")))
	})
	m.Elementwise("fill", "dst $v", "dst[i] = v", unroll, func(l *neon.Loop) {
		l.Set("dst", l.Scalar("v"))
	})

	unary := func(name, doc string, unroll int, f func(a vec) vec) {
		m.Elementwise(name, "dst a", "dst[i] = "+doc, unroll, func(l *neon.Loop) { l.Set("dst", f(l.Get("a"))) })
	}
	unary("abs", "|a[i]|", unroll, m.Abs)
	unary("sqrt", "sqrt(a[i])", unroll, m.Sqrt)
	unary("relu", "0 where a[i] < 0, else a[i]", unroll, m.ReLU)
	unary("step", "1 where a[i] > 0, else 0", unroll, func(a vec) vec { return m.And(m.Positive(a), m.F(1)) })
	unary("exp", "e^a[i]", 2, func(a vec) vec { return exponential(m, a) })
	unary("log", "ln(a[i])", 2, func(a vec) vec { return logarithm(m, a) })
	unary("tanh", "tanh(a[i])", 2, func(a vec) vec { return tangent(m, a) })
	unary("sigmoid", "1/(1 + e^-a[i])", 2, func(a vec) vec { return sigmoid(m, a) })
	unary("erf", "erf(a[i])", 2, func(a vec) vec { return errorFunction(m, a) })
}

func rows(m *neon.Asm) {
	const again = " with row vectors that start again after their length"
	m.Elementwise("addRow", "dst x *row", "dst[i] = x[i] + row[i]"+again, unroll, func(l *neon.Loop) {
		l.Set("dst", l.Add(l.Get("x"), l.Get("row")))
	})
	m.Elementwise("addRowReLU", "dst x *row", "dst[i] = relu(x[i] + row[i])"+again, unroll, func(l *neon.Loop) {
		l.Set("dst", l.ReLU(l.Add(l.Get("x"), l.Get("row"))))
	})
	m.Elementwise("mulRow", "dst x *row", "dst[i] = x[i] * row[i]"+again, unroll, func(l *neon.Loop) {
		l.Set("dst", l.Mul(l.Get("x"), l.Get("row")))
	})
	for _, suffix := range []string{"", "ReLU"} {
		then := func(a vec) vec {
			if suffix == "ReLU" {
				return m.ReLU(a)
			}
			return a
		}
		m.Elementwise("scaleShift"+suffix, "dst x *center *scale *shift",
			"dst[i] = (x[i]-center[i])*scale[i] + shift[i]"+again, unroll, func(l *neon.Loop) {
				x := l.Sub(l.Get("x"), l.Get("center"))
				l.Set("dst", then(l.AddMul(l.Get("shift"), x, l.Get("scale"))))
			})
		m.Elementwise("scaleShiftAdd"+suffix, "dst x residual *center *scale *shift",
			"dst[i] = (x[i]-center[i])*scale[i] + shift[i] + residual[i]"+again, unroll, func(l *neon.Loop) {
				y := l.AddMul(l.Get("shift"), l.Sub(l.Get("x"), l.Get("center")), l.Get("scale"))
				l.Set("dst", then(l.Add(y, l.Get("residual"))))
			})
	}
	normGrad := func(l *neon.Loop, centred, g vec) {
		d := l.AddMul(l.Get("c"), g, l.Get("ag"))
		l.Set("dst", l.AddMul(d, centred, l.Get("ax")))
	}
	m.Elementwise("normGrad", "dst x g *ag *ax *mean *c",
		"dst[i] = g[i]*ag[i] + (x[i]-mean[i])*ax[i] + c[i]"+again, unroll, func(l *neon.Loop) {
			normGrad(l, l.Sub(l.Get("x"), l.Get("mean")), l.Get("g"))
		})
	m.Elementwise("normGradReLU", "dst x g *ag *ax *mean *c *scale *shift",
		"normGrad with 0 for g[i] where (x[i]-mean[i])*scale[i] + shift[i] <= 0", unroll, func(l *neon.Loop) {
			centred := l.Sub(l.Get("x"), l.Get("mean"))
			normGrad(l, centred, passed(m, centred, l.Get("scale"), l.Get("shift"), l.Get("g")))
		})
}

// passed returns 0 where x*scale + shift <= 0, else g. It destroys shift.
func passed(m *neon.Asm, x, scale, shift, g vec) vec {
	return m.AndNot(g, m.AtMostZero(m.AddMul(shift, x, scale)))
}

func optimisers(m *neon.Asm) {
	m.Elementwise("sgdPlain", "p g $lr $weightDecay", "p[i] -= lr*(g[i] + weightDecay*p[i])", unroll, func(l *neon.Loop) {
		p := l.Get("p")
		d := l.AddMul(l.Get("g"), p, l.Scalar("weightDecay"))
		l.Set("p", l.SubMul(p, d, l.Scalar("lr")))
	})
	momentum := func(name, doc string, nesterov bool) {
		m.Elementwise(name, "p g m $lr $momentum $weightDecay", doc, unroll, func(l *neon.Loop) {
			p := l.Get("p")
			d := l.AddMul(l.Get("g"), p, l.Scalar("weightDecay"))
			buf := d
			if nesterov {
				buf = l.Copy(d)
			}
			buf = l.AddMul(buf, l.Get("m"), l.Scalar("momentum"))
			l.Set("m", buf)
			if nesterov {
				buf = l.AddMul(d, buf, l.Scalar("momentum"))
			}
			l.Set("p", l.SubMul(p, buf, l.Scalar("lr")))
		})
	}
	momentum("sgdMomentum", "m[i] = momentum*m[i] + d with d = g[i] + weightDecay*p[i], then p[i] -= lr*m[i]", false)
	momentum("sgdNesterov", "m[i] = momentum*m[i] + d with d = g[i] + weightDecay*p[i], then p[i] -= lr*(d + momentum*m[i])", true)

	m.Elementwise("adam", "p g m v $b1 $oneMinusB1 $b2 $oneMinusB2 $eps $rate $root $weightDecay $decay",
		"the step that its reference shows", 2, func(l *neon.Loop) {
			p := l.Get("p")
			d := l.AddMul(l.Get("g"), p, l.Scalar("weightDecay"))
			first := l.AddMul(l.Mul(l.Get("m"), l.Scalar("b1")), d, l.Scalar("oneMinusB1"))
			l.Set("m", first)
			second := l.AddMul(l.Mul(l.Get("v"), l.Scalar("b2")), l.Mul(d, d), l.Scalar("oneMinusB2"))
			l.Set("v", second)
			below := l.AddMul(l.Copy(l.Scalar("eps")), l.Sqrt(second), l.Scalar("root"))
			step := l.Mul(l.Div(first, below), l.Scalar("rate"))
			l.Set("p", l.Sub(l.Mul(p, l.Scalar("decay")), step))
		})
}
