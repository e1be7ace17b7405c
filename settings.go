package residuum

import (
	"fmt"

	"github.com/residuum-go/residuum/internal/cpu"
	"github.com/residuum-go/residuum/internal/kernel/conv"
	"github.com/residuum-go/residuum/internal/parallel"
)

// Levels returns the instruction sets that this build has on this machine, slowest first: "generic", which is portable
// Go, then "avx2" and "avx512" on amd64 or "neon" on arm64.
func Levels() []string {
	var names []string
	for _, l := range cpu.Available() {
		names = append(names, l.String())
	}
	return names
}

// Level returns the instruction set that the process computes with: the last of [Levels], unless RESIDUUM_CPU or
// [SetLevel] say otherwise.
func Level() string { return cpu.Active().String() }

// SetLevel has the process compute with one of [Levels], and returns an error for any other. Results of two levels
// differ in their last digits.
func SetLevel(name string) error {
	for _, l := range cpu.Available() {
		if l.String() == name {
			cpu.Set(l)
			return nil
		}
	}
	return fmt.Errorf("residuum: level %q: this build on this machine has %v", name, cpu.Available())
}

// Workers returns how many goroutines the process computes with: GOMAXPROCS at its start, unless [SetWorkers] says
// otherwise.
func Workers() int { return parallel.Workers() }

// SetWorkers has the process compute with n goroutines, at least 1. That changes no result.
func SetWorkers(n int) {
	if n < 1 {
		panic(fmt.Sprintf("residuum: SetWorkers: %d: want at least 1", n))
	}
	parallel.SetWorkers(n)
}

// Winograd reports whether convolutions use Winograd's algorithm where it is faster, as they do unless
// RESIDUUM_WINOGRAD=off or [SetWinograd] say otherwise.
func Winograd() bool { return conv.Winograd() }

// SetWinograd has convolutions use Winograd's algorithm where it is faster, or sum directly everywhere: slower, with
// rounding errors a half to a fourth as large.
func SetWinograd(on bool) { conv.SetWinograd(on) }
