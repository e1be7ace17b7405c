package boost

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/tensor"
)

// lgbReference is what testdata/lightgbm_models.py wrote.
type lgbReference struct {
	Columns int
	X       []*float32
	Cases   []struct {
		Name, Model  string
		Scores, SHAP []float32
	}
}

func readLightGBMReference(t testing.TB) (r lgbReference, x *tensor.Tensor) {
	text, err := os.ReadFile("testdata/lightgbm.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &r))
	require.Len(t, r.Cases, 16)
	return r, withMissing(r.X, r.Columns)
}

func TestModelsOfLightGBMPredictAsThere(t *testing.T) {
	r, x := readLightGBMReference(t)
	zeros := 0
	for _, c := range r.Cases {
		e, objective, err := ReadLightGBM(strings.NewReader(c.Model))
		require.NoError(t, err, c.Name)
		require.True(t, strings.HasPrefix(objective, strings.Fields(c.Name)[0]), "%s: %s", c.Name, objective)
		want := tensor.From(c.Scores, x.Dim(0), e.Outputs())
		requireClose(t, want, e.Predict(x), 1e-6)
		for i := range 8 {
			requireClose(t, want.Slice(i, i+1), e.Predict(x.Slice(i, i+1)), 1e-6)
		}
		values, err := e.SHAP(t.Context(), x.Slice(0, 6))
		require.NoError(t, err)
		shap := tensor.Transpose(nil, tensor.From(c.SHAP, 6, e.Outputs(), 5), 0, 2, 1)
		requireClose(t, shap, values, 1e-6)

		path := filepath.Join(t.TempDir(), "model")
		require.NoError(t, e.Save(path, data.Card{}))
		again, _, err := Load(path)
		require.NoError(t, err)
		require.Equal(t, e.Predict(x).Data(), again.Predict(x).Data())
		if err := e.WriteXGBoostJSON(io.Discard, "reg:squarederror"); strings.Contains(c.Name, "zero_as_missing") {
			require.ErrorContains(t, err, "zeros", c.Name)
			zeros++
		} else {
			require.NoError(t, err)
		}
	}
	require.Equal(t, 2, zeros)
}

// One fault at a time in a model that is right, and the ends cut off.
func TestModelsOfLightGBMThatAreBroken(t *testing.T) {
	r, _ := readLightGBMReference(t)
	good := r.Cases[10].Model
	broken := []string{"", "tree", "\n" + good, "{}", "tree\nend of trees"}
	for _, fault := range [][2]string{
		{"version=v4", "version=v9"}, {"max_feature_idx=3", "max_feature_idx=2147483647"}, {"feature_names=", "feature_names=x "},
		{"num_tree_per_iteration=3", "num_tree_per_iteration=2"}, {"num_tree_per_iteration=3", "num_tree_per_iteration=0"},
		{"num_tree_per_iteration=3", "num_tree_per_iteration="}, {"is_linear=0", "is_linear=1"}, {"Tree=1", "Tree=2"},
		{"num_leaves=6", "num_leaves=5"}, {"num_leaves=6", "num_leaves=1000000000000"}, {"num_leaves=6", "num_leaves=-1"},
		{"left_child=", "left_child=0 "}, {"left_child=1", "left_child=0"}, {"left_child=1", "left_child=5"}, {"left_child=1", "left_child=-9"},
		{"split_feature=0", "split_feature=4"}, {"split_feature=0", "split_feature=-1"}, {"threshold=", "threshold=nan "}, {"leaf_value=", "leaf_value=1 "}, {"leaf_value=", "leaf_value=a"},
		{"leaf_count=", "leaf_count=-"}, {"decision_type=", "decision_type=12 "}, {"split_gain=", "split_gain=1e400"},
		{"cat_boundaries=0", "cat_boundaries=9"}, {"cat_boundaries=0 2", "cat_boundaries=2 0"}, {"cat_boundaries=0 2", "cat_boundaries=0 999999999"},
		{"cat_boundaries=0", "cat_boundaries=-1"}, {"cat_threshold=", "cat_threshold=x"},
	} {
		text := strings.Replace(good, fault[0], fault[1], 1)
		require.NotEqual(t, good, text, fault[0])
		broken = append(broken, text)
	}
	for cut := 1; cut < len(good)-1; cut += 97 {
		broken = append(broken, good[:cut])
	}
	for _, text := range broken {
		_, _, err := ReadLightGBM(strings.NewReader(text))
		require.ErrorIs(t, err, ErrLightGBM, "%.2000s", text)
	}
	_, _, err := ReadLightGBM(strings.NewReader(strings.Replace(good, "is_linear=0", "is_linear=1", 1)))
	require.ErrorContains(t, err, "linear models")
}

func FuzzReadLightGBM(f *testing.F) {
	r, x := readLightGBMReference(f)
	for _, c := range r.Cases {
		f.Add([]byte(c.Model))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		e, _, err := ReadLightGBM(bytes.NewReader(text))
		if err != nil || e.inputs != 4 || e.outputs > 10 {
			return
		}
		e.Predict(x)
		_, _ = e.SHAP(t.Context(), x.Slice(0, 1))
	})
}
