package conv

import "sync"

// buffers hold what a block of work packs for itself.
var buffers = sync.Pool{New: func() any { return new([]float32) }}

// packedXs hold the copies of x of a block of work.
var packedXs = sync.Pool{New: func() any { return new(packedX) }}

// grow returns a buffer of n elements, s if it is large enough.
func grow(s []float32, n int) []float32 {
	if cap(s) < n {
		return make([]float32, n)
	}
	return s[:n]
}
