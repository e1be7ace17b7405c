package boost

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum"
	"github.com/residuum-go/residuum/tensor"
)

// The values are those of XGBoost, and sum to those of SHAP.
func TestInteractionsAreThoseOfXGBoost(t *testing.T) {
	r, x := readReference(t)
	text, err := os.ReadFile("testdata/interactions.json")
	require.NoError(t, err)
	var reference [][]float32
	require.NoError(t, json.Unmarshal(text, &reference))
	require.Len(t, reference, len(r.Cases))
	compared := 0
	for i, c := range r.Cases {
		e, _, err := ReadXGBoost(bytes.NewReader(c.JSON))
		require.NoError(t, err)
		rows := x.Slice(0, 4)
		got, err := e.SHAPInteractions(t.Context(), rows)
		require.NoError(t, err)
		values, err := e.SHAP(t.Context(), rows)
		require.NoError(t, err)
		requireClose(t, values, tensor.Sum(nil, got, 2), 1e-5)
		requireClose(t, got, tensor.Transpose(nil, got, 0, 2, 1, 3), 1e-5)
		if reference[i] != nil {
			want := tensor.From(reference[i], 4, e.Outputs(), 5, 5)
			requireClose(t, tensor.Transpose(nil, want, 0, 2, 3, 1), got, 1e-5)
			compared++
		}
	}
	require.Equal(t, 13, compared)
	cancelled, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stop")
	cancel(stop)
	e := fitSquares(t, mixed(50), 1, Tree{})
	_, err = e.SHAPInteractions(cancelled, mixed(50).X)
	require.ErrorIs(t, err, stop)
	_, err = e.PartialDependence(cancelled, mixed(50).X, 0, []float32{1})
	require.ErrorIs(t, err, stop)
}

func TestPartialDependence(t *testing.T) {
	d := mixed(50)
	e := fitSquares(t, d, 3, Tree{Depth: 3})
	before := d.X.Clone()
	got, err := e.PartialDependence(t.Context(), d.X, 2, []float32{-1, 0.5})
	require.NoError(t, err)
	require.Equal(t, []int{2, 2}, got.Shape())
	require.Equal(t, fmt.Sprint(before.Data()), fmt.Sprint(d.X.Data())) // with NaN
	for j, v := range []float32{-1, 0.5} {
		for k := range 2 {
			sum := 0.0
			for i := range 50 {
				row := d.X.Slice(i, i+1).Clone()
				row.Set(v, 0, 2)
				sum += float64(e.Predict(row).At(0, k)) / 50
			}
			require.InDelta(t, sum, got.At(j, k), 1e-6)
		}
	}
	require.PanicsWithValue(t, "boost: PartialDependence: column 5 of 5", func() { _, _ = e.PartialDependence(t.Context(), d.X, 5, nil) })
}

func TestCrossValidate(t *testing.T) {
	d := mixed(53)
	d.Weight = tensor.Abs(nil, random(3, 53))
	c := Config{Loss: SquaredError{}, Learner: Tree{Depth: 2}, Stages: 3, Rate: 0.5, Newton: true, Seed: 4}
	folds, err := CrossValidate(t.Context(), d, c, 5)
	require.NoError(t, err)
	require.Len(t, folds, 5)
	again, err := CrossValidate(t.Context(), d, c, 5)
	require.NoError(t, err)
	seen := map[int]bool{}
	for i, f := range folds {
		held := d.rows(f.Held)
		require.Contains(t, []int{10, 11}, len(f.Held))
		require.Equal(t, len(f.Held), f.Score.Examples)
		require.InDelta(t, meanLoss(c.Loss, f.Ensemble.Predict(held.X), held), f.Score.Loss(), 1e-9)
		require.Equal(t, f.Ensemble.Predict(d.X).Data(), again[i].Ensemble.Predict(d.X).Data())
		var others []int
		for row := range 53 {
			if !slices.Contains(f.Held, row) {
				others = append(others, row)
			}
		}
		require.False(t, seen[f.Held[0]])
		for _, row := range f.Held {
			seen[row] = true
		}
		alone, err := Fit(t.Context(), d.rows(others), c) // in another order of rows, which trees do not depend on
		require.NoError(t, err)
		requireClose(t, alone.Predict(d.X), f.Ensemble.Predict(d.X), 1e-5)
	}
	require.Len(t, seen, 53)
	for _, n := range []int{1, 54} {
		_, err = CrossValidate(t.Context(), d, c, n)
		require.ErrorIs(t, err, ErrData)
	}
	c.Valid = &d
	_, err = CrossValidate(t.Context(), d, c, 2)
	var wrong *residuum.ConfigError
	require.ErrorAs(t, err, &wrong)
	require.Equal(t, "Valid", wrong.Field)
	_, err = CrossValidate(t.Context(), d, Config{}, 2)
	require.ErrorAs(t, err, &wrong)
}
