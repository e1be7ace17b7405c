package main

import "github.com/residuum-go/residuum/internal/kernel/_asm/vector"

type vec = vector.Vec

// fn is a kernel whose equal in Go is a function of the same name.
func fn(name, params, doc string) vector.Func {
	return vector.Func{Name: name, Params: params, Doc: doc}
}

// unroll is how many vectors one turn of a memory-bound loop handles. Out-of-order execution
// overlaps them anyway; more only saves loop overhead.
const unroll = 4

func rows(m vector.Machine) {
	const again = " with row vectors that start again after their length"
	m.Streamed(fn("addRow", "dst x *row", "dst[i] = x[i] + row[i]"+again), unroll, func(l vector.Loop) {
		l.Set("dst", m.Add(l.Get("x"), l.Get("row")))
	})
	m.Streamed(fn("addRowReLU", "dst x *row", "dst[i] = relu(x[i] + row[i])"+again), unroll, func(l vector.Loop) {
		l.Set("dst", m.ReLU(m.Add(l.Get("x"), l.Get("row"))))
	})
	m.Streamed(fn("mulRow", "dst x *row", "dst[i] = x[i] * row[i]"+again), unroll, func(l vector.Loop) {
		l.Set("dst", m.Mul(l.Get("x"), l.Get("row")))
	})
	// The center less x needs no load of its own for x; these loops are limited by what they load.
	for _, suffix := range []string{"", "ReLU"} {
		then := func(a vec) vec {
			if suffix == "ReLU" {
				return m.ReLU(a)
			}
			return a
		}
		m.Streamed(fn("scaleShift"+suffix, "dst x *center *scale *shift",
			"dst[i] = (x[i]-center[i])*scale[i] + shift[i]"+again), unroll, func(l vector.Loop) {
			below := m.Sub(l.Get("center"), l.Operand("x"))
			l.Set("dst", then(m.MulNegAdd(below, l.Get("scale"), l.Get("shift"))))
		})
		m.Streamed(fn("scaleShiftAdd"+suffix, "dst x residual *center *scale *shift",
			"dst[i] = (x[i]-center[i])*scale[i] + shift[i] + residual[i]"+again), unroll, func(l vector.Loop) {
			below := m.Sub(l.Get("center"), l.Operand("x"))
			y := m.MulNegAdd(below, l.Get("scale"), l.Get("shift"))
			l.Set("dst", then(m.Add(y, l.Get("residual"))))
		})
	}
	normGrad := func(l vector.Loop, centred, g vec) {
		d := m.MulAdd(g, l.Get("ag"), l.Get("c"))
		l.Set("dst", m.AddMul(d, centred, l.Get("ax")))
	}
	m.Streamed(fn("normGrad", "dst x g *ag *ax *mean *c", "dst[i] = g[i]*ag[i] + (x[i]-mean[i])*ax[i] + c[i]"+again), unroll, func(l vector.Loop) {
		normGrad(l, m.Sub(l.Get("x"), l.Get("mean")), l.Get("g"))
	})
	m.Streamed(fn("normGradReLU", "dst x g *ag *ax *mean *c *scale *shift", "normGrad with 0 for g[i] where (x[i]-mean[i])*scale[i] + shift[i] <= 0"), unroll, func(l vector.Loop) {
		centred := m.Sub(l.Get("x"), l.Get("mean"))
		normGrad(l, centred, passed(m, centred, l.Get("scale"), l.Get("shift"), l.Get("g")))
	})
}

// passed returns 0 where x*scale + shift <= 0, else g.
func passed(m vector.Machine, x, scale, shift, g vec) vec {
	return m.Where(m.CompareZero(vector.NotLessOrEqual, m.MulAdd(m.Keep(x), scale, shift)), g)
}

func optimisers(m vector.Machine) {
	m.Elementwise(fn("sgdPlain", "p g $lr $weightDecay", "p[i] -= lr*(g[i] + weightDecay*p[i])"), unroll, func(l vector.Loop) {
		p := l.Get("p")
		d := m.AddMul(l.Get("g"), p, l.Scalar("weightDecay"))
		l.Set("p", m.SubMul(p, d, l.Scalar("lr")))
	})
	momentum := func(name, doc string, nesterov bool) {
		m.Elementwise(fn(name, "p g m $lr $momentum $weightDecay", doc), unroll, func(l vector.Loop) {
			p := l.Get("p")
			d := m.AddMul(l.Get("g"), p, l.Scalar("weightDecay"))
			buf := m.MulAdd(l.Get("m"), l.Scalar("momentum"), d)
			l.Set("m", buf)
			if nesterov {
				buf = m.AddMul(d, buf, l.Scalar("momentum"))
			}
			l.Set("p", m.SubMul(p, buf, l.Scalar("lr")))
		})
	}
	momentum("sgdMomentum", "m[i] = momentum*m[i] + d with d = g[i] + weightDecay*p[i], then p[i] -= lr*m[i]", false)
	momentum("sgdNesterov", "m[i] = momentum*m[i] + d with d = g[i] + weightDecay*p[i], then p[i] -= lr*(d + momentum*m[i])", true)

	m.Elementwise(fn("adam", "p g m v $b1 $oneMinusB1 $b2 $oneMinusB2 $eps $rate $root $weightDecay $decay", "the step that its reference shows"), 2, func(l vector.Loop) {
		p := l.Get("p")
		d := m.AddMul(l.Get("g"), p, l.Scalar("weightDecay"))
		first := m.Mul(l.Get("m"), l.Scalar("b1"))
		m.AddMul(first, d, l.Scalar("oneMinusB1"))
		l.Set("m", first)
		second := m.Mul(l.Get("v"), l.Scalar("b2"))
		m.AddMul(second, m.Mul(d, d), l.Scalar("oneMinusB2"))
		l.Set("v", second)
		below := m.MulAdd(m.Sqrt(second), l.Scalar("root"), l.Scalar("eps"))
		step := m.Mul(m.Div(first, below), l.Scalar("rate"))
		p = m.Mul(p, l.Scalar("decay"))
		l.Set("p", m.Sub(p, step))
	})
}
