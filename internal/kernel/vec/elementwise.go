package vec

// Functions of one vector and of two are in functions.go.

// AddScaled computes dst[i] = a[i] + s*b[i]. Whether the product is rounded depends on the level.
func AddScaled(dst, a []float32, s float32, b []float32) {
	check3("AddScaled", len(dst), len(a), len(b))
	if len(dst) <= grain {
		active().addScaled(dst, a, s, b)
		return
	}
	t := newTask()
	t.dst, t.a, t.b, t.s, t.set = dst, a, b, s, kernelsFor(dst, a, b)
	t.run(len(dst), grain, func(t *task, lo, hi int) { t.set.addScaled(t.dst[lo:hi], t.a[lo:hi], t.s, t.b[lo:hi]) })
}

// AddScalar computes dst[i] = a[i] + s.
func AddScalar(dst, a []float32, s float32) {
	scalar("AddScalar", kernelsFor(dst, a).addScalar, dst, a, s)
}

// Scale computes dst[i] = a[i] * s.
func Scale(dst, a []float32, s float32) { scalar("Scale", kernelsFor(dst, a).scale, dst, a, s) }

// Fill computes dst[i] = v.
func Fill(dst []float32, v float32) {
	if len(dst) <= grain {
		active().fill(dst, v)
		return
	}
	t := newTask()
	t.dst, t.s, t.set = dst, v, kernelsFor(dst)
	t.run(len(dst), grain, func(t *task, lo, hi int) { t.set.fill(t.dst[lo:hi], t.s) })
}

func unary(op string, k func(dst, a []float32), dst, a []float32, grain int) {
	check2(op, len(dst), len(a))
	if len(dst) <= grain {
		k(dst, a)
		return
	}
	t := newTask()
	t.dst, t.a, t.unary = dst, a, k
	t.run(len(dst), grain, func(t *task, lo, hi int) { t.unary(t.dst[lo:hi], t.a[lo:hi]) })
}

func scalar(op string, k func(dst, a []float32, s float32), dst, a []float32, s float32) {
	check2(op, len(dst), len(a))
	if len(dst) <= grain {
		k(dst, a, s)
		return
	}
	t := newTask()
	t.dst, t.a, t.s, t.scalar = dst, a, s, k
	t.run(len(dst), grain, func(t *task, lo, hi int) { t.scalar(t.dst[lo:hi], t.a[lo:hi], t.s) })
}

func binary(op string, k func(dst, a, b []float32), dst, a, b []float32) {
	check3(op, len(dst), len(a), len(b))
	if len(dst) <= grain {
		k(dst, a, b)
		return
	}
	t := newTask()
	t.dst, t.a, t.b, t.binary = dst, a, b, k
	t.run(len(dst), grain, func(t *task, lo, hi int) { t.binary(t.dst[lo:hi], t.a[lo:hi], t.b[lo:hi]) })
}
