package boost

import (
	"fmt"

	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/weights"
)

// A file has a tensor "stages.m.tree.k" [nodes, 6] for the tree of score k in stage m, and of each node its column, cut,
// whether NaN goes left, left child or 0 (the right one is the next), value and gain.
const nodeWidth = 6

// exact is below which every integer is a float32.
const exact = 1 << 24

func treeName(m, k int) string { return fmt.Sprintf("stages.%d.tree.%d", m, k) }

// tables adds the trees of stage m to what is going to be a file.
func (t *trees) tables(m int, file map[string]*tensor.Tensor) error {
	if t.width > exact {
		return fmt.Errorf("trees of %d columns: a file tells %d apart", t.width, exact)
	}
	for k, nodes := range t.roots {
		if len(nodes) > exact {
			return fmt.Errorf("a tree of %d nodes: a file tells %d apart", len(nodes), exact)
		}
		table := tensor.New(len(nodes), nodeWidth)
		for i, n := range nodes {
			missing := float32(0)
			if n.missingLeft {
				missing = 1
			}
			copy(table.Data()[i*nodeWidth:], []float32{float32(n.column), n.cut, missing, float32(n.left), n.value, n.gain})
		}
		file[treeName(m, k)] = table
	}
	return nil
}

// readTrees moves the trees of stage m out of the tensors of a file.
func readTrees(file *weights.File, m, width, outputs int) (*trees, error) {
	t := &trees{width: width}
	for k := range outputs {
		name := treeName(m, k)
		table := file.Tensors[name]
		if table == nil {
			return nil, fmt.Errorf("%w: no tensor %s", weights.ErrFormat, name)
		}
		nodes, err := readNodes(table, width)
		if err != nil {
			return nil, fmt.Errorf("%w: %s: %w", weights.ErrFormat, name, err)
		}
		delete(file.Tensors, name)
		t.roots = append(t.roots, nodes)
	}
	return t, nil
}

// whole returns v if it is an integer in [0, limit), else -1.
func whole(v float32, limit int) int {
	if v >= 0 && v < float32(min(limit, exact)) && v == float32(int(v)) {
		return int(v)
	}
	return -1
}

// readNodes returns the nodes of a table that is one tree: children come after their parents, and each node but the first
// is the child of one.
func readNodes(table *tensor.Tensor, width int) ([]node, error) {
	if table.Rank() != 2 || table.Dim(0) == 0 || table.Dim(1) != nodeWidth {
		return nil, fmt.Errorf("shape %v, want [nodes, %d]", table.Shape(), nodeWidth)
	}
	nodes := make([]node, table.Dim(0))
	child := make([]bool, len(nodes))
	for i := range nodes {
		v := table.Data()[i*nodeWidth : (i+1)*nodeWidth]
		column, left := whole(v[0], width), whole(v[3], max(1, len(nodes)-1))
		switch {
		case column < 0:
			return nil, fmt.Errorf("node %d: column %v of %d", i, v[0], width)
		case v[1] != v[1] || v[2] != 0 && v[2] != 1 || v[4]-v[4] != 0 || v[5]-v[5] != 0:
			return nil, fmt.Errorf("node %d: cut %v, missing %v, value %v, gain %v", i, v[1], v[2], v[4], v[5])
		case left != 0 && (left <= i || child[left] || child[left+1]) || i > 0 && !child[i]:
			return nil, fmt.Errorf("node %d of %d: left child %v: not a tree", i, len(nodes), v[3])
		}
		if left != 0 {
			child[left], child[left+1] = true, true
		}
		nodes[i] = node{column: column, cut: v[1], missingLeft: v[2] == 1, left: left, value: v[4], gain: v[5]}
	}
	return nodes, nil
}
