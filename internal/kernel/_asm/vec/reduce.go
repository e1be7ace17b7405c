package main

import (
	"math"

	. "github.com/mmcloughlin/avo/operand"

	"github.com/residuum-go/residuum/internal/kernel/_asm/simd"
)

// rowSums writes the column reductions.
func rowSums(m *simd.Machine) {
	m.RowSums("sumRows", "sum[c] += sum over r of x[r*stride+c]",
		[]string{"sum"}, []string{"x"}, nil, func(l *simd.Rows) []vec {
			return []vec{total(m, l.Count, func(r int) vec { return l.Get("x", r) })}
		})

	m.RowSums("statsRows", "sum[c] += d and square[c] += d*d, summed over r, with d = x[r*stride+c] - center[c]",
		[]string{"sum", "square"}, []string{"x"}, []string{"center"}, func(l *simd.Rows) []vec {
			center := l.Vector("center")
			var square vec
			sum := total(m, l.Count, func(r int) vec {
				d := l.Sub(l.Get("x", r), center)
				square = accumulate(m, square, d, d)
				return d
			})
			return []vec{sum, square}
		})

	gradSums := func(name, doc string, relu bool) {
		vectors := []string{"mean"}
		if relu {
			vectors = append(vectors, "scale", "shift")
		}
		m.RowSums(name, doc, []string{"sumG", "sumGX"}, []string{"x", "g"}, vectors, func(l *simd.Rows) []vec {
			var v []vec
			for _, name := range vectors {
				v = append(v, l.Vector(name))
			}
			var product vec
			sum := total(m, l.Count, func(r int) vec {
				x, g := l.Get("x", r), l.Get("g", r)
				centred := l.Sub(x, v[0])
				if relu {
					g = passed(m, centred, v[1], v[2], g)
				}
				product = accumulate(m, product, centred, g)
				return g
			})
			return []vec{sum, product}
		})
	}
	gradSums("normGradSums", "sumG[c] += g and sumGX[c] += g*(x-mean[c]), summed over r, with g and x at r*stride+c", false)
	gradSums("normGradSumsReLU", "normGradSums with 0 for g where (x-mean[c])*scale[c] + shift[c] <= 0", true)
}

// total returns the sum of f(0) to f(n-1).
func total(m *simd.Machine, n int, f func(r int) vec) vec {
	s := f(0)
	for r := 1; r < n; r++ {
		s = m.Add(s, f(r))
	}
	return s
}

// accumulate returns s + a*b, where a nil s is 0.
func accumulate(m *simd.Machine, s, a, b vec) vec {
	if s == nil {
		return m.Mul(a, b)
	}
	return m.AddMul(s, a, b)
}

// accumulators of a flat reduction: enough chains of dependent additions to keep the adders busy.
const accumulators = 4

// flatSums writes the reductions over whole slices.
func flatSums(m *simd.Machine) {
	float64Sum := func(name, list, doc string, unroll int, body func(l *simd.Loop, lo, hi vec)) {
		var lo, hi [accumulators]vec
		m.Reduce(name, list, "float64", doc, unroll, func() {
			for i := range accumulators {
				lo[i], hi[i] = m.Zero(), m.Zero()
			}
		}, func(l *simd.Loop) {
			body(l, lo[l.Unrolled()], hi[l.Unrolled()])
		}, func(l *simd.Loop) {
			for i := range accumulators {
				m.VADDPD(hi[i], lo[i], lo[i])
			}
			for n := accumulators / 2; n > 0; n /= 2 {
				for i := range n {
					m.VADDPD(lo[i+n], lo[i], lo[i])
				}
			}
			m.Context.Store(m.SumLanes(lo[0]).AsX(), m.ReturnIndex(0))
		})
	}
	float64Sum("sum", "a", "the sum of a[i] in float64", accumulators, func(l *simd.Loop, lo, hi vec) {
		addWide(m, l.Get("a"), lo, hi)
	})
	float64Sum("dot", "a b", "the sum of a[i]*b[i] in float64", accumulators, func(l *simd.Loop, lo, hi vec) {
		alo, ahi := l.Widen(l.Get("a"))
		blo, bhi := l.Widen(l.Get("b"))
		l.VFMADD231PD(blo, alo, lo)
		l.VFMADD231PD(bhi, ahi, hi)
	})
	maxOf(m)
}

// addWide adds the halves of v to lo and hi in float64.
func addWide(m *simd.Machine, v, lo, hi vec) {
	vlo, vhi := m.Widen(v)
	m.VADDPD(vlo, lo, lo)
	m.VADDPD(vhi, hi, hi)
}

func maxOf(m *simd.Machine) {
	var low, nan vec
	var best [accumulators]vec
	m.Reduce("maxOf", "a", "float32", "the largest a[i], or NaN if there is one", accumulators, func() {
		low, nan = m.Copy(m.F(math.Inf(-1))), m.Zero()
		for i := range accumulators {
			best[i] = m.Copy(low)
		}
	}, func(l *simd.Loop) {
		v := l.GetOr("a", low)
		b := best[l.Unrolled()]
		l.VMAXPS(b, v, b) // of NaN and b, b
		isNaN := l.Where(l.Compare(simd.Unordered, v, v), v)
		if l.Wide() {
			l.VPORD(isNaN, nan, nan)
		} else {
			l.VPOR(isNaN, nan, nan)
		}
	}, func(l *simd.Loop) {
		for n := accumulators / 2; n > 0; n /= 2 {
			for i := range n {
				l.VMAXPS(best[i+n], best[i], best[i])
			}
		}
		max := l.MaxLanes(best[0])
		if l.Wide() {
			k, any := l.K(), l.GP32()
			l.VPTESTMD(nan, nan, k)
			l.KMOVW(k, any)
			l.TESTL(any, any)
		} else {
			l.VPTEST(nan, nan)
		}
		l.JZ(LabelRef("ordered"))
		l.VMOVSS(l.F(math.NaN()).Mem, max.AsX())
		l.Label("ordered")
		l.Context.Store(max.AsX(), l.ReturnIndex(0))
	})
}
