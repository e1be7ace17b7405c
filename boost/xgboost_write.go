package boost

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/residuum-go/residuum/internal/ubjson"
)

// WriteXGBoostJSON writes an ensemble of trees as the JSON of an XGBoost model with the given objective, which says what
// XGBoost makes of scores: "reg:squarederror", "binary:logistic", "multi:softprob", "count:poisson" and the like. The
// constants of the start are trees of one leaf, because base_score means another thing to each objective and version. It
// fails when a stage is not of a [Tree], or takes zeros for missing, as some of LightGBM's do.
func (e *Ensemble) WriteXGBoostJSON(w io.Writer, objective string) error {
	m, err := e.xgboost(objective)
	if err == nil {
		err = json.NewEncoder(w).Encode(m)
	}
	if err != nil {
		return fmt.Errorf("boost: WriteXGBoostJSON: %w", err)
	}
	return nil
}

// WriteXGBoostUBJSON is [Ensemble.WriteXGBoostJSON] in UBJSON.
func (e *Ensemble) WriteXGBoostUBJSON(w io.Writer, objective string) error {
	m, err := e.xgboost(objective)
	if err == nil {
		_, err = w.Write(ubjson.Append(nil, m))
	}
	if err != nil {
		return fmt.Errorf("boost: WriteXGBoostUBJSON: %w", err)
	}
	return nil
}

// xgboost returns the model of an ensemble.
func (e *Ensemble) xgboost(objective string) (m xgbModel, err error) {
	stages, err := e.trees()
	if err != nil {
		return m, err
	}
	m.Version = []int{2, 0, 0}
	l := &m.Learner
	l.FeatureNames, l.FeatureTypes, l.Objective = []string{}, []string{}, aim(objective, e.outputs)
	l.Params = xgbParams{BaseScore: "0", Classes: "0", Features: strconv.Itoa(e.inputs), Targets: "1"}
	switch {
	case objective == "binary:logistic" || objective == "reg:logistic":
		l.Params.BaseScore = "5E-1"
	case logLink(objective):
		l.Params.BaseScore = "1"
	}
	switch {
	case e.outputs > 1 && (objective == "multi:softprob" || objective == "multi:softmax"):
		l.Params.Classes = strconv.Itoa(e.outputs)
	case e.outputs > 1:
		l.Params.Targets = strconv.Itoa(e.outputs)
	}
	model := &xgbTrees{}
	l.Booster.Name, l.Booster.Model = "gbtree", model
	add := func(k int, nodes []node, scale float32) {
		model.Score = append(model.Score, k)
		model.Trees = append(model.Trees, xgbTreeOf(len(model.Trees), e.inputs, nodes, scale))
	}
	for k := range e.outputs {
		add(k, []node{{value: e.start.Data()[k]}}, 1)
	}
	for at, t := range stages {
		for k, nodes := range t.roots {
			if slices.ContainsFunc(nodes, func(n node) bool { return n.zeroMissing }) {
				return m, fmt.Errorf("stage %d takes zeros for missing, as no tree of XGBoost does", at)
			}
			add(k, nodes, e.stages[at].scale.Item())
		}
	}
	for i := range len(e.stages) + 2 {
		model.Rounds = append(model.Rounds, i*e.outputs)
	}
	model.Params.Trees, model.Params.Parallel = strconv.Itoa(len(model.Trees)), "1"
	return m, nil
}

// aim returns an objective for so many scores, with XGBoost's own values for what it asks, of which scores do not depend.
func aim(objective string, outputs int) xgbAim {
	a := xgbAim{Name: objective}
	switch objective {
	case "multi:softprob", "multi:softmax":
		a.Classes = &xgbClasses{strconv.Itoa(outputs)}
	case "count:poisson":
		a.Counts = &xgbCounts{"0.7"}
	case "reg:tweedie":
		a.Tweedie = &xgbTweedie{"1.5"}
	case "reg:quantileerror":
		a.Levels = &xgbLevels{"[" + strings.TrimSuffix(strings.Repeat("5E-1,", outputs), ",") + "]"}
	}
	return a
}

// xgbTreeOf returns the tree with values times scale.
func xgbTreeOf(id, width int, nodes []node, scale float32) xgbTree {
	n := len(nodes)
	t := xgbTree{
		ID: id, Left: make([]int32, n), Right: make([]int32, n), Parents: make([]int32, n), Column: make([]int32, n),
		Cut: make(xgbFloats, n), Default: make([]xgbBool, n), Type: make([]xgbBool, n), Gain: make(xgbFloats, n),
		Cover: make(xgbFloats, n), Weights: make(xgbFloats, n),
		CatNodes: []int32{}, CatBegin: []int64{}, CatCount: []int64{}, Cats: []int32{},
		Params: xgbTreeSize{Deleted: "0", Features: strconv.Itoa(width), Nodes: strconv.Itoa(n), Leaf: "1"},
	}
	t.Parents[0] = math.MaxInt32 // the root has none
	for i, o := range nodes {
		t.Cover[i], t.Gain[i], t.Weights[i] = o.cover, o.gain, scale*o.value
		if o.left == 0 {
			t.Left[i], t.Right[i], t.Cut[i] = -1, -1, scale*o.value
			continue
		}
		t.Left[i], t.Right[i], t.Column[i], t.Default[i] = int32(o.left), int32(o.left)+1, int32(o.column), xgbBool(o.missingLeft)
		t.Parents[o.left], t.Parents[o.left+1] = int32(i), int32(i)
		if o.right == nil {
			t.Cut[i] = min(o.cut, math.MaxFloat32) // JSON has no infinity
			continue
		}
		t.Type[i] = true
		t.CatNodes, t.CatBegin = append(t.CatNodes, int32(i)), append(t.CatBegin, int64(len(t.Cats)))
		t.CatCount, t.Cats = append(t.CatCount, int64(len(o.right))), slices.Concat(t.Cats, o.right)
	}
	return t
}
