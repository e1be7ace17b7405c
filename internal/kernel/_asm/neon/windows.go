package neon

import "github.com/residuum-go/residuum/internal/kernel/_asm/vector"

// windows is a [vector.Window].
type windows struct {
	Machine
	vector.Pooling
	vectors int // of channels at hand

	pixel, channel     map[string]GP // pointers: of the pixel, and at the channels at hand
	row, element       map[string]GP // of sources: of the window's row, and at its element
	flat               GP            // index of the first channel at hand, if there are indices
	indexed            bool
	rowsLeft, colsLeft GP // in the window
	left               GP // channels of the pixel
	one                bool
	loop               *Loop

	// If there are offsets: the distance from the window's first element, at hand and at its row's begin, and that
	// of columns and rows.
	here, start, column, stride Vec
}

// Windows has no code of its own for any size of windows.
func (m Machine) Windows(f vector.Func, p vector.Pooling) {
	f.Params += vector.Geometry
	l, _ := m.begin(f)
	p.Start()
	w := &windows{Machine: m, Pooling: p, loop: l, indexed: p.Indexed != "",
		pixel: l.pointers, channel: map[string]GP{}, row: map[string]GP{}, element: map[string]GP{}}
	for _, s := range w.all() {
		w.channel[s] = m.GP()
	}
	for _, s := range w.Src {
		w.row[s], w.element[s] = m.GP(), m.GP()
	}
	w.rowsLeft, w.colsLeft, w.left = m.GP(), m.GP(), m.GP()
	if w.indexed {
		w.flat = m.GP()
	}
	if w.Offsets {
		w.here, w.start, w.column, w.stride = m.Vec(), m.Vec(), m.SpreadInt(w.int("channels")), m.SpreadInt(w.int("rowStride"))
	}

	m.Label("pixel")
	for _, s := range w.all() {
		m.Op("MOVD %v, %v", w.pixel[s], w.channel[s])
	}
	m.Op("MOVD %v, %v", w.int("channels"), w.left)
	if w.indexed {
		m.Op("MOVD %v, %v", w.int("first"), w.flat)
		m.Op("ADD %v, %v", w.int(w.Indexed), w.int("first"))
	}
	w.channels(w.Together, false)
	w.channels(1, false)
	w.channels(1, true)
	for _, s := range w.Dst {
		m.Op("ADD %v<<2, %v", w.int("dstStride"), w.pixel[s])
	}
	for _, s := range w.Src {
		m.Op("ADD %v<<2, %v", w.int("srcStride"), w.pixel[s])
	}
	m.Op("SUBS $1, %v", w.int("pixels"))
	m.Jump("BNE", "pixel")
	m.Op("RET")
	m.End()
}

func (w *windows) all() []string { return append(append([]string{}, w.Dst...), w.Src...) }

// channels writes the loop over the channels of a pixel, some vectors or one channel at a time.
func (w *windows) channels(vectors int, one bool) {
	w.vectors, w.one = vectors, one
	loop, next := w.Unique("channels"), w.Unique("next")
	n := 4 * vectors
	if one {
		n = 1
	}
	w.Op("CMP $%d, %v", n, w.left)
	w.Jump("BLT", next)
	w.Label(loop)
	w.window()
	for _, s := range w.all() {
		w.Op("ADD $%d, %v", 4*n, w.channel[s])
	}
	if w.indexed {
		w.Op("ADD $%d, %v", n, w.flat)
	}
	w.Op("SUB $%d, %v", n, w.left)
	w.Op("CMP $%d, %v", n, w.left)
	w.Jump("BGE", loop)
	w.Label(next)
}

// window writes the loops over the rows and columns of a window.
func (w *windows) window() {
	row, column := w.Unique("row"), w.Unique("column")
	w.Init(w, w.vectors)
	if w.Offsets {
		w.Asm.Clear(w.start)
	}
	for _, s := range w.Src {
		w.Op("MOVD %v, %v", w.channel[s], w.row[s])
	}
	w.Op("MOVD %v, %v", w.int("rows"), w.rowsLeft)
	w.Label(row)
	for _, s := range w.Src {
		w.Op("MOVD %v, %v", w.row[s], w.element[s])
	}
	w.Op("MOVD %v, %v", w.int("cols"), w.colsLeft)
	if w.Offsets {
		w.Asm.Move(w.here, w.start)
		w.AddIntsTo(w.start, w.stride)
	}
	w.Label(column)
	w.Pooling.Element(w, w.vectors)
	if w.Offsets {
		w.AddIntsTo(w.here, w.column)
	}
	for _, s := range w.Src {
		w.Op("ADD %v<<2, %v", w.int("channels"), w.element[s])
	}
	w.Op("SUBS $1, %v", w.colsLeft)
	w.Jump("BNE", column)
	for _, s := range w.Src {
		w.Op("ADD %v<<2, %v", w.int("rowStride"), w.row[s])
	}
	w.Op("SUBS $1, %v", w.rowsLeft)
	w.Jump("BNE", row)
	w.Done(w, w.vectors)
}

// int returns the register of an int parameter.
func (w *windows) int(name string) GP { return w.loop.at("#" + name) }

func (w *windows) Scalar(name string) vec { return w.loop.Scalar(name) }

func (w *windows) width() int {
	if w.one {
		return 1
	}
	return 4
}

func (w *windows) Element(src string, u int) vec {
	a := w.Vec()
	w.Load(a, w.element[src], 16*u, w.width())
	return a
}

func (w *windows) First(src string, u int) vec {
	a := w.Vec()
	w.Load(a, w.channel[src], 16*u, w.width())
	return a
}

func (w *windows) Set(dst string, u int, a vec) { w.Store(v(a), w.channel[dst], 16*u, w.width()) }

func (w *windows) Index(u int) vec {
	i := uint32(4 * u)
	return w.AddInts(w.SpreadInt(w.flat), w.Words([4]uint32{i, i + 1, i + 2, i + 3}))
}

func (w *windows) Offset() vec { return w.here }

func (w *windows) IndexAt(u int, offset vec) vec { return w.AddInts(w.Index(u), offset) }
