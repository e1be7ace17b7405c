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
		sum := rowSum(l, pass, func(l *neon.Loop) vec {
			return exponentialUpTo89(m, m.Sub(l.Get("x"), max))
		})
		// Two subtractions: max + ln(sum) in one number would lose the digits of a large maximum.
		log := logarithm(m, sum)
		pass(unroll, func(l *neon.Loop) { l.Set("dst", m.Sub(m.Sub(l.Get("x"), max), log)) })
	})
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
	sum := l.Vec()
	l.VecOp("FCVTDS F%d, F%d", l.Sum64(total64(l.Asm, sums)), sum)
	return l.Spread(sum)
}
