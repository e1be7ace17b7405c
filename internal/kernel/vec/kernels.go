package vec

import "github.com/residuum-go/residuum/internal/cpu"

//go:generate go -C ../_asm run ./vec

// table has the kernels of every level; levels without their own have the generic ones. A kernel is one straight loop
// over what fits in a call; the functions of this package split, tile and combine.
//
// Calling through a table makes the slices of a caller escape to the heap, but the parallel loops do so anyway.
var table = levels(generic)

// level has two sets of kernels: one whose results stay in the caches as far as they fit, and one
// that writes large results past them, see [kernelsFor].
type level struct{ cached, streamed kernels }

func active() *kernels { return &table[cpu.Active()].cached }

// streamLen is from how many elements on a result is written past the caches. With its input it
// then fills 32 MiB, so that whoever reads it next will not find its beginning in a cache anyway, and
// the write need not fetch the lines first.
const streamLen = 4 << 20

// kernelsFor returns the kernels for a result in dst. Lines that are read through dst as an input
// are in the cache already: then nothing is gained.
func kernelsFor(dst []float32, inputs ...[]float32) *kernels {
	l := &table[cpu.Active()]
	if len(dst) < streamLen {
		return &l.cached
	}
	for _, in := range inputs {
		if len(in) > 0 && &in[0] == &dst[0] {
			return &l.cached
		}
	}
	return &l.streamed
}

// everywhere is the table of a build without assembly.
func everywhere(generic kernels) (t [cpu.AVX512 + 1]level) {
	for l := range t {
		t[l] = level{generic, generic}
	}
	return t
}
