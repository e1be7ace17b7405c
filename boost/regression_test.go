package boost

import (
	"cmp"
	"math"
	"slices"
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
		rows, g := c.loss.Rows(autograd.Const(f), y).Value(), gradient(nil, c.loss, f, Data{Y: y})
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
		requireClose(t, hessianByAutograd(loss, f, y), loss.(Curved).Curvature(nil, f, y), 1e-5)
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

// The value of each leaf is the quantile of what its rows lack, as sorting says.
func TestLeavesOfRobustLossesTakeTheBestConstant(t *testing.T) {
	d := Data{X: random(1, 301, 2), Y: random(2, 301, 2), Weight: tensor.New(301)}
	for i := range 301 {
		d.Weight.Data()[i] = float32(1 + i%3)
		d.Y.Set(d.Y.At(i, 0)*d.X.At(i, 0)*100, i, 0)
	}
	for _, newton := range []bool{false, true} {
		c := Config{Loss: Quantile{Level: 0.8}, Learner: Tree{Depth: 3}, Stages: 1, Rate: 1, Newton: newton}
		e, err := Fit(t.Context(), d, c)
		require.NoError(t, err)
		for k, nodes := range e.stages[0].learner.(*trees).roots {
			for at := range nodes {
				if nodes[at].left != 0 {
					continue
				}
				var rows []int
				total := 0.0
				for i := range 301 {
					if leafOf(nodes, d.X.Slice(i, i+1).Data()) == &nodes[at] {
						rows = append(rows, i)
						total += float64(d.Weight.At(i))
					}
				}
				slices.SortFunc(rows, func(a, b int) int { return cmp.Compare(d.Y.At(a, k), d.Y.At(b, k)) })
				sum := 0.0
				for _, i := range rows {
					if sum += float64(d.Weight.At(i)); sum >= 0.8*total {
						require.InDelta(t, d.Y.At(i, k)-e.start.At(k), nodes[at].value, 1e-4)
						break
					}
				}
			}
		}
	}
	outlier := Data{X: d.X, Y: tensor.New(301, 1)} // far targets move no leaf of an absolute error, and near ones are reached
	for i := range 301 {
		outlier.Y.Data()[i] = 1000 * float32(math.Floor(float64(d.X.At(i, 0))))
	}
	outlier.Y.Data()[7] = 1e9
	e, err := Fit(t.Context(), outlier, Config{Loss: AbsoluteError{}, Learner: Tree{Depth: 3, MinWeight: 3}, Stages: 30, Rate: 1, Newton: true})
	require.NoError(t, err)
	lost, before := 0.0, 0.0
	for i, v := range e.Predict(outlier.X).Data() {
		if i != 7 {
			lost += math.Abs(float64(v - outlier.Y.Data()[i]))
			before += math.Abs(float64(e.start.Item() - outlier.Y.Data()[i]))
		}
	}
	require.Less(t, lost, 0.1*before)
}
