package main

import (
	"math"

	"github.com/residuum-go/residuum/internal/kernel/_asm/neon"
)

// rowSums writes the column reductions.
func rowSums(m *neon.Asm) {
	m.RowSums("sumRows", "sum[c] += sum over r of x[r*stride+c]",
		[]string{"sum"}, []string{"x"}, nil, func(l *neon.Rows) []vec {
			sum := l.Get("x", 0)
			for r := 1; r < l.Count; r++ {
				m.AddTo(sum, l.Get("x", r))
			}
			return []vec{sum}
		})

	m.RowSums("statsRows", "sum[c] += d and square[c] += d*d, summed over r, with d = x[r*stride+c] - center[c]",
		[]string{"sum", "square"}, []string{"x"}, []string{"center"}, func(l *neon.Rows) []vec {
			center := l.Vector("center")
			return sumAndProduct(l, func(r int) (vec, vec) {
				d := l.Sub(l.Get("x", r), center)
				return d, d
			})
		})

	m.RowSums("normGradSums", "sumG[c] += g and sumGX[c] += g*(x-mean[c]), summed over r, with g and x at r*stride+c",
		[]string{"sumG", "sumGX"}, []string{"x", "g"}, []string{"mean"}, func(l *neon.Rows) []vec {
			mean := l.Vector("mean")
			return sumAndProduct(l, func(r int) (vec, vec) {
				return l.Get("g", r), l.Sub(l.Get("x", r), mean)
			})
		})
	m.RowSums("normGradSumsReLU", "normGradSums with 0 for g where (x-mean[c])*scale[c] + shift[c] <= 0",
		[]string{"sumG", "sumGX"}, []string{"x", "g"}, []string{"mean", "scale", "shift"}, func(l *neon.Rows) []vec {
			mean, scale, shift := l.Vector("mean"), l.Vector("scale"), l.Vector("shift")
			return sumAndProduct(l, func(r int) (vec, vec) {
				centred := l.Sub(l.Get("x", r), mean)
				return passed(m, centred, scale, l.Copy(shift), l.Get("g", r)), centred
			})
		})
}

// sumAndProduct returns the sums over the rows of a and of a*b.
func sumAndProduct(l *neon.Rows, f func(r int) (a, b vec)) []vec {
	sum, b := f(0)
	product := l.Mul(sum, b)
	for r := 1; r < l.Count; r++ {
		a, b := f(r)
		product = l.AddMul(product, a, b)
		sum = l.Add(sum, a)
	}
	return []vec{sum, product}
}

// accumulators of a flat reduction: enough chains of dependent additions to keep the adders busy.
const accumulators = 4

// flatSums writes the reductions over whole slices.
func flatSums(m *neon.Asm) {
	float64Sum := func(name, list, doc string, body func(l *neon.Loop, low, high vec)) {
		var low, high []vec
		m.Reduce(name, list, "float64", doc, accumulators, func() {
			low, high = zeros(m, accumulators), zeros(m, accumulators)
		}, func(l *neon.Loop) {
			body(l, low[l.Unrolled()], high[l.Unrolled()])
		}, func() vec {
			return m.Sum64(total64(m, append(append([]vec{}, low...), high...)))
		})
	}
	float64Sum("sum", "a", "the sum of a[i] in float64", func(l *neon.Loop, low, high vec) {
		addWide(m, l.Get("a"), low, high)
	})
	float64Sum("dot", "a b", "the sum of a[i]*b[i] in float64", func(l *neon.Loop, low, high vec) {
		a, b := l.Get("a"), l.Get("b")
		l.AddMul64(low, l.Low(a), l.Low(b))
		l.AddMul64(high, l.High(a), l.High(b))
	})

	var best []vec
	var lowest vec
	m.Reduce("maxOf", "a", "float32", "the largest a[i], or NaN if there is one", accumulators, func() {
		lowest = m.F(math.Inf(-1))
		best = copies(m, lowest, accumulators)
	}, func(l *neon.Loop) {
		m.MaxTo(best[l.Unrolled()], l.GetOr("a", lowest))
	}, func() vec {
		return largest(m, best)
	})
}

func zeros(m *neon.Asm, n int) (v []vec) {
	for range n {
		v = append(v, m.Zero())
	}
	return v
}

func copies(m *neon.Asm, of vec, n int) (v []vec) {
	for range n {
		v = append(v, m.Copy(of))
	}
	return v
}

// addWide adds the halves of v to low and high in float64.
func addWide(m *neon.Asm, v, low, high vec) {
	m.AddTo64(low, m.Low(v))
	m.AddTo64(high, m.High(v))
}

// total64 adds v up, in pairs.
func total64(m *neon.Asm, v []vec) vec {
	for n := len(v) / 2; n > 0; n /= 2 {
		for i := range n {
			m.AddTo64(v[i], v[i+n])
		}
	}
	return v[0]
}

// largest returns the largest element of v in the first lane.
func largest(m *neon.Asm, v []vec) vec {
	for n := len(v) / 2; n > 0; n /= 2 {
		for i := range n {
			m.MaxTo(v[i], v[i+n])
		}
	}
	return m.Largest(v[0])
}
