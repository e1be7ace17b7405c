package onnx_test

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/graph"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/unravel"
	"github.com/residuum-go/residuum/weights"
	"github.com/residuum-go/residuum/weights/onnx"
)

// A ResNet of a file is taken apart into its blocks and studied like any other.
func TestChainOfAFile(t *testing.T) {
	for _, name := range []string{"tiny_old", "tiny_new"} {
		t.Run(name, func(t *testing.T) {
			net, err := onnx.Load("testdata/" + name + ".onnx")
			require.NoError(t, err)
			g, err := graph.Trace(net, 16, 16, 3)
			require.NoError(t, err)
			want, got := maps.Collect(nn.State(net)), maps.Collect(nn.State(g))
			require.Len(t, got, len(want))
			for name, x := range got {
				require.Same(t, want[name], x, name)
			}
			c, err := g.Chain()
			require.NoError(t, err)
			var names []string
			for i := range c.Len() {
				names = append(names, c.BlockName(i))
			}
			require.Equal(t, []string{"layer1", "layer2"}, names)

			f, err := weights.Load("testdata/" + name + ".npz")
			require.NoError(t, err)
			x := tensor.Transpose(nil, f.Tensors["x"], 0, 2, 3, 1)
			y := net.Forward(autograd.Const(x)).Value()
			require.Equal(t, y.Data(), unravel.Forward(c, autograd.Const(x)).Value().Data())

			study, err := unravel.NewStudy(c, []data.Batch{{X: x, Labels: tensor.ArgMax(y)}}, unravel.Options{})
			require.NoError(t, err)
			scores, err := study.Evaluate(t.Context(), []unravel.Plan{unravel.Whole(c), unravel.Ablate(c, unravel.Delete, "layer2")})
			require.NoError(t, err)
			require.Equal(t, 1.0, scores[0].Accuracy())
			require.NotEqual(t, scores[0].Loss(), scores[1].Loss())
		})
	}
}
