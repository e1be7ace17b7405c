package boost

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum"
	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
)

func TestRegressionLosses(t *testing.T) {
	for name, c := range map[string]struct {
		loss  Loss
		truth func(y, f float64) (value, slope float64)
	}{
		"median": {Quantile{}, func(y, f float64) (float64, float64) { return math.Abs(y-f) / 2, math.Copysign(0.5, f-y) }},
		"upper quantile": {Quantile{Level: 0.9}, func(y, f float64) (float64, float64) {
			if y > f {
				return 0.9 * (y - f), -0.9
			}
			return 0.1 * (f - y), 0.1
		}},
		"huber": {Huber{Delta: 0.5}, func(y, f float64) (float64, float64) {
			if r := math.Abs(y - f); r > 0.5 {
				return 0.5 * (r - 0.25), math.Copysign(0.5, f-y)
			}
			return (y - f) * (y - f) / 2, f - y
		}},
		"absolute": {AbsoluteError{}, func(y, f float64) (float64, float64) { return math.Abs(y - f), math.Copysign(1, f-y) }},
		"gamma":    {Gamma{}, func(y, f float64) (float64, float64) { return y*math.Exp(-f) + f, 1 - y*math.Exp(-f) }},
		"tweedie": {Tweedie{Power: 1.3}, func(y, f float64) (float64, float64) {
			return math.Exp(0.7*f)/0.7 + y*math.Exp(-0.3*f)/0.3, math.Exp(0.7*f) - y*math.Exp(-0.3*f)
		}},
		"poisson": {Poisson{}, func(y, f float64) (float64, float64) { return math.Exp(f) - y*f, math.Exp(f) - y }},
	} {
		y, f := tensor.Abs(nil, random(1, 200, 1)), random(2, 200, 1)
		weight := tensor.Abs(nil, random(3, 200))
		d := Data{X: f, Y: y, Weight: weight}
		require.NoError(t, c.loss.Check(y))
		rows, g := c.loss.Rows(autograd.Const(f), y).Value(), gradient(c.loss, f, y)
		for i := range 200 {
			value, slope := c.truth(float64(y.At(i, 0)), float64(f.At(i, 0)))
			require.InDelta(t, value, rows.At(i), 1e-5, name)
			require.InDelta(t, slope, g.At(i, 0), 1e-5, name)
		}
		at, err := start(c.loss, d)
		require.NoError(t, err)
		least := meanLoss(c.loss, tensor.Full(at.At(0), 200, 1), d)
		for step := -40; step <= 40; step++ {
			other := tensor.Full(at.At(0)+float32(step)/20, 200, 1)
			require.LessOrEqual(t, least, meanLoss(c.loss, other, d)+1e-7, name)
		}
		for _, newton := range []bool{false, true} {
			e, err := Fit(t.Context(), d, Config{Loss: c.loss, Learner: Tree{Depth: 4}, Stages: 20, Rate: 0.3, Newton: newton})
			require.NoError(t, err)
			require.Less(t, meanLoss(c.loss, e.Predict(d.X), d), least-0.01, "%s, Newton %v", name, newton)
		}
	}
	f, y := random(2, 9, 1), tensor.Abs(nil, random(3, 9, 1))
	for _, loss := range []Loss{Poisson{}, Gamma{}, Tweedie{}, Tweedie{Power: 1.9}} {
		requireClose(t, hessianByAutograd(loss, f, y), loss.(Curved).Curvature(f, y), 1e-5)
	}
}

func TestRegressionLossesThatCannotBe(t *testing.T) {
	y := tensor.Full(-1, 1, 1)
	require.ErrorIs(t, Poisson{}.Check(y), ErrData)
	require.ErrorIs(t, Gamma{}.Check(tensor.New(1, 1)), ErrData)
	require.ErrorIs(t, Tweedie{}.Check(y), ErrData)
	for _, loss := range []Loss{Tweedie{Power: 1}, Tweedie{Power: math.Inf(1)}, Quantile{Level: 1}, Quantile{Level: math.NaN()}, Huber{Delta: -1}, Huber{Delta: math.Inf(1)}} {
		var bad *residuum.ConfigError
		require.ErrorAs(t, loss.Check(y), &bad)
	}
}
