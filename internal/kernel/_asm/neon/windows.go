package neon

// Windows is the walk that pooling kernels share: for every pixel and every few vectors of channels, over
// the rows and columns of one window.
type Windows struct {
	*Asm
	Vectors int // of channels at hand

	pixel, channel map[string]GP // pointers: of the pixel, and at the channels at hand
	element        map[string]GP // of sources: at the element of the window
	flat           GP            // index of the first channel at hand
	one            bool          // at one channel
	loop           *Loop
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
	w := &Windows{Asm: a, loop: l, pixel: l.pointers, channel: map[string]GP{}, element: map[string]GP{}}
	pixels, rows, cols := l.at("#pixels"), l.at("#rows"), l.at("#cols")
	rowStride, channels := l.at("#rowStride"), l.at("#channels")
	all := append(append([]string{}, dst...), src...)
	for _, s := range all {
		w.channel[s] = a.GP()
	}
	row := map[string]GP{}
	for _, s := range src {
		row[s], w.element[s] = a.GP(), a.GP()
	}
	r, c, left := a.GP(), a.GP(), a.GP()
	if flatStride != "" {
		w.flat = a.GP()
	}
	parts.Start(w)

	step := func(vectors int, one bool) {
		w.Vectors, w.one = vectors, one
		loop, next, rowLoop, colLoop := a.Unique("channels"), a.Unique("next"), a.Unique("row"), a.Unique("column")
		width := 4 * vectors
		if one {
			width = 1
		}
		a.Op("CMP $%d, %v", width, left)
		a.Jump("BLT", next)
		a.Label(loop)
		parts.Init(w)
		for _, s := range src {
			a.Op("MOVD %v, %v", w.channel[s], row[s])
		}
		a.Op("MOVD %v, %v", rows, r)
		a.Label(rowLoop)
		for _, s := range src {
			a.Op("MOVD %v, %v", row[s], w.element[s])
		}
		a.Op("MOVD %v, %v", cols, c)
		if parts.Row != nil {
			parts.Row(w)
		}
		a.Label(colLoop)
		parts.Element(w)
		for _, s := range src {
			a.Op("ADD %v<<2, %v", channels, w.element[s])
		}
		a.Op("SUBS $1, %v", c)
		a.Jump("BNE", colLoop)
		for _, s := range src {
			a.Op("ADD %v<<2, %v", rowStride, row[s])
		}
		a.Op("SUBS $1, %v", r)
		a.Jump("BNE", rowLoop)
		parts.Done(w)
		for _, s := range all {
			a.Op("ADD $%d, %v", 4*width, w.channel[s])
		}
		if flatStride != "" {
			a.Op("ADD $%d, %v", width, w.flat)
		}
		a.Op("SUB $%d, %v", width, left)
		a.Op("CMP $%d, %v", width, left)
		a.Jump("BGE", loop)
		a.Label(next)
	}
	a.Label("pixel")
	for _, s := range all {
		a.Op("MOVD %v, %v", w.pixel[s], w.channel[s])
	}
	a.Op("MOVD %v, %v", channels, left)
	if flatStride != "" {
		a.Op("MOVD %v, %v", l.at("#first"), w.flat)
		a.Op("ADD %v, %v", l.at("#"+flatStride), l.at("#first"))
	}
	step(wide, false)
	step(1, false)
	step(1, true)
	for _, s := range dst {
		a.Op("ADD %v<<2, %v", l.at("#dstStride"), w.pixel[s])
	}
	for _, s := range src {
		a.Op("ADD %v<<2, %v", l.at("#srcStride"), w.pixel[s])
	}
	a.Op("SUBS $1, %v", pixels)
	a.Jump("BNE", "pixel")
	a.Op("RET")
	a.End()
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
