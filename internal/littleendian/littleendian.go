// Package littleendian decodes numbers as files of weights have them.
package littleendian

import (
	"encoding/binary"
	"math"
	"unsafe"
)

// Float32s decodes float32, four bytes of src for each element of dst. Nothing has to be changed where the processor has
// the bytes in the same order.
func Float32s(dst []float32, src []byte) {
	src = src[:4*len(dst)]
	if len(dst) > 0 && binary.NativeEndian.Uint16([]byte{1, 0}) == 1 {
		copy(unsafe.Slice((*byte)(unsafe.Pointer(&dst[0])), len(src)), src)
		return
	}
	for i := range dst {
		dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(src[4*i:]))
	}
}
