package conv

import (
	"math"
	"sync/atomic"

	"github.com/residuum-go/residuum/internal/cpu"
	"github.com/residuum-go/residuum/internal/environment"
	"github.com/residuum-go/residuum/internal/kernel/gemm"
)

var noWinograd atomic.Bool

func init() { noWinograd.Store(environment.Choice("RESIDUUM_WINOGRAD", "on", "off") == "off") }

// Winograd reports whether Winograd's algorithm is used where it is faster, as it is unless RESIDUUM_WINOGRAD=off.
func Winograd() bool { return !noWinograd.Load() }

// SetWinograd sets Winograd for the whole process.
func SetWinograd(on bool) { noWinograd.Store(!on) }

// Forward computes y = x * w, overwriting y. The formula is the package comment's.
func Forward(s Shape, y, x, w []float32) {
	s.check("Forward", len(x), len(w), len(y))
	switch {
	case len(y) == 0:
	case len(w) == 0 || len(x) == 0:
		clear(y)
	case s.productWins(false):
		forwardPointwise(s, y, x, w)
	case s.huge():
		ForwardRef(s, y, x, w)
	case Winograd() && s.groupedWinogradWins(false):
		runGroupedWinograd(s, false, y, x, w)
	case s.narrow(cpu.Active(), widestGroup):
		runGrouped(s, false, y, x, w)
	case Winograd() && s.winogradWins(false):
		runWinograd(s, false, y, x, w)
	default:
		run(s, false, y, x, w)
	}
}

// InputGrad computes dx, the gradient with respect to x of Σ y·dy, overwriting dx.
func InputGrad(s Shape, dx, dy, w []float32) {
	s.check("InputGrad", len(dx), len(w), len(dy))
	switch {
	case len(dx) == 0:
	case len(w) == 0 || len(dy) == 0:
		clear(dx)
	case s.productWins(true):
		gemm.Mul(false, false, true, s.N*s.H*s.W, s.C, s.K, dy, s.K, w, s.K, dx, s.C)
	case s.huge():
		InputGradRef(s, dx, dy, w)
	case Winograd() && s.groupedWinogradWins(true):
		runGroupedWinograd(s, true, dx, dy, w)
	case s.narrow(cpu.Active(), widestGroup):
		runGrouped(s, true, dx, dy, w)
	case Winograd() && s.winogradWins(true):
		runWinograd(s, true, dx, dy, w)
	default:
		run(s, true, dx, dy, w)
	}
}

// WeightGrad computes dw, the gradient with respect to w of Σ y·dy, overwriting dw.
func WeightGrad(s Shape, dw, x, dy []float32) {
	s.check("WeightGrad", len(x), len(dw), len(dy))
	switch {
	case len(dw) == 0:
	case len(x) == 0 || len(dy) == 0:
		clear(dw)
	case s.pointwiseGradWins():
		weightGradPointwise(s, dw, x, dy)
	case s.huge():
		WeightGradRef(s, dw, x, dy)
	case s.narrow(cpu.Active(), widestGroupGrad):
		runGroupedGrad(s, dw, x, dy)
	case Winograd() && s.winogradGradWins():
		runWinogradGrad(s, dw, x, dy)
	default:
		runWeightGrad(s, dw, x, dy)
	}
}

// huge reports whether an image is beyond the 32-bit offsets of the tables.
func (s Shape) huge() bool {
	return max(s.H*s.W*s.C, s.OutH()*s.OutW()*s.K) > math.MaxInt32
}
