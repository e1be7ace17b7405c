//go:build !purego

package conv

import (
	"unsafe"

	"github.com/residuum-go/residuum/internal/cpu"
)

// scratchPerChannel is how many elements the transforms of a tile keep for each channel: 6 x 6, or
// 6 x 4 and what is written to pixels that are left out.
const scratchPerChannel = 36

// tileInputSquares is [tileInputRef] for a multiple of 16 channels, and sets squares to what [tileSquaresRef] returns,
// with the border's sum in any parts. zeros has n elements and scratch scratchPerChannel times as many.
func tileInputSquares(l cpu.Level, dst []float32, pitch int, x, zeros []float32, off []int32, scratch []float32, n int, squares *[8]float32) {
	if l < cpu.NEON {
		tileInputRef(dst, pitch, x, off, n)
		*squares = tileSquaresRef(x, off, n)
		return
	}
	_, _, _, _ = dst[35*pitch+n-1], zeros[n-1], off[35], scratch[scratchPerChannel*n-1]
	tileInputSquaresNEON(&dst[0], pitch, &x[0], &zeros[0], &off[0], &scratch[0], n, squares)
}

// tileWeights is [tileWeightsRef] for a multiple of 16 weights.
func tileWeights(l cpu.Level, dst []float32, pitch int, w []float32, n int) {
	if l < cpu.NEON {
		tileWeightsRef(dst, pitch, w, n)
		return
	}
	_, _ = dst[35*pitch+n-1], w[9*n-1]
	tileWeightsNEON(&dst[0], pitch, &w[0], n)
}

// tileOutput is [tileOutputRef] for a multiple of 16 channels.
func tileOutput(l cpu.Level, y []float32, off []int32, m []float32, pitch int, scratch []float32, n int) bool {
	if l < cpu.NEON {
		return tileOutputRef(y, off, m, pitch, n)
	}
	_, _, _ = m[35*pitch+n-1], off[15], scratch[scratchPerChannel*n-1]
	return tileOutputNEON(&y[0], &off[0], &m[0], pitch, &scratch[0], n)
}

// tileAfter is [tileAfterRef] for a multiple of 4 channels.
func tileAfter(l cpu.Level, y []float32, off []int32, bias, add []float32, bounds *[2]float32) {
	if l < cpu.NEON {
		tileAfterRef(y, off, bias, add, bounds)
		return
	}
	_ = off[15]
	tileAfterNEON(&y[0], &off[0], &bias[0], unsafe.SliceData(add), bounds, len(bias))
}

// The gradient of weights does without: see [Shape.winogradGradWins].

func tileInput(_ cpu.Level, dst []float32, pitch int, x, _ []float32, off []int32, _ []float32, n int) {
	tileInputRef(dst, pitch, x, off, n)
}

func tileGradient(_ cpu.Level, dst []float32, pitch int, y, _ []float32, off []int32, _ []float32, n int) {
	tileGradientRef(dst, pitch, y, off, n)
}

func tileWeightGrad(_ cpu.Level, dw, m []float32, pitch, n int) bool {
	return tileWeightGradRef(dw, m, pitch, n)
}

func fetchPixels(_ *float32, _ *int32, _, _, _ int) {}
