package boost

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
)

// WriteXGBoost writes an ensemble of trees as the JSON of an XGBoost model with the given objective, which says what
// XGBoost makes of scores: "reg:squarederror", "binary:logistic", "multi:softprob", "count:poisson" and the like. The
// constants of the start are trees of one leaf, because base_score means another thing to each objective and version. It
// fails when a stage is not of a [Tree], or takes zeros for missing, as some of LightGBM's do.
func (e *Ensemble) WriteXGBoost(w io.Writer, objective string) error {
	stages, err := e.trees("WriteXGBoost")
	if err != nil {
		return err
	}
	var m xgbModel
	m.Version = []int{2, 0, 0}
	l := &m.Learner
	l.FeatureNames, l.FeatureTypes, l.Objective.Name = []string{}, []string{}, objective
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
	for m, t := range stages {
		for k, nodes := range t.roots {
			if slices.ContainsFunc(nodes, func(n node) bool { return n.zeroMissing }) {
				return fmt.Errorf("boost: WriteXGBoost: stage %d takes zeros for missing, as no tree of XGBoost does", m)
			}
			add(k, nodes, e.stages[m].scale.Item())
		}
	}
	for i := range len(e.stages) + 2 {
		model.Rounds = append(model.Rounds, i*e.outputs)
	}
	model.Params.Trees, model.Params.Parallel = strconv.Itoa(len(model.Trees)), "1"
	if err := json.NewEncoder(w).Encode(m); err != nil {
		return fmt.Errorf("boost: WriteXGBoost: %w", err)
	}
	return nil
}

// xgbTreeOf returns the tree with values times scale.
func xgbTreeOf(id, width int, nodes []node, scale float32) xgbTree {
	n := len(nodes)
	t := xgbTree{
		ID: id, Left: make([]int, n), Right: make([]int, n), Parents: make([]int, n), Column: make([]int, n),
		Cut: make(xgbFloats, n), Default: make([]xgbBool, n), Type: make([]int, n), Gain: make(xgbFloats, n),
		Cover: make(xgbFloats, n), Weights: make(xgbFloats, n),
		CatNodes: []int{}, CatBegin: []int{}, CatCount: []int{}, Cats: []int32{},
		Params: xgbTreeSize{Deleted: "0", Features: strconv.Itoa(width), Nodes: strconv.Itoa(n), Leaf: "1"},
	}
	t.Parents[0] = math.MaxInt32 // the root has none
	for i, o := range nodes {
		t.Cover[i], t.Gain[i], t.Weights[i] = o.cover, o.gain, scale*o.value
		if o.left == 0 {
			t.Left[i], t.Right[i], t.Cut[i] = -1, -1, scale*o.value
			continue
		}
		t.Left[i], t.Right[i], t.Column[i], t.Default[i] = o.left, o.left+1, o.column, xgbBool(o.missingLeft)
		t.Parents[o.left], t.Parents[o.left+1] = i, i
		if o.right == nil {
			t.Cut[i] = min(o.cut, math.MaxFloat32) // JSON has no infinity
			continue
		}
		t.Type[i] = 1
		t.CatNodes, t.CatBegin = append(t.CatNodes, i), append(t.CatBegin, len(t.Cats))
		t.CatCount, t.Cats = append(t.CatCount, len(o.right)), slices.Concat(t.Cats, o.right)
	}
	return t
}
