package graph

import (
	"slices"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
)

// Chain is a graph taken apart into residual blocks, with the methods that package unravel asks of a network; [Graph.Chain]
// finds it. A block is a sum of two paths from one value: the one with fewer layers is its skip, the other its branch.
//
//	y_0 = Stem(x)    y_{i+1} = Join(i, Skip(i, y_i), Branch(i, y_i))    logits = Head(y_n)
//
// The stem is what comes before the paths of the first block part. Join adds, and applies the functions of each element
// that follow the sum at once, the ReLU of an original net. What else comes before the paths of the next block part, as the
// norm and ReLU of an activated projection do, belongs to that block, to its skip as well as to its branch; behind the last
// sum it is the head.
type Chain struct {
	*Graph
	stem, head section
	blocks     []block
}

type block struct {
	name         string
	skip, branch section
	join         section // from the sum on
}

// Len returns the number of blocks.
func (c *Chain) Len() int { return len(c.blocks) }

// BlockName returns what the names of all layers of block i begin with, "layer2.0", or that of its sum, "add_3", where this
// is nothing or not the block's alone.
func (c *Chain) BlockName(i int) string { return c.blocks[i].name }

// Sums returns true.
func (c *Chain) Sums(int) bool { return true }

// Stem returns y_0, what the first block reads.
func (c *Chain) Stem(x *autograd.Var) *autograd.Var { return c.stem.run(x) }

// Skip returns what is left of block i when its branch is deleted: y itself if its skip is the identity.
func (c *Chain) Skip(i int, y *autograd.Var) *autograd.Var { return c.blocks[i].skip.run(y) }

// Branch returns the other summand of block i.
func (c *Chain) Branch(i int, y *autograd.Var) *autograd.Var { return c.blocks[i].branch.run(y) }

// Join returns the state behind block i from its skip and its branch, of which one may be nil.
func (c *Chain) Join(i int, skip, branch *autograd.Var) *autograd.Var {
	sum := skip
	switch {
	case skip == nil && branch == nil:
		panic("graph: Join: neither skip nor branch")
	case skip == nil:
		sum = branch
	case branch != nil:
		sum = autograd.Add(skip, branch)
	}
	return c.blocks[i].join.run(sum)
}

// Head returns the graph's output for y_n, the state behind the last block.
func (c *Chain) Head(y *autograd.Var) *autograd.Var { return c.head.run(y) }

// section is a part of a graph that computes one value, to, from another one. The leading axis of from counts images.
type section struct {
	from, to *Node
	nodes    []*Node      // what is computed, each behind its inputs
	instead  map[*Node]Op // of some
}

// section returns the part of g between two nodes.
func (g *Graph) section(from, to *Node) section {
	return section{from: from, to: to, nodes: leadingTo(g.Nodes, from, to)}
}

func (s section) run(y *autograd.Var) *autograd.Var {
	values := map[*Node]*autograd.Var{s.from: y}
	left := s.uses()
	var in []*autograd.Var
	for _, n := range s.nodes {
		in = in[:0]
		for _, m := range n.In {
			in = append(in, values[m])
			if left[m]--; left[m] == 0 {
				delete(values, m) // without a tape this frees it
			}
		}
		op := n.Op
		if o, ok := s.instead[n]; ok {
			op = o
		}
		values[n] = op.forward(y, in)
	}
	return values[s.to]
}

// uses counts how often the value of each node is asked for, as the result too.
func (s section) uses() map[*Node]int {
	uses := map[*Node]int{s.to: 1}
	for _, n := range s.nodes {
		for _, m := range n.In {
			uses[m]++
		}
	}
	return uses
}

// leadingTo returns those of nodes that some depend on, these too, but not from nor what only from depends on.
func leadingTo(nodes []*Node, from *Node, to ...*Node) []*Node {
	needed := map[*Node]bool{}
	for _, n := range to {
		needed[n] = true
	}
	var found []*Node
	for _, n := range slices.Backward(nodes) {
		if n == from || !needed[n] {
			continue
		}
		found = append(found, n)
		for _, m := range n.In {
			needed[m] = true
		}
	}
	slices.Reverse(found)
	return found
}

// still makes the batch norms that other computes, too, leave their running statistics to it.
func (s *section) still(other section) {
	for _, n := range s.nodes {
		if op, ok := n.Op.(BatchNorm); ok && slices.Contains(other.nodes, n) {
			if s.instead == nil {
				s.instead = map[*Node]Op{}
			}
			s.instead[n] = BatchNorm{&nn.BatchNorm2D{Weight: op.Weight, Bias: op.Bias, RunningMean: op.RunningMean,
				RunningVar: op.RunningVar, Eps: op.Eps}}
		}
	}
}
