package graph_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/graph"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
)

func TestBuilderSaysWhatDoesNotFit(t *testing.T) {
	b := graph.NewBuilder(8, 8, 3)
	w, err := b.Add("w", graph.Constant{Tensor: tensor.New(3, 3, 4, 5)})
	require.NoError(t, err)
	stranger := graph.NewBuilder(8, 8, 3).Input()
	for want, add := range map[string]func() (*graph.Node, error){
		`"c", Conv2D: tensor: Conv2D`: func() (*graph.Node, error) { return b.Add("c", graph.Conv2D{}, b.Input(), w) },
		"the name is taken":           func() (*graph.Node, error) { return b.Add("w", graph.ReLU, b.Input()) },
		"2 inputs":                    func() (*graph.Node, error) { return b.Add("r", graph.ReLU, w, w) },
		"0 inputs":                    func() (*graph.Node, error) { return b.Add("r", graph.Concat{}) },
		"input 1 is not a node":       func() (*graph.Node, error) { return b.Add("r", graph.Add, w, stranger) },
		"input 0 is not a node":       func() (*graph.Node, error) { return b.Add("r", graph.ReLU, nil) },
		"no function":                 func() (*graph.Node, error) { return b.Add("r", graph.Unary("Cosh"), w) },
		"no reduction":                func() (*graph.Node, error) { return b.Add("r", graph.Reduction{Kind: "Product"}, w) },
		"sizes differ":                func() (*graph.Node, error) { return b.Add("r", graph.Reshape{Shape: []int{7}}, w) },
		"axis":                        func() (*graph.Node, error) { return b.Add("r", graph.Concat{Axis: 4}, w, w) },
		"too large":                   func() (*graph.Node, error) { return b.Add("r", graph.PadAxis{Before: 1 << 30}, w) },
		"other channels": func() (*graph.Node, error) {
			return b.Add("r", graph.BatchNorm{BatchNorm2D: nn.NewBatchNorm2D(4)}, b.Input())
		},
		"is larger": func() (*graph.Node, error) { return b.Add("r", graph.BroadcastTo{Shape: []int{5}}, w) },
		"dilation of an average": func() (*graph.Node, error) {
			return b.Add("r", graph.AvgPool2D{Size: tensor.Both(2), Dilation: tensor.Both(2)}, b.Input())
		},
	} {
		n, err := add()
		require.ErrorContains(t, err, want)
		require.Nil(t, n)
	}
	_, err = b.Graph(stranger)
	require.ErrorContains(t, err, "output")
}

func TestGraphKeepsWhatTheOutputNeeds(t *testing.T) {
	b := graph.NewBuilder(2)
	unused, err := b.Add("unused", graph.ReLU, b.Input())
	require.NoError(t, err)
	twice, err := b.Add("", graph.Add, b.Input(), b.Input())
	require.NoError(t, err)
	g, err := b.Graph(twice)
	require.NoError(t, err)
	require.NotContains(t, g.Nodes, unused)
	x := autograd.Const(tensor.From([]float32{1, 2}, 1, 2))
	require.Equal(t, []float32{2, 4}, g.Forward(x).Value().Data())
	require.PanicsWithValue(t, "graph: Forward: [1 3]: want [N 2]", func() { g.Forward(autograd.Const(tensor.New(1, 3))) })
}
