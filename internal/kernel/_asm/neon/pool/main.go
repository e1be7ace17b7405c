// Command pool writes the arm64 assembly of package pool. Its functions are those that the command of the same
// name writes for amd64.
package main

import (
	"flag"

	"github.com/residuum-go/residuum/internal/kernel/_asm/neon"
)

type vec = neon.Vec

// wide is how many vectors of channels go together.
const wide = 4

func main() {
	out := flag.String("out", "", "assembly")
	stubs := flag.String("stubs", "", "declarations")
	flag.Parse()
	a := neon.New("pool")
	maxWindows(a)
	avgWindows(a)
	maxGradWindows(a)
	a.Write(*out, *stubs, "go run ./neon/pool")
}

// each returns what calls f for the vectors at hand.
func each(f func(w *neon.Windows, u int)) func(w *neon.Windows) {
	return func(w *neon.Windows) {
		for u := range w.Vectors {
			f(w, u)
		}
	}
}

func maxWindows(m *neon.Asm) {
	var best, where []vec             // where counts from the window's first pixel
	var here, row, column, stride vec // that distance now, at the row's begin, between columns and rows
	m.Windows("maxWindows", "y %idx x #first", "y = the largest of each window and idx = its flat index, first being that of x[0]",
		[]string{"y", "idx"}, []string{"x"}, "srcStride", wide, neon.WindowParts{
			Start: func(w *neon.Windows) {
				best, where = m.Vecs(wide), m.Vecs(wide)
				here, row, column, stride = m.Vec(), m.Vec(), m.SpreadInt(w.Int("channels")), m.SpreadInt(w.Int("rowStride"))
			},
			Init: func(w *neon.Windows) {
				m.Clear(row)
				each(func(w *neon.Windows, u int) {
					w.Begin(best[u], "x", u)
					m.Clear(where[u])
				})(w)
			},
			Row: func(w *neon.Windows) {
				m.Move(here, row)
				m.AddIntsTo(row, stride)
			},
			Element: func(w *neon.Windows) {
				for u := range w.Vectors {
					v := w.Get("x", u)
					better := m.AndNot(m.Equal(best[u], best[u]), m.AtLeast(best[u], v)) // greater or NaN, and best is no NaN
					m.Merge(best[u], better, v)
					m.Merge(where[u], better, here)
				}
				m.AddIntsTo(here, column)
			},
			Done: each(func(w *neon.Windows, u int) {
				w.Set("y", u, best[u])
				w.Set("idx", u, m.AddInts(w.Index(u), where[u]))
			}),
		})
}

func avgWindows(m *neon.Asm) {
	var sum []vec
	m.Windows("avgWindows", "y x $unit $scale", "y = scale * the sum of each window of unit*x",
		[]string{"y"}, []string{"x"}, "", wide, neon.WindowParts{
			Start:   func(w *neon.Windows) { sum = m.Vecs(wide) },
			Init:    each(func(w *neon.Windows, u int) { m.Clear(sum[u]) }),
			Element: each(func(w *neon.Windows, u int) { m.AddMul(sum[u], w.Get("x", u), w.Scalar("unit")) }),
			Done:    each(func(w *neon.Windows, u int) { w.Set("y", u, m.Mul(sum[u], w.Scalar("scale"))) }),
		})
}

func maxGradWindows(m *neon.Asm) {
	var sum, index []vec
	m.Windows("maxGradWindows", "dx g %idx #first", "dx = the sum over each window of the g whose idx is the flat index of dx, first being that of dx[0]",
		[]string{"dx"}, []string{"g", "idx"}, "dstStride", wide, neon.WindowParts{
			Start: func(w *neon.Windows) { sum, index = m.Vecs(wide), m.Vecs(wide) },
			Init: each(func(w *neon.Windows, u int) {
				m.Clear(sum[u])
				m.Move(index[u], w.Index(u))
			}),
			Element: each(func(w *neon.Windows, u int) {
				m.AddTo(sum[u], m.And(w.Get("g", u), m.EqualInts(index[u], w.Get("idx", u))))
			}),
			Done: each(func(w *neon.Windows, u int) { w.Set("dx", u, sum[u]) }),
		})
}
