//go:build !purego

package quant

import (
	"golang.org/x/sys/cpu"

	levels "github.com/residuum-go/residuum/internal/cpu"
)

// kernelsFor returns the kernels of level l, which want SDOT: CPUs before Armv8.2 lack it and compute in Go.
func kernelsFor(l levels.Level) *kernels {
	if l >= levels.NEON && cpu.ARM64.HasASIMDDP {
		return dot
	}
	return generic
}

var dot = &kernels{offset: 128, heights: []height{
	{6, tile6Dot, tile6Dot},
	{1, tile1Dot, tile1Dot},
}}

func largest(a, b []uint8) { largestRef(a, b) }

func roundQuads([]uint8, []float32, int, int, Params) int { return 0 }
