package graph

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Chain takes the graph apart into residual blocks. They are looked for among the values that everything flows through: a
// sum of two values of its shape, which come from the last such value before it by ways of their own, of which one has
// fewer layers with weights than the other, or none at all, the identity. Whatever lies inside a skip or a branch belongs
// to it, sums and attention as well. Between blocks may lie what does not sum.
//
// It is an error if there is no block, as in a VGG net or where paths are joined otherwise, as in Inception and DenseNets;
// if the two ways of a sum share a value or have equally many layers; and if a sum lies within what is no block, so that no
// lesion of the chain would reach it.
func (g *Graph) Chain() (*Chain, error) {
	f := finder{Graph: g, depth: g.depths()}
	c := &Chain{Graph: g}
	states := f.states()
	state, joint := g.Input, (*Node)(nil) // what the next block reads, and the first joint of paths that is no block
	for i := 1; i < len(states); i++ {
		from, to := states[i-1], states[i]
		skip, branch, err := f.summands(from, to)
		if err == nil && skip == nil && !f.follows(from, to) {
			err = f.plain(from, to)
			if joint == nil {
				joint = to
			}
		}
		if err != nil {
			return nil, fmt.Errorf("graph: Chain: %w", err)
		}
		if skip == nil {
			continue
		}
		if len(c.blocks) == 0 {
			c.stem, state = g.section(g.Input, from), from
		}
		b := block{skip: g.section(state, skip), branch: g.section(state, branch)}
		b.skip.still(b.branch)
		state = f.activated(to, states[i+1:])
		b.join = g.section(to, state)
		c.blocks = append(c.blocks, b)
	}
	switch {
	case len(c.blocks) > 0:
	case joint != nil:
		return nil, fmt.Errorf("graph: Chain: no residual block: paths meet in %v", joint)
	default:
		return nil, errors.New("graph: Chain: no residual block: there is one path")
	}
	c.head = g.section(state, g.Output)
	c.nameBlocks()
	return c, nil
}

type finder struct {
	*Graph
	depth map[*Node]int
}

// depths returns how many layers with weights lie on the longest way from the input to each node that depends on it.
func (g *Graph) depths() map[*Node]int {
	depth := map[*Node]int{g.Input: 0}
	for _, n := range g.Nodes {
		for _, m := range n.In {
			d, ok := depth[m]
			if !ok {
				continue
			}
			switch n.Op.(type) {
			case Conv2D, MatMul:
				d++
			}
			depth[n] = max(depth[n], d)
		}
	}
	return depth
}

// live returns the inputs of n that depend on the images.
func (f finder) live(n *Node) []*Node {
	return slices.DeleteFunc(slices.Clone(n.In), func(m *Node) bool {
		_, ok := f.depth[m]
		return !ok
	})
}

// states returns the values that every way from the input to the output passes, in order, as far as they have a row for
// each image; the output is one in any case.
func (f finder) states() []*Node {
	nodes := leadingTo(f.Nodes, nil, f.Input, f.Output)
	last := map[*Node]int{} // the place where a value is last used
	for i, n := range nodes {
		for _, m := range f.live(n) {
			last[m] = i
		}
	}
	var states []*Node
	furthest := 0 // use of what has come so far
	for i, n := range nodes {
		if _, ok := f.depth[n]; !ok {
			continue
		}
		if n == f.Output || i >= furthest && len(n.Shape) > 0 && n.Shape[0] == -1 {
			states = append(states, n)
		}
		furthest = max(furthest, last[n])
	}
	return states
}

// follows reports whether to is an op on from alone.
func (f finder) follows(from, to *Node) bool {
	return !slices.ContainsFunc(f.live(to), func(m *Node) bool { return m != from })
}

// sums reports whether n adds two values of its shape that depend on the images.
func (f finder) sums(n *Node) bool {
	in := f.live(n)
	return n.Op == Op(Add) && len(in) == 2 && in[0] != in[1] &&
		slices.Equal(in[0].Shape, n.Shape) && slices.Equal(in[1].Shape, n.Shape)
}

// summands returns the skip and the branch of a block between two neighbouring states, or nil if there is none.
func (f finder) summands(from, to *Node) (skip, branch *Node, err error) {
	if !f.sums(to) || f.depth[to] == f.depth[from] {
		return nil, nil, nil
	}
	skip, branch = to.In[0], to.In[1]
	if branch == from || skip != from && f.depth[branch] < f.depth[skip] {
		skip, branch = branch, skip
	}
	if skip != from && f.depth[skip] == f.depth[branch] {
		return nil, nil, fmt.Errorf("%v: both summands are %d layers behind %v: which is the skip?",
			to, f.depth[skip]-f.depth[from], from)
	}
	ofBranch := map[*Node]bool{}
	for _, n := range leadingTo(f.Nodes, from, branch) {
		ofBranch[n] = true
	}
	for _, n := range leadingTo(f.Nodes, from, skip) {
		if _, ok := f.depth[n]; ok && ofBranch[n] {
			return nil, nil, fmt.Errorf("%v: both summands depend on %v", to, n)
		}
	}
	return skip, branch, nil
}

// plain finds sums between two neighbouring states, which are no block.
func (f finder) plain(from, to *Node) error {
	for _, n := range leadingTo(f.Nodes, from, to) {
		if f.sums(n) && f.depth[n] > f.depth[from] {
			return fmt.Errorf("%v: it lies on one of several paths from %v to %v", n, from, to)
		}
	}
	return nil
}

// activated returns the last of the functions of each element that follow n at once.
func (f finder) activated(n *Node, following []*Node) *Node {
	for _, m := range following {
		switch m.Op.(type) {
		case Unary, Clip:
			n = m
		default:
			return n
		}
	}
	return n
}

// nameBlocks names the blocks.
func (c *Chain) nameBlocks() {
	count := map[string]int{}
	for i := range c.blocks {
		b := &c.blocks[i]
		b.name = commonName(slices.Concat(b.skip.nodes, b.branch.nodes))
		count[b.name]++
	}
	for i := range c.blocks {
		if b := &c.blocks[i]; b.name == "" || count[b.name] > 1 {
			b.name = b.join.from.Name
		}
	}
}

// commonName returns what the names of the layers among nodes begin with, in whole words between dots.
func commonName(nodes []*Node) string {
	var common []string
	for i, name := range layers(nodes) {
		words := strings.Split(name, ".")
		if i == 0 {
			common = words
		}
		same := 0
		for same < min(len(common), len(words)) && common[same] == words[same] {
			same++
		}
		common = common[:same]
	}
	return strings.Join(common, ".")
}

// layers returns the names of batch norms, and those of parameters without what they are of their layer.
func layers(nodes []*Node) (names []string) {
	for _, n := range nodes {
		switch n.Op.(type) {
		case BatchNorm:
			names = append(names, n.Name)
		case Param:
			names = append(names, n.Name[:max(strings.LastIndex(n.Name, "."), 0)])
		}
	}
	return names
}
