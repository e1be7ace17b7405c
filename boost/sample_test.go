package boost

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum"
	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
)

func TestOneSidedSamplesKeepLargeGradientsAndTheExpectationOfSums(t *testing.T) {
	target, weight := random(1, 100, 2), tensor.Abs(nil, random(2, 100, 2))
	sizes := gradientSizes(target, weight)
	whole, mean := 0.0, 0.0
	for _, v := range sizes {
		whole += v
	}
	const draws = 2000
	for seed := range uint64(draws) {
		s := oneSided(rand.New(rand.NewPCG(seed, 0)), sizes, 20, 16)
		require.Len(t, s.rows, 36)
		least, most, tops := 1e9, 0.0, 0
		for j, i := range s.rows {
			require.True(t, j == 0 || s.rows[j-1] < i, "ascending")
			mean += sizes[i] * float64(s.factors[j]) / draws
			if s.factors[j] == 1 {
				least, tops = min(least, sizes[i]), tops+1
			} else {
				require.Equal(t, float32(5), s.factors[j]) // 80 rows by 16
				most = max(most, sizes[i])
			}
		}
		require.Equal(t, 20, tops)
		require.GreaterOrEqual(t, least, most)
	}
	require.InEpsilon(t, whole, mean, 0.01)
}

// Whatever the learner, rows left out have no part: those that are prepared get weights, others rows.
func TestSamplesAreWhatLearnersAreFittedOn(t *testing.T) {
	d := blobs(t, 100, 3, 1)
	for _, learner := range []Learner{Tree{Depth: 3}, line{}} {
		for _, c := range []Config{{Subsample: 0.4}, {GOSS: GOSS{Top: 0.2, Rest: 0.2}}} {
			c.Loss, c.Learner, c.Stages, c.Rate, c.Newton = Softmax{}, learner, 10, 0.3, true
			c.OnStage = func(r Report) error {
				require.Equal(t, 120, r.Rows)
				return nil
			}
			e, err := Fit(t.Context(), d, c)
			require.NoError(t, err)
			require.Greater(t, scoreOf(Softmax{}, e.Predict(d.X), d).Accuracy(), 0.85)
		}
	}
	chosen, weight := sample{rows: []int{0, 2}, factors: []float32{1, 3}}, tensor.From([]float32{1, 2, 3, 4, 5, 6}, 3, 2)
	require.Equal(t, []float32{1, 2, 0, 0, 15, 18}, chosen.spread(weight, 3, 2).Data())
	require.Equal(t, []float32{1, 1, 0, 0, 3, 3}, chosen.spread(nil, 3, 2).Data())
	require.Equal(t, []float32{1, 2, 15, 18}, chosen.weights(weight, 2).Data())
	chosen.factors = nil
	require.Equal(t, []float32{1, 1, 0, 0, 1, 1}, chosen.spread(nil, 3, 2).Data())
}

func TestSamplesThatCannotBe(t *testing.T) {
	for _, c := range []Config{{GOSS: GOSS{Top: 0.5}}, {GOSS: GOSS{Top: 0.5, Rest: 0.6}}, {GOSS: GOSS{Rest: 0.1}}, {Subsample: 0.5, GOSS: GOSS{Top: 0.1, Rest: 0.1}}} {
		c.Loss, c.Learner, c.Stages, c.Rate = Softmax{}, Tree{}, 1, 1
		_, err := Fit(t.Context(), blobs(t, 4, 2, 1), c)
		var bad *residuum.ConfigError
		require.ErrorAs(t, err, &bad)
	}
}

// The Newton step of the squared error is exact, however long it is.
func TestNewtonStepsOfRegressionAreNotClipped(t *testing.T) {
	d := Data{X: tensor.From([]float32{0, 1, 2, 3}, 4, 1), Y: tensor.From([]float32{-3e4, 1e4, 5e4, 9e4}, 4, 1)}
	for _, learner := range []Learner{line{}, Tree{}} {
		e, err := Fit(t.Context(), d, Config{Loss: SquaredError{}, Learner: learner, Stages: 1, Rate: 1, Newton: true})
		require.NoError(t, err)
		requireClose(t, d.Y, e.Predict(d.X), 1e-6)
	}
}

func TestGradientsThroughTreesAreZero(t *testing.T) {
	d := blobs(t, 20, 3, 1)
	e := fitTrees(t, d, Tree{Depth: 3})
	x := autograd.NewTape(1).Input(e.Stem(autograd.Const(d.X)).Value())
	for _, gradients := range []func(y, seed *autograd.Var, xs ...*autograd.Var) []*autograd.Var{autograd.VJP, autograd.Grad} {
		g := gradients(autograd.Sum(e.Branch(0, x)), nil, x)[0]
		require.Equal(t, x.Shape(), g.Shape())
		require.Zero(t, tensor.Norm(g.Value()))
	}
}
