package boost

import (
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"
	"strconv"
	"strings"

	"github.com/residuum-go/residuum/tensor"
)

// ErrLightGBM is wrapped by errors about models of LightGBM that are broken or of a kind that ensembles cannot be.
var ErrLightGBM = errors.New("no LightGBM model of trees that can be read")

// lgbPart is a part of a model's text, the header or a tree: lines such as num_leaves=31.
type lgbPart map[string]string

// ReadLightGBM returns the ensemble of a model that LightGBM's save_model wrote, of any boosting (gbdt, dart, rf), and its
// objective, such as "binary sigmoid:1". Scores are LightGBM's raw ones, what its predict returns with raw_score, but
// means and not sums of the trees of rf; the probability of "binary sigmoid:s" is 1/(1 + exp(-s score)). Zeros are missing values where they are for the model, and
// missing values zeros where it knows none; categories are whole numbers, and others missing. Models of linear trees are
// refused. It fails with ErrLightGBM.
func ReadLightGBM(r io.Reader) (e *Ensemble, objective string, err error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, "", fmt.Errorf("boost: ReadLightGBM: %w", err)
	}
	header, trees, err := lgbParts(string(text))
	if err == nil {
		e, err = lgbEnsemble(header, trees)
	}
	if err != nil {
		return nil, "", fmt.Errorf("boost: ReadLightGBM: %w: %w", ErrLightGBM, err)
	}
	return e, header["objective"], nil
}

// lgbParts takes a text apart.
func lgbParts(text string) (header lgbPart, trees []lgbPart, err error) {
	header = lgbPart{}
	part, first := header, true
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		key, value, _ := strings.Cut(line, "=")
		switch {
		case first && line != "tree":
			return nil, nil, errors.New(`the first line is not "tree"`)
		case line == "end of trees":
			return header, trees, nil
		case key == "Tree":
			if value != strconv.Itoa(len(trees)) {
				return nil, nil, fmt.Errorf("tree %s behind %d", value, len(trees))
			}
			part = lgbPart{}
			trees = append(trees, part)
		case line != "" && !first:
			part[key] = value
		}
		first = false
	}
	return nil, nil, errors.New("cut short: no line \"end of trees\"")
}

func lgbEnsemble(header lgbPart, trees []lgbPart) (*Ensemble, error) {
	if v := header["version"]; v != "v4" && v != "v3" && v != "v2" {
		return nil, fmt.Errorf("version %q, want v2, v3 or v4", v)
	}
	last, err := header.integer("max_feature_idx")
	if err != nil {
		return nil, err
	}
	d := len(strings.Fields(header["feature_names"]))
	if d == 0 || last != d-1 {
		return nil, fmt.Errorf("max_feature_idx %d and %d feature_names", last, d)
	}
	k, err := header.integer("num_tree_per_iteration")
	if err != nil {
		return nil, err
	}
	if k < 1 || k > max(1, len(trees)) || len(trees)%k != 0 {
		return nil, fmt.Errorf("%d trees, num_tree_per_iteration %d", len(trees), k)
	}
	share := 1.0
	if _, mean := header["average_output"]; mean && len(trees) > 0 {
		share = float64(k) / float64(len(trees))
	}
	perScore := make([][][]node, k)
	for i, part := range trees {
		nodes, err := part.nodes(d, share)
		if err != nil {
			return nil, fmt.Errorf("tree %d: %w", i, err)
		}
		perScore[i%k] = append(perScore[i%k], nodes)
	}
	e := &Ensemble{row: []int{d}, inputs: d, outputs: k, start: tensor.New(k), family: Tree{}}
	e.addStages(perScore)
	return e, nil
}

func (p lgbPart) integer(key string) (int, error) {
	v, err := strconv.Atoi(p[key])
	if err != nil {
		return 0, fmt.Errorf("%s=%q", key, p[key])
	}
	return v, nil
}

// list returns n numbers, or any number of them if n is negative.
func list[T int | uint32 | float64](p lgbPart, key string, n int) ([]T, error) {
	texts := strings.Fields(p[key])
	if n >= 0 && len(texts) != n {
		return nil, fmt.Errorf("%s has %d numbers, want %d", key, len(texts), n)
	}
	out := make([]T, len(texts))
	for i, text := range texts {
		var err error
		switch to := any(&out[i]).(type) {
		case *int:
			*to, err = strconv.Atoi(text)
		case *uint32:
			var v uint64
			v, err = strconv.ParseUint(text, 10, 32)
			*to = uint32(v)
		case *float64:
			*to, err = strconv.ParseFloat(text, 64)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: number %d is %q", key, i, text)
		}
	}
	return out, nil
}

// lgbTree is the inner nodes of a tree, whose children are leaves, as -1 - leaf, where they are negative; and its leaves.
type lgbTree struct {
	column, kind, left, right []int
	threshold, gain, covers   []float64
	value, leafCovers         []float64
	begins                    []int // of the words of categorical splits
	words                     []uint32
}

// nodes returns the tree in the order of this package, with values times the share.
func (p lgbPart) nodes(width int, share float64) ([]node, error) {
	if p["is_linear"] != "" && p["is_linear"] != "0" {
		return nil, errors.New("is_linear: leaves that are linear models are not read")
	}
	t, err := p.tree()
	if err != nil {
		return nil, err
	}
	inner := len(t.left)
	place := func(child int) int { // of all nodes, of which leaves come last
		if child < 0 {
			return inner - 1 - child
		}
		return child
	}
	return arranged(2*inner+1, func(at int) (o node, l, r int, err error) {
		if at >= inner {
			return node{value: float32(share * t.value[at-inner]), cover: float32(t.leafCovers[at-inner])}, 0, 0, nil
		}
		l, r = place(t.left[at]), place(t.right[at])
		o = node{column: t.column[at], gain: float32(t.gain[at]), cover: float32(t.covers[at])}
		switch {
		case o.column < 0 || o.column >= width || max(t.left[at], t.right[at]) >= inner || l == r:
			return o, 0, 0, fmt.Errorf("column %d of %d, children %d and %d", o.column, width, t.left[at], t.right[at])
		case t.kind[at]&1 == 1: // what is in the set goes left there
			o.missingLeft = true
			o.right, err = t.categories(t.threshold[at])
			return o, r, l, err
		}
		return o, l, r, t.number(&o, at)
	})
}

func (p lgbPart) tree() (t lgbTree, err error) {
	leaves, err := p.integer("num_leaves")
	if err != nil {
		return t, err
	}
	if leaves < 1 || leaves > len(p["leaf_value"]) { // each has a digit
		return t, fmt.Errorf("num_leaves=%d", leaves)
	}
	integers := func(to *[]int, key string, n int) {
		if err == nil {
			*to, err = list[int](p, key, n)
		}
	}
	floats := func(to *[]float64, key string, n int) {
		if err == nil {
			*to, err = list[float64](p, key, n)
		}
	}
	floats(&t.value, "leaf_value", leaves)
	if leaves == 1 {
		t.leafCovers = []float64{0}
		return t, err
	}
	floats(&t.leafCovers, "leaf_count", leaves)
	integers(&t.column, "split_feature", leaves-1)
	integers(&t.kind, "decision_type", leaves-1)
	integers(&t.left, "left_child", leaves-1)
	integers(&t.right, "right_child", leaves-1)
	floats(&t.threshold, "threshold", leaves-1)
	floats(&t.gain, "split_gain", leaves-1)
	floats(&t.covers, "internal_count", leaves-1)
	integers(&t.begins, "cat_boundaries", -1)
	if err == nil {
		t.words, err = list[uint32](p, "cat_threshold", -1)
	}
	return t, err
}

// What values a split takes for missing.
const (
	lgbNone = iota // none: NaN is zero
	lgbZero        // zeros and NaN
	lgbNaN
)

// number makes o the split of numbers at a node, which go left up to and including the threshold.
func (t *lgbTree) number(o *node, at int) error {
	threshold := t.threshold[at]
	if threshold-threshold != 0 {
		return fmt.Errorf("threshold %v", threshold)
	}
	o.cut = float32(threshold)
	if float64(o.cut) <= threshold { // numbers below the next one go left
		o.cut = math.Nextafter32(o.cut, float32(math.Inf(1)))
	}
	o.missingLeft = t.kind[at]&2 != 0
	switch missing := t.kind[at] >> 2; missing {
	case lgbNone:
		o.missingLeft = threshold >= 0
	case lgbZero: // nothing special where zeros go that way anyway
		o.zeroMissing = o.missingLeft != (-nearZero < o.cut) || o.missingLeft != (nearZero < o.cut)
	case lgbNaN:
	default:
		return fmt.Errorf("decision_type %d", t.kind[at])
	}
	return nil
}

// categories returns the elements of a set.
func (t *lgbTree) categories(set float64) ([]int32, error) {
	i := int(set)
	if float64(i) != set || i < 0 || i+1 >= len(t.begins) {
		return nil, fmt.Errorf("set of categories %v of %d", set, len(t.begins)-1)
	}
	begin, end := t.begins[i], t.begins[i+1]
	if begin < 0 || end < begin || end > len(t.words) || end-begin > exact/32 {
		return nil, fmt.Errorf("cat_boundaries %d and %d of %d", begin, end, len(t.words))
	}
	var out []int32
	for j, w := range t.words[begin:end] {
		for ; w != 0; w &= w - 1 {
			out = append(out, int32(32*j+bits.TrailingZeros32(w)))
		}
	}
	if out == nil {
		return nil, errors.New("no categories")
	}
	return out, nil
}
