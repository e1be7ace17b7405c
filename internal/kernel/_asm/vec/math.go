package main

import (
	"math"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/residuum-go/residuum/internal/kernel/_asm/minimax"
	"github.com/residuum-go/residuum/internal/kernel/_asm/simd"
)

// reduce returns n = round(x/ln 2) and e^r - 1 for r = x - n*ln 2.
func reduce(m *simd.Machine, x reg.VecVirtual) (n, e reg.VecVirtual) {
	n = m.Round(m.Mul(x, m.F(math.Log2E)))
	r := m.Copy(x)
	m.SubMul(r, n, m.F(minimax.Ln2))
	m.SubMul(r, n, m.F(minimax.Ln2Rest))
	e = m.Polynomial(r, minimax.Exp)
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
	small := m.Polynomial(m.Mul(x, x), minimax.ErfSmall)
	small = m.MulAdd(small, x, x)

	a := m.Abs(x)
	g := m.Polynomial(m.AtMost(a, 4), minimax.ErfLarge)
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
	p := m.Polynomial(f, minimax.Log)
	m.MulAdd(p, f, m.F(-0.5))
	w := m.Mul(p, m.Mul(f, f))
	m.AddMul(w, e, m.F(minimax.Ln2Low))
	return m.AddMul(m.Add(w, f), e, m.F(minimax.Ln2High))
}
