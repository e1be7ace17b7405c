package descend

import "math"

// Lanes is how many rows or trees go down side by side at best.
const Lanes = 8

// Node of a tree. From one that is not a leaf, a value below Cut or NaN leads to the node Less, others to More. The first
// node is the root, and no node leads to it.
type Node struct {
	Column     int32 // where the values of the column begin
	Cut        float32
	Less, More int32 // both 0 at a leaf
	Value      float32
}

// Forest is trees laid out for descending.
type Forest struct {
	Values []float32 // of the leaves, by the numbers that Rows and Row find
	splits []split
	first  []int32 // by node, the one that Less is; that of More is the next. nil if trees are complete
	roots  []int32 // by tree, where to begin
	tops   []split // then the splits of the first topLevels, as if trees were
	lands  []int32 // and the nodes behind them
	depths []int
	trees  int // a multiple of Lanes
	depth  int // of the deepest

	apart    int     // how far apart the columns of a row begin
	row      rowTop  // the first levels once more
	rowLands []int32 // and the nodes behind them, unless trees are complete
}

// split says what is compared.
type split struct {
	column int32
	cut    float32
}

// done is the split of a leaf that leads on: no value is above its cut.
var done = split{cut: float32(math.NaN())}

// deepest is up to which depth trees are made complete. Such a tree has no numbers of children to load; one level more
// doubles its memory.
const deepest = 8

// topLevels is how many levels some loops go down at once.
const topLevels = 3

// New lays out trees for rows whose columns begin so many elements apart.
func New(trees [][]Node, apart int) *Forest {
	f := &Forest{trees: (len(trees) + Lanes - 1) / Lanes * Lanes, apart: apart}
	for _, t := range trees {
		depths, most := make([]int, len(t)), 0
		for i, n := range t { // children come after their parents
			most = max(most, depths[i])
			if n.Less != n.More {
				depths[n.Less], depths[n.More] = depths[i]+1, depths[i]+1
			}
		}
		f.depths, f.depth = append(f.depths, most), max(f.depth, most)
	}
	for len(trees) < f.trees { // a lane too many costs less than trees one by one
		trees, f.depths = append(trees, []Node{{}}), append(f.depths, 0)
	}
	if f.depth > deepest {
		f.tops, f.lands = make([]split, f.trees*(1<<topLevels-1)), make([]int32, f.trees<<topLevels)
		rows := make([]split, f.trees*(1<<rowLevels-1))
		f.rowLands = make([]int32, f.trees<<rowLevels)
		for i, t := range trees {
			places := f.list(t)
			f.complete(f.tops, t, topLevels, 0, 0, i, func(place int, node int32) { f.lands[place] = places[node] })
			f.complete(rows, t, rowLevels, 0, 0, i, func(place int, node int32) { f.rowLands[place] = places[node] })
		}
		f.row = newRowTop(rows, f.trees, apart)
		return f
	}
	f.splits, f.Values = make([]split, f.trees*(1<<f.depth-1)), make([]float32, f.trees<<f.depth)
	for i, t := range trees {
		f.roots = append(f.roots, int32(i))
		f.complete(f.splits, t, f.depth, 0, 0, i, func(place int, node int32) { f.Values[place] = t[node].Value })
	}
	if f.depth >= rowLevels {
		f.row = newRowTop(f.splits, f.trees, apart)
	}
	return f
}

// complete lays out the splits of the nodes from t[at] on, which is number place of all trees on its level, and tells end
// which nodes are behind the last of the levels. These come one after the other, and from number p of one lead the ways to
// 2p, and for what is less to 2p + 1, of the next.
func (f *Forest) complete(splits []split, t []Node, levels int, at int32, level, place int, end func(place int, node int32)) {
	if level == levels {
		end(place, at)
		return
	}
	n, s := t[at], done
	if n.Less != n.More {
		s = split{n.Column, n.Cut}
	} else {
		n.Less, n.More = at, at
	}
	splits[f.trees*(1<<level-1)+place] = s
	f.complete(splits, t, levels, n.More, level+1, 2*place, end)
	f.complete(splits, t, levels, n.Less, level+1, 2*place+1, end)
}

// list lays out the nodes of a tree in pairs of children, and returns where they are. A leaf leads to itself.
func (f *Forest) list(t []Node) (at []int32) {
	root := int32(len(f.splits))
	f.roots = append(f.roots, root)
	f.splits, f.first = append(f.splits, done), append(f.first, root)
	f.Values = append(f.Values, t[0].Value)
	at = make([]int32, len(t))
	at[0] = root
	for i, n := range t {
		if n.Less == n.More {
			continue
		}
		next := int32(len(f.splits))
		f.splits[at[i]], f.first[at[i]] = split{n.Column, n.Cut}, next
		at[n.Less], at[n.More] = next, next+1
		f.splits, f.first = append(f.splits, done, done), append(f.first, next, next+1)
		f.Values = append(f.Values, t[n.Less].Value, t[n.More].Value)
	}
	return at
}

// Trees returns how many numbers Row finds, those of trees that New added behind the others included.
func (f *Forest) Trees() int { return f.trees }

// Rows sets at[i] to the leaf of tree t that the values x[Column+i] lead to, for each i.
func (f *Forest) Rows(at []int32, x []float32, t int) {
	for i := range at {
		at[i] = f.roots[t]
	}
	switch {
	case f.depth == 0 || len(at) == 0:
	case f.first == nil:
		f.completeRows(at, x, t)
	case f.depths[t] > 0:
		f.listRows(at, x, t)
	}
}

// Row sets at[t] to the leaf of tree t that the values x[Column] lead to, for each of Trees.
func (f *Forest) Row(at []int32, x []float32) {
	copy(at, f.roots)
	switch {
	case f.depth == 0 || len(at) == 0:
	case f.first == nil:
		f.completeTrees(at, x)
	default:
		f.listTrees(at, x)
	}
}

// downList goes depth steps down.
func (f *Forest) downList(at int32, x []float32, depth int) int32 {
	for range depth {
		s := f.splits[at]
		at = f.first[at]
		if x[s.column] >= s.cut {
			at++
		}
	}
	return at
}

// downComplete goes to a leaf.
func (f *Forest) downComplete(at int32, x []float32) int32 {
	level := f.splits
	for d := range f.depth {
		s := level[at]
		level = level[f.trees<<d:]
		at *= 2
		if !(x[s.column] >= s.cut) {
			at++
		}
	}
	return at
}

func (f *Forest) listRowsRef(at []int32, x []float32, depth int) {
	for i := range at {
		at[i] = f.downList(at[i], x[i:], depth)
	}
}

func (f *Forest) listTreesRef(at []int32, x []float32, depth int) {
	for i := range at {
		at[i] = f.downList(at[i], x, depth)
	}
}

func (f *Forest) completeRowsRef(at []int32, x []float32) {
	for i := range at {
		at[i] = f.downComplete(at[i], x[i:])
	}
}

func (f *Forest) completeTreesRef(at []int32, x []float32) {
	for i := range at {
		at[i] = f.downComplete(at[i], x)
	}
}
