// Package cpu says which instruction set and algorithms the kernels use, and lets tests choose others.
//
// Kernels ask Active on every call and branch on the answer:
//
//	switch {
//	case cpu.Active() >= cpu.AVX512: addAVX512(...)
//	case cpu.Active() >= cpu.AVX2:   addAVX2(...)
//	default:                         addRef(...)
//	}
//
// The environment variable RESIDUUM_CPU (generic, avx2, avx512, neon) forces a level for a whole
// process. Naming a level that the machine lacks is an error that [Err] reports, so that a CI run
// which asks for AVX-512 cannot silently test something else.
package cpu

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
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
	direct    atomic.Bool
	available = detect() // ascending, always starts with Generic
	envErr    error
)

func init() {
	switch v := os.Getenv("RESIDUUM_WINOGRAD"); v {
	case "", "on":
	case "off":
		direct.Store(true)
	default:
		envErr = fmt.Errorf("RESIDUUM_WINOGRAD=%s: want on or off", v)
	}
	active.Store(int32(Best()))
	name := os.Getenv("RESIDUUM_CPU")
	if name == "" {
		return
	}
	for _, l := range available {
		if l.String() == name {
			active.Store(int32(l))
			return
		}
	}
	envErr = errors.Join(envErr, fmt.Errorf("RESIDUUM_CPU=%s: this build on this machine has %v", name, available))
}

// Active returns the level that kernels use now.
func Active() Level { return Level(active.Load()) }

// Best returns the highest level that this build on this machine supports.
func Best() Level { return available[len(available)-1] }

// Available returns every level that this build on this machine supports, lowest first.
func Available() []Level { return append([]Level(nil), available...) }

// Winograd reports whether convolutions may use Winograd's algorithm where it is faster. Setting
// RESIDUUM_WINOGRAD=off has all of them summed directly, with smaller errors.
func Winograd() bool { return !direct.Load() }

// SetWinograd sets Winograd for the whole process and returns a function that restores the old value. It is
// for tests and benchmarks.
func SetWinograd(on bool) (restore func()) {
	old := direct.Swap(!on)
	return func() { direct.Store(old) }
}

// Err reports a RESIDUUM_CPU that names no available level, or a RESIDUUM_WINOGRAD that is neither on nor
// off. The kernels then run as if it was not set.
func Err() error { return envErr }

// Set switches every kernel of the process to level l and returns a function that switches back.
// It is for tests and benchmarks; it panics when l is not available.
func Set(l Level) (restore func()) {
	for _, a := range available {
		if a == l {
			old := active.Swap(int32(l))
			return func() { active.Store(old) }
		}
	}
	panic(fmt.Sprintf("cpu: Set(%v): this build on this machine has %v", l, available))
}
