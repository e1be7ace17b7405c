package main

import "github.com/residuum-go/residuum/internal/kernel/_asm/vector"

type vec = vector.Vec

// each returns what calls f for the vectors at hand.
func each(f func(w vector.Window, u int)) func(w vector.Window, n int) {
	return func(w vector.Window, n int) {
		for u := range n {
			f(w, u)
		}
	}
}

// registers returns n of them.
func registers(m vector.Machine, n int) (v []vec) {
	for range n {
		v = append(v, m.Register())
	}
	return v
}

// together is how many vectors of channels the registers hold.
func together(m vector.Machine) int { return m.Registers() / 8 }

func maxWindows(m vector.Machine) {
	n := together(m)
	var best, where []vec // where counts from the window's first pixel
	m.Windows(vector.Func{Name: "maxWindows", Params: "y %idx x #first",
		Doc: "y = the largest of each window and idx = its flat index, first being that of x[0]"}, vector.Pooling{
		Dst: []string{"y", "idx"}, Src: []string{"x"}, Indexed: "srcStride", Offsets: true, Together: n,
		Fixed: [][2]int{{2, 2}, {3, 3}},
		Start: func() { best, where = registers(m, n), registers(m, n) },
		Init: each(func(w vector.Window, u int) {
			m.Move(best[u], w.First("x", u))
			m.Clear(where[u])
		}),
		Element: func(w vector.Window, n int) {
			offset := w.Offset()
			for u := range n {
				v := w.Element("x", u)
				better := m.Better(v, best[u])
				m.Merge(best[u], better, v)
				m.Merge(where[u], better, offset)
			}
		},
		Done: each(func(w vector.Window, u int) {
			w.Set("y", u, best[u])
			w.Set("idx", u, w.IndexAt(u, where[u]))
		}),
	})
}

func avgWindows(m vector.Machine) {
	n := together(m)
	var sum []vec
	m.Windows(vector.Func{Name: "avgWindows", Params: "y x $unit $scale",
		Doc: "y = scale * the sum of each window of unit*x"}, vector.Pooling{
		Dst: []string{"y"}, Src: []string{"x"}, Together: n,
		Start:   func() { sum = registers(m, n) },
		Init:    each(func(w vector.Window, u int) { m.Clear(sum[u]) }),
		Element: each(func(w vector.Window, u int) { m.AddMul(sum[u], w.Scalar("unit"), w.Element("x", u)) }),
		Done:    each(func(w vector.Window, u int) { w.Set("y", u, m.Mul(sum[u], w.Scalar("scale"))) }),
	})
}

func maxGradWindows(m vector.Machine) {
	n := together(m)
	var sum, index []vec
	m.Windows(vector.Func{Name: "maxGradWindows", Params: "dx g %idx #first",
		Doc: "dx = the sum over each window of the g whose idx is the flat index of dx, first being that of dx[0]"}, vector.Pooling{
		Dst: []string{"dx"}, Src: []string{"g", "idx"}, Indexed: "dstStride", Together: n,
		Fixed: [][2]int{{1, 1}, {1, 2}, {2, 1}, {2, 2}},
		Start: func() { sum, index = registers(m, n), registers(m, n) },
		Init: each(func(w vector.Window, u int) {
			m.Clear(sum[u])
			m.Move(index[u], w.Index(u))
		}),
		Element: each(func(w vector.Window, u int) {
			chosen := m.EqualInts(index[u], w.Element("idx", u))
			m.AddTo(sum[u], m.Where(chosen, w.Element("g", u)))
		}),
		Done: each(func(w vector.Window, u int) { w.Set("dx", u, sum[u]) }),
	})
}
