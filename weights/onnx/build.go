package onnx

import (
	"slices"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/weights/onnx/internal/pb"
)

// The operator sets that the meaning of operators is known of.
const (
	oldest = 6
	newest = 28
)

// builder makes a Net of a model.
type builder struct {
	net   *Net
	index map[string]int // of values that are known so far
	users map[string][]use
}

// use is an input of a node.
type use struct {
	op  string
	arg int
}

func build(m *pb.ModelProto, beside *folder) (*Net, error) {
	b := &builder{net: &Net{opset: 1}, index: map[string]int{}, users: map[string][]use{}}
	for _, o := range m.OpsetImport {
		if domain := o.GetDomain(); domain == "" || domain == "ai.onnx" {
			b.net.opset = int(min(max(o.GetVersion(), 0), maxLength))
		}
	}
	if b.net.opset < oldest || b.net.opset > newest {
		return nil, invalid("operator set %d: known are %d to %d", b.net.opset, oldest, newest)
	}
	g := m.Graph
	for _, n := range g.Node {
		for i, name := range n.Input {
			b.users[name] = append(b.users[name], use{n.GetOpType(), i})
		}
	}
	for _, o := range g.Output {
		b.users[o.GetName()] = append(b.users[o.GetName()], use{"output", 0})
	}
	if err := b.tensors(g, beside); err != nil {
		return nil, err
	}
	if err := b.inputs(g); err != nil {
		return nil, err
	}
	for i, n := range g.Node {
		if err := b.node(i, n, beside); err != nil {
			return nil, err
		}
	}
	for _, o := range g.Output {
		at, ok := b.index[o.GetName()]
		if !ok {
			return nil, invalid("output %q is made by no node", o.GetName())
		}
		b.net.outputs = append(b.net.outputs, port{name: o.GetName(), at: at})
	}
	b.net.findLastUses()
	names := make([]string, len(b.net.initial))
	for name, at := range b.index {
		names[at] = name
	}
	b.net.findNorms(names)
	return b.net, nil
}

// define gives a name a place among the values.
func (b *builder) define(name string) (at int, ok bool) {
	if _, taken := b.index[name]; taken || name == "" {
		return 0, false
	}
	at = len(b.net.initial)
	b.index[name] = at
	b.net.initial = append(b.net.initial, nil)
	return at, true
}

// tensors makes parameters and buffers of the initializers.
func (b *builder) tensors(g *pb.GraphProto, beside *folder) error {
	if len(g.SparseInitializer) > 0 {
		return invalid("sparse initializers")
	}
	for _, t := range g.Initializer {
		c, err := constantOf(t, beside)
		if err != nil {
			return invalid("initializer: %w", err)
		}
		at, ok := b.define(t.GetName())
		if !ok {
			return invalid("initializer %q: a name that is empty or given twice", t.GetName())
		}
		v := &value{shape: c.shape, ints: c.ints, known: c.floats}
		b.net.initial[at] = v
		if c.floats == nil {
			continue
		}
		part := nn.Part{Name: t.GetName()}
		if b.usedOnlyAs(t.GetName(), "BatchNormalization", 3, 4) {
			part.Buffer = c.floats
		} else {
			if len(c.shape) == 4 && b.usedOnlyAs(t.GetName(), "Conv", 1) {
				v.hwio, v.known = true, tensor.Transpose(nil, c.floats, 2, 3, 1, 0)
				v.shape = slices.Clone(v.known.Shape())
			}
			v.param = autograd.NewParam(v.known)
			part.Param = v.param
		}
		b.net.parts = append(b.net.parts, part)
		b.net.numbers += int64(c.floats.Len())
	}
	return nil
}

// usedOnlyAs reports whether a value has users, all of which take it as one of the given inputs of an operator.
func (b *builder) usedOnlyAs(name, op string, args ...int) bool {
	return len(b.users[name]) > 0 && !slices.ContainsFunc(b.users[name], func(u use) bool {
		return u.op != op || !slices.Contains(args, u.arg)
	})
}

// inputs notes what a run must be given: inputs that no initializer gives.
func (b *builder) inputs(g *pb.GraphProto) error {
	for _, in := range g.Input {
		if _, given := b.index[in.GetName()]; given {
			continue // before version 4 of the format initializers are listed among the inputs
		}
		at, ok := b.define(in.GetName())
		if !ok {
			return invalid("an input without a name")
		}
		t := in.GetType().GetTensorType()
		if t == nil {
			return invalid("input %q is not a tensor", in.GetName())
		}
		p := port{name: in.GetName(), at: at, float: isFloat(pb.TensorProto_DataType(t.GetElemType()))}
		for _, d := range t.GetShape().GetDim() {
			n := d.GetDimValue() // 0 for one that only has a name
			if n < 0 || n > maxLength {
				return invalid("input %q: an axis of length %d", in.GetName(), n)
			}
			p.dims = append(p.dims, int(n))
		}
		b.net.inputs = append(b.net.inputs, p)
	}
	return nil
}

// node adds a node, whose inputs must be known.
func (b *builder) node(i int, p *pb.NodeProto, beside *folder) error {
	n := &node{name: p.GetName(), op: p.GetOpType(), attributes: map[string]*pb.AttributeProto{}}
	if n.name == "" && len(p.Output) > 0 {
		n.name = p.Output[0]
	}
	if d := p.GetDomain(); d != "" && d != "ai.onnx" {
		n.op = d + "." + n.op
	}
	var ok bool
	if n.compute, ok = operators[n.op]; !ok {
		return n.invalid(i, "operator is not known")
	}
	for _, a := range p.Attribute {
		n.attributes[a.GetName()] = a
	}
	for _, name := range p.Input {
		at, ok := b.index[name]
		switch {
		case name == "":
			at = -1
		case !ok:
			return n.invalid(i, "input %q is made by no node before: it is missing, or the graph has a cycle", name)
		}
		n.in = append(n.in, at)
	}
	for _, name := range p.Output {
		at := -1
		if name != "" {
			if at, ok = b.define(name); !ok {
				return n.invalid(i, "output %q: made twice", name)
			}
		}
		n.out = append(n.out, at)
	}
	if n.op == "Constant" || n.op == "ConstantOfShape" {
		if err := n.readConstant(beside); err != nil {
			return n.invalid(i, "%w", err)
		}
		if n.constant.floats != nil {
			b.net.numbers += int64(n.constant.floats.Len())
		}
	}
	b.net.nodes = append(b.net.nodes, n)
	return nil
}
