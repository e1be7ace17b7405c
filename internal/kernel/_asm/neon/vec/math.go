package main

import (
	"math"

	"github.com/residuum-go/residuum/internal/kernel/_asm/minimax"
	"github.com/residuum-go/residuum/internal/kernel/_asm/neon"
)

// The functions take the steps of the AVX2 ones, so that they return the same bits.

// reduce returns n = round(x/ln 2) and e^r - 1 for r = x - n*ln 2.
func reduce(m *neon.Asm, x vec) (n, e vec) {
	n = m.Round(m.Mul(x, m.F(math.Log2E)))
	r := m.SubMul(m.Copy(x), n, m.F(minimax.Ln2))
	r = m.SubMul(r, n, m.F(minimax.Ln2Rest))
	p := m.Polynomial(r, minimax.Exp)
	return n, m.AddMul(m.Copy(r), p, m.Mul(r, r))
}

// scale returns a * 2^n for an integer n in [-252, 254], rounded once: half the exponent at a time, so that
// 2^n need not be a normal number.
func scale(m *neon.Asm, a, n vec) vec {
	k := m.ToInts(n)
	half := m.ShiftRight(k, 1)
	return m.Mul(m.Mul(a, power(m, half)), power(m, m.SubInts(k, half)))
}

// power returns 2^k for integers k in [-126, 127].
func power(m *neon.Asm, k vec) vec { return m.ShiftLeft(m.AddInts(k, m.Bits(127)), 23) }

func exponential(m *neon.Asm, x vec) vec {
	return exponentialUpTo89(m, m.Min(x, m.F(89))) // beyond lies +Inf
}

// exponentialUpTo89 is e^x for x <= 89.
func exponentialUpTo89(m *neon.Asm, x vec) vec {
	n, e := reduce(m, m.Max(x, m.F(-105))) // beyond lies 0
	return scale(m, m.Add(e, m.F(1)), n)
}

// sigmoid is 1/(1+e) or e/(1+e) with e = exp(-|x|), which cannot overflow.
func sigmoid(m *neon.Asm, x vec) vec {
	e := exponentialUpTo89(m, m.Or(x, m.Bits(0x80000000)))
	one := m.F(1)
	return m.Div(m.Select(m.Negative(x), e, one), m.Add(e, one))
}

// tangent is tanh|x| = t/(t+2) with t = e^(2|x|) - 1, which is exact near 0, where t is 2|x|.
func tangent(m *neon.Asm, x vec) vec {
	a := m.Min(m.Abs(x), m.F(9.1)) // beyond lies 1
	n, e := reduce(m, m.Add(a, a))
	p := power(m, m.ToInts(n))
	t := m.AddMul(m.Sub(p, m.F(1)), e, p)
	return m.Or(m.Div(t, m.Add(t, m.F(2))), m.Sign(x))
}

func errorFunction(m *neon.Asm, x vec) vec {
	small := m.AddMul(m.Copy(x), m.Polynomial(m.Mul(x, x), minimax.ErfSmall), x)

	a := m.Abs(x)
	g := m.Polynomial(m.Min(a, m.F(4)), minimax.ErfLarge)
	n, e := reduce(m, m.Or(g, m.Bits(0x80000000)))
	large := m.Sub(m.F(1), scale(m, m.Add(e, m.F(1)), n))
	return m.Select(m.Greater(m.F(1), a), small, m.Or(large, m.Sign(x)))
}

// logarithm is e*ln 2 + ln(1+f) for x = 2^e * (1+f) with 1+f in [3/4, 3/2).
func logarithm(m *neon.Asm, x vec) vec {
	tiny := m.Greater(m.F(0x1p-126), x)
	y := m.Copy(x)
	m.Merge(y, tiny, m.Mul(x, m.F(0x1p23)))
	k := m.ShiftRight(m.SubInts(y, m.F(0.75)), 23)
	mantissa := m.SubInts(y, m.ShiftLeft(k, 23))
	e := m.Sub(m.FromInts(k), m.And(tiny, m.F(23)))
	r := logSum(m, e, m.Sub(mantissa, m.F(1)))
	m.Merge(r, m.Equal(x, m.F(math.Inf(1))), x)
	m.MergeUnless(r, m.Positive(x), m.F(math.NaN()))
	m.Merge(r, m.IsZero(x), m.F(math.Inf(-1)))
	return r
}

func logSum(m *neon.Asm, e, f vec) vec {
	p := m.AddMul(m.F(-0.5), m.Polynomial(f, minimax.Log), f)
	w := m.AddMul(m.Mul(p, m.Mul(f, f)), e, m.F(minimax.Ln2Low))
	return m.AddMul(m.Add(w, f), e, m.F(minimax.Ln2High))
}
