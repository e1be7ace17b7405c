//go:build purego || !(amd64 || arm64)

package conv

import "github.com/residuum-go/residuum/internal/cpu"

const scratchPerChannel = 0

func tileInput(_ cpu.Level, dst []float32, pitch int, x, _ []float32, off []int32, _ []float32, n int) {
	tileInputRef(dst, pitch, x, off, n)
}

func tileInputSquares(_ cpu.Level, dst []float32, pitch int, x, _ []float32, off []int32, _ []float32, n int, squares *[8]float32) {
	tileInputRef(dst, pitch, x, off, n)
	*squares = tileSquaresRef(x, off, n)
}

func tileWeights(_ cpu.Level, dst []float32, pitch int, w []float32, n int) {
	tileWeightsRef(dst, pitch, w, n)
}

func tileOutput(_ cpu.Level, y []float32, off []int32, m []float32, pitch int, _ []float32, n int) bool {
	return tileOutputRef(y, off, m, pitch, n)
}

func tileGradient(_ cpu.Level, dst []float32, pitch int, y, _ []float32, off []int32, _ []float32, n int) {
	tileGradientRef(dst, pitch, y, off, n)
}

func tileWeightGrad(_ cpu.Level, dw, m []float32, pitch, n int) bool {
	return tileWeightGradRef(dw, m, pitch, n)
}

func tileAfter(_ cpu.Level, y []float32, off []int32, bias, add []float32, bounds *[2]float32) {
	tileAfterRef(y, off, bias, add, bounds)
}

func fetchPixels(_ *float32, _ *int32, _, _, _ int) {}
