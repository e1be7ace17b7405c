package main

import (
	"math"

	"github.com/residuum-go/residuum/internal/kernel/_asm/minimax"
	"github.com/residuum-go/residuum/internal/kernel/_asm/vector"
)

// softmax writes the functions over rows. The rows are looped over here, not in Go, because short
// ones are all latency: the next row then begins before the last one is through.
func softmax(m vector.Machine) {
	m.EachRow(fn("softmax", "", "dst[r,i] = e^(x[r,i]-max) / sum over j of e^(x[r,j]-max)"), func(pass vector.Pass) {
		max := rowMax(m, pass)
		sum := rowSum(m, pass, max, func(l vector.Loop, e vec) { l.Set("dst", e) })
		factor := m.Div(m.F(1), sum)
		pass(unroll, func(l vector.Loop, n int) {
			for i := range n {
				l = l.Vector(i)
				l.Set("dst", m.Mul(l.Get("dst"), factor))
			}
		})
	})

	m.EachRow(fn("logSoftmax", "", "dst[r,i] = (x[r,i]-max) - ln(sum over j of e^(x[r,j]-max))"), func(pass vector.Pass) {
		max := rowMax(m, pass)
		// Beside the largest element, which adds 1, the others may be too small for float32 to hold the sum. So
		// they are added up alone, and the ones are counted.
		ones := m.NewCount(-1)
		others := rowSum(m, pass, max, func(l vector.Loop, e vec) { l.CountAndClear(ones, e, lifted) })
		further := m.Counted(ones)
		// Two subtractions: max + ln(sum) in one number would lose the digits of a large maximum.
		log := logarithmOf1Plus(m, m.Add(m.Mul(others, m.F(1/lifted)), further))
		pass(unroll, func(l vector.Loop, n int) {
			for i := range n {
				l = l.Vector(i)
				l.Set("dst", m.Sub(m.Sub(l.Get("x"), max), log))
			}
		})
	})
}

// logarithmOf1Plus returns ln(1+x) for x >= 0: that of u = 1+x rounded, and what the rounding lost, over u.
func logarithmOf1Plus(m vector.Machine, x vec) vec {
	u := m.Add(x, m.F(1))
	lost := m.Sub(x, m.Sub(u, m.F(1)))
	return m.Add(m.Div(lost, u), logarithm(m, u))
}

// rowMax returns the largest element of the row in every lane. It may miss a NaN, which the sum of
// the exponentials will not.
func rowMax(m vector.Machine, pass vector.Pass) vec {
	low := m.Copy(m.F(math.Inf(-1)))
	var best [accumulators]vec
	for i := range best {
		best[i] = m.Copy(low)
	}
	pass(accumulators, func(l vector.Loop, n int) {
		for i := range n {
			m.MaxTo(best[i], l.Vector(i).GetOr("x", low))
		}
	})
	return m.Spread(m.Largest(best[:]))
}

// rowSum returns the sum of e = lifted * e^(x-max) over the row in every lane, accumulated in float64 in groups
// of at most four, and hands each e on, to be changed before it is added.
func rowSum(m vector.Machine, pass vector.Pass, max vec, each func(l vector.Loop, e vec)) vec {
	lo, hi := m.Zero(), m.Zero()
	pass(4, func(l vector.Loop, n int) {
		var e []vec
		for i := range n {
			l.Vector(i).PrefetchNextRow() // the search for its maximum has nothing to compute meanwhile
			e = append(e, m.Sub(l.Get("x"), max))
		}
		e = liftedExponentials(m, e)
		for i := range n {
			each(l.Vector(i), e[i])
		}
		for ; n > 1; n /= 2 {
			for i := range n / 2 {
				m.AddTo(e[i], e[i+n/2])
			}
		}
		m.AddWide(lo, hi, l.Valid(e[0]))
	})
	return m.SpreadSum64(m.Sum64([]vec{lo}, []vec{hi}))
}

// lifted is what the exponentials of a row are multiplied by: so that 2^n, for their n between -152 and 0, is a normal
// number, and one multiplication by it enough.
const lifted = 0x1p64

// liftedExponentials returns lifted * e^x for x <= 0, for several x side by side. It destroys x.
func liftedExponentials(m vector.Machine, x []vec) []vec {
	each := func(f func(i int)) {
		for i := range x {
			f(i)
		}
	}
	// Adding 1.5*2^23 rounds to an integer, which is then in the low bits: n, and what makes it the exponent
	// of lifted * 2^n. NaN becomes garbage here and stays NaN in r.
	lowest, log2e, round := m.Copy(m.F(-105)), m.Copy(m.F(math.Log2E)), m.Copy(m.F(1.5*(1<<23)+127+64))
	exponent, n := make([]vec, len(x)), make([]vec, len(x))
	each(func(i int) { x[i] = m.AtLeast(x[i], lowest) })
	each(func(i int) { exponent[i] = m.MulAdd(m.Keep(log2e), x[i], round) })
	each(func(i int) { n[i] = m.Sub(exponent[i], round) })
	for _, part := range []float64{minimax.Ln2, minimax.Ln2Rest} {
		c := m.Copy(m.F(part))
		each(func(i int) { x[i] = m.SubMul(x[i], n[i], c) })
	}
	p := make([]vec, len(x))
	last := len(minimax.Exp) - 1
	c := m.Copy(m.F(minimax.Exp[last]))
	each(func(i int) { p[i] = m.Keep(c) })
	for k := last - 1; k >= 0; k-- {
		c := m.Copy(m.F(minimax.Exp[k]))
		each(func(i int) { p[i] = m.MulAdd(p[i], x[i], c) })
	}
	each(func(i int) { p[i] = m.MulAdd(p[i], m.Mul(x[i], x[i]), x[i]) })
	each(func(i int) { exponent[i] = m.ShiftLeft(exponent[i], 23) })
	each(func(i int) { p[i] = m.MulAdd(p[i], exponent[i], exponent[i]) })
	return p
}
