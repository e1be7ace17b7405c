package onnx

import (
	"fmt"
	"slices"
	"strings"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
)

// Net is the network of an ONNX file, from one batch of images to one output. It is an [nn.Module]: its parameters and
// buffers are the initializers of the file, under their names there.
type Net struct {
	Notes []string // what the file does not say and was assumed

	opset           int
	inputs, outputs []port
	nodes           []*node
	initial         []*value // by index: the initializers, nil for what a run computes
	parts           []nn.Part
	numbers         int64 // that the initializers are
}

// port is a value that goes in or comes out.
type port struct {
	name  string
	at    int
	dims  []int // what the file says of the shape, 0 where it says nothing
	float bool
}

// Parts returns the initializers, and the batch norms made of some.
func (n *Net) Parts() []nn.Part { return n.parts }

// InputShape returns what the file says of the shape of its input, in the order that [Net.Forward] takes it, which is
// [N, H, W, C] for images. A length that the file leaves open is 0. Nets that were exported for one size of batches take
// others, too, as far as their nodes do; [Net.Check] tells.
func (n *Net) InputShape() []int {
	in := n.inputs[0]
	if !in.isNCHW() {
		return slices.Clone(in.dims)
	}
	return []int{in.dims[0], in.dims[2], in.dims[3], in.dims[1]}
}

// isNCHW reports whether an input is images with their channels in front. Nets that were made where images have them
// behind begin with a transposition, and say so by an axis of length 1 or 3 there.
func (p port) isNCHW() bool {
	if len(p.dims) != 4 {
		return false
	}
	few := func(n int) bool { return n == 1 || n == 3 }
	return few(p.dims[1]) || !few(p.dims[3])
}

// Forward computes the first output of the file for a batch of images x [N, H, W, C]: logits or probabilities [N, K],
// as the file has it. An output that is itself images is [N, H, W, C]. It panics if x does not fit; see [Net.Check].
func (n *Net) Forward(x *autograd.Var) *autograd.Var {
	y, err := n.first(&run{net: n, x: x}, x.Shape(), x)
	if err != nil {
		panic(err.Error())
	}
	return y.v
}

// Check reports whether the net computes something for an input of the given shape, and of which shape, without
// computing it. The error names the node that does not fit.
func (n *Net) Check(shape ...int) (output []int, err error) {
	y, err := n.first(&run{net: n}, shape, nil)
	if err != nil {
		return nil, err
	}
	return y.shape, nil
}

// Probabilities reports whether the first output is that of a Softmax: probabilities, where others give logits.
func (n *Net) Probabilities() bool {
	at := n.outputs[0].at
	for _, m := range slices.Backward(n.nodes) {
		if !slices.Contains(m.out, at) {
			continue
		}
		switch m.op {
		case "Softmax":
			return true
		case "Identity", "Flatten", "Reshape", "Squeeze":
			at = m.in[0]
		default:
			return false
		}
	}
	return false
}

// first runs the net for its first output.
func (n *Net) first(r *run, shape []int, x *autograd.Var) (*value, error) {
	in := n.inputs[0]
	if len(shape) != len(in.dims) {
		return nil, fmt.Errorf("onnx: input %v: want %v", shape, n.InputShape())
	}
	out, err := r.all([]*value{{shape: slices.Clone(shape), v: x, nhwc: in.isNCHW()}})
	if err != nil {
		return nil, err
	}
	switch y := out[0]; {
	case y.integers():
		return nil, fmt.Errorf("onnx: output %q is of integers", n.outputs[0].name)
	case in.isNCHW() && len(y.shape) == 4:
		return r.image(y), nil
	default:
		return y, nil
	}
}

// check proves what Load and Read promise of a net: one input, and shapes that fit.
func (n *Net) check() error {
	switch {
	case len(n.inputs) != 1:
		return invalid("%d inputs: want one, of images", len(n.inputs))
	case len(n.outputs) == 0:
		return invalid("no output")
	case !n.inputs[0].float:
		return invalid("input %q is of integers", n.inputs[0].name)
	case len(n.inputs[0].dims) == 0:
		return invalid("input %q: the file does not say how many axes it has", n.inputs[0].name)
	}
	if len(n.outputs) > 1 {
		n.Notes = append(n.Notes, fmt.Sprintf("%d outputs, of which the first is %q", len(n.outputs), n.outputs[0].name))
	}
	shape := n.InputShape()
	for i, d := range shape {
		switch {
		case d > 0:
		case i == 0:
			shape[i] = 1
		case len(shape) == 4 && i < 3:
			shape[i] = 224
			n.Notes = append(n.Notes, fmt.Sprintf("axis %d of the input may have any length: tried with 224", i))
		default:
			return invalid("input %q: shape %v", n.inputs[0].name, n.inputs[0].dims)
		}
	}
	if len(shape) == 4 && !n.inputs[0].isNCHW() {
		n.Notes = append(n.Notes, "images have their channels behind in the file, too")
	}
	r := &run{net: n}
	if _, err := n.first(r, shape, nil); err != nil {
		return fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if r.peak > maxNumbers {
		return invalid("input %q: of shape %v, with which the net needs %d numbers at a time, at most %d", n.inputs[0].name, shape, r.peak, maxNumbers)
	}
	return nil
}

// findLastUses notes after which node a value is needed no more.
func (n *Net) findLastUses() {
	last := make([]*node, len(n.initial))
	for _, m := range n.nodes {
		for _, at := range slices.Concat(m.in, m.out) {
			if at >= 0 {
				last[at] = m
			}
		}
	}
	for _, o := range n.outputs {
		last[o.at] = nil
	}
	for at, m := range last {
		if m != nil {
			m.done = append(m.done, at)
		}
	}
}

// findNorms makes a module of each batch norm whose weights and statistics the file gives, so that it moves its
// statistics in training. The names are those of the values.
func (n *Net) findNorms(names []string) {
	for i, m := range n.nodes {
		if m.op != "BatchNormalization" || len(m.in) != 5 {
			continue
		}
		var p [4]*value
		fits := true
		for j, at := range m.in[1:] {
			if at < 0 || n.initial[at] == nil || n.initial[at].known == nil || len(n.initial[at].shape) != 1 {
				fits = false
				break
			}
			p[j] = n.initial[at]
			fits = fits && p[j].shape[0] == p[0].shape[0]
		}
		if !fits || p[0].param == nil || p[1].param == nil || p[2].param != nil || p[3].param != nil {
			continue
		}
		eps, momentum := m.float("epsilon", 1e-5), m.float("momentum", 0.9)
		m.norm = &nn.BatchNorm2D{Weight: p[0].param, Bias: p[1].param, RunningMean: p[2].known, RunningVar: p[3].known,
			Eps: eps, Momentum: 1 - momentum}
		n.parts = append(n.parts, nn.Part{Name: normName(i, names, m), Module: m.norm})
	}
}

// normName returns what the names of a batch norm's initializers begin with where they end as in PyTorch, "layer1.bn1",
// so that its parts have the same names as the initializers; else one by the place of its node.
func normName(i int, names []string, m *node) string {
	name := strings.TrimSuffix(names[m.in[1]], ".weight")
	for j, end := range []string{".weight", ".bias", ".running_mean", ".running_var"} {
		if name == "" || names[m.in[1+j]] != name+end {
			return fmt.Sprintf("node%d", i)
		}
	}
	return name
}

// constantVar returns numbers that belong to nobody's history.
func constantVar(t *tensor.Tensor) *autograd.Var { return autograd.Const(t) }
