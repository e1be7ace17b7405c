package graph

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/residuum-go/residuum/tensor"
)

// Builder makes a graph node by node. Its inputs may come from a file: what does not fit is an error that names the node.
type Builder struct {
	nodes []*Node
	of    map[*Node]bool
	taken map[string]bool
	input *Node
}

// NewBuilder begins a graph on batches of images of the given shape, H, W and C.
func NewBuilder(image ...int) *Builder {
	b := &Builder{of: map[*Node]bool{}, taken: map[string]bool{}}
	b.input = &Node{Name: "input", Op: Input{slices.Clone(image)}, Shape: append([]int{-1}, image...)}
	b.append(b.input)
	return b
}

// Input returns the node of the images.
func (b *Builder) Input() *Node { return b.input }

func (b *Builder) append(n *Node) {
	b.nodes = append(b.nodes, n)
	b.of[n], b.taken[n.Name] = true, true
}

// Add appends a node that applies op to others of this builder, and works out its shape. Without a name it gets one by its
// op. A graph cannot have a cycle, since a node is there before it is used.
func (b *Builder) Add(name string, op Op, in ...*Node) (*Node, error) {
	if name == "" {
		name = b.unused(strings.ToLower(opName(op)))
	}
	n := &Node{Name: name, Op: op, In: slices.Clone(in)}
	if err := b.check(n); err != nil {
		return nil, fmt.Errorf("graph: node %q, %s: %w", name, opName(op), err)
	}
	b.append(n)
	return n, nil
}

// unused returns name, with a number behind it if it is taken.
func (b *Builder) unused(name string) string {
	free := name
	for i := 2; b.taken[free]; i++ {
		free = fmt.Sprintf("%s_%d", name, i)
	}
	return free
}

// check finds what is wrong with n, and sets its shape.
func (b *Builder) check(n *Node) error {
	if b.taken[n.Name] {
		return errors.New("the name is taken")
	}
	if want := n.Op.operands(); want >= 0 && len(n.In) != want || want < 0 && len(n.In) == 0 {
		return fmt.Errorf("%d inputs", len(n.In))
	}
	for i, m := range n.In {
		if !b.of[m] {
			return fmt.Errorf("input %d is not a node of this graph", i)
		}
	}
	a, err := n.infer(checked.few)
	if err != nil {
		return err
	}
	c, err := n.infer(checked.more)
	if err != nil {
		return err
	}
	n.Shape, err = checked.free(a, c)
	return err
}

// infer returns the shape of n in a batch.
func (n *Node) infer(batch int) (shape []int, err error) {
	defer func() {
		switch why := recover().(type) {
		case nil:
		case string: // how ops refuse operands
			err = errors.New(why)
		default:
			panic(why)
		}
	}()
	var in [][]int
	for _, m := range n.In {
		in = append(in, ShapeAt(m.Shape, batch))
	}
	shape = slices.Clone(n.Op.shape(new(tensor.Shapes), in, batch))
	size := 1.0
	for _, d := range shape {
		size *= float64(d)
	}
	if size > math.MaxInt32*float64(batch) {
		return nil, fmt.Errorf("a result of shape %v is too large", shape)
	}
	return shape, nil
}

// Graph returns the graph of what output depends on. Only the input stays in any case.
func (b *Builder) Graph(output *Node) (*Graph, error) {
	if !b.of[output] {
		return nil, errors.New("graph: the output is not a node of this graph")
	}
	return &Graph{Nodes: leadingTo(b.nodes, nil, output, b.input), Input: b.input, Output: output}, nil
}
