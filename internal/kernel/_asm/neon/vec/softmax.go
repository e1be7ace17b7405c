package main

import (
	"math"

	"github.com/residuum-go/residuum/internal/kernel/_asm/neon"
)

type pass = func(unroll int, body func(l *neon.Loop))

// softmax writes the functions over rows.
func softmax(m *neon.Asm) {
	m.EachRow("softmax", "dst[r,i] = e^(x[r,i]-max) / sum over j of e^(x[r,j]-max)", func(l *neon.Loop, pass pass) {
		max := rowMax(l, pass)
		sum := rowSum(l, pass, func(l *neon.Loop) vec {
			e := exponentialUpTo89(m, m.Sub(l.Get("x"), max))
			l.Set("dst", e)
			return e
		})
		factor := m.Div(m.F(1), sum)
		pass(unroll, func(l *neon.Loop) { l.Set("dst", m.Mul(l.Get("dst"), factor)) })
	})

	m.EachRow("logSoftmax", "dst[r,i] = (x[r,i]-max) - ln(sum over j of e^(x[r,j]-max))", func(l *neon.Loop, pass pass) {
		max := rowMax(l, pass)
		// Beside the largest element, which adds 1, the others may be too small for float32 to hold the sum. So
		// they are added up alone, and the ones are counted.
		ones := m.Zero()
		others := rowSum(l, pass, func(l *neon.Loop) vec {
			e := exponentialUpTo89(m, m.Sub(l.Get("x"), max))
			top := m.Equal(e, m.F(1))
			m.AddTo(ones, l.Valid(m.And(top, m.F(1))))
			return m.AndNot(e, top)
		})
		counts := zeros(m, 2)
		addWide(m, ones, counts[0], counts[1])
		further := m.Sub(spreadSum(l, counts), m.F(1))
		// Two subtractions: max + ln(sum) in one number would lose the digits of a large maximum.
		log := logarithmOf1Plus(m, m.Add(others, further))
		pass(unroll, func(l *neon.Loop) { l.Set("dst", m.Sub(m.Sub(l.Get("x"), max), log)) })
	})
}

// logarithmOf1Plus returns ln(1+x) for x >= 0: that of u = 1+x rounded, and what the rounding lost, over u.
func logarithmOf1Plus(m *neon.Asm, x vec) vec {
	u := m.Add(x, m.F(1))
	lost := m.Sub(x, m.Sub(u, m.F(1)))
	return m.Add(m.Div(lost, u), logarithm(m, u))
}

// rowMax returns the largest element of the row in every lane.
func rowMax(l *neon.Loop, pass pass) vec {
	lowest := l.F(math.Inf(-1))
	best := copies(l.Asm, lowest, accumulators)
	pass(accumulators, func(l *neon.Loop) { l.MaxTo(best[l.Unrolled()], l.GetOr("x", lowest)) })
	return l.Spread(largest(l.Asm, best))
}

// rowSum returns the sum of f over the row in every lane, accumulated in float64.
func rowSum(l *neon.Loop, pass pass, f func(l *neon.Loop) vec) vec {
	const unroll = 2
	sums := zeros(l.Asm, 2*unroll)
	pass(unroll, func(l *neon.Loop) {
		u := l.Unrolled()
		addWide(l.Asm, l.Valid(f(l)), sums[2*u], sums[2*u+1])
	})
	return spreadSum(l, sums)
}

// spreadSum returns the sum of the float64 lanes of v in every lane, as float32.
func spreadSum(l *neon.Loop, v []vec) vec {
	sum := l.Vec()
	l.VecOp("FCVTDS F%d, F%d", l.Sum64(total64(l.Asm, v)), sum)
	return l.Spread(sum)
}
