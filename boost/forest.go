package boost

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"github.com/residuum-go/residuum/internal/kernel/descend"
	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/internal/portions"
	"github.com/residuum-go/residuum/tensor"
)

// forest is trees laid out for prediction.
type forest struct {
	stages  int
	width   int // d of a row
	outputs int // K
	slots   []slot
	all     *descend.Forest // the trees that are not walked, score after score; columns are slots
	ends    []int           // of each score, the number of these trees up to its last
	walked  []walkedTree
}

// slot is a number of a row that steps compare: that of a column or, where missing values go with the larger ones, its
// opposite.
type slot struct {
	column   int
	opposite bool
}

// order returns what slots are sorted by: columns, and their opposites behind them.
func (s slot) order() int {
	if s.opposite {
		return 2*s.column + 1
	}
	return 2 * s.column
}

// slot returns what an inner node compares.
func (n *node) slot() slot { return slot{n.column, !n.missingLeft} }

// walkedTree is one with categories, or in which zeros are missing, that is walked node by node.
type walkedTree struct {
	nodes []node
	score int
	scale float32
}

// forest returns all stages laid out for prediction, or nil if they are not trees.
func (e *Ensemble) forest() *forest {
	if f := e.flat.Load(); f != nil && f.stages == len(e.stages) {
		return f
	}
	if len(e.stages) == 0 {
		return nil
	}
	all, err := e.trees()
	if err != nil {
		return nil
	}
	scales := make([]float32, len(e.stages))
	for m, s := range e.stages {
		scales[m] = s.scale.Item()
	}
	f := newForest(all, scales)
	e.flat.Store(f)
	return f
}

// newForest lays out stages whose values count scale times.
func newForest(stages []*trees, scales []float32) *forest {
	f := &forest{stages: len(stages), width: stages[0].width, outputs: len(stages[0].roots)}
	numbers := f.number(stages)
	var all [][]descend.Node
	for k := range f.outputs {
		for m, t := range stages {
			nodes := t.roots[k]
			if mustWalk(nodes) {
				f.walked = append(f.walked, walkedTree{nodes, k, scales[m]})
				continue
			}
			all = append(all, f.tree(nodes, scales[m], numbers))
		}
		f.ends = append(f.ends, len(all))
	}
	f.all = descend.New(all, blockRows)
	return f
}

// mustWalk reports whether a tree has to be walked.
func mustWalk(nodes []node) bool {
	return slices.ContainsFunc(nodes, func(n node) bool { return n.right != nil || n.zeroMissing })
}

// number finds the slots of all trees and numbers them by column, so that what is side by side in a row is read together.
func (f *forest) number(stages []*trees) map[slot]int32 {
	numbers := map[slot]int32{}
	for _, t := range stages {
		for _, nodes := range t.roots {
			if mustWalk(nodes) {
				continue
			}
			for _, n := range nodes {
				if n.left != 0 {
					numbers[n.slot()] = 0
				}
			}
		}
	}
	f.slots = slices.SortedFunc(maps.Keys(numbers), func(a, b slot) int { return cmp.Compare(a.order(), b.order()) })
	for i, s := range f.slots {
		numbers[s] = int32(i)
	}
	return numbers
}

// tree returns nodes as descend knows them.
func (f *forest) tree(nodes []node, scale float32, numbers map[slot]int32) []descend.Node {
	out := make([]descend.Node, len(nodes))
	for i, n := range nodes {
		out[i].Value = scale * n.value
		if n.left == 0 {
			continue
		}
		s, o := n.slot(), &out[i]
		o.Column, o.Cut, o.Less, o.More = numbers[s]*blockRows, n.cut, int32(n.left), int32(n.left+1)
		if s.opposite { // v >= cut is -v < the number above -cut
			o.Cut, o.Less, o.More = math.Nextafter32(-n.cut, float32(math.Inf(1))), o.More, o.Less
		}
	}
	return out
}

// walk is what a worker needs for a block of rows.
type walk struct {
	x    []float32 // slots, each with an element for every row of a block
	at   []int32
	sums []float32
}

var walks portions.Pool[walk]

// blockRows is how many rows pass through a tree before the next one: a tree stays in the first-level cache, and so does
// what the rows have of the columns that it asks for.
const blockRows = 64

// predict adds to out [N, K] what the trees say of the rows of x [N, ...].
func (f *forest) predict(out, x *tensor.Tensor) {
	n := x.Dim(0)
	if n == 1 {
		f.row(out.Data(), x.Data())
		return
	}
	parallel.For(portions.Ceil(n, blockRows), 4, parallel.Func(func(lo, hi int) {
		w := walks.Get()
		for ; lo < hi; lo++ {
			begin, end := lo*blockRows, min((lo+1)*blockRows, n)
			f.block(w, out.Data()[begin*f.outputs:end*f.outputs], x.Data()[begin*f.width:end*f.width])
		}
		walks.Put(w)
	}))
}

// fill puts the slots of rows where nodes look for them.
func (f *forest) fill(w *walk, x []float32) {
	w.x = portions.Grow(w.x, blockRows*len(f.slots))
	rows := len(x) / f.width
	for j, s := range f.slots {
		to := w.x[j*blockRows : (j+1)*blockRows][:rows]
		from := x[s.column:]
		if s.opposite {
			for i := range to {
				to[i] = -from[i*f.width]
			}
			continue
		}
		for i := range to {
			to[i] = from[i*f.width]
		}
	}
}

// block takes the rows through one tree after the other.
func (f *forest) block(w *walk, out, x []float32) {
	f.fill(w, x)
	k := f.outputs
	w.at, w.sums = portions.Grow(w.at, len(x)/f.width), portions.Grow(w.sums, len(x)/f.width)
	t := 0
	for score, end := range f.ends {
		for i := range w.sums {
			w.sums[i] = out[i*k+score]
		}
		for ; t < end; t++ {
			f.all.Rows(w.at, w.x, t)
			for i, at := range w.at[:len(w.sums)] {
				w.sums[i] += f.all.Values[at]
			}
		}
		for i, s := range w.sums {
			out[i*k+score] = s
		}
	}
	for i := range w.at {
		f.walk(out[i*k:(i+1)*k], x[i*f.width:(i+1)*f.width])
	}
}

// row takes one row through all trees at once.
func (f *forest) row(out, x []float32) {
	w := walks.Get()
	w.x = portions.Grow(w.x, blockRows*len(f.slots))
	for j, s := range f.slots {
		v := x[s.column]
		if s.opposite {
			v = -v
		}
		w.x[j*blockRows] = v
	}
	w.at = portions.Grow(w.at, f.all.Trees())
	f.all.Row(w.at, w.x)
	t := 0
	for k, end := range f.ends {
		sum := out[k]
		for _, at := range w.at[t:end] {
			sum += f.all.Values[at]
		}
		out[k], t = sum, end
	}
	f.walk(out, x)
	walks.Put(w)
}

// walk takes one row through the trees that are walked.
func (f *forest) walk(out, x []float32) {
	for _, t := range f.walked {
		out[t.score] += t.scale * leafOf(t.nodes, x).value
	}
}

// leafOf returns the leaf that a row comes to.
func leafOf(nodes []node, row []float32) *node {
	at := &nodes[0]
	for at.left != 0 {
		child := at.left
		if at.goesRight(row[at.column]) {
			child++
		}
		at = &nodes[child]
	}
	return at
}
