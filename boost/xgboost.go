package boost

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/residuum-go/residuum/internal/ubjson"
	"github.com/residuum-go/residuum/tensor"
)

// ErrXGBoost is wrapped by errors about models of XGBoost that are broken or of a kind that ensembles cannot be.
var ErrXGBoost = errors.New("no XGBoost model of trees that can be read")

// A model of XGBoost as its schema (doc/model.schema) says, in JSON or UBJSON; of both only what prediction needs.
type xgbModel struct {
	Learner xgbLearner `json:"learner"`
	Version []int      `json:"version"`
}

type xgbLearner struct {
	Attributes   struct{}   `json:"attributes"`
	FeatureNames []string   `json:"feature_names"`
	FeatureTypes []string   `json:"feature_types"`
	Booster      xgbBooster `json:"gradient_booster"`
	Params       xgbParams  `json:"learner_model_param"`
	Objective    xgbAim     `json:"objective"`
}

// xgbAim is an objective with the parameters that XGBoost asks for when it loads some of them.
type xgbAim struct {
	Name    string      `json:"name"`
	Classes *xgbClasses `json:"softmax_multiclass_param,omitempty"`
	Counts  *xgbCounts  `json:"poisson_regression_param,omitempty"`
	Tweedie *xgbTweedie `json:"tweedie_regression_param,omitempty"`
	Levels  *xgbLevels  `json:"quantile_loss_param,omitempty"`
}

type xgbClasses struct {
	Classes string `json:"num_class"`
}

type xgbCounts struct {
	Step string `json:"max_delta_step"`
}

type xgbTweedie struct {
	Power string `json:"tweedie_variance_power"`
}

type xgbLevels struct {
	Levels string `json:"quantile_alpha"`
}

type xgbParams struct {
	BaseScore string `json:"base_score"`
	Classes   string `json:"num_class"`
	Features  string `json:"num_feature"`
	Targets   string `json:"num_target"`
}

// xgbBooster is of trees, or Dart, which holds one of trees and a weight for each.
type xgbBooster struct {
	Name   string      `json:"name"`
	Model  *xgbTrees   `json:"model,omitempty"`
	Inner  *xgbBooster `json:"gbtree,omitempty"`
	Weight []float32   `json:"weight_drop,omitempty"`
}

type xgbTrees struct {
	Params struct {
		Trees    string `json:"num_trees"`
		Parallel string `json:"num_parallel_tree"`
	} `json:"gbtree_model_param"`
	Rounds []int     `json:"iteration_indptr"`
	Score  []int     `json:"tree_info"` // which a tree adds to
	Trees  []xgbTree `json:"trees"`
}

// xgbTree has an element for each node. The split condition of a leaf is its value.
type xgbTree struct {
	ID       int         `json:"id"`
	Left     []int32     `json:"left_children"`
	Right    []int32     `json:"right_children"`
	Parents  []int32     `json:"parents"`
	Column   []int32     `json:"split_indices"`
	Cut      xgbFloats   `json:"split_conditions"`
	Default  []xgbBool   `json:"default_left"`
	Type     []xgbBool   `json:"split_type"` // whether it is categorical
	Gain     xgbFloats   `json:"loss_changes"`
	Cover    xgbFloats   `json:"sum_hessian"`
	Weights  xgbFloats   `json:"base_weights"`
	CatNodes []int32     `json:"categories_nodes"` // whose categories go right
	CatBegin []int64     `json:"categories_segments"`
	CatCount []int64     `json:"categories_sizes"`
	Cats     []int32     `json:"categories"`
	Params   xgbTreeSize `json:"tree_param"`
}

type xgbTreeSize struct {
	Deleted  string `json:"num_deleted"`
	Features string `json:"num_feature"`
	Nodes    string `json:"num_nodes"`
	Leaf     string `json:"size_leaf_vector"`
}

// xgbFloats are written with an exponent, because XGBoost does not take an integer for a number.
type xgbFloats []float32

// MarshalJSON implements json.Marshaler.
func (v xgbFloats) MarshalJSON() ([]byte, error) {
	out := []byte{'['}
	for i, x := range v {
		if i > 0 {
			out = append(out, ',')
		}
		out = strconv.AppendFloat(out, float64(x), 'E', -1, 32)
	}
	return append(out, ']'), nil
}

// xgbBool is a bool that may be written as a number.
type xgbBool bool

// UnmarshalJSON implements json.Unmarshaler.
func (b *xgbBool) UnmarshalJSON(text []byte) error {
	switch string(text) {
	case "true", "1":
		*b = true
	case "false", "0":
		*b = false
	default:
		return fmt.Errorf("%s is neither true nor false", text)
	}
	return nil
}

// MarshalJSON implements json.Marshaler.
func (b xgbBool) MarshalJSON() ([]byte, error) {
	if b {
		return []byte("1"), nil
	}
	return []byte("0"), nil
}

// ReadXGBoost returns the ensemble of a model that XGBoost's save_model wrote, as JSON or UBJSON, with the boosters gbtree
// or dart, and its objective, such as "binary:logistic". Scores are XGBoost's margins, what its predict returns with
// output_margin. It fails with ErrXGBoost.
func ReadXGBoost(r io.Reader) (e *Ensemble, objective string, err error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, "", fmt.Errorf("boost: ReadXGBoost: %w", err)
	}
	var m xgbModel
	if err = m.unmarshal(text); err == nil {
		e, err = m.ensemble()
	}
	if err != nil {
		return nil, "", fmt.Errorf("boost: ReadXGBoost: %w: %w", ErrXGBoost, err)
	}
	return e, m.Learner.Objective.Name, nil
}

// unmarshal reads JSON, or UBJSON, in which a bracket is followed by the marker of a length.
func (m *xgbModel) unmarshal(text []byte) error {
	if len(text) > 1 && text[0] == '{' && strings.ContainsRune("LlIUi", rune(text[1])) {
		v, err := ubjson.Decode(text)
		if err != nil {
			return err
		}
		if text, err = json.Marshal(v); err != nil {
			return err
		}
	}
	return json.Unmarshal(text, m)
}

func (m *xgbModel) ensemble() (*Ensemble, error) {
	l, booster := &m.Learner, &m.Learner.Booster
	weights := booster.Weight
	if booster.Inner != nil {
		booster = booster.Inner
	}
	if booster.Model == nil || l.Booster.Name != "gbtree" && l.Booster.Name != "dart" {
		return nil, fmt.Errorf("booster %q, want gbtree or dart", l.Booster.Name)
	}
	model := booster.Model
	d, err := strconv.Atoi(l.Params.Features)
	if err != nil || d < 1 || d > math.MaxInt32 {
		return nil, fmt.Errorf("num_feature %q", l.Params.Features)
	}
	k := 1
	for _, text := range []string{l.Params.Classes, l.Params.Targets} {
		if n, err := strconv.Atoi(text); err == nil {
			k = max(k, n)
		} else if text != "" {
			return nil, fmt.Errorf("num_class or num_target %q", text)
		}
	}
	if k > 1 && k > len(model.Trees) || len(model.Score) != len(model.Trees) || weights != nil && len(weights) != len(model.Trees) {
		return nil, fmt.Errorf("%d trees with tree_info of %d and weight_drop of %d, for %d scores", len(model.Trees), len(model.Score), len(weights), k)
	}
	e := &Ensemble{row: []int{d}, inputs: d, outputs: k, family: Tree{}}
	if e.start, err = l.start(k); err != nil {
		return nil, err
	}
	perScore := make([][][]node, k)
	for i, t := range model.Trees {
		weight := float32(1)
		if weights != nil {
			weight = weights[i]
		}
		nodes, err := t.nodes(d, weight)
		if err != nil {
			return nil, fmt.Errorf("tree %d: %w", i, err)
		}
		if s := model.Score[i]; s >= 0 && s < k {
			perScore[s] = append(perScore[s], nodes)
		} else {
			return nil, fmt.Errorf("tree %d is of score %d of %d", i, s, k)
		}
	}
	e.addStages(perScore)
	return e, nil
}

// addStages makes stage m of the tree m of every score. Where one has fewer, a leaf of value zero stands for it.
func (e *Ensemble) addStages(perScore [][][]node) {
	most := 0
	for _, trees := range perScore {
		most = max(most, len(trees))
	}
	for m := range most {
		t := &trees{width: e.inputs, roots: make([][]node, len(perScore))}
		for k, trees := range perScore {
			t.roots[k] = []node{{}}
			if m < len(trees) {
				t.roots[k] = trees[m]
			}
		}
		e.append(t, 1, 0)
	}
}

// start returns the margins that base_score stands for: a number, or as a list one for each score or for all.
func (l *xgbLearner) start(k int) (*tensor.Tensor, error) {
	texts := strings.Split(strings.Trim(l.Params.BaseScore, "[] "), ",")
	out := tensor.New(k)
	if len(texts) != 1 && len(texts) != k {
		return nil, fmt.Errorf("base_score %q for %d scores", l.Params.BaseScore, k)
	}
	for i := range k {
		v, err := strconv.ParseFloat(strings.TrimSpace(texts[min(i, len(texts)-1)]), 64)
		if err != nil {
			return nil, fmt.Errorf("base_score %q", l.Params.BaseScore)
		}
		switch name := l.Objective.Name; {
		case name == "binary:logistic" || name == "reg:logistic":
			v = -math.Log(1/v - 1)
		case logLink(name):
			v = math.Log(v)
		}
		if v-v != 0 || math.Abs(v) > math.MaxFloat32 {
			return nil, fmt.Errorf("base_score %q with objective %q", l.Params.BaseScore, l.Objective.Name)
		}
		out.Data()[i] = float32(v)
	}
	return out, nil
}

// logLink reports whether the margins of an objective are logarithms.
func logLink(objective string) bool {
	switch objective {
	case "count:poisson", "reg:gamma", "reg:tweedie", "survival:cox", "survival:aft":
		return true
	}
	return false
}

// nodes returns the tree in the order of this package, with values times the weight.
func (t *xgbTree) nodes(width int, weight float32) ([]node, error) {
	n := len(t.Left)
	if n == 0 || len(t.Right) != n || len(t.Column) != n || len(t.Cut) != n || len(t.Default) != n || len(t.Gain) != n ||
		len(t.Cover) != n || len(t.Type) != n && len(t.Type) != 0 {
		return nil, fmt.Errorf("lists of different lengths, left_children has %d", n)
	}
	if t.Params.Leaf != "" && t.Params.Leaf != "0" && t.Params.Leaf != "1" {
		return nil, fmt.Errorf("leaves of %s values", t.Params.Leaf)
	}
	right, err := t.categories()
	if err != nil {
		return nil, err
	}
	return arranged(n, func(at int) (o node, l, r int, err error) {
		o.cover = t.Cover[at]
		if t.Left[at] == -1 {
			o.value = weight * t.Cut[at]
			return o, 0, 0, nil
		}
		o.column, o.missingLeft, o.gain = int(t.Column[at]), bool(t.Default[at]), t.Gain[at]
		switch {
		case o.column < 0 || o.column >= width || t.Left[at] == t.Right[at]:
			err = fmt.Errorf("column %d of %d, children %d and %d", o.column, width, t.Left[at], t.Right[at])
		case len(t.Type) == 0 || !bool(t.Type[at]):
			o.cut = t.Cut[at]
		case right[int32(at)] == nil:
			err = errors.New("no categories")
		default:
			o.right = right[int32(at)]
		}
		return o, int(t.Left[at]), int(t.Right[at]), err
	})
}

// categories returns those that go right for each node that has some.
func (t *xgbTree) categories() (map[int32][]int32, error) {
	if len(t.CatBegin) != len(t.CatNodes) || len(t.CatCount) != len(t.CatNodes) {
		return nil, errors.New("lists of categories of different lengths")
	}
	out := map[int32][]int32{}
	for i, at := range t.CatNodes {
		begin, count := t.CatBegin[i], t.CatCount[i]
		if begin < 0 || count < 1 || begin > int64(len(t.Cats)) || count > int64(len(t.Cats))-begin {
			return nil, fmt.Errorf("node %d: categories %d to %d of %d", at, begin, begin+count, len(t.Cats))
		}
		list := t.Cats[begin : begin+count : begin+count]
		for j, c := range list {
			if c < 0 || c >= exact || j > 0 && c <= list[j-1] {
				return nil, fmt.Errorf("node %d: category %d", at, c)
			}
		}
		out[at] = list
	}
	return out, nil
}
