package boost

import (
	"fmt"

	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/weights"
)

// A file has a tensor "stages.m.tree.k" [nodes, 7] for the tree of score k in stage m, and of each node its column, cut,
// whether missing values go left (1 or 0, and 2 more where zeros are missing, too), left child or 0 (the right one is the
// next), value, gain and cover. Where there are categorical splits, "stages.m.tree.k.right" [pairs, 2] has a pair of a node and a category that goes right for each,
// ascending.
const nodeWidth = 7

func treeName(name string, k int) string { return fmt.Sprintf("%s.tree.%d", name, k) }

// tables adds trees to what is going to be a file, under a name such as "stages.3".
func (t *trees) tables(name string, file map[string]*tensor.Tensor) error {
	if t.width > exact {
		return fmt.Errorf("trees of %d columns: a file tells %d apart", t.width, exact)
	}
	for k, nodes := range t.roots {
		if len(nodes) > exact {
			return fmt.Errorf("a tree of %d nodes: a file tells %d apart", len(nodes), exact)
		}
		table, right := tensor.New(len(nodes), nodeWidth), []float32{}
		for i, n := range nodes {
			missing := float32(0)
			if n.missingLeft {
				missing = 1
			}
			if n.zeroMissing {
				missing += 2
			}
			copy(table.Data()[i*nodeWidth:],
				[]float32{float32(n.column), n.cut, missing, float32(n.left), n.value, n.gain, n.cover})
			for _, c := range n.right {
				right = append(right, float32(i), float32(c))
			}
		}
		file[treeName(name, k)] = table
		if len(right) > 0 {
			file[treeName(name, k)+".right"] = tensor.From(right, len(right)/2, 2)
		}
	}
	return nil
}

// readTrees moves the trees of a name out of the tensors of a file.
func readTrees(file *weights.File, at string, width, outputs int) (*trees, error) {
	t := &trees{width: width}
	for k := range outputs {
		name := treeName(at, k)
		table := file.Tensors[name]
		if table == nil {
			return nil, fmt.Errorf("%w: no tensor %s", weights.ErrFormat, name)
		}
		nodes, err := readNodes(table, width)
		if err == nil {
			err = readRight(file.Tensors[name+".right"], nodes)
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %s: %w", weights.ErrFormat, name, err)
		}
		delete(file.Tensors, name)
		delete(file.Tensors, name+".right")
		t.roots = append(t.roots, nodes)
	}
	return t, nil
}

// readNodes returns the nodes of a table.
func readNodes(table *tensor.Tensor, width int) ([]node, error) {
	if table.Rank() != 2 || table.Dim(0) == 0 || table.Dim(1) != nodeWidth {
		return nil, fmt.Errorf("shape %v, want [nodes, %d]", table.Shape(), nodeWidth)
	}
	nodes := make([]node, table.Dim(0))
	for i := range nodes {
		v := table.Data()[i*nodeWidth : (i+1)*nodeWidth]
		column, missing, left := whole(v[0], width), whole(v[2], 4), whole(v[3], len(nodes))
		if column < 0 || left < 0 || missing < 0 {
			return nil, fmt.Errorf("node %d of %d: column %v of %d, missing %v, left child %v", i, len(nodes), v[0], width, v[2], v[3])
		}
		nodes[i] = node{column: column, cut: v[1], left: left, value: v[4], gain: v[5], cover: v[6]}
		nodes[i].missingLeft, nodes[i].zeroMissing = missing&1 == 1, missing&2 == 2
	}
	return nodes, checkNodes(nodes)
}

// checkNodes fails unless nodes are one tree of numbers: children come after their parents, and each node but the first is
// the child of one.
func checkNodes(nodes []node) error {
	child := make([]bool, len(nodes))
	for i, n := range nodes {
		if n.cut != n.cut || n.value-n.value != 0 || n.gain-n.gain != 0 || !(n.cover >= 0) || n.cover-n.cover != 0 {
			return fmt.Errorf("node %d: cut %v, value %v, gain %v, cover %v", i, n.cut, n.value, n.gain, n.cover)
		}
		last := n.left >= len(nodes)-1
		if n.left != 0 && (n.left <= i || last || child[n.left] || child[n.left+1]) || i > 0 && !child[i] {
			return fmt.Errorf("node %d of %d: left child %d: not a tree", i, len(nodes), n.left)
		}
		if n.left != 0 {
			child[n.left], child[n.left+1] = true, true
		}
	}
	return nil
}

// arranged returns a tree of at most n nodes in the order of this package: of says what node at is, and which its children
// are, the same number twice if it is a leaf.
func arranged(n int, of func(at int) (out node, left, right int, err error)) ([]node, error) {
	order, nodes, seen := []int{0}, []node{{}}, make([]bool, n)
	for i := 0; i < len(order); i++ {
		o, l, r, err := of(order[i])
		if err != nil {
			return nil, fmt.Errorf("node %d: %w", order[i], err)
		}
		if l != r {
			if l <= 0 || r <= 0 || l >= n || r >= n || seen[l] || seen[r] {
				return nil, fmt.Errorf("node %d of %d: children %d and %d: not a tree", order[i], n, l, r)
			}
			seen[l], seen[r] = true, true
			o.left = len(nodes)
			order, nodes = append(order, l, r), append(nodes, node{}, node{})
		}
		nodes[i] = o
	}
	return nodes, checkNodes(nodes)
}

// readRight gives nodes the categories of a table, which may be nil.
func readRight(table *tensor.Tensor, nodes []node) error {
	if table == nil {
		return nil
	}
	if table.Rank() != 2 || table.Dim(1) != 2 {
		return fmt.Errorf("categories: shape %v, want [pairs, 2]", table.Shape())
	}
	for i := range table.Dim(0) {
		at, c := whole(table.At(i, 0), len(nodes)), whole(table.At(i, 1), exact)
		if at < 0 || c < 0 || nodes[at].left == 0 {
			return fmt.Errorf("categories: pair %d: category %v goes right at node %v of %d", i, table.At(i, 1), table.At(i, 0), len(nodes))
		}
		n := &nodes[at]
		if len(n.right) > 0 && n.right[len(n.right)-1] >= int32(c) {
			return fmt.Errorf("categories: pair %d: %d is not in ascending order", i, c)
		}
		n.right = append(n.right, int32(c))
	}
	return nil
}
