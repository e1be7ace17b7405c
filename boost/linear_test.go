package boost

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/tensor"
)

// The normal equations of the definition, solved by hand for one column: B = cov(x, y) / (var(x) (1 + lambda)).
func TestLinearModelsByHand(t *testing.T) {
	d := Data{X: random(1, 50, 1), Y: tensor.New(50, 1), Weight: tensor.Abs(nil, random(2, 50))}
	var sw, sx, sy, sxx, sxy float64
	for i := range 50 {
		d.Y.Data()[i] = 3*d.X.At(i, 0) - 1 + random(3, 50).At(i)
		w, x, y := float64(d.Weight.At(i)), float64(d.X.At(i, 0)), float64(d.Y.At(i, 0))
		sw, sx, sy, sxx, sxy = sw+w, sx+w*x, sy+w*y, sxx+w*x*x, sxy+w*x*y
	}
	slope := (sxy/sw - sx*sy/sw/sw) / (sxx/sw - sx*sx/sw/sw) / 1.25
	e, err := Fit(t.Context(), d, Config{Loss: SquaredError{}, Learner: Linear{L2: 0.25}, Stages: 1, Rate: 1, Newton: true})
	require.NoError(t, err)
	for i, v := range e.Predict(d.X).Data() {
		require.InDelta(t, sy/sw+slope*(float64(d.X.Data()[i])-sx/sw), v, 1e-5)
	}
}

// Columns in other units, moved, constant or twice there change nothing, or hardly anything.
func TestLinearModelsDoNotDependOnUnits(t *testing.T) {
	x, y := random(1, 200, 2), tensor.New(200, 1)
	other := tensor.New(200, 4)
	for i := range 200 {
		y.Data()[i] = x.At(i, 0) - 2*x.At(i, 1) + 5
		other.Set(1e6*x.At(i, 0)+1e7, i, 0)
		other.Set(-1e-9*x.At(i, 1), i, 1)
		other.Set(0.1, i, 2)
	}
	fit := func(x *tensor.Tensor) *tensor.Tensor {
		e, err := Fit(t.Context(), Data{X: x, Y: y}, Config{Loss: SquaredError{}, Learner: Linear{}, Stages: 3, Rate: 1})
		require.NoError(t, err)
		return e.Predict(x)
	}
	requireClose(t, y, fit(x), 1e-3)
	requireClose(t, fit(x), fit(other), 1e-3)
}

// Of many stages of a linear model remains one: logistic regression.
func TestBoostedLinearModelsAreLogisticRegression(t *testing.T) {
	d := blobs(t, 200, 2, 1)
	e, err := Fit(t.Context(), d, Config{Loss: Softmax{}, Learner: Linear{L2: 1e-6}, Stages: 60, Rate: 0.5})
	require.NoError(t, err)
	p := tensor.Softmax(nil, e.Predict(d.X))
	for f := range 2 { // the gradient by each weight is zero
		sum := 0.0
		for i := range 400 {
			sum += float64((p.At(i, 0) - d.Y.At(i, 0)) * d.X.At(i, f))
		}
		require.InDelta(t, 0, sum/400, 1e-3)
	}
	_, err = Fit(t.Context(), d, Config{Loss: Softmax{}, Learner: Linear{L2: math.NaN()}, Stages: 1, Rate: 1})
	require.ErrorContains(t, err, "boost: Linear.L2 is NaN")
}
