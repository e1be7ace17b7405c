package boost

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/tensor"
)

func newton(loss Loss, stages int, t Tree) Config {
	return Config{Loss: loss, Learner: t, Stages: stages, Rate: 0.5, Newton: true}
}

// Of a million categories, each with one row, the first 255 are told apart, and the others are missing values.
func TestColumnOfAMillionCategories(t *testing.T) {
	n := 1_000_000
	if testing.Short() {
		n = 10_000
	}
	d := Data{X: tensor.New(n, 2), Y: tensor.New(n, 1)} // the other column is constant
	for i := range n {
		d.X.Set(float32(i), i, 0)
		if i < 100 {
			d.Y.Set(1, i, 0)
		}
	}
	e, err := Fit(t.Context(), d, Config{Loss: SquaredError{}, Learner: Tree{Depth: 1, Categorical: []int{0}}, Stages: 1, Rate: 1, Newton: true})
	require.NoError(t, err)
	got := e.Predict(d.X)
	require.InDelta(t, 1, got.At(99, 0), 1e-6)
	require.InDelta(t, 0, got.At(100, 0), 1e-6)
	require.InDelta(t, 0, got.At(n-1, 0), 1e-6)
	require.Zero(t, e.Importance().Splits[1])
}

// What Fit refuses Predict takes: to trees, infinities are the largest and the smallest numbers, however they are asked.
func TestInfiniteInputsOfPrediction(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	d := Data{X: random(1, 200, 5), Y: random(2, 200, 2)}
	e := fitSquares(t, d, 6, Tree{Depth: 5})
	for sign, v := range map[float32]float32{1: inf, -1: -inf} {
		infinite, large := d.X.Clone(), d.X.Clone()
		for i := range d.X.Len() {
			if i%3 == 0 {
				infinite.Data()[i], large.Data()[i] = v, sign*math.MaxFloat32
			}
		}
		want := e.Predict(large)
		require.Equal(t, want, e.Predict(infinite))
		require.Equal(t, want.Slice(5, 6).Data(), e.Predict(infinite.Slice(5, 6)).Data())
		require.Equal(t, e.Forward(autograd.Const(large)).Value(), e.Forward(autograd.Const(infinite)).Value())
		values, err := e.SHAP(t.Context(), infinite)
		require.NoError(t, err)
		same, err := e.SHAP(t.Context(), large)
		require.NoError(t, err)
		require.Equal(t, same, values)
		d := d
		d.X = infinite
		_, err = Fit(t.Context(), d, newton(SquaredError{}, 1, Tree{}))
		require.ErrorIs(t, err, ErrData)
		require.ErrorContains(t, err, "inputs: "+fmt.Sprint(v)+" at row 0")
	}
	// A split of the missing values from all numbers is at infinity, which is with the former.
	d = Data{X: tensor.From([]float32{1, 2, nan, nan}, 4, 1), Y: tensor.From([]float32{1, 1, 5, 5}, 4, 1)}
	e, err := Fit(t.Context(), d, newton(SquaredError{}, 1, Tree{Depth: 1}))
	require.NoError(t, err)
	got := e.Predict(tensor.From([]float32{nan, inf, math.MaxFloat32, -inf}, 4, 1)).Data()
	require.Equal(t, got[0], got[1])
	require.Equal(t, got[2], got[3])
	require.NotEqual(t, got[1], got[2])
}

func TestOneClass(t *testing.T) {
	one := blobs(t, 20, 2, 1)
	for i := range 40 {
		one.Y.Set(1, i, 0)
		one.Y.Set(0, i, 1)
	}
	for _, loss := range []Loss{Softmax{}, Logistic{}} {
		e, err := Fit(t.Context(), one, newton(loss, 3, Tree{}))
		require.NoError(t, err)
		scores := e.Predict(one.X)
		require.NoError(t, finite("scores", scores, ErrDiverged))
		require.Greater(t, scores.At(0, 0), scores.At(0, 1)+10)
	}
}

func TestFileOfTreesCutShort(t *testing.T) {
	d := blobs(t, 20, 2, 1)
	e, err := Fit(t.Context(), d, newton(Softmax{}, 2, Tree{Depth: 2}))
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "trees")
	require.NoError(t, e.Save(path, data.Card{}))
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	for cut := 0; cut < len(whole); cut += 7 {
		require.NoError(t, os.WriteFile(path, whole[:cut], 0o600))
		_, _, err := Load(path)
		require.ErrorContains(t, err, "boost: Load: ")
	}
}
