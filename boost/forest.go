package boost

import (
	"math"

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
	steps   []descend.Step // of all trees; columns are slots
	trees   []flatTree
}

// slot is a number of a row that steps compare: that of a column or, where missing values go with the larger ones, its
// opposite.
type slot struct {
	column   int
	opposite bool
}

// flatTree is one tree of a forest.
type flatTree struct {
	root   int32
	depth  int
	output int
	scale  float32
	nodes  []node // if there are categories, whose trees are walked node by node
}

// forest returns all stages laid out for prediction, or nil if they are not trees.
func (e *Ensemble) forest() *forest {
	if f := e.flat.Load(); f != nil && f.stages == len(e.stages) {
		return f
	}
	if len(e.stages) == 0 {
		return nil
	}
	all := make([]*trees, len(e.stages))
	scales := make([]float32, len(e.stages))
	for m, s := range e.stages {
		t, ok := s.learner.(*trees)
		if !ok {
			return nil
		}
		all[m], scales[m] = t, s.scale.Item()
	}
	f := newForest(all, scales)
	e.flat.Store(f)
	return f
}

// newForest lays out stages whose values count scale times.
func newForest(stages []*trees, scales []float32) *forest {
	f := &forest{stages: len(stages), width: stages[0].width, outputs: len(stages[0].roots)}
	slots := map[slot]int32{}
	for m, t := range stages {
		for k, nodes := range t.roots {
			f.trees = append(f.trees, flatTree{root: int32(len(f.steps)), output: k, scale: scales[m]})
			f.add(nodes, slots)
		}
	}
	return f
}

// add lays out the nodes of the last tree.
func (f *forest) add(nodes []node, slots map[slot]int32) {
	t := &f.trees[len(f.trees)-1]
	for i := range nodes {
		if nodes[i].right != nil {
			t.nodes = nodes
			return
		}
	}
	at := make([]int32, len(nodes)) // the step of each node: children lie the other way round behind an opposite
	depths := make([]int, len(nodes))
	f.steps = append(f.steps, make([]descend.Step, len(nodes))...)
	at[0] = t.root
	for i, n := range nodes {
		if n.left == 0 {
			f.steps[at[i]] = descend.Step{Cut: float32(math.NaN()), First: at[i], Value: n.value}
			t.depth = max(t.depth, depths[i])
			continue
		}
		s, first := slot{n.column, !n.missingLeft}, t.root+int32(n.left)
		number, known := slots[s]
		if !known {
			number = int32(len(f.slots))
			slots[s] = number
			f.slots = append(f.slots, s)
		}
		cut := n.cut
		at[n.left], at[n.left+1] = first, first+1
		if s.opposite { // v >= cut is -v < the number above -cut
			cut = math.Nextafter32(-cut, float32(math.Inf(1)))
			at[n.left], at[n.left+1] = first+1, first
		}
		f.steps[at[i]] = descend.Step{Column: number, Cut: cut, First: first}
		depths[n.left], depths[n.left+1] = depths[i]+1, depths[i]+1
	}
}

// walk is what a worker needs for a block of rows.
type walk struct {
	rows []float32 // slots of the rows
	at   []int32
}

var walks portions.Pool[walk]

// blockSlots is how many slots a block of rows has at most: they stay in the first-level cache, and a tree does while they
// pass through it.
const blockSlots = 4096

// predict adds to out [N, K] what the trees say of the rows of x [N, d].
func (f *forest) predict(out, x *tensor.Tensor) {
	n := x.Dim(0)
	if n == 1 {
		f.row(out.Data(), x.Data())
		return
	}
	rows := max(4, min(64, blockSlots/max(1, len(f.slots))))
	parallel.For(n, 4*rows, parallel.Func(func(lo, hi int) {
		w := walks.Get()
		for ; lo < hi; lo += rows {
			end := min(lo+rows, hi)
			f.block(w, out.Data()[lo*f.outputs:end*f.outputs], x.Data()[lo*f.width:end*f.width])
		}
		walks.Put(w)
	}))
}

// fill puts the slots of rows side by side.
func (f *forest) fill(w *walk, x []float32) (rows int) {
	rows = len(x) / f.width
	w.rows = portions.Grow(w.rows, rows*len(f.slots))
	for i := range rows {
		row, to := x[i*f.width:(i+1)*f.width], w.rows[i*len(f.slots):(i+1)*len(f.slots)]
		for j, s := range f.slots {
			v := row[s.column]
			if s.opposite {
				v = -v
			}
			to[j] = v
		}
	}
	return rows
}

// block takes the rows through one tree after the other.
func (f *forest) block(w *walk, out, x []float32) {
	rows, k := f.fill(w, x), f.outputs
	w.at = portions.Grow(w.at, rows)
	for _, t := range f.trees {
		if t.nodes != nil {
			for i := range rows {
				out[i*k+t.output] += t.scale * leafOf(t.nodes, x[i*f.width:(i+1)*f.width]).value
			}
			continue
		}
		for i := range w.at {
			w.at[i] = t.root
		}
		descend.Down(f.steps, w.at, w.rows, len(f.slots), t.depth)
		for i, at := range w.at {
			out[i*k+t.output] += t.scale * f.steps[at].Value
		}
	}
}

// row takes one row through all trees at once.
func (f *forest) row(out, x []float32) {
	w := walks.Get()
	f.fill(w, x)
	w.at = portions.Grow(w.at, len(f.trees))
	depth := 0
	for i, t := range f.trees {
		w.at[i] = t.root
		depth = max(depth, t.depth)
		if t.nodes != nil {
			w.at[i] = 0 // anywhere: where that leads is not read
		}
	}
	if len(f.steps) > 0 {
		descend.Down(f.steps, w.at, w.rows, 0, depth)
	}
	for i, t := range f.trees {
		if t.nodes != nil {
			out[t.output] += t.scale * leafOf(t.nodes, x).value
		} else {
			out[t.output] += t.scale * f.steps[w.at[i]].Value
		}
	}
	walks.Put(w)
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
