package onnx

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

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
