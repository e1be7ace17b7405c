// Command pool writes the assembly of package pool.
package main

import (
	"flag"
	"os"

	"github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/residuum-go/residuum/internal/kernel/_asm/simd"
)

type vec = reg.VecVirtual

func main() {
	flags := flag.NewFlagSet("pool", flag.ExitOnError)
	config := build.NewFlags(flags)
	_ = flags.Parse(os.Args[1:])
	c := build.NewContext()
	c.ConstraintExpr("!purego")
	for _, m := range simd.Machines(c) {
		maxWindows(m)
		avgWindows(m)
		maxGradWindows(m)
	}
	os.Exit(build.Main(config.Config(), c))
}

// windows is the walk that the kernels share: for every pixel and every few vectors of channels,
// over the columns and rows of one window.
type windows struct {
	*simd.Machine
	pointers map[string]reg.GPVirtual // of the pixel
	channel  reg.GPVirtual            // bytes from the first channel
	row, at  reg.GPVirtual            // bytes from the window's first pixel: of the row, of the column
	flat     vec                      // index of the pixel's first channels, plus 0, 1, 2...
	here     vec                      // the same at channel
	lanes    vec                      // lanes in every lane
	flatStep vec                      // flat's distance to the next pixel's
	mask     *simd.Mask
}

const geometry = "pixels int, dstStride int, srcStride int, rows int, cols int, rowStride int, channels int)"

// walk writes the function. dst and src are the slices that go from pixel to pixel by dstStride and
// by srcStride; flat indices follow flatStride, "" if there are none. wide is how many vectors of
// channels go together; init, at each window element, and done handle so many. Windows of the fixed
// numbers of rows and columns have code of their own.
func walk(m *simd.Machine, name, params, doc string, dst, src []string, flatStride string, wide int, fixed [][2]int,
	start func(w *windows), init, element, done func(w *windows, vectors int)) {
	m.Func(name, "func("+params+", "+geometry, name+m.Name+" computes "+doc+".")
	w := &windows{Machine: m, pointers: map[string]reg.GPVirtual{}, channel: m.GP64(), row: m.GP64(), at: m.GP64()}
	for _, s := range append(append([]string{}, dst...), src...) {
		w.pointers[s] = m.Pointer(s)
	}
	pixels, rowStride, channels := m.Int("pixels"), m.Int("rowStride"), m.Int("channels")
	m.SHLQ(U8(2), rowStride)
	colStride := m.GP64()
	m.MOVQ(channels, colStride)
	m.SHLQ(U8(2), colStride)
	if flatStride != "" {
		first := m.Int("first")
		w.flat, w.here, w.lanes, w.flatStep = m.Vec(), m.Vec(), m.Vec(), m.Vec()
		broadcast(m, first, w.flat)
		m.VPADDD(m.Iota(), w.flat, w.flat)
		broadcast(m, m.Int(flatStride), w.flatStep)
		m.VPBROADCASTD(m.Bits(uint32(m.Lanes)).Mem, w.lanes)
	}
	start(w)

	for _, f := range fixed {
		other := m.Unique("other")
		for i, name := range []string{"rows", "cols"} {
			m.CMPQ(m.Int(name), I32(f[i]))
			m.JNE(LabelRef(other))
		}
		w.pixels(pixels, channels, dst, src, wide, func(vectors int) {
			init(w, vectors)
			w.unrolled(f[0], f[1], rowStride, colStride, func() { element(w, vectors) })
			done(w, vectors)
		})
		m.Label(other)
	}
	w.pixels(pixels, channels, dst, src, wide, func(vectors int) {
		init(w, vectors)
		w.looped(rowStride, colStride, func() { element(w, vectors) })
		done(w, vectors)
	})
}

// looped executes element for every element of a window of any size.
func (w *windows) looped(rowStride, colStride reg.GPVirtual, element func()) {
	r, c := w.GP64(), w.GP64()
	rowLoop, colLoop := w.Unique("row"), w.Unique("col")
	w.MOVQ(w.channel, w.row)
	w.Context.Load(w.Param("rows"), r)
	w.Label(rowLoop)
	w.MOVQ(w.row, w.at)
	w.Context.Load(w.Param("cols"), c)
	w.Label(colLoop)
	element()
	w.ADDQ(colStride, w.at)
	w.DECQ(c)
	w.JNZ(LabelRef(colLoop))
	w.ADDQ(rowStride, w.row)
	w.DECQ(r)
	w.JNZ(LabelRef(rowLoop))
}

// unrolled executes element for every element of a window of a size that is known here: two loops of one
// to three turns would cost more than what they do.
func (w *windows) unrolled(rows, cols int, rowStride, colStride reg.GPVirtual, element func()) {
	w.MOVQ(w.channel, w.row)
	for r := range rows {
		if r > 0 {
			w.ADDQ(rowStride, w.row)
		}
		w.MOVQ(w.row, w.at)
		for c := range cols {
			if c > 0 {
				w.ADDQ(colStride, w.at)
			}
			element()
		}
	}
}

// pixels executes window for every pixel and for wide, then single vectors of its channels, and returns. With exactly
// wide vectors of channels there is no loop over them, which would cost as much as a window does.
func (w *windows) pixels(pixels, channels reg.GPVirtual, dst, src []string, wide int, window func(vectors int)) {
	m, left := w.Machine, w.GP64()
	pixel, next, exact := m.Unique("pixel"), m.Unique("next"), m.Unique("exact")
	m.XORQ(w.channel, w.channel)
	m.CMPQ(channels, I32(wide*m.Lanes))
	m.JE(LabelRef(exact))
	m.Label(pixel)
	m.XORQ(w.channel, w.channel)
	m.MOVQ(channels, left)
	if w.flat != nil {
		m.VMOVUPS(w.flat, w.here)
	}
	step := func(vectors int, next string) {
		loop := m.Unique("channels")
		m.CMPQ(left, I32(vectors*m.Lanes))
		m.JLT(LabelRef(next))
		m.Label(loop)
		window(vectors)
		if w.flat != nil {
			for range vectors {
				m.VPADDD(w.lanes, w.here, w.here)
			}
		}
		m.ADDQ(I32(vectors*m.Bytes()), w.channel)
		m.SUBQ(I32(vectors*m.Lanes), left)
		m.CMPQ(left, I32(vectors*m.Lanes))
		m.JGE(LabelRef(loop))
		m.Label(next)
	}
	step(wide, m.Unique("single"))
	step(1, m.Unique("tail"))
	m.TESTQ(left, left)
	m.JZ(LabelRef(next))
	mask := m.FirstLanes(left)
	w.mask = &mask
	window(1)
	w.mask = nil

	m.Label(next)
	w.advance(dst, src)
	m.DECQ(pixels)
	m.JNZ(LabelRef(pixel))
	m.End()

	m.Label(exact)
	here := w.here
	w.here = w.flat
	window(wide)
	w.here = here
	w.advance(dst, src)
	m.DECQ(pixels)
	m.JNZ(LabelRef(exact))
	m.End()
}

// advance goes to the next pixel.
func (w *windows) advance(dst, src []string) {
	if w.flat != nil {
		w.VPADDD(w.flatStep, w.flat, w.flat)
	}
	move := func(names []string, stride string) {
		bytes := w.Int(stride)
		for _, s := range names {
			p := w.pointers[s]
			w.LEAQ(Mem{Base: p, Index: bytes, Scale: 4}, p)
		}
	}
	move(dst, "dstStride")
	move(src, "srcStride")
}

// broadcast sets every lane of v to n.
func broadcast(m *simd.Machine, n reg.GPVirtual, v vec) {
	x := m.XMM()
	m.VMOVD(n.As32(), x)
	m.VPBROADCASTD(x, v)
}

// element reads vector u of a source at the window's element.
func (w *windows) element(src string, u int) vec {
	return w.Load(Mem{Base: w.pointers[src], Index: w.at, Scale: 1, Disp: u * w.Bytes()}, w.mask)
}

// set writes vector u of a destination.
func (w *windows) set(dst string, u int, v vec) {
	w.Store(v, Mem{Base: w.pointers[dst], Index: w.channel, Scale: 1, Disp: u * w.Bytes()}, w.mask)
}

// index returns the flat index of vector u.
func (w *windows) index(u int) vec {
	v := w.Copy(w.here)
	for range u {
		w.VPADDD(w.lanes, v, v)
	}
	return v
}

// sets of registers for the vectors that go together.
func registers(m *simd.Machine, n int) (v []vec) {
	for range n {
		v = append(v, m.Vec())
	}
	return v
}

// wide is how many vectors of channels the registers hold.
func wide(m *simd.Machine) int {
	if m.Wide() {
		return 4
	}
	return 2
}

func maxWindows(m *simd.Machine) {
	n := wide(m)
	best, where := registers(m, n), registers(m, n) // where counts from the window's first pixel
	offset := m.Vec()
	walk(m, "maxWindows", "y []float32, idx []int32, x []float32, first int",
		"y = the largest of each window and idx = its flat index, first being that of x[0]",
		[]string{"y", "idx"}, []string{"x"}, "srcStride", n, [][2]int{{2, 2}, {3, 3}},
		func(w *windows) {},
		func(w *windows, vectors int) {
			m.MOVQ(w.channel, w.at)
			for u := range vectors {
				m.VMOVUPS(w.element("x", u), best[u])
				m.Clear(where[u])
			}
		},
		func(w *windows, vectors int) {
			// The offset in the window, in bytes, serves all vectors.
			bytes := m.GP64()
			m.MOVQ(w.at, bytes)
			m.SUBQ(w.channel, bytes)
			broadcast(m, bytes, offset)
			for u := range vectors {
				v := w.element("x", u)
				better := m.CompareAnd(m.Compare(simd.Ordered, best[u], best[u]), simd.NotLessOrEqual, v, best[u])
				m.Merge(best[u], better, v)
				m.Merge(where[u], better, offset)
			}
		},
		func(w *windows, vectors int) {
			for u := range vectors {
				w.set("y", u, best[u])
				m.VPSRLD(U8(2), where[u], where[u])
				m.VPADDD(w.index(u), where[u], where[u])
				w.set("idx", u, where[u])
			}
		})
}

func avgWindows(m *simd.Machine) {
	n := wide(m)
	sum := registers(m, n)
	var unit, scale vec
	walk(m, "avgWindows", "y []float32, x []float32, unit float32, scale float32", "y = scale * the sum of each window of unit*x",
		[]string{"y"}, []string{"x"}, "", n, nil,
		func(w *windows) { unit, scale = m.Broadcast("unit"), m.Broadcast("scale") },
		func(w *windows, vectors int) {
			for u := range vectors {
				m.Clear(sum[u])
			}
		},
		func(w *windows, vectors int) {
			for u := range vectors {
				m.AddMul(sum[u], unit, w.element("x", u))
			}
		},
		func(w *windows, vectors int) {
			for u := range vectors {
				w.set("y", u, m.Mul(sum[u], scale))
			}
		})
}

func maxGradWindows(m *simd.Machine) {
	n := wide(m)
	sum, index := registers(m, n), registers(m, n)
	walk(m, "maxGradWindows", "dx []float32, g []float32, idx []int32, first int",
		"dx = the sum over each window of the g whose idx is the flat index of dx, first being that of dx[0]",
		[]string{"dx"}, []string{"g", "idx"}, "dstStride", n, [][2]int{{1, 1}, {1, 2}, {2, 1}, {2, 2}},
		func(w *windows) {},
		func(w *windows, vectors int) {
			for u := range vectors {
				m.Clear(sum[u])
				m.VMOVUPS(w.index(u), index[u])
			}
		},
		func(w *windows, vectors int) {
			for u := range vectors {
				chosen := m.EqualInts(index[u], w.element("idx", u))
				m.VADDPS(m.Where(chosen, w.element("g", u)), sum[u], sum[u])
			}
		},
		func(w *windows, vectors int) {
			for u := range vectors {
				w.set("dx", u, sum[u])
			}
		})
}
