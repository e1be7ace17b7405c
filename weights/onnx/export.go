package onnx

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/residuum-go/residuum/graph"
	"github.com/residuum-go/residuum/internal/atomicfile"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/weights/onnx/internal/pb"
)

// What Save writes: the operator set of ONNX 1.12, and the version of the format that came with it.
const (
	savedOpset     = 17
	savedIRVersion = 8
)

// Save writes what m computes in evaluation mode for images of a shape, H, W and C, to an ONNX file of operator set 17.
// Its input is named "input", [N, C, H, W] with any N, and its output "output"; images that come out are [N, C, H, W],
// too. The initializers are the parameters and buffers that it takes, under their names and in PyTorch's order, and nothing else;
// batch norms stay nodes of their own. The file at path is replaced in one step.
//
// An op that [graph.Trace] does not know is an error, and so is one that this package cannot write, by its node and name:
// Resize and BroadcastTo, averages that count a rounded-up edge, and reshapes that need more of the batch than its size.
func Save(path string, m nn.Module, image ...int) error {
	g, err := graph.Trace(m, image...)
	if err != nil {
		return fmt.Errorf("onnx: %w", err)
	}
	model, err := export(g)
	if err != nil {
		return fmt.Errorf("onnx: %w", err)
	}
	if n := proto.Size(model); n > math.MaxInt32 {
		return fmt.Errorf("onnx: %s: a model of %d bytes: protobuf has at most %d", path, n, math.MaxInt32)
	}
	data, err := proto.Marshal(model)
	if err != nil {
		return fmt.Errorf("onnx: %w", err)
	}
	if err := atomicfile.Write(path, data); err != nil {
		return fmt.Errorf("onnx: %w", err)
	}
	return nil
}

// exporter writes the nodes of a graph. Layout is a matter of each value: Conv and its like want NCHW, a Reshape wants
// our order of the elements, and a Transpose of the graph only changes what the axes of a value are called.
type exporter struct {
	of     *graph.Graph
	to     *pb.GraphProto
	values map[*graph.Node]stored
	taken  map[string]bool
	bias   map[*graph.Node]*graph.Node // added to a Conv or Gemm, by that
	fused  map[*graph.Node]*graph.Node // the sum that a Conv or Gemm makes with its bias, by the sum
	node   *graph.Node                 // that is being written
	err    error                       // the first
}

// stored is a tensor of the file. Its axis i is axis order[i] of the shape in the graph.
type stored struct {
	name         string
	shape, order []int
}

var (
	nchw = []int{0, 3, 1, 2}
	oihw = []int{3, 2, 0, 1} // of kernels [R, S, C, K]
)

func export(g *graph.Graph) (*pb.ModelProto, error) {
	e := &exporter{of: g, to: &pb.GraphProto{Name: proto.String("residuum")}, values: map[*graph.Node]stored{},
		taken: map[string]bool{"input": true, "output": true, "": true},
		bias:  map[*graph.Node]*graph.Node{}, fused: map[*graph.Node]*graph.Node{}}
	for name, t := range nn.State(g) {
		if e.taken[name] {
			return nil, fmt.Errorf("tensor %q: a name that is empty or taken", name)
		}
		e.taken[name] = true
		e.to.Initializer = append(e.to.Initializer, floats(name, t, stateOrder(t.Shape())))
	}
	e.findBiases()
	for _, e.node = range g.Nodes {
		e.write(e.node)
		if e.err != nil {
			return nil, e.err
		}
	}
	e.node = g.Output
	v := e.values[g.Output]
	if len(v.shape) == 4 {
		v = e.want(v, nchw)
	} else {
		v = e.plain(v)
	}
	e.emit("Identity", "output", []stored{v})
	e.to.Input = []*pb.ValueInfoProto{info("input", e.values[g.Input])}
	e.to.Output = []*pb.ValueInfoProto{info("output", v)}
	return &pb.ModelProto{IrVersion: proto.Int64(savedIRVersion), ProducerName: proto.String("residuum"), Graph: e.to,
		OpsetImport: []*pb.OperatorSetIdProto{{Domain: proto.String(""), Version: proto.Int64(savedOpset)}}}, e.err
}

// stateOrder is how files have the axes of a parameter, as weights.FromState turns it.
func stateOrder(shape []int) []int {
	if len(shape) == 4 {
		return oihw
	}
	return identical(len(shape))
}

func identical(n int) []int { return progression(n, 0, int64(n), 1) }

// findBiases finds sums of a layer's result, which nothing else asks for, and a vector: Conv and Gemm add it themselves.
func (e *exporter) findBiases() {
	uses := map[*graph.Node]int{e.of.Output: 1}
	for _, n := range e.of.Nodes {
		for _, m := range n.In {
			uses[m]++
		}
	}
	for _, n := range e.of.Nodes {
		if n.Op != graph.Op(graph.Add) {
			continue
		}
		layer, b := n.In[0], n.In[1]
		_, isParam := b.Op.(graph.Param)
		_, isConv := layer.Op.(graph.Conv2D)
		_, isProduct := layer.Op.(graph.MatMul)
		last := len(layer.Shape) - 1
		if isParam && uses[layer] == 1 && (isConv || isProduct && last == 1) && slices.Equal(b.Shape, layer.Shape[last:]) {
			e.bias[layer], e.fused[n] = b, layer
		}
	}
}

// refuse notes why the node cannot be written.
func (e *exporter) refuse(format string, args ...any) {
	if e.err == nil {
		e.err = fmt.Errorf("node %q, %T: %w", e.node.Name, e.node.Op, fmt.Errorf(format, args...))
	}
}

// unused returns name, with a number behind it if it is taken, and takes it.
func (e *exporter) unused(name string) string {
	free := name
	for i := 2; e.taken[free]; i++ {
		free = fmt.Sprintf("%s_%d", name, i)
	}
	e.taken[free] = true
	return free
}

// emit adds a node of the file and returns the name of its result, which is also that of the node.
func (e *exporter) emit(op, result string, in []stored, attributes ...*pb.AttributeProto) string {
	n := &pb.NodeProto{Name: &result, OpType: &op, Output: []string{result}, Attribute: attributes}
	for _, v := range in {
		n.Input = append(n.Input, v.name)
	}
	e.to.Node = append(e.to.Node, n)
	return result
}

// give emits the node whose result is that of the graph's, with the axes in an order.
func (e *exporter) give(op string, order []int, in []stored, attributes ...*pb.AttributeProto) {
	e.values[e.node] = stored{e.emit(op, e.unused(e.node.Name), in, attributes...), e.node.Shape, order}
}

// helper emits a node in front of that.
func (e *exporter) helper(op string, shape, order []int, in []stored, attributes ...*pb.AttributeProto) stored {
	return stored{e.emit(op, e.unused(e.node.Name+"/"+op), in, attributes...), shape, order}
}

// want returns v with its axes in an order.
func (e *exporter) want(v stored, order []int) stored {
	if slices.Equal(v.order, order) {
		return v
	}
	perm := make([]int, len(order))
	for i, axis := range order {
		perm[i] = slices.Index(v.order, axis)
	}
	return e.helper("Transpose", v.shape, order, []stored{v}, ints("perm", perm...))
}

// plain returns v with its axes in our order.
func (e *exporter) plain(v stored) stored { return e.want(v, identical(len(v.shape))) }

// axis returns where an axis of ours, which may count from the end, lies in v.
func (v stored) axis(a int) int {
	if a < 0 {
		a += len(v.shape)
	}
	return slices.Index(v.order, a)
}

// dims returns the shape in the file.
func (v stored) dims() []int {
	d := make([]int, len(v.order))
	for i, axis := range v.order {
		d[i] = v.shape[axis]
	}
	return d
}

// inOrder reports whether the elements of v lie as they do in our order: only axes of length 1 have moved.
func (v stored) inOrder() bool {
	last := -1
	for _, axis := range v.order {
		if v.shape[axis] == 1 {
			continue
		}
		if axis < last {
			return false
		}
		last = axis
	}
	return true
}

// constant emits numbers that are no part of the state.
func (e *exporter) constant(t *pb.TensorProto, shape []int) stored {
	return e.helper("Constant", shape, identical(len(shape)), nil,
		&pb.AttributeProto{Name: proto.String("value"), Type: pb.AttributeProto_TENSOR.Enum(), T: t})
}

func (e *exporter) scalar(x float32) stored {
	return e.constant(floats("", tensor.From([]float32{x}), []int{}), []int{})
}

func (e *exporter) integers(x ...int) stored {
	t := &pb.TensorProto{Dims: []int64{int64(len(x))}, DataType: proto.Int32(int32(pb.TensorProto_INT64))}
	for _, n := range x {
		t.RawData = binary.LittleEndian.AppendUint64(t.RawData, uint64(n))
	}
	return e.constant(t, []int{len(x)})
}

// floats returns t with its axes in an order.
func floats(name string, t *tensor.Tensor, order []int) *pb.TensorProto {
	if !slices.Equal(order, identical(t.Rank())) {
		t = tensor.Transpose(nil, t, order...)
	}
	p := &pb.TensorProto{Name: &name, DataType: proto.Int32(int32(pb.TensorProto_FLOAT)), RawData: make([]byte, 4*t.Len())}
	for _, d := range t.Shape() {
		p.Dims = append(p.Dims, int64(d))
	}
	for i, x := range t.Data() {
		binary.LittleEndian.PutUint32(p.RawData[4*i:], math.Float32bits(x))
	}
	return p
}

func ints(name string, x ...int) *pb.AttributeProto {
	a := &pb.AttributeProto{Name: &name, Type: pb.AttributeProto_INTS.Enum()}
	for _, n := range x {
		a.Ints = append(a.Ints, int64(n))
	}
	return a
}

func number(name string, n int) *pb.AttributeProto {
	return &pb.AttributeProto{Name: &name, Type: pb.AttributeProto_INT.Enum(), I: proto.Int64(int64(n))}
}

func float(name string, x float32) *pb.AttributeProto {
	return &pb.AttributeProto{Name: &name, Type: pb.AttributeProto_FLOAT.Enum(), F: &x}
}

// info describes an input or output. Lengths that grow with the batch have its name, or one of their own.
func info(name string, v stored) *pb.ValueInfoProto {
	s := &pb.TensorShapeProto{}
	for _, d := range v.dims() {
		dim := &pb.TensorShapeProto_Dimension{}
		switch {
		case d == -1:
			dim.Value = &pb.TensorShapeProto_Dimension_DimParam{DimParam: "batch"}
		case d < 0:
			dim.Value = &pb.TensorShapeProto_Dimension_DimParam{DimParam: fmt.Sprintf("%d*batch", -d)}
		default:
			dim.Value = &pb.TensorShapeProto_Dimension_DimValue{DimValue: int64(d)}
		}
		s.Dim = append(s.Dim, dim)
	}
	t := &pb.TypeProto_Tensor{ElemType: proto.Int32(int32(pb.TensorProto_FLOAT)), Shape: s}
	return &pb.ValueInfoProto{Name: &name, Type: &pb.TypeProto{Value: &pb.TypeProto_TensorType{TensorType: t}}}
}
