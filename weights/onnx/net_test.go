package onnx

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/graph"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/weights/onnx/internal/pb"
)

// Whether a net gives probabilities is told by its last operator that changes numbers.
func TestProbabilities(t *testing.T) {
	for op, want := range map[string]bool{"Relu": false, "Softmax": true, "LogSoftmax": false} {
		m := model()
		m.Graph.Node[1].OpType = proto.String(op)
		m.Graph.Node[1].Output[0] = "z"
		m.Graph.Node = append(m.Graph.Node, &pb.NodeProto{OpType: proto.String("Identity"), Input: []string{"z"}, Output: []string{"y"}})
		net, err := Read(encoded(t, m))
		require.NoError(t, err)
		require.Equal(t, want, net.Probabilities(), op)
	}
}

// A file that was made for one image and says so in a Reshape computes other batches, too.
func TestAReshapeMeansTheBatch(t *testing.T) {
	m := model()
	m.Graph.Initializer = append(m.Graph.Initializer, &pb.TensorProto{Name: proto.String("sizes"), Dims: []int64{3},
		DataType: proto.Int32(int32(pb.TensorProto_INT64)), Int64Data: []int64{1, 3, 1}})
	m.Graph.Node[1].OpType, m.Graph.Node[1].Input = proto.String("Reshape"), []string{"h", "sizes"}
	net, err := Read(encoded(t, m))
	require.NoError(t, err)
	for _, batch := range []int{1, 4} {
		shape, err := net.Check(batch, 2)
		require.NoError(t, err)
		require.Equal(t, []int{batch, 3, 1}, shape)
	}
}

// What a net cannot compute is an error of graph.Trace, and no panic.
func TestTraceOfANetThatDoesNotFit(t *testing.T) {
	m := model()
	m.Graph.Initializer = append(m.Graph.Initializer, &pb.TensorProto{Name: proto.String("sizes"), Dims: []int64{2},
		DataType: proto.Int32(int32(pb.TensorProto_INT64)), Int64Data: []int64{3, 1}})
	m.Graph.Node[1].OpType, m.Graph.Node[1].Input = proto.String("Reshape"), []string{"h", "sizes"}
	net, err := Read(encoded(t, m))
	require.NoError(t, err)
	_, err = graph.Trace(net, 2)
	require.ErrorContains(t, err, `graph: Trace: in a batch of 2: onnx: node 1 "gate" (Reshape)`)
}

// A batch norm of weights that the file computes is no module, and is traced as what it is.
func TestANormOfComputedWeightsIsTraced(t *testing.T) {
	m := model()
	m.Graph.Initializer = append(m.Graph.Initializer, &pb.TensorProto{Name: proto.String("logs"), Dims: []int64{3},
		DataType: proto.Int32(int32(pb.TensorProto_FLOAT)), FloatData: []float32{0, 1, 2}})
	m.Graph.Node[1] = &pb.NodeProto{OpType: proto.String("Exp"), Input: []string{"logs"}, Output: []string{"e"}}
	m.Graph.Node = append(m.Graph.Node, &pb.NodeProto{OpType: proto.String("BatchNormalization"),
		Input: []string{"h", "e", "e", "e", "e"}, Output: []string{"y"}})
	net, err := Read(encoded(t, m))
	require.NoError(t, err)
	x := autograd.Const(tensor.From([]float32{1, 0, 0, 1}, 2, 2))
	var want []float32
	for i, h := range []float64{1, 2, 3, 4, 5, 6} {
		e := math.Exp(float64(i % 3))
		want = append(want, float32((h-e)/math.Sqrt(e+1e-5)*e+e))
	}
	require.InDeltaSlice(t, want, net.Forward(x).Value().Data(), 1e-5)
	g, err := graph.Trace(net, 2)
	require.NoError(t, err)
	require.InDeltaSlice(t, want, g.Forward(x).Value().Data(), 1e-5)
}
