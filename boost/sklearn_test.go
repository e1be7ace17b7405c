package boost

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/tensor"
)

// testdata/sklearn_models.py exported these models, and saw XGBoost say of them what scikit-learn does.
func TestModelsOfScikitLearnPredictAsThere(t *testing.T) {
	text, err := os.ReadFile("testdata/sklearn.json")
	require.NoError(t, err)
	var r struct {
		Columns int
		Tables  [][]*float32
		Cases   []struct {
			Name   string
			Rows   int
			Scores []float32
			JSON   json.RawMessage
		}
	}
	require.NoError(t, json.Unmarshal(text, &r))
	require.Len(t, r.Cases, 16)
	for _, c := range r.Cases {
		e, _, err := ReadXGBoost(bytes.NewReader(c.JSON))
		require.NoError(t, err, c.Name)
		x := withMissing(r.Tables[c.Rows], r.Columns)
		want := tensor.From(c.Scores, x.Dim(0), e.Outputs())
		requireClose(t, want, e.Predict(x), 1e-6)
		for i := range 5 {
			requireClose(t, want.Slice(i, i+1), e.Predict(x.Slice(i, i+1)), 1e-6)
		}
	}
}
