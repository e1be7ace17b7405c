package simd

import (
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/residuum-go/residuum/internal/kernel/_asm/vector"
)

// windows is a [vector.Window].
type windows struct {
	*Machine
	vector.Pooling
	pointers map[string]reg.GPVirtual // of the pixel
	channel  reg.GPVirtual            // bytes from the first channel
	row, at  reg.GPVirtual            // bytes from the window's first pixel: of the row, of the column
	scalars  map[string]vec
	flat     reg.VecVirtual // index of the pixel's first channels, plus 0, 1, 2...
	here     reg.VecVirtual // the same at channel
	lanes    reg.VecVirtual // lanes in every lane
	offset   reg.VecVirtual // of [windows.Offset]
	flatStep reg.VecVirtual // flat's distance to the next pixel's
	mask     *Mask
}

// Windows has code of their own for windows of the fixed numbers of rows and columns.
func (m *Machine) Windows(f vector.Func, p vector.Pooling) {
	f.Params += vector.Geometry
	m.Func(f)
	p.Start()
	w := &windows{Machine: m, Pooling: p, pointers: map[string]reg.GPVirtual{}, scalars: map[string]vec{},
		channel: m.GP64(), row: m.GP64(), at: m.GP64()}
	for _, s := range append(append([]string{}, p.Dst...), p.Src...) {
		w.pointers[s] = m.Pointer(s)
	}
	pixels, rowStride, channels := m.Int("pixels"), m.Int("rowStride"), m.Int("channels")
	m.SHLQ(U8(2), rowStride)
	colStride := m.GP64()
	m.MOVQ(channels, colStride)
	m.SHLQ(U8(2), colStride)
	if p.Indexed != "" {
		first := m.Int("first")
		w.offset = m.Vec()
		w.flat, w.here, w.lanes, w.flatStep = m.Vec(), m.Vec(), m.Vec(), m.Vec()
		m.broadcastInt(first, w.flat)
		m.VPADDD(m.Iota(), w.flat, w.flat)
		m.broadcastInt(m.Int(p.Indexed), w.flatStep)
		m.VPBROADCASTD(m.Bits(uint32(m.Lanes)).(Number).Mem, w.lanes)
	}
	for _, s := range vector.Names(vector.Parse(f.Params), vector.Scalar) {
		w.scalars[s] = m.Broadcast(s)
	}

	for _, f := range p.Fixed {
		other := m.Unique("other")
		for i, name := range []string{"rows", "cols"} {
			m.CMPQ(m.Int(name), I32(f[i]))
			m.JNE(LabelRef(other))
		}
		w.pixels(pixels, channels, func(vectors int) {
			w.Init(w, vectors)
			w.unrolled(f[0], f[1], rowStride, colStride, func() { w.Pooling.Element(w, vectors) })
			w.Done(w, vectors)
		})
		m.Label(other)
	}
	w.pixels(pixels, channels, func(vectors int) {
		w.Init(w, vectors)
		w.looped(rowStride, colStride, func() { w.Pooling.Element(w, vectors) })
		w.Done(w, vectors)
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

// pixels executes window for every pixel and for w.Together, then single vectors of its channels, and returns. With exactly
// so many vectors of channels there is no loop over them, which would cost as much as a window does.
func (w *windows) pixels(pixels, channels reg.GPVirtual, window func(vectors int)) {
	m, left, wide := w.Machine, w.GP64(), w.Together
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
	w.advance()
	m.DECQ(pixels)
	m.JNZ(LabelRef(pixel))
	m.End()

	m.Label(exact)
	here := w.here
	w.here = w.flat
	window(wide)
	w.here = here
	w.advance()
	m.DECQ(pixels)
	m.JNZ(LabelRef(exact))
	m.End()
}

// advance goes to the next pixel.
func (w *windows) advance() {
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
	move(w.Dst, "dstStride")
	move(w.Src, "srcStride")
}

// broadcastInt sets every lane of v to n.
func (m *Machine) broadcastInt(n reg.GPVirtual, v reg.VecVirtual) {
	x := m.XMM()
	m.VMOVD(n.As32(), x)
	m.VPBROADCASTD(x, v)
}

func (w *windows) First(src string, u int) vec {
	if u == 0 {
		w.MOVQ(w.channel, w.at)
	}
	return w.Element(src, u)
}

func (w *windows) Element(src string, u int) vec {
	return w.Load(Mem{Base: w.pointers[src], Index: w.at, Scale: 1, Disp: u * w.Bytes()}, w.mask)
}

func (w *windows) Set(dst string, u int, v vec) {
	w.Store(w.register(v), Mem{Base: w.pointers[dst], Index: w.channel, Scale: 1, Disp: u * w.Bytes()}, w.mask)
}

func (w *windows) Scalar(name string) vec { return w.scalars[name] }

func (w *windows) Index(u int) vec {
	v := w.Copy(w.here)
	for range u {
		w.VPADDD(w.lanes, v.(Op), v.(Op))
	}
	return v
}

// Offset is in bytes.
func (w *windows) Offset() vec {
	bytes := w.GP64()
	w.MOVQ(w.at, bytes)
	w.SUBQ(w.channel, bytes)
	w.broadcastInt(bytes, w.offset)
	return w.offset
}

func (w *windows) IndexAt(u int, offset vec) vec {
	o := offset.(Op)
	w.VPSRLD(U8(2), o, o)
	w.VPADDD(w.Index(u).(Op), o, o)
	return offset
}
