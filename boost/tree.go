package boost

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/internal/cancelled"
	"github.com/residuum-go/residuum/internal/demand"
	"github.com/residuum-go/residuum/tensor"
)

// Tree makes regression trees on histograms, one for each output. With Config.Newton they are those of XGBoost (Chen,
// Guestrin 2016, "XGBoost: A scalable tree boosting system", section 2.2): a leaf whose rows have the weights W in sum and
// the weighted targets T has the value and the score
//
//	v = sign(T) max(|T| - L1, 0) / (W + L2)    s = max(|T| - L1, 0)^2 / (W + L2)
//
// and a split gains s_left + s_right - s. The weights of rows have the mean one, whatever their scale in Data.
//
// A column is put into at most 255 bins, once for all stages. One that is constant is never split. NaN is a missing value:
// each split sends those of its column where the gain is larger, right where none was seen.
//
// The values of a categorical column are whole numbers in [0, 2^24) without order; others are missing. A split sends any
// of them right, found in the order of their steps T/(W + L2). Of more than 255 categories, the rarer ones are treated as
// missing, as are those that were not there in training; missing ones go left.
type Tree struct {
	Depth     int     // splits on a path at most, up to 30; 0 means 6
	Leaves    int     // at most so many, the split of most gain first; 0 means all that Depth allows
	L1, L2    float64 // penalties on the magnitudes and the squares of leaf values
	MinGain   float64 // that a split has to exceed
	MinWeight float64 // W of a leaf at least
	Columns   float64 // share of the columns, drawn anew for each stage; 0 means all

	Categorical     []int   // columns of categories
	Rising, Falling []int   // columns in which the scores never fall, or never rise
	Interactions    [][]int // groups of columns: those on a path are together in one of them; none means no constraint
}

// Prepare implements Preparer.
func (t Tree) Prepare(x *tensor.Tensor) (Learner, error) {
	d := x.Len() / x.Dim(0)
	if err := t.check(d); err != nil {
		return nil, err
	}
	return binnedTree{t, newBins(x, t.categorical(d))}, nil
}

func (t Tree) categorical(columns int) []bool {
	out := make([]bool, columns)
	for _, f := range t.Categorical {
		out[f] = true
	}
	return out
}

// New implements Learner. Such a hypothesis computes its bins itself.
func (t Tree) New(in Input, outputs int, rng *rand.Rand) (Hypothesis, error) {
	return binnedTree{t, nil}.New(in, outputs, rng)
}

// binnedTree is a Tree whose inputs are in bins, or nil.
type binnedTree struct {
	Tree
	bins *bins
}

func (t binnedTree) New(in Input, outputs int, rng *rand.Rand) (Hypothesis, error) {
	if err := t.check(in.Width()); err != nil {
		return nil, err
	}
	if t.Depth == 0 {
		t.Depth = 6
	}
	columns := rng.Perm(in.Width())
	if t.Columns > 0 {
		columns = columns[:max(1, int(math.Round(t.Columns*float64(len(columns)))))]
	}
	slices.Sort(columns)
	return &trees{fit: &treeFit{t, columns, rng.Uint64()}, width: in.Width(), roots: make([][]node, outputs)}, nil
}

func (t Tree) check(columns int) error {
	notNegative := func(v float64) bool { return v >= 0 && !math.IsInf(v, 1) }
	named := func(lists ...[]int) bool { // each at most once
		all := slices.Sorted(slices.Values(slices.Concat(lists...)))
		return len(all) == 0 || all[0] >= 0 && all[len(all)-1] < columns && len(slices.Compact(slices.Clone(all))) == len(all)
	}
	together := !slices.ContainsFunc(t.Interactions, func(group []int) bool { return !named(group) })
	return demand.All("boost.Tree",
		demand.That(t.Depth >= 0 && t.Depth <= 30, "Depth", t.Depth, "want 1 to 30, or 0 for 6"),
		demand.That(t.Leaves == 0 || t.Leaves >= 2, "Leaves", t.Leaves, "want at least 2, or 0 for no limit"),
		demand.That(notNegative(t.L1), "L1", t.L1, "want a finite number, at least 0"),
		demand.That(notNegative(t.L2), "L2", t.L2, "want a finite number, at least 0"),
		demand.That(notNegative(t.MinGain), "MinGain", t.MinGain, "want a finite number, at least 0"),
		demand.That(notNegative(t.MinWeight), "MinWeight", t.MinWeight, "want a finite number, at least 0"),
		demand.That(t.Columns >= 0 && t.Columns <= 1, "Columns", t.Columns, "want a share in [0, 1]"),
		demand.That(named(t.Categorical), "Categorical", t.Categorical, "want columns of the inputs, each once"),
		demand.That(named(t.Categorical, t.Rising, t.Falling), "Rising", t.Rising,
			"want columns of the inputs that are not in Falling or Categorical"),
		demand.That(together, "Interactions", t.Interactions, "want groups of columns of the inputs"),
	)
}

// trees returns the hypotheses of all stages. It fails when one is of another learner.
func (e *Ensemble) trees() ([]*trees, error) {
	out := make([]*trees, len(e.stages))
	for m, s := range e.stages {
		t, ok := s.learner.(*trees)
		if !ok {
			return nil, fmt.Errorf("stage %d is a %T, not trees", m, s.learner)
		}
		out[m] = t
	}
	return out, nil
}

// trees is the hypothesis of a Tree.
type trees struct {
	width int                               // of a row
	roots [][]node                          // a tree for each output
	fit   *treeFit                          // until it is fitted
	known *tensor.Tensor                    // what it says of the rows that it was fitted on, once; see outputs
	best  func(rows []int32, k int) float64 // the value of a leaf, if that is not a step; until it is fitted
}

// treeFit is what trees are fitted with.
type treeFit struct {
	binnedTree
	columns []int // that may be split, ascending
	seed    uint64
}

// node is a leaf if it has no left child: a child is never node 0.
type node struct {
	column      int
	cut         float32 // numbers below it go left, others right
	right       []int32 // of a categorical split, what goes right, ascending; others go left
	missingLeft bool    // where missing values go
	zeroMissing bool    // whether zeros go there, too
	left        int     // the right child is the next
	value, gain float32
	cover       float32 // sum of the weights
}

// nearZero is up to where LightGBM takes a magnitude for a zero.
const nearZero = 1e-35

// goesRight reports where a value goes.
func (n *node) goesRight(v float32) bool {
	switch c := category(v); {
	case v != v || n.zeroMissing && v >= -nearZero && v <= nearZero:
		return !n.missingLeft
	case n.right == nil:
		return v >= n.cut
	case c < 0:
		return !n.missingLeft
	default:
		_, found := slices.BinarySearch(n.right, c)
		return found
	}
}

// Fit implements Hypothesis.
func (t *trees) Fit(ctx context.Context, x, target, weight *tensor.Tensor) error {
	f := t.fit
	t.fit = nil
	if f.bins == nil {
		f.bins = newBins(x, f.categorical(t.width))
	}
	if weight == nil {
		weight = tensor.Full(1, target.Shape()...)
	}
	known := orNew(f.bins.fitted, target)
	f.bins.fitted = known
	for k := range t.roots {
		if err := cancelled.Err(ctx); err != nil {
			return err
		}
		g := newGrower(&f.Tree, f.bins, f.columns, f.seed+uint64(k)<<32)
		t.roots[k] = g.grow(target, weight, k)
		if t.best != nil {
			for _, l := range g.leaves {
				t.roots[k][l.node].value = float32(min(max(t.best(l.rows, k), l.bounds.low), l.bounds.high))
			}
		}
		if g.fitted(known, k) < f.bins.n {
			known = nil // rows that a sample leaves out are in no leaf
		}
	}
	t.known, t.best = known, nil
	return nil
}

// outputs implements remembers.
func (t *trees) outputs() *tensor.Tensor {
	h := t.known
	t.known = nil
	return h
}

// Forward implements Hypothesis. Trees are constant almost everywhere: derivatives with respect to x are zero.
func (t *trees) Forward(x *autograd.Var) *autograd.Var {
	out := tensor.New(x.Shape()[0], len(t.roots))
	newForest([]*trees{t}, []float32{1}).predict(out, x.Value())
	if tape := x.Tape(); tape != nil {
		return tape.Input(out)
	}
	return autograd.Const(out)
}
