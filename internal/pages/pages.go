// Package pages makes large slices that lie in large pages of memory where the system has them. A processor finds the place
// of an address in a table, of whose entries, one for each page of 4 KB, it keeps a few thousand: the weights of a
// convolution alone need as many. Every other one takes it longer than the multiplications that wait for it, in a virtual
// machine several times as long. An entry of 2 MB covers 512 of them.
package pages

import "unsafe"

// Size is how large the large pages are that Linux has on the processors that Residuum is mostly used on. On others it is only
// from when on it is worth asking.
const Size = 2 << 20

// Make returns n zeros. It is make, and asks the system for large pages if n elements fill one.
func Make[E any](n int) []E {
	s := make([]E, n)
	var e E
	if size := uintptr(n) * unsafe.Sizeof(e); size >= Size {
		at := uintptr(unsafe.Pointer(unsafe.SliceData(s)))
		from := at &^ (Size - 1)
		enlarge(from, (at+size-from+Size-1)&^(Size-1))
	}
	return s
}
