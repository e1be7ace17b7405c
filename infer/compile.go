package infer

import (
	"errors"
	"fmt"
	"slices"

	"github.com/residuum-go/residuum/graph"
	"github.com/residuum-go/residuum/internal/portions"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
)

// Compile returns the program that computes what m does in evaluation mode for batches of a shape, N, H, W and C. Layers
// are computed in the way that is best for N images at once; the program takes any number. m is traced and its parameters
// are read now: what happens to it later changes nothing. What graph.Trace refuses is an error, and so is a result that
// mixes the images of a batch.
func Compile(m nn.Module, batch ...int) (*Program, error) {
	p, err := compile(m, byRule, batch)
	if err != nil {
		return nil, fmt.Errorf("infer: Compile: %w", err)
	}
	return p, nil
}

// compile is Compile with another rule for algorithms.
func compile(m nn.Module, by chooser, batch []int) (*Program, error) {
	c, err := lowered(m, batch)
	if err != nil {
		return nil, err
	}
	c.by = by
	return c.program(min(batch[0], together), c.forget)
}

// lowered returns a compiler that has made the steps for m.
func lowered(m nn.Module, batch []int) (*compiler, error) {
	if len(batch) < 2 || slices.Min(batch) < 1 {
		return nil, fmt.Errorf("batches of shape %v: want N, H, W and C", batch)
	}
	g, err := graph.Trace(m, batch[1:]...)
	if err != nil {
		return nil, err
	}
	c := &compiler{graph: g, known: g.Known(), values: map[*graph.Node]*value{}, readers: map[*graph.Node][]*graph.Node{},
		fusions: map[*graph.Node]*fusion{}, inside: map[*graph.Node]bool{}, fused: map[*step]*fusion{}, nodes: map[*step]*graph.Node{}, by: byRule}
	if c.known[g.Output] != nil {
		return nil, errors.New("the output does not depend on the images")
	}
	for _, n := range g.Nodes {
		for _, m := range n.In {
			c.readers[m] = append(c.readers[m], n)
		}
	}
	c.fuse()
	for _, n := range g.Nodes {
		if err := c.lower(n); err != nil {
			return nil, fmt.Errorf("node %q: %w", n.Name, err)
		}
	}
	return c, nil
}

type compiler struct {
	graph   *graph.Graph
	known   map[*graph.Node]*tensor.Tensor
	readers map[*graph.Node][]*graph.Node
	fusions map[*graph.Node]*fusion // by their last node
	inside  map[*graph.Node]bool    // nodes of fusions but the last
	values  map[*graph.Node]*value
	steps   []*step
	fused   map[*step]*fusion
	nodes   map[*step]*graph.Node // whose value a step gives
	scratch []float32
	by      chooser
}

// lower appends the step that gives a node's value, if there has to be one.
func (c *compiler) lower(n *graph.Node) error {
	if c.inside[n] {
		return nil
	}
	v := &value{shape: n.Shape, known: c.known[n]}
	c.values[n] = v
	if v.known != nil {
		return nil
	}
	size, err := perImage(n)
	if err != nil {
		return err
	}
	v.in = &buffer{size: size}
	if n == c.graph.Input {
		return nil
	}
	s := &step{name: n.Name, out: v}
	from := n.In
	if f := c.fusions[n]; f != nil {
		c.fused[s] = f
		s.name, from, s.multiplyAdds = f.first.Name, f.operands(), f.first.MultiplyAdds()
	} else if _, ok := n.Op.(graph.Reshape); ok {
		s.alias = true
	} else if s.op, err = functionOf(n); err != nil {
		return err
	} else {
		s.multiplyAdds = n.MultiplyAdds()
	}
	for _, m := range from {
		s.in = append(s.in, c.values[m])
	}
	c.steps = append(c.steps, s)
	c.nodes[s] = n
	return nil
}

// forget drops the weights of f where nothing else needs them, so that of a net that only the caller of Compile had, and has
// no more use for, those that are packed need no memory any more.
func (c *compiler) forget(f *fusion) {
	if f.weights == nil || len(c.readers[f.first.In[1]]) > 1 {
		return
	}
	w := f.first.In[1]
	f.weights, w.Op = nil, nil
	delete(c.known, w)
	delete(c.values, w)
}

// program returns the program of the steps for at most so many images at once. It calls done with each fusion that it has made
// an op of.
func (c *compiler) program(together int, done func(*fusion)) (*Program, error) {
	p := newProgram(c.values[c.graph.Input], c.values[c.graph.Output], c.steps, together)
	most := 0 // of the weights of a layer, so that their memory is made once
	for _, f := range c.fused {
		if f.weights != nil {
			most = max(most, f.weights.Len())
		}
	}
	c.scratch = portions.Grow(c.scratch, most)
	for _, part := range slices.Backward(p.sections) { // the last layers are the largest: what they leave is room for others
		for _, s := range slices.Backward(part.steps) {
			f := c.fused[s]
			if f == nil {
				continue
			}
			var err error
			if s.op, err = f.op(part.images, c); err != nil {
				return nil, fmt.Errorf("node %q: %w", s.name, err)
			}
			done(f)
		}
	}
	p.plan(c.steps)
	return p, nil
}

// newProgram returns the program of steps, whose ops may still be missing, without a plan of its memory.
func newProgram(input, output *value, steps []*step, together int) *Program {
	return &Program{image: input.shape[1:], input: input, output: output, together: together, sections: sections(steps, together)}
}

// plan plans the memory. After that only steps are left that compute something.
func (p *Program) plan(steps []*step) {
	buffers := lifetimes(steps, p.input, p.output)
	hold(buffers, p.sections, p.together)
	p.size = plan(buffers)
	for i := range p.sections {
		s := &p.sections[i]
		s.steps = slices.DeleteFunc(slices.Clone(s.steps), func(s *step) bool { return s.alias })
	}
}
