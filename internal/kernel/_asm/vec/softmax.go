package main

import (
	"math"

	"github.com/residuum-go/residuum/internal/kernel/_asm/simd"
)

// softmax writes the functions over rows. The rows are looped over here, not in Go, because short
// ones are all latency: the next row then begins before the last one is through.
func softmax(m *simd.Machine) {
	type pass = func(unroll int, body func(l *simd.Loop))

	m.EachRow("softmax", "dst[r,i] = e^(x[r,i]-max) / sum over j of e^(x[r,j]-max)", func(l *simd.Loop, pass pass) {
		max := rowMax(l, pass)
		sum := rowSum(l, pass, func(l *simd.Loop) vec {
			l.PrefetchNextRow() // the search for its maximum has nothing to compute meanwhile
			e := exponentialUpTo89(m, m.Sub(l.Get("x"), max))
			l.Set("dst", e)
			return e
		})
		factor := m.Div(m.Copy(m.F(1)), sum)
		pass(unroll, func(l *simd.Loop) { l.Set("dst", m.Mul(l.Get("dst"), factor)) })
	})

	m.EachRow("logSoftmax", "dst[r,i] = (x[r,i]-max) - ln(sum over j of e^(x[r,j]-max))", func(l *simd.Loop, pass pass) {
		max := rowMax(l, pass)
		sum := rowSum(l, pass, func(l *simd.Loop) vec {
			l.PrefetchNextRow()
			return exponentialUpTo89(m, m.Sub(l.Get("x"), max))
		})
		// Two subtractions: max + ln(sum) in one number would lose the digits of a large maximum.
		log := logarithm(m, sum)
		pass(unroll, func(l *simd.Loop) { l.Set("dst", m.Sub(m.Sub(l.Get("x"), max), log)) })
	})
}

// rowMax returns the largest element of the row in every lane. It may miss a NaN, which the sum of
// the exponentials will not.
func rowMax(l *simd.Loop, pass func(unroll int, body func(l *simd.Loop))) vec {
	low := l.Copy(l.F(math.Inf(-1)))
	var best [accumulators]vec
	for i := range best {
		best[i] = l.Copy(low)
	}
	pass(accumulators, func(l *simd.Loop) {
		b := best[l.Unrolled()]
		l.VMAXPS(b, l.GetOr("x", low), b)
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

// rowSum returns the sum of f over the row in every lane, accumulated in float64.
func rowSum(l *simd.Loop, pass func(unroll int, body func(l *simd.Loop)), f func(l *simd.Loop) vec) vec {
	const unroll = 2
	var lo, hi [unroll]vec
	for i := range unroll {
		lo[i], hi[i] = l.Zero(), l.Zero()
	}
	pass(unroll, func(l *simd.Loop) {
		addWide(l.Machine, l.Valid(f(l)), lo[l.Unrolled()], hi[l.Unrolled()])
	})
	for i := range unroll {
		l.VADDPD(hi[i], lo[i], lo[i])
	}
	l.VADDPD(lo[1], lo[0], lo[0])
	total, sum := l.SumLanes(lo[0]).AsX(), l.Vec()
	l.VCVTSD2SS(total, total, total)
	l.VBROADCASTSS(total, sum)
	return sum
}
