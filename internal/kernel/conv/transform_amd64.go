//go:build !purego

package conv

import (
	"unsafe"

	"github.com/residuum-go/residuum/internal/cpu"
)

//go:generate go -C ../_asm run ./conv -out ../conv/asm_amd64.s -stubs ../conv/asm_amd64.go -pkg conv

// scratchPerChannel is how many elements the transforms of a tile keep for each channel: 6 x 6, or
// 6 x 4 and what is written to pixels that are left out.
const scratchPerChannel = 36

// tileInput is [tileInputRef] for a multiple of 16 channels. zeros has n elements and scratch
// scratchPerChannel times as many.
func tileInput(l cpu.Level, dst []float32, pitch int, x, zeros []float32, off []int32, scratch []float32, n int) {
	_, _, _, _ = dst[35*pitch+n-1], zeros[n-1], off[35], scratch[scratchPerChannel*n-1]
	switch l {
	case cpu.AVX512:
		tileInputAVX512(&dst[0], pitch, &x[0], &zeros[0], &off[0], &scratch[0], n)
	case cpu.AVX2:
		tileInputAVX2(&dst[0], pitch, &x[0], &zeros[0], &off[0], &scratch[0], n)
	default:
		tileInputRef(dst, pitch, x, off, n)
	}
}

// tileInputSquares is tileInput, and sets squares to what [tileSquaresRef] returns, with the border's sum in any
// parts.
func tileInputSquares(l cpu.Level, dst []float32, pitch int, x, zeros []float32, off []int32, scratch []float32, n int, squares *[8]float32) {
	_, _, _, _ = dst[35*pitch+n-1], zeros[n-1], off[35], scratch[scratchPerChannel*n-1]
	switch l {
	case cpu.AVX512:
		tileInputSquaresAVX512(&dst[0], pitch, &x[0], &zeros[0], &off[0], &scratch[0], n, squares)
	case cpu.AVX2:
		tileInputSquaresAVX2(&dst[0], pitch, &x[0], &zeros[0], &off[0], &scratch[0], n, squares)
	default:
		tileInputRef(dst, pitch, x, off, n)
		*squares = tileSquaresRef(x, off, n)
	}
}

// tileWeights is [tileWeightsRef] for a multiple of 16 weights.
func tileWeights(l cpu.Level, dst []float32, pitch int, w []float32, n int) {
	_, _ = dst[35*pitch+n-1], w[9*n-1]
	switch l {
	case cpu.AVX512:
		tileWeightsAVX512(&dst[0], pitch, &w[0], n)
	case cpu.AVX2:
		tileWeightsAVX2(&dst[0], pitch, &w[0], n)
	default:
		tileWeightsRef(dst, pitch, w, n)
	}
}

// tileOutput is [tileOutputRef] for a multiple of 16 channels.
func tileOutput(l cpu.Level, y []float32, off []int32, m []float32, pitch int, scratch []float32, n int) bool {
	_, _, _ = m[35*pitch+n-1], off[15], scratch[scratchPerChannel*n-1]
	switch l {
	case cpu.AVX512:
		return tileOutputAVX512(&y[0], &off[0], &m[0], pitch, &scratch[0], n)
	case cpu.AVX2:
		return tileOutputAVX2(&y[0], &off[0], &m[0], pitch, &scratch[0], n)
	}
	return tileOutputRef(y, off, m, pitch, n)
}

// tileAfter is [tileAfterRef] for a multiple of 16 channels.
func tileAfter(l cpu.Level, y []float32, off []int32, bias, add []float32, bounds *[2]float32) {
	_ = off[15]
	switch l {
	case cpu.AVX512:
		tileAfterAVX512(&y[0], &off[0], &bias[0], unsafe.SliceData(add), bounds, len(bias))
	case cpu.AVX2:
		tileAfterAVX2(&y[0], &off[0], &bias[0], unsafe.SliceData(add), bounds, len(bias))
	default:
		tileAfterRef(y, off, bias, add, bounds)
	}
}

// tileGradient is [tileGradientRef] for a multiple of 16 channels.
func tileGradient(l cpu.Level, dst []float32, pitch int, y, zeros []float32, off []int32, scratch []float32, n int) {
	_, _, _, _ = dst[35*pitch+n-1], zeros[n-1], off[15], scratch[scratchPerChannel*n-1]
	switch l {
	case cpu.AVX512:
		tileGradientAVX512(&dst[0], pitch, &y[0], &zeros[0], &off[0], &scratch[0], n)
	case cpu.AVX2:
		tileGradientAVX2(&dst[0], pitch, &y[0], &zeros[0], &off[0], &scratch[0], n)
	default:
		tileGradientRef(dst, pitch, y, off, n)
	}
}

// tileWeightGrad is [tileWeightGradRef] for a multiple of 16 weights.
func tileWeightGrad(l cpu.Level, dw, m []float32, pitch, n int) bool {
	_, _ = dw[9*n-1], m[35*pitch+n-1]
	switch l {
	case cpu.AVX512:
		return tileWeightGradAVX512(&dw[0], &m[0], pitch, n)
	case cpu.AVX2:
		return tileWeightGradAVX2(&dw[0], &m[0], pitch, n)
	}
	return tileWeightGradRef(dw, m, pitch, n)
}
