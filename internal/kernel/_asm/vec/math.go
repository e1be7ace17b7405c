package main

import (
	"math"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/residuum-go/residuum/internal/kernel/_asm/simd"
)

// The polynomials are minimax fits (iteratively reweighted least squares on Chebyshev nodes, each
// coefficient rounded to float32 before the later ones are fitted again). Behind each is the largest
// relative error that it leaves in the function, 2^-24 being half a float32 step.
var (
	// e^r = 1 + r + r^2*P(r) for |r| <= ln(2)/2: 2^-28.1
	expP = []float64{0.4999999403953552, 0.16666516661643982, 0.04166828468441963, 0.00836925022304058, 0.0013820468448102474}

	// ln(1+f) = f - f^2/2 + f^3*P(f) for -1/4 <= f <= 1/2: 2^-30.0
	logP = []float64{0.33333340287208557, -0.2500016391277313, 0.19999581575393677, -0.16655318439006805, 0.1427670270204544,
		-0.1272820681333542, 0.11697754263877869, -0.09109105169773102, 0.03762657195329666}

	// erf(x) = x + x*P(x^2) for |x| <= 1: 2^-29.3
	erfSmallP = []float64{0.12837916612625122, -0.3761262595653534, 0.11283578723669052, -0.026853347197175026,
		0.005187162198126316, -0.0007997853099368513, 7.806903158780187e-05}

	// erf(x) = 1 - e^-P(x) for 1 <= x <= 3.95, from where on it is 1 in float32: 2^-29.7
	erfLargeP = []float64{0.00034151296131312847, 1.127089262008667, 0.6381446719169617, 0.10310691595077515,
		-0.021838141605257988, 0.002947674598544836, -0.00018638017354533076}
)

// ln 2 in two parts; the first is so rounded that the second is positive, see logarithm.
const (
	ln2High = 0.693138122558593750
	ln2Low  = math.Ln2 - ln2High
)

// reduce returns n = round(x/ln 2) and e^r - 1 for r = x - n*ln 2.
func reduce(m *simd.Machine, x reg.VecVirtual) (n, e reg.VecVirtual) {
	const high = 0.693147182464599609375 // ln 2 in float32; n*high cancels exactly in the fused step
	n = m.Round(m.Mul(x, m.F(math.Log2E)))
	r := m.Copy(x)
	m.SubMul(r, n, m.F(high))
	m.SubMul(r, n, m.F(math.Ln2-high))
	e = m.Polynomial(r, expP)
	return n, m.MulAdd(e, m.Mul(r, r), r)
}

// scale returns a * 2^n for an integer n in [-252, 254], rounded once.
func scale(m *simd.Machine, a, n reg.VecVirtual) reg.VecVirtual {
	d := m.Vec()
	if m.Wide() {
		m.VSCALEFPS(n, a, d)
		return d
	}
	// Half the exponent at a time, so that 2^n need not be a normal number.
	k, half := m.Vec(), m.Vec()
	m.VCVTPS2DQ(n, k)
	m.VPSRAD(U8(1), k, half)
	m.VPSUBD(half, k, k)
	return m.Mul(m.Mul(a, power(m, half)), power(m, k))
}

// power returns 2^k for integers k in [-126, 127].
func power(m *simd.Machine, k reg.VecVirtual) reg.VecVirtual {
	d := m.Vec()
	m.VPADDD(m.Bits(127).Mem, k, d)
	m.VPSLLD(U8(23), d, d)
	return d
}

func exponential(m *simd.Machine, x reg.VecVirtual) reg.VecVirtual {
	return exponentialUpTo89(m, m.AtMost(x, 89)) // beyond lies +Inf
}

// exponentialUpTo89 is e^x for x <= 89.
func exponentialUpTo89(m *simd.Machine, x reg.VecVirtual) reg.VecVirtual {
	n, e := reduce(m, m.AtLeast(x, -105)) // beyond lies 0
	return scale(m, m.Add(e, m.F(1)), n)
}

// sigmoid is 1/(1+e) or e/(1+e) with e = exp(-|x|), which cannot overflow.
func sigmoid(m *simd.Machine, x reg.VecVirtual) reg.VecVirtual {
	e := exponentialUpTo89(m, m.Or(x, m.Bits(0x80000000)))
	one := m.Copy(m.F(1))
	above := m.Select(m.Compare(simd.Less, x, m.Zero()), e, one)
	return m.Div(above, m.Add(e, one))
}

// tangent is tanh|x| = t/(t+2) with t = e^(2|x|) - 1, which is exact near 0, where t is 2|x|.
func tangent(m *simd.Machine, x reg.VecVirtual) reg.VecVirtual {
	a := m.AtMost(m.Abs(x), 9.1) // beyond lies 1
	n, e := reduce(m, m.Add(a, a))
	one := m.Copy(m.F(1))
	var p reg.VecVirtual
	if m.Wide() {
		p = scale(m, one, n)
	} else {
		k := m.Vec()
		m.VCVTPS2DQ(n, k)
		p = power(m, k)
	}
	t := m.MulAdd(e, p, m.Sub(p, one))
	return m.Or(m.Div(t, m.Add(t, m.F(2))), m.Sign(x))
}

func errorFunction(m *simd.Machine, x reg.VecVirtual) reg.VecVirtual {
	small := m.Polynomial(m.Mul(x, x), erfSmallP)
	small = m.MulAdd(small, x, x)

	a := m.Abs(x)
	g := m.Polynomial(m.AtMost(a, 4), erfLargeP)
	n, e := reduce(m, m.Or(g, m.Bits(0x80000000)))
	one := m.Copy(m.F(1))
	large := m.Sub(one, scale(m, m.Add(e, one), n))
	return m.Select(m.Compare(simd.Less, a, one), small, m.Or(large, m.Sign(x)))
}

// logarithm is e*ln 2 + ln(1+f) for x = 2^e * (1+f) with 1+f in [3/4, 3/2).
func logarithm(m *simd.Machine, x reg.VecVirtual) reg.VecVirtual {
	if m.Wide() {
		// The instructions give NaN for a negative x, and e = ±Inf with 1+f = 1 for +Inf and 0: both
		// parts of ln 2 are positive, so that these pass through.
		mant, e, excess := m.Vec(), m.Vec(), m.Vec()
		m.VGETMANTPS(U8(0b1011), x, mant)
		m.VGETEXPPS(x, e)
		m.VGETEXPPS(mant, excess)
		return logSum(m, m.Sub(e, excess), m.Sub(mant, m.F(1)))
	}
	tiny := m.Compare(simd.Less, x, m.Copy(m.F(0x1p-126)))
	y := m.Select(tiny, m.Mul(x, m.F(0x1p23)), x)
	k, bits := m.Vec(), m.Vec()
	m.VPSUBD(m.F(0.75).Mem, y, k)
	m.VPSRAD(U8(23), k, k)
	m.VPSLLD(U8(23), k, bits)
	m.VPSUBD(bits, y, bits)
	e := m.Vec()
	m.VCVTDQ2PS(k, e)
	e = m.Sub(e, m.Where(tiny, m.Copy(m.F(23))))
	r := logSum(m, e, m.Sub(bits, m.F(1)))
	r = m.Select(m.Compare(simd.Equal, x, m.Copy(m.F(math.Inf(1)))), x, r)
	r = m.Select(m.Compare(simd.NotGreater, x, m.Zero()), m.F(math.NaN()), r)
	return m.Select(m.Compare(simd.Equal, x, m.Zero()), m.F(math.Inf(-1)), r)
}

func logSum(m *simd.Machine, e, f reg.VecVirtual) reg.VecVirtual {
	p := m.Polynomial(f, logP)
	m.MulAdd(p, f, m.F(-0.5))
	w := m.Mul(p, m.Mul(f, f))
	m.AddMul(w, e, m.F(ln2Low))
	return m.AddMul(m.Add(w, f), e, m.F(ln2High))
}
