package vec

// Add computes dst[i] = a[i] + b[i].
func Add(dst, a, b []float32) { binary("Add", kernelsFor(dst, a, b).add, dst, a, b) }

// Sub computes dst[i] = a[i] - b[i].
func Sub(dst, a, b []float32) { binary("Sub", kernelsFor(dst, a, b).sub, dst, a, b) }

// Mul computes dst[i] = a[i] * b[i].
func Mul(dst, a, b []float32) { binary("Mul", kernelsFor(dst, a, b).mul, dst, a, b) }

// Div computes dst[i] = a[i] / b[i].
func Div(dst, a, b []float32) { binary("Div", kernelsFor(dst, a, b).div, dst, a, b) }

// Max computes dst[i] = max(a[i], b[i]), the maximum of IEEE 754-2019 and of Go: NaN if either is NaN, and
// +0 is larger than -0.
func Max(dst, a, b []float32) { binary("Max", kernelsFor(dst, a, b).max, dst, a, b) }

// AddReLU computes dst[i] = relu(a[i] + b[i]), with [ReLU]'s rule for NaN and -0.
func AddReLU(dst, a, b []float32) { binary("AddReLU", kernelsFor(dst, a, b).addReLU, dst, a, b) }

// ReLUGrad computes dst[i] = 0 where y[i] <= 0, else g[i]: the gradient of y = relu(x) is g where
// the output was positive. It also is where the output was NaN, as in PyTorch: the gradient must not hide it.
func ReLUGrad(dst, y, g []float32) { binary("ReLUGrad", kernelsFor(dst, y, g).reluGrad, dst, y, g) }

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

// Abs computes dst[i] = |a[i]|.
func Abs(dst, a []float32) { unary("Abs", kernelsFor(dst, a).abs, dst, a, grain) }

// Sqrt computes dst[i] = sqrt(a[i]), correctly rounded; below -0 it is NaN.
func Sqrt(dst, a []float32) { unary("Sqrt", kernelsFor(dst, a).sqrt, dst, a, grain) }

// Exp computes dst[i] = e^a[i], at most 1.02 ulps off, denormal results included.
func Exp(dst, a []float32) { unary("Exp", kernelsFor(dst, a).exp, dst, a, grainMath) }

// Log computes dst[i] = ln a[i], at most 0.92 ulps off; Log(±0) is -Inf, below 0 it is NaN.
func Log(dst, a []float32) { unary("Log", kernelsFor(dst, a).log, dst, a, grainMath) }

// Tanh computes dst[i] = tanh a[i], at most 2.62 ulps off.
func Tanh(dst, a []float32) { unary("Tanh", kernelsFor(dst, a).tanh, dst, a, grainMath) }

// Sigmoid computes dst[i] = 1/(1 + e^-a[i]), at most 2.41 ulps off, tiny results for
// negative a[i] included.
func Sigmoid(dst, a []float32) { unary("Sigmoid", kernelsFor(dst, a).sigmoid, dst, a, grainMath) }

// Erf computes dst[i] = erf a[i], the error function, at most 1.08 ulps off.
func Erf(dst, a []float32) { unary("Erf", kernelsFor(dst, a).erf, dst, a, grainMath) }

// ReLU computes dst[i] = 0 where a[i] < 0, else a[i]: NaN and -0 pass.
func ReLU(dst, a []float32) { unary("ReLU", kernelsFor(dst, a).relu, dst, a, grain) }

// Step computes dst[i] = 1 where a[i] > 0, else 0: the derivative of [ReLU], NaN has none.
func Step(dst, a []float32) { unary("Step", kernelsFor(dst, a).step, dst, a, grain) }

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
