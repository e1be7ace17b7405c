package boost

import (
	"context"
	"math"
	"math/rand/v2"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/internal/cancelled"
	"github.com/residuum-go/residuum/internal/demand"
	"github.com/residuum-go/residuum/tensor"
)

// Tree makes regression trees on histograms, one for each output. With Config.Newton they are those of XGBoost (Chen,
// Guestrin 2016, "XGBoost: A scalable tree boosting system", section 2.2): a leaf has the value T/(W + L2), where W sums
// the weights of its rows and T their weighted targets, and a split gains T_l^2/(W_l + L2) + T_r^2/(W_r + L2) -
// T^2/(W + L2). The weights of rows have the mean one, whatever
// their scale in Data.
//
// Inputs are put into at most 255 bins a column, once for all stages. A column that is constant is never split. NaN is a
// missing value: each split sends those of its column where the gain is larger, right where none was seen.
type Tree struct {
	Depth     int     // splits on a path at most, up to 30; 0 means 6
	Leaves    int     // at most so many, the split of most gain first; 0 means all that Depth allows
	L2        float64 // penalty on the squares of leaf values
	MinGain   float64 // that a split has to exceed
	MinWeight float64 // of the rows of a leaf at least
	Columns   float64 // share of the columns, drawn anew for each stage; 0 means all
}

// Prepare implements Preparer.
func (t Tree) Prepare(x *tensor.Tensor) Learner {
	c := cuts(x)
	return binnedTree{t, &treeBins{cuts: c, bins: binned(x, c)}}
}

// New implements Learner. Such a hypothesis computes its bins itself.
func (t Tree) New(in Input, outputs int, rng *rand.Rand) (Hypothesis, error) {
	return binnedTree{t, nil}.New(in, outputs, rng)
}

// treeBins is a set of inputs in bins.
type treeBins struct {
	cuts [][]float32
	bins []uint8 // column after column
}

// cut is what the values of bins up to this one are below.
func (b *treeBins) cut(column, bin int) float32 {
	if bin == len(b.cuts[column]) {
		return float32(math.Inf(1)) // only missing values are not
	}
	return b.cuts[column][bin]
}

// binnedTree is a Tree whose inputs are in bins, or nil.
type binnedTree struct {
	Tree
	bins *treeBins
}

func (t binnedTree) New(in Input, outputs int, rng *rand.Rand) (Hypothesis, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	if t.Depth == 0 {
		t.Depth = 6
	}
	columns := rng.Perm(in.Width())
	if t.Columns > 0 {
		columns = columns[:max(1, int(math.Round(t.Columns*float64(len(columns)))))]
	}
	return &trees{Tree: t.Tree, bins: t.bins, columns: columns, width: in.Width(), roots: make([][]node, outputs)}, nil
}

func (t Tree) check() error {
	notNegative := func(v float64) bool { return v >= 0 && !math.IsInf(v, 1) }
	return demand.All("boost.Tree",
		demand.That(t.Depth >= 0 && t.Depth <= 30, "Depth", t.Depth, "want 1 to 30, or 0 for 6"),
		demand.That(t.Leaves == 0 || t.Leaves >= 2, "Leaves", t.Leaves, "want at least 2, or 0 for no limit"),
		demand.That(notNegative(t.L2), "L2", t.L2, "want a finite number, at least 0"),
		demand.That(notNegative(t.MinGain), "MinGain", t.MinGain, "want a finite number, at least 0"),
		demand.That(notNegative(t.MinWeight), "MinWeight", t.MinWeight, "want a finite number, at least 0"),
		demand.That(t.Columns >= 0 && t.Columns <= 1, "Columns", t.Columns, "want a share in [0, 1]"),
	)
}

// trees is the hypothesis of a Tree.
type trees struct {
	Tree
	bins    *treeBins // until it is fitted
	columns []int     // that may be split
	width   int       // of a row
	roots   [][]node  // a tree for each output
}

// node is a leaf if it has no left child: a child is never node 0.
type node struct {
	column      int
	cut         float32 // rows below it go left, others right
	missingLeft bool    // where NaN goes
	left        int     // the right child is the next
	value, gain float32
}

// Fit implements Hypothesis.
func (t *trees) Fit(ctx context.Context, x, target, weight *tensor.Tensor) error {
	bins := t.bins
	t.bins = nil
	if bins == nil {
		c := cuts(x)
		bins = &treeBins{cuts: c, bins: binned(x, c)}
	}
	for k := range t.roots {
		if err := cancelled.Err(ctx); err != nil {
			return err
		}
		t.roots[k] = newGrower(t, bins, target, weight, k).grow()
	}
	return nil
}

// Forward implements Hypothesis. Trees are constant almost everywhere: derivatives with respect to x are zero.
func (t *trees) Forward(x *autograd.Var) *autograd.Var {
	n, k := x.Shape()[0], len(t.roots)
	out := tensor.New(n, k)
	for i := range n {
		row := x.Value().Data()[i*t.width : (i+1)*t.width]
		for j, nodes := range t.roots {
			at := &nodes[0]
			for at.left != 0 {
				if v := row[at.column]; v < at.cut || at.missingLeft && v != v {
					at = &nodes[at.left]
				} else {
					at = &nodes[at.left+1]
				}
			}
			out.Data()[i*k+j] = at.value
		}
	}
	if tape := x.Tape(); tape != nil {
		return tape.Input(out)
	}
	return autograd.Const(out)
}

// Importance says how much the columns of the inputs were used by trees, see [Ensemble.Importance].
type Importance struct {
	Gain   []float64 // sum of the gains of the splits of each column
	Splits []int     // their number
}

// Importance returns what the columns of the inputs contribute to the trees of the ensemble, zero where there are none.
func (e *Ensemble) Importance() Importance {
	out := Importance{Gain: make([]float64, e.inputs), Splits: make([]int, e.inputs)}
	for _, s := range e.stages {
		t, ok := s.learner.(*trees)
		if !ok {
			continue
		}
		for _, nodes := range t.roots {
			for _, n := range nodes {
				if n.left != 0 {
					out.Gain[n.column] += float64(n.gain)
					out.Splits[n.column]++
				}
			}
		}
	}
	return out
}
