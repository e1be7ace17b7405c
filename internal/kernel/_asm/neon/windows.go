package neon

// Windows is the walk that pooling kernels share: for every pixel and every few vectors of channels, over
// the rows and columns of one window.
type Windows struct {
	*Asm
	Vectors int // of channels at hand

	WindowParts
	dst, src           []string
	pixel, channel     map[string]GP // pointers: of the pixel, and at the channels at hand
	row, element       map[string]GP // of sources: of the window's row, and at its element
	flat               GP            // index of the first channel at hand, if there are indices
	indexed            bool
	rowsLeft, colsLeft GP // in the window
	left               GP // channels of the pixel
	one                bool
	loop               *Loop
}

// WindowParts is what a kernel does with the windows. Each but Start handles Vectors vectors.
type WindowParts struct {
	Start   func(w *Windows)
	Init    func(w *Windows)
	Row     func(w *Windows) // before each row of a window, if not nil
	Element func(w *Windows)
	Done    func(w *Windows)
}

const geometry = " #pixels #dstStride #srcStride #rows #cols #rowStride #channels"

// Windows writes function name with the parameters of a list, see [Asm.begin], and those of the geometry. dst and
// src are the slices that go from pixel to pixel by dstStride and by srcStride; flat indices begin at the
// parameter first and follow flatStride, "" if there are none. wide is how many vectors of channels go together.
func (a *Asm) Windows(name, list, doc string, dst, src []string, flatStride string, wide int, parts WindowParts) {
	l, _ := a.begin(name, list+geometry, "", doc)
	w := &Windows{Asm: a, WindowParts: parts, loop: l, dst: dst, src: src, indexed: flatStride != "",
		pixel: l.pointers, channel: map[string]GP{}, row: map[string]GP{}, element: map[string]GP{}}
	for _, s := range w.all() {
		w.channel[s] = a.GP()
	}
	for _, s := range src {
		w.row[s], w.element[s] = a.GP(), a.GP()
	}
	w.rowsLeft, w.colsLeft, w.left = a.GP(), a.GP(), a.GP()
	if w.indexed {
		w.flat = a.GP()
	}
	w.Start(w)

	a.Label("pixel")
	for _, s := range w.all() {
		a.Op("MOVD %v, %v", w.pixel[s], w.channel[s])
	}
	a.Op("MOVD %v, %v", w.Int("channels"), w.left)
	if w.indexed {
		a.Op("MOVD %v, %v", w.Int("first"), w.flat)
		a.Op("ADD %v, %v", w.Int(flatStride), w.Int("first"))
	}
	w.channels(wide, false)
	w.channels(1, false)
	w.channels(1, true)
	for _, s := range dst {
		a.Op("ADD %v<<2, %v", w.Int("dstStride"), w.pixel[s])
	}
	for _, s := range src {
		a.Op("ADD %v<<2, %v", w.Int("srcStride"), w.pixel[s])
	}
	a.Op("SUBS $1, %v", w.Int("pixels"))
	a.Jump("BNE", "pixel")
	a.Op("RET")
	a.End()
}

func (w *Windows) all() []string { return append(append([]string{}, w.dst...), w.src...) }

// channels writes the loop over the channels of a pixel, some vectors or one channel at a time.
func (w *Windows) channels(vectors int, one bool) {
	w.Vectors, w.one = vectors, one
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
func (w *Windows) window() {
	row, column := w.Unique("row"), w.Unique("column")
	w.Init(w)
	for _, s := range w.src {
		w.Op("MOVD %v, %v", w.channel[s], w.row[s])
	}
	w.Op("MOVD %v, %v", w.Int("rows"), w.rowsLeft)
	w.Label(row)
	for _, s := range w.src {
		w.Op("MOVD %v, %v", w.row[s], w.element[s])
	}
	w.Op("MOVD %v, %v", w.Int("cols"), w.colsLeft)
	if w.Row != nil {
		w.Row(w)
	}
	w.Label(column)
	w.Element(w)
	for _, s := range w.src {
		w.Op("ADD %v<<2, %v", w.Int("channels"), w.element[s])
	}
	w.Op("SUBS $1, %v", w.colsLeft)
	w.Jump("BNE", column)
	for _, s := range w.src {
		w.Op("ADD %v<<2, %v", w.Int("rowStride"), w.row[s])
	}
	w.Op("SUBS $1, %v", w.rowsLeft)
	w.Jump("BNE", row)
	w.Done(w)
}

// Int returns the register of an int parameter.
func (w *Windows) Int(name string) GP { return w.loop.at("#" + name) }

// Scalar returns a scalar parameter in every lane.
func (w *Windows) Scalar(name string) Vec { return w.loop.Scalar(name) }

func (w *Windows) width() int {
	if w.one {
		return 1
	}
	return 4
}

// Get reads vector u of a source at the element of the window.
func (w *Windows) Get(src string, u int) Vec {
	v := w.Vec()
	w.Load(v, w.element[src], 16*u, w.width())
	return v
}

// Begin reads vector u of a source at the window's first element.
func (w *Windows) Begin(into Vec, src string, u int) {
	w.Load(into, w.channel[src], 16*u, w.width())
}

// Set writes vector u of a destination.
func (w *Windows) Set(dst string, u int, v Vec) { w.Store(v, w.channel[dst], 16*u, w.width()) }

// Index returns the flat indices of vector u.
func (w *Windows) Index(u int) Vec {
	i := uint32(4 * u)
	return w.AddInts(w.SpreadInt(w.flat), w.Words([4]uint32{i, i + 1, i + 2, i + 3}))
}
