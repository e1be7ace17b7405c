package main

import (
	"math"

	. "github.com/mmcloughlin/avo/operand"

	"github.com/residuum-go/residuum/internal/kernel/_asm/minimax"
	"github.com/residuum-go/residuum/internal/kernel/_asm/simd"
)

type pass = func(together int, body func(l *simd.Loop, n int))

// softmax writes the functions over rows. The rows are looped over here, not in Go, because short
// ones are all latency: the next row then begins before the last one is through.
func softmax(m *simd.Machine) {
	m.EachRow("softmax", "dst[r,i] = e^(x[r,i]-max) / sum over j of e^(x[r,j]-max)", func(l *simd.Loop, pass pass) {
		max := rowMax(l, pass)
		sum := rowSum(l, pass, max, func(l *simd.Loop, e vec) { l.Set("dst", e) })
		factor := m.Div(m.Copy(m.F(1)), sum)
		pass(unroll, func(l *simd.Loop, n int) {
			for i := range n {
				l.Vector(i).Set("dst", m.Mul(l.Get("dst"), factor))
			}
		})
	})

	m.EachRow("logSoftmax", "dst[r,i] = (x[r,i]-max) - ln(sum over j of e^(x[r,j]-max))", func(l *simd.Loop, pass pass) {
		max := rowMax(l, pass)
		// Beside the largest element, which adds 1, the others may be too small for float32 to hold the sum. So
		// they are added up alone, and the ones are counted.
		ones := l.GP32()
		l.MOVL(I32(-1), ones)
		others := rowSum(l, pass, max, func(l *simd.Loop, e vec) { l.CountAndClear(ones, e, lifted) })
		further := l.Vec()
		l.VXORPS(further.AsX(), further.AsX(), further.AsX())
		l.VCVTSI2SSL(ones, further.AsX(), further.AsX())
		l.VBROADCASTSS(further.AsX(), further)
		// Two subtractions: max + ln(sum) in one number would lose the digits of a large maximum.
		log := logarithmOf1Plus(m, m.Add(m.Mul(others, m.F(1/lifted)), further))
		pass(unroll, func(l *simd.Loop, n int) {
			for i := range n {
				l.Vector(i).Set("dst", m.Sub(m.Sub(l.Get("x"), max), log))
			}
		})
	})
}

// logarithmOf1Plus returns ln(1+x) for x >= 0: that of u = 1+x rounded, and what the rounding lost, over u.
func logarithmOf1Plus(m *simd.Machine, x vec) vec {
	u := m.Add(x, m.F(1))
	lost := m.Sub(x, m.Sub(u, m.F(1)))
	return m.Add(m.Div(lost, u), logarithm(m, u))
}

// rowMax returns the largest element of the row in every lane. It may miss a NaN, which the sum of
// the exponentials will not.
func rowMax(l *simd.Loop, pass pass) vec {
	low := l.Copy(l.F(math.Inf(-1)))
	var best [accumulators]vec
	for i := range best {
		best[i] = l.Copy(low)
	}
	pass(accumulators, func(l *simd.Loop, n int) {
		for i := range n {
			l.VMAXPS(best[i], l.Vector(i).GetOr("x", low), best[i])
		}
	})
	for n := accumulators / 2; n > 0; n /= 2 {
		for i := range n {
			l.VMAXPS(best[i+n], best[i], best[i])
		}
	}
	max := l.Vec()
	l.VBROADCASTSS(l.MaxLanes(best[0]).AsX(), max)
	return max
}

// rowSum returns the sum of e = lifted * e^(x-max) over the row in every lane, accumulated in float64 in groups
// of at most four, and hands each e on, to be changed before it is added.
func rowSum(l *simd.Loop, pass pass, max vec, each func(l *simd.Loop, e vec)) vec {
	lo, hi := l.Zero(), l.Zero()
	pass(4, func(l *simd.Loop, n int) {
		var e []vec
		for i := range n {
			l.Vector(i).PrefetchNextRow() // the search for its maximum has nothing to compute meanwhile
			e = append(e, l.Sub(l.Get("x"), max))
		}
		e = liftedExponentials(l.Machine, e)
		for i := range n {
			each(l.Vector(i), e[i])
		}
		for ; n > 1; n /= 2 {
			for i := range n / 2 {
				l.VADDPS(e[i+n/2], e[i], e[i])
			}
		}
		addWide(l.Machine, l.Valid(e[0]), lo, hi)
	})
	return sumHalves(l.Machine, lo, hi)
}

// sumHalves returns the sum of the float64 lanes of lo and hi in every lane, as float32. It destroys both.
func sumHalves(m *simd.Machine, lo, hi vec) vec {
	m.VADDPD(hi, lo, lo)
	total, sum := m.SumLanes(lo).AsX(), m.Vec()
	m.VCVTSD2SS(total, total, total)
	m.VBROADCASTSS(total, sum)
	return sum
}

// lifted is what the exponentials of a row are multiplied by: so that 2^n, for their n between -152 and 0, is a normal
// number, and one multiplication by it enough.
const lifted = 0x1p64

// liftedExponentials returns lifted * e^x for x <= 0, for several x side by side. It destroys x.
func liftedExponentials(m *simd.Machine, x []vec) []vec {
	each := func(f func(i int)) {
		for i := range x {
			f(i)
		}
	}
	// Adding 1.5*2^23 rounds to an integer, which is then in the low bits: n, and what makes it the exponent
	// of lifted * 2^n. NaN becomes garbage here and stays NaN in r.
	lowest, log2e, round := m.Copy(m.F(-105)), m.Copy(m.F(math.Log2E)), m.Copy(m.F(1.5*(1<<23)+127+64))
	exponent, n := make([]vec, len(x)), make([]vec, len(x))
	each(func(i int) { x[i] = m.Max(lowest, x[i]) })
	each(func(i int) { exponent[i] = m.MulAdd(m.Copy(log2e), x[i], round) })
	each(func(i int) { n[i] = m.Sub(exponent[i], round) })
	for _, part := range []float64{minimax.Ln2, minimax.Ln2Rest} {
		c := m.Copy(m.F(part))
		each(func(i int) { m.SubMul(x[i], n[i], c) })
	}
	p := make([]vec, len(x))
	last := len(minimax.Exp) - 1
	c := m.Copy(m.F(minimax.Exp[last]))
	each(func(i int) { p[i] = m.Copy(c) })
	for k := last - 1; k >= 0; k-- {
		c := m.Copy(m.F(minimax.Exp[k]))
		each(func(i int) { m.MulAdd(p[i], x[i], c) })
	}
	each(func(i int) { m.MulAdd(p[i], m.Mul(x[i], x[i]), x[i]) })
	each(func(i int) { m.VPSLLD(U8(23), exponent[i], exponent[i]) })
	each(func(i int) { m.MulAdd(p[i], exponent[i], exponent[i]) })
	return p
}
