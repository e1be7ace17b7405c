//go:build !purego

package quant

import (
	"golang.org/x/sys/cpu"

	levels "github.com/residuum-go/residuum/internal/cpu"
	"github.com/residuum-go/residuum/internal/portions"
)

// kernelsFor returns the kernels of level l: of AVX-512 those for VNNI, where this CPU has it.
func kernelsFor(l levels.Level) *kernels {
	switch {
	case l >= levels.AVX512 && cpu.X86.HasAVX512VNNI:
		return vnni512
	case l >= levels.AVX2 && cpu.X86.HasAVXVNNI:
		return avxVNNI
	case l >= levels.AVX2:
		return avx2
	}
	return generic
}

var vnni512 = &kernels{heights: []height{
	{12, tile12x2VNNI512, tile12x1VNNI512},
	{10, tile10x2VNNI512, tile10x1VNNI512},
	{4, tile4x2VNNI512, tile4x1VNNI512},
	{1, tile1x2VNNI512, tile1x1VNNI512},
}}

var avxVNNI = &kernels{heights: []height{
	{6, tile6x1AVXVNNI, tile6x1AVXVNNI},
	{1, tile1x1AVXVNNI, tile1x1AVXVNNI},
}}

var avx2 = &kernels{heights: []height{
	{4, tile4x1AVX2, tile4x1AVX2},
	{1, tile1x1AVX2, tile1x1AVX2},
}}

func largest(a, b []uint8) {
	if levels.Active() < levels.AVX2 || len(a) == 0 {
		largestRef(a, b)
		return
	}
	largestAVX2(&a[0], &b[0], len(a))
}

// roundQuads rounds as many of the first pixels as vectors take, and returns how many. Of those with fewer than four channels
// the bytes behind them are the next pixel's.
func roundQuads(y []uint8, x []float32, channels, pitch int, p Params) int {
	quads := (len(y)/4 - max(0, portions.Ceil(4, channels)-1)) &^ 3 // the last pixels have no next ones
	if levels.Active() < levels.AVX2 || quads <= 0 || channels > 4 && channels != pitch {
		return 0
	}
	roundAVX2(&y[0], &x[0], quads, 4*min(channels, 4), 1/p.Scale, float32(p.Zero))
	return quads * 4 / pitch
}
