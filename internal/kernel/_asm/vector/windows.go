package vector

// Geometry are the parameters of the loop over windows, in the notation of [Parse]. The first window has rows x cols
// pixels of channels elements and starts at element 0 of the source slices, its rows rowStride apart, and the next
// one srcStride later; pixels are written dstStride apart.
const Geometry = " #pixels #dstStride #srcStride #rows #cols #rowStride #channels"

// Pooling is what a function does with windows: for every pixel and every few vectors of channels, over the rows and
// columns of one window.
type Pooling struct {
	Dst, Src []string // slices that go from pixel to pixel by dstStride, and by srcStride
	Indexed  string   // the one of these strides that flat indices follow from the parameter first on, "" without
	Together int      // vectors of channels that go together
	Offsets  bool     // Element asks for [Window.Offset]
	Fixed    [][2]int // rows and columns of windows that are so frequent that a level may have code of their own

	// Start makes the registers. The others handle n vectors: Together of them, or one.
	Start               func()
	Init, Element, Done func(w Window, n int)
}

// Window is where the parts of a [Pooling] are: at vector u of the channels at hand.
type Window interface {
	First(src string, u int) Vec   // a source at the window's first element
	Element(src string, u int) Vec // a source at the element at hand
	Set(dst string, u int, v Vec)  // writes a destination
	Scalar(name string) Vec        // a scalar parameter in every lane
	Index(u int) Vec               // flat indices, of int32
	Offset() Vec                   // how far the element at hand is from the first, the same for all vectors
	IndexAt(u int, offset Vec) Vec // flat indices that far from the window's first element; offset is lost
}
