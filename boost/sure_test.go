package boost

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
)

// sure are rows whose loss, gradient and curvature are parts of what is missing from a probability of 1.
var sure = map[string]struct {
	loss        Loss
	f, y        []float32
	value       float64
	first, curv []float64
}{
	"softmax": {
		loss: Softmax{}, f: []float32{20, 0, 1}, y: []float32{1, 0, 0},
		value: math.Log1p(math.Exp(-20) + math.Exp(-19)),
		first: []float64{-at20(0) - at20(1), at20(0), at20(1)},
		curv:  []float64{at20(20) * (at20(0) + at20(1)), at20(0), at20(1) * (1 - at20(1))},
	},
	"softmax of 60": {
		loss: Softmax{}, f: []float32{60, 0}, y: []float32{1, 0},
		value: math.Exp(-60), first: []float64{-math.Exp(-60), math.Exp(-60)}, curv: []float64{math.Exp(-60), math.Exp(-60)},
	},
	"softmax beyond the range": {
		loss: Softmax{}, f: []float32{-3e38, 3e38, 0}, y: []float32{0, 1, 0},
		first: []float64{0, 0, 0}, curv: []float64{0, 0, 0},
	},
	"softmax, wrong beyond the range": {
		loss: Softmax{}, f: []float32{-3e38, 3e38, 0}, y: []float32{1, 0, 0},
		value: math.Inf(1), first: []float64{-1, 1, 0}, curv: []float64{0, 0, 0},
	},
	"softmax without a class": {
		loss: Softmax{}, f: []float32{float32(math.Inf(-1)), 1, 1}, y: []float32{0, 0.5, 0.5},
		value: math.Ln2, first: []float64{0, 0, 0}, curv: []float64{0, 0.25, 0.25},
	},
	"softmax of two targets": {
		loss: Softmax{}, f: []float32{0, 20}, y: []float32{0x1p-24, 1 - 0x1p-24},
		value: 0x1p-24*20 + math.Log1p(math.Exp(-20)), // log p is 0 and -20 but for that
		first: []float64{logistic(-20) - 0x1p-24, 0x1p-24 - logistic(-20)},
		curv:  []float64{logistic(20) * logistic(-20), logistic(20) * logistic(-20)},
	},
	"logistic": {
		loss: Logistic{}, f: []float32{30, -30, -40}, y: []float32{1, 0, 1},
		value: 2*math.Log1p(math.Exp(-30)) + 40, first: []float64{-logistic(-30), logistic(-30), -1},
		curv: []float64{logistic(30) * logistic(-30), logistic(30) * logistic(-30), logistic(40) * logistic(-40)},
	},
	"logistic beyond the range": {
		loss: Logistic{}, f: []float32{3e38, -3e38}, y: []float32{1, 0}, first: []float64{0, 0}, curv: []float64{0, 0},
	},
}

// at20 is the probability of a score beside 20, 0 and 1.
func at20(score float64) float64 { return math.Exp(score) / (math.Exp(20) + 1 + math.E) }

func logistic(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

func TestLossesHaveDigitsWhereTheyAreSure(t *testing.T) {
	for name, c := range sure {
		t.Run("case="+name, func(t *testing.T) {
			f, y := tensor.From(c.f, 1, len(c.f)), tensor.From(c.y, 1, len(c.y))
			near := func(want float64, got float32, tol float64, what string) {
				t.Helper()
				if want != float64(got) {
					require.InDelta(t, want, float64(got), tol*math.Abs(want), what)
				}
			}
			near(c.value, c.loss.Rows(autograd.Const(f), y).Value().At(0), 3e-7, "value")
			g, h, hh := gradient(nil, c.loss, f, Data{Y: y}), hessian(nil, c.loss, f, Data{Y: y}), hessianByAutograd(c.loss, f, y)
			for j := range c.f {
				near(c.first[j], g.At(0, j), 3e-7, "gradient")
				near(c.curv[j], h.At(0, j), 5e-6, "curvature") // float32 exponentials of rounded numbers
				near(c.curv[j], hh.At(0, j), 5e-6, "Hessian")
			}
		})
	}
}
