package boost

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"flag"
	"io"
	"math"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/tensor"
)

var update = flag.Bool("update", false, "write testdata/written.json and .ubj anew, for testdata/xgboost_models.py check")

// xgbReference is what testdata/xgboost_models.py wrote.
type xgbReference struct {
	Columns int
	X       []*float32
	Cases   []struct {
		Name, Objective, Ubj string
		Margins              []float32
		JSON                 json.RawMessage
	}
}

func readReference(t testing.TB) (r xgbReference, x *tensor.Tensor) {
	text, err := os.ReadFile("testdata/xgboost.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &r))
	return r, withMissing(r.X, r.Columns)
}

func TestModelsOfXGBoostPredictAsThere(t *testing.T) {
	r, x := readReference(t)
	require.Len(t, r.Cases, 13)
	for _, c := range r.Cases {
		ubj, err := base64.StdEncoding.DecodeString(c.Ubj)
		require.NoError(t, err)
		for _, text := range [][]byte{c.JSON, ubj} {
			e, objective, err := ReadXGBoost(bytes.NewReader(text))
			require.NoError(t, err, c.Name)
			require.Equal(t, c.Objective, objective)
			want := tensor.From(c.Margins, x.Dim(0), len(c.Margins)/x.Dim(0))
			requireClose(t, want, e.Predict(x), 1e-6)
			for i := range 5 {
				requireClose(t, want.Slice(i, i+1), e.Predict(x.Slice(i, i+1)), 1e-6)
			}
			for _, write := range []func(io.Writer, string) error{e.WriteXGBoostJSON, e.WriteXGBoostUBJSON} {
				var out bytes.Buffer
				require.NoError(t, write(&out, objective))
				again, objective, err := ReadXGBoost(&out)
				require.NoError(t, err)
				require.Equal(t, c.Objective, objective)
				requireClose(t, want, again.Predict(x), 1e-6)
			}
		}
	}
}

// testdata/written_margins.json is what XGBoost says of what this test writes.
func TestXGBoostPredictsWhatIsWritten(t *testing.T) {
	r, x := readReference(t)
	n := x.Dim(0)
	d := Data{X: x, Y: tensor.New(n, 2)}
	for i := range n {
		for k := range 2 {
			d.Y.Set(r.Cases[10].Margins[2*i+k], i, k)
		}
	}
	e := fitSquares(t, d, 4, Tree{Depth: 3, Categorical: []int{2}})
	for path, write := range map[string]func(io.Writer, string) error{
		"testdata/written.json": e.WriteXGBoostJSON, "testdata/written.ubj": e.WriteXGBoostUBJSON,
	} {
		var out bytes.Buffer
		require.NoError(t, write(&out, "reg:squarederror"))
		if *update {
			require.NoError(t, os.WriteFile(path, out.Bytes(), 0o644))
		}
		written, err := os.ReadFile(path)
		require.NoError(t, err)
		again, _, err := ReadXGBoost(bytes.NewReader(written))
		require.NoError(t, err)
		requireClose(t, e.Predict(x), again.Predict(x), 1e-6)
	}
	text, err := os.ReadFile("testdata/written_margins.json")
	require.NoError(t, err)
	var margins []float32
	require.NoError(t, json.Unmarshal(text, &margins))
	requireClose(t, tensor.From(margins, n, 2), e.Predict(x), 1e-6)
	var objectives bytes.Buffer // that XGBoost loads all of them, and says the same, is checked there
	small := fitSquares(t, d, 1, Tree{Depth: 1})
	for _, objective := range []string{
		"reg:squarederror", "binary:logistic", "multi:softprob", "count:poisson", "reg:gamma", "reg:tweedie",
		"reg:quantileerror", "reg:absoluteerror", "rank:ndcg",
	} {
		require.NoError(t, small.WriteXGBoostJSON(&objectives, objective))
	}
	if *update {
		require.NoError(t, os.WriteFile("testdata/written_objectives.jsonl", objectives.Bytes(), 0o644))
	}
	checked, err := os.ReadFile("testdata/written_objectives.jsonl")
	require.NoError(t, err)
	require.Equal(t, string(checked), objectives.String())
	line, err := Fit(t.Context(), blobs(t, 10, 2, 1), Config{Loss: Softmax{}, Learner: line{}, Stages: 1, Rate: 1})
	require.NoError(t, err)
	require.ErrorContains(t, line.WriteXGBoostJSON(io.Discard, "multi:softprob"), "WriteXGBoostJSON: stage 0 is a")
	require.ErrorContains(t, line.WriteXGBoostUBJSON(io.Discard, "multi:softprob"), "WriteXGBoostUBJSON: stage 0 is a")
}

func TestBaseScoresOfAllForms(t *testing.T) {
	for _, c := range []struct {
		score, objective string
		k                int
		want             []float32
	}{
		{"5E-1", "binary:logistic", 1, []float32{0}},
		{"[8E-1]", "reg:logistic", 1, []float32{float32(math.Log(4))}},
		{"[2E0]", "count:poisson", 1, []float32{float32(math.Log(2))}},
		{"-3", "reg:squarederror", 2, []float32{-3, -3}},
		{"[1,-2.5E0, 3]", "multi:softprob", 3, []float32{1, -2.5, 3}},
	} {
		l := xgbLearner{Params: xgbParams{BaseScore: c.score}}
		l.Objective.Name = c.objective
		got, err := l.start(c.k)
		require.NoError(t, err)
		requireClose(t, tensor.From(c.want, c.k), got, 1e-6)
	}
	for _, score := range []string{"", "x", "[1,2]", "nan", "1e99", "[]"} {
		l := xgbLearner{Params: xgbParams{BaseScore: score}}
		_, err := l.start(3)
		require.Error(t, err, score)
	}
	l := xgbLearner{Params: xgbParams{BaseScore: "0"}}
	l.Objective.Name = "count:poisson"
	_, err := l.start(1)
	require.Error(t, err)
}

// One fault at a time in a model that is right, and the ends cut off.
func TestModelsOfXGBoostThatAreBroken(t *testing.T) {
	r, _ := readReference(t)
	good := string(r.Cases[5].JSON)
	replace := func(pattern, with string) string {
		p := regexp.MustCompile(pattern)
		at := p.FindStringIndex(good)
		require.NotNil(t, at, pattern)
		return good[:at[0]] + p.ReplaceAllString(good[at[0]:at[1]], with) + good[at[1]:]
	}
	broken := []string{
		"", "{", "null", "{}", "[1]", `{"learner":{"gradient_booster":{"name":"gblinear","model":{}}}}`,
		strings.ReplaceAll(good, `"dart"`, `"other"`),
		replace(`"left_children":\[1`, `"left_children":[0`), replace(`"left_children":\[1`, `"left_children":[2`),
		replace(`"left_children":\[1`, `"left_children":[9999`), replace(`"left_children":\[1`, `"left_children":[-2`),
		replace(`"left_children":\[1`, `"left_children":[1,1`), replace(`"split_indices":\[\d`, `"split_indices":[4`),
		replace(`"split_indices":\[\d`, `"split_indices":[-1`), replace(`"sum_hessian":\[`, `"sum_hessian":[-`),
		replace(`"categories":\[`, `"categories":[-`), replace(`"categories_sizes":\[\d+`, `"categories_sizes":[9999`),
		replace(`"categories_segments":\[0`, `"categories_segments":[-1`), replace(`"categories_nodes":\[\d+`, `"categories_nodes":[1000`),
		replace(`"tree_info":\[0`, `"tree_info":[3`), replace(`"tree_info":\[0`, `"tree_info":[-1`), replace(`"tree_info":\[0`, `"tree_info":[0,0`),
		replace(`"weight_drop":\[`, `"weight_drop":[1,`), replace(`"weight_drop":\[[^,]*`, `"weight_drop":[1e40`),
		replace(`"num_class":"3"`, `"num_class":"2"`), replace(`"num_class":"3"`, `"num_class":"100000000"`),
		replace(`"num_class":"3"`, `"num_class":"x"`), replace(`"num_feature":"4","num_target"`, `"num_feature":"0","num_target"`),
		replace(`"size_leaf_vector":"1"`, `"size_leaf_vector":"3"`), replace(`"default_left":\[\d`, `"default_left":[2`),
	}
	for cut := 1; cut < len(good); cut += 997 {
		broken = append(broken, good[:cut])
	}
	ubj, err := base64.StdEncoding.DecodeString(r.Cases[5].Ubj)
	require.NoError(t, err)
	for cut := 1; cut < len(ubj); cut += 499 {
		broken = append(broken, string(ubj[:cut]))
	}
	for _, text := range broken {
		_, _, err := ReadXGBoost(strings.NewReader(text))
		require.ErrorIs(t, err, ErrXGBoost, "%.300s", text)
	}
}

func FuzzReadXGBoost(f *testing.F) {
	r, x := readReference(f)
	for _, c := range r.Cases[:5] {
		f.Add([]byte(c.JSON))
		ubj, _ := base64.StdEncoding.DecodeString(c.Ubj)
		f.Add(ubj)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		e, objective, err := ReadXGBoost(bytes.NewReader(text))
		if err != nil || e.inputs != 4 || e.outputs > 10 {
			return
		}
		e.Predict(x)
		if _, err := e.SHAP(t.Context(), x.Slice(0, 1)); err == nil {
			_ = e.WriteXGBoostUBJSON(io.Discard, objective)
		}
	})
}
