package main

import (
	"math"

	"github.com/residuum-go/residuum/internal/kernel/_asm/vector"
)

// rowSums writes the column reductions.
func rowSums(m vector.Machine) {
	m.RowSums(fn("sumRows", "+sum x", "sum[c] += sum over r of x[r*stride+c]"), func(l vector.Rows) []vec {
		return []vec{total(m, l.Count(), func(r int) vec { return l.Get("x", r) })}
	})

	m.RowSums(fn("statsRows", "+sum +square x *center",
		"sum[c] += d and square[c] += d*d, summed over r, with d = x[r*stride+c] - center[c]"), func(l vector.Rows) []vec {
		center := l.Vector("center")
		var square vec
		sum := total(m, l.Count(), func(r int) vec {
			d := m.Sub(l.Get("x", r), center)
			square = accumulate(m, square, d, d)
			return d
		})
		return []vec{sum, square}
	})

	m.RowSums(fn("normGradSums", "+sumG +sumGX x g *mean",
		"sumG[c] += g and sumGX[c] += g*(x-mean[c]), summed over r, with g and x at r*stride+c"), func(l vector.Rows) []vec {
		mean := l.Vector("mean")
		return gradSums(m, l, func(r int) (centred, g vec) {
			x, g := l.Get("x", r), l.Get("g", r)
			return m.Sub(x, mean), g
		})
	})
	m.RowSums(fn("normGradSumsReLU", "+sumG +sumGX x g *mean *scale *shift",
		"normGradSums with 0 for g where (x-mean[c])*scale[c] + shift[c] <= 0"), func(l vector.Rows) []vec {
		mean, scale, shift := l.Vector("mean"), l.Vector("scale"), l.Vector("shift")
		return gradSums(m, l, func(r int) (centred, g vec) {
			x, g := l.Get("x", r), l.Get("g", r)
			centred = m.Sub(x, mean)
			return centred, passed(m, centred, scale, shift, g)
		})
	})
}

// gradSums returns the sums over the rows of g and of g*centred.
func gradSums(m vector.Machine, l vector.Rows, row func(r int) (centred, g vec)) []vec {
	var product vec
	sum := total(m, l.Count(), func(r int) vec {
		centred, g := row(r)
		product = accumulate(m, product, centred, g)
		return g
	})
	return []vec{sum, product}
}

// total returns the sum of f(0) to f(n-1).
func total(m vector.Machine, n int, f func(r int) vec) vec {
	s := f(0)
	for r := 1; r < n; r++ {
		s = m.Add(s, f(r))
	}
	return s
}

// accumulate returns s + a*b, where a nil s is 0.
func accumulate(m vector.Machine, s, a, b vec) vec {
	if s == nil {
		return m.Mul(a, b)
	}
	return m.AddMul(s, a, b)
}

// accumulators of a flat reduction: enough chains of dependent additions to keep the adders busy.
const accumulators = 4

// flatSums writes the reductions over whole slices.
func flatSums(m vector.Machine) {
	float64Sum := func(f vector.Func, body func(l vector.Loop, lo, hi vec)) {
		var lo, hi [accumulators]vec
		f.Result = "float64"
		m.Reduce(f, accumulators, func() {
			for i := range accumulators {
				lo[i], hi[i] = m.Zero(), m.Zero()
			}
		}, func(l vector.Loop) {
			body(l, lo[l.Unrolled()], hi[l.Unrolled()])
		}, func() vec { return m.Sum64(lo[:], hi[:]) })
	}
	float64Sum(vector.Func{Name: "sum", Params: "a", Doc: "the sum of a[i] in float64", Go: "SumRef[float32]"}, func(l vector.Loop, lo, hi vec) {
		m.AddWide(lo, hi, l.Get("a"))
	})
	float64Sum(vector.Func{Name: "dot", Params: "a b", Doc: "the sum of a[i]*b[i] in float64", Go: "DotRef[float32]"}, func(l vector.Loop, lo, hi vec) {
		a := l.Get("a")
		m.AddMulWide(lo, hi, a, l.Get("b"))
	})

	var low, nan vec
	var best [accumulators]vec
	m.Reduce(vector.Func{Name: "maxOf", Params: "a", Result: "float32", Doc: "the largest a[i], or NaN if there is one"},
		accumulators, func() {
			low, nan = m.Copy(m.F(math.Inf(-1))), m.NoNaN()
			for i := range accumulators {
				best[i] = m.Copy(low)
			}
		}, func(l vector.Loop) {
			v := l.GetOr("a", low)
			m.MaxTo(best[l.Unrolled()], v)
			m.NoteNaN(nan, v)
		}, func() vec { return m.OrNaN(nan, m.Largest(best[:])) })
}
