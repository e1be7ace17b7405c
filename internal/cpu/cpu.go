// Package cpu says which instruction set the kernels use, and lets programs and tests choose another.
//
// Kernels ask Active on every call, and look their loops up in a table by the answer or branch on it:
//
//	switch {
//	case cpu.Active() >= cpu.AVX512: addAVX512(...)
//	case cpu.Active() >= cpu.AVX2:   addAVX2(...)
//	default:                         addRef(...)
//	}
//
// The environment variable RESIDUUM_CPU (generic, avx2, avx512, neon) forces a level for a whole
// process. One that names a level which the machine lacks does not start, so that a CI run which asks
// for AVX-512 cannot silently test something else.
package cpu

import (
	"fmt"
	"sync/atomic"

	"github.com/residuum-go/residuum/internal/environment"
)

// Level is an instruction-set level. Levels of one architecture are ordered: a machine that has
// one has all the lower ones.
type Level int32

const (
	Generic Level = iota // portable Go
	NEON                 // arm64 Advanced SIMD
	AVX2                 // amd64 AVX2 and FMA
	AVX512               // amd64 AVX-512 F, BW, CD, DQ and VL (x86-64-v4)
)

var names = [...]string{Generic: "generic", NEON: "neon", AVX2: "avx2", AVX512: "avx512"}

// String returns the name of the level as RESIDUUM_CPU and benchmark names spell it.
func (l Level) String() string {
	if l < 0 || int(l) >= len(names) {
		return fmt.Sprintf("Level(%d)", int32(l))
	}
	return names[l]
}

var (
	active    atomic.Int32
	available = detect() // ascending, always starts with Generic
)

func init() {
	levels := map[string]Level{"": Best()}
	var choices []string
	for _, l := range available {
		levels[l.String()] = l
		choices = append(choices, l.String())
	}
	active.Store(int32(levels[environment.Choice("RESIDUUM_CPU", choices...)]))
}

// Active returns the level that kernels use now.
func Active() Level { return Level(active.Load()) }

// Best returns the highest level that this build on this machine supports.
func Best() Level { return available[len(available)-1] }

// Available returns every level that this build on this machine supports, lowest first.
func Available() []Level { return append([]Level(nil), available...) }

// Set switches every kernel of the process to level l and returns a function that switches back.
// It panics when l is not available.
func Set(l Level) (restore func()) {
	for _, a := range available {
		if a == l {
			old := active.Swap(int32(l))
			return func() { active.Store(old) }
		}
	}
	panic(fmt.Sprintf("cpu: Set(%v): this build on this machine has %v", l, available))
}
