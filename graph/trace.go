package graph

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
)

// Trace returns what m computes in evaluation mode for images of a shape, H, W and C. It runs m for two batches and
// compares what both times was computed: an op, constant or number that depends on the batch is an error, and so is an op
// that no graph has, by its name. What m decides by values of its input is not seen. Parameters, buffers and batch norms of
// m keep their names. If m has a method Check of a shape, as the net of an ONNX file has, its errors are those of Trace;
// other modules panic when they do not fit the images.
func Trace(m nn.Module, image ...int) (*Graph, error) {
	if m, ok := m.(interface {
		Check(shape ...int) (output []int, err error)
	}); ok {
		for _, batch := range []int{traced.few, traced.more} {
			if _, err := m.Check(append([]int{batch}, image...)...); err != nil {
				return nil, fmt.Errorf("graph: Trace: in a batch of %d: %w", batch, err)
			}
		}
	}
	trace := func(batch int) []autograd.Step {
		x := tensor.New(append([]int{batch}, image...)...)
		nn.Uniform(x, 1, rand.New(rand.NewPCG(uint64(batch), 0)))
		return autograd.Trace(x, m.Forward)
	}
	a, b := trace(traced.few), trace(traced.more)
	if len(a) != len(b) {
		return nil, fmt.Errorf("graph: Trace: %d ops in a batch of %d and %d in one of %d", len(a), traced.few, len(b), traced.more)
	}
	t := tracer{Builder: NewBuilder(image...), norms: map[*tensor.Tensor]norm{},
		params: map[*autograd.Param]string{}, tensors: map[*tensor.Tensor]string{}}
	t.learn(m)
	for i := range a {
		n, err := t.step(a[i], b[i])
		if err != nil {
			return nil, fmt.Errorf("graph: Trace: op %d, %s: %w", i, a[i].Op, err)
		}
		t.values = append(t.values, n)
	}
	return t.Graph(t.values[len(a)-1])
}

// traced are the batches that a module is run for, small ones since that takes as long as images do. The shapes of its ops
// are checked for others when the graph is built.
var traced = batches{1, 2}

type norm struct {
	name   string
	module *nn.BatchNorm2D
}

type tracer struct {
	*Builder
	values  []*Node // by step
	norms   map[*tensor.Tensor]norm
	params  map[*autograd.Param]string
	tensors map[*tensor.Tensor]string // names of buffers
}

// learn remembers the names of what m has.
func (t *tracer) learn(m nn.Module) {
	for name, n := range nn.Modules(m) {
		if n, ok := n.(*nn.BatchNorm2D); ok {
			t.norms[n.RunningMean] = norm{name, n}
		}
	}
	for name, p := range nn.Params(m) {
		t.params[p] = name
	}
	for name, x := range nn.Buffers(m) {
		t.tensors[x] = name
	}
}

// step adds the nodes of one step, given as it was in both batches, and returns the last one.
func (t *tracer) step(a, b autograd.Step) (*Node, error) {
	if a.Op != b.Op || !slices.Equal(a.In, b.In) || !reflect.DeepEqual(a.Attr, b.Attr) {
		return nil, fmt.Errorf("%v in a batch of %d, %s %v in one of %d", a.Attr, traced.few, b.Op, b.Attr, traced.more)
	}
	shape, err := traced.free(a.Shape, b.Shape)
	if err != nil {
		return nil, err
	}
	var in []*Node
	for _, i := range a.In {
		in = append(in, t.values[i])
	}
	switch a.Op {
	case "Input":
		return t.input, nil
	case "Param":
		return t.param(a.Param)
	case "Constant":
		return t.constant(a.Value, b.Value)
	case "BatchNorm":
		return t.batchNorm(a, in)
	case "AddReLU":
		return t.then(ReLU)(t.Add("", Add, in...))
	}
	op := opOf(a, shape)
	if op == nil || len(in) == 0 {
		return nil, errors.New("no graph has this op")
	}
	return t.Add(t.name(op, in), op, in...)
}

// then returns a function that adds op behind a node.
func (t *tracer) then(op Op, more ...*Node) func(n *Node, err error) (*Node, error) {
	return func(n *Node, err error) (*Node, error) {
		if err != nil {
			return nil, err
		}
		return t.Add("", op, append([]*Node{n}, more...)...)
	}
}

// name returns that of the layer whose weights op takes, or "".
func (t *tracer) name(op Op, in []*Node) string {
	_, sum := op.(Binary)
	for _, n := range in {
		_, ok := n.Op.(Param)
		layer, weight := strings.CutSuffix(n.Name, ".weight")
		if ok && weight && !sum {
			return t.unused(layer)
		}
	}
	return ""
}

func (t *tracer) param(p *autograd.Param) (*Node, error) {
	name, ok := t.params[p]
	if !ok {
		return nil, errors.New("a parameter that the module does not list among its parts")
	}
	return t.Add(name, Param{p})
}

func (t *tracer) constant(a, b *tensor.Tensor) (*Node, error) {
	if name, ok := t.tensors[a]; ok && a == b {
		return t.Add(name, Buffer{a})
	}
	if !slices.Equal(a.Shape(), b.Shape()) || !slices.Equal(a.Data(), b.Data()) {
		return nil, errors.New("a constant that is another one in another batch")
	}
	return t.Add("", Constant{a})
}

func (t *tracer) batchNorm(a autograd.Step, in []*Node) (*Node, error) {
	known, ok := a.Attr.(autograd.TracedNorm)
	if !ok {
		return nil, errors.New("by the statistics of the batch in evaluation mode")
	}
	of, ok := t.norms[known.Mean]
	if !ok {
		return nil, errors.New("no nn.BatchNorm2D among the module's parts has this running mean")
	}
	n, err := t.Add(t.unused(of.name), BatchNorm{of.module}, in[0])
	if len(in) > 3 {
		n, err = t.then(Add, in[3])(n, err)
	}
	if known.ReLU {
		n, err = t.then(ReLU)(n, err)
	}
	return n, err
}

// opOf returns the op of a step whose result has a shape, or nil if there is none.
func opOf(s autograd.Step, shape []int) Op {
	if unary[Unary(s.Op)] != nil {
		return Unary(s.Op)
	}
	if binary[Binary(s.Op)] != nil {
		return Binary(s.Op)
	}
	if kind, keep := strings.CutSuffix(s.Op, "Keep"); reductions[ReductionKind(kind)].drop != nil {
		return Reduction{Kind: ReductionKind(kind), Axes: s.Attr.([]int), Keep: keep}
	}
	switch s.Op {
	case "Conv2D":
		return Conv2D(s.Attr.(tensor.ConvSpec))
	case "MaxPool2D":
		return MaxPool2D(s.Attr.(tensor.PoolSpec))
	case "AvgPool2D":
		return AvgPool2D(s.Attr.(tensor.PoolSpec))
	case "GlobalAvgPool":
		return GlobalAvgPool{}
	case "MatMul":
		return MatMul(s.Attr.(tensor.Transposed))
	case "Softmax": // these are along the last axis
		return Softmax{len(shape) - 1}
	case "LogSoftmax":
		return LogSoftmax{len(shape) - 1}
	case "Scale":
		return Scale(s.Attr.(float32))
	case "AddScalar":
		return AddScalar(s.Attr.(float32))
	case "Clip":
		bounds := s.Attr.([2]float32)
		return Clip{bounds[0], bounds[1]}
	case "Reshape":
		return Reshape{shape}
	case "BroadcastTo":
		return BroadcastTo{shape}
	case "Transpose":
		return Transpose{s.Attr.([]int)}
	case "Concat":
		return Concat{s.Attr.(int)}
	case "SliceAxis":
		r := s.Attr.([3]int)
		return SliceAxis{r[0], r[1], r[2]}
	case "PadAxis":
		r := s.Attr.([3]int)
		axis := (r[0] + len(shape)) % len(shape)
		return PadAxis{axis, r[1], s.Shape[axis] - r[2]}
	case "SubsampleHW":
		return SubsampleHW{s.Attr.(int)}
	case "Resize":
		return Resize{tensor.HW{H: shape[1], W: shape[2]}, s.Attr.(tensor.Interpolation)}
	}
	return nil
}
