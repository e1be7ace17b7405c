package graph_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/graph"
	"github.com/residuum-go/residuum/internal/nettest"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/unravel"
)

func chain(t *testing.T, net *resnet.Net) *graph.Chain {
	c, err := trace(t, net).Chain()
	require.NoError(t, err)
	return c
}

// without returns the logits of net with block i deleted.
func without(net unravel.Network, x *tensor.Tensor, i int) *tensor.Tensor {
	return unravel.Forward(unravel.Edited(net, unravel.Ablate(net, unravel.Delete, i)), autograd.Const(x)).Value()
}

// Every kind of block comes out of the traced net as it went in: option A, projections, pooled ones, activated ones,
// bottlenecks, attention.
func TestChainHasTheBlocksOfTheNet(t *testing.T) {
	names := []string{"cifar_resnet20", "ecaresnet50d", "wrn28_10", "resnet18", "resnet50", "resnet50d", "seresnet18",
		"cifar_resnetv2_110", "cifar_resnetv2_164", "resnetv2_50"}
	if testing.Short() {
		names = names[:3]
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			net := nettest.Small(t, name)
			c := chain(t, net)
			require.Equal(t, net.Len(), c.Len())
			s := net.Config().Image
			x := nettest.Images(3, 2, s.Height, s.Width, s.Channels)
			whole := net.Forward(autograd.Const(x)).Value().Data()
			require.Equal(t, whole, unravel.Forward(c, autograd.Const(x)).Value().Data())
			for i := range net.Len() {
				require.Equal(t, net.BlockName(i), c.BlockName(i))
				logits := without(c, x, i).Data()
				require.Equal(t, without(net, x, i).Data(), logits, c.BlockName(i))
				require.NotEqual(t, whole, logits)
			}
		})
	}
}

// The states are those of the net, so studies find the same of both.
func TestStudyOfAChain(t *testing.T) {
	for _, name := range []string{"cifar_resnet20", "wrn28_10"} {
		net := nettest.Small(t, name)
		c := chain(t, net)
		batches := []data.Batch{{X: nettest.Images(4, 3, 24, 24, 3), Labels: []int{1, 2, 3}}}
		plans := []unravel.Plan{unravel.Whole(net), unravel.Ablate(net, unravel.Delete, 1, 3), unravel.Ablate(net, unravel.DatasetMean, 2)}
		if name == "cifar_resnet20" { // the first two keep the shape
			swapped := unravel.Whole(net)
			swapped[0], swapped[1] = swapped[1], swapped[0]
			plans = append(plans, swapped)
		}
		score := func(net unravel.Network) []data.Score {
			study, err := unravel.NewStudy(net, batches, unravel.Options{})
			require.NoError(t, err)
			scores, err := study.Evaluate(t.Context(), plans)
			require.NoError(t, err)
			return scores
		}
		require.Equal(t, score(net), score(c))
	}
}

// An identity is the very variable, as studies ask for it.
func TestSkipOfAChain(t *testing.T) {
	c := chain(t, nettest.Small(t, "cifar_resnet20"))
	y := c.Stem(autograd.Const(nettest.Images(5, 1, 24, 24, 3)))
	require.Same(t, y, c.Skip(0, y))
	require.PanicsWithValue(t, "graph: Join: neither skip nor branch", func() { c.Join(0, nil, nil) })
}

// What skip and branch of a block both compute moves running statistics once in a step.
func TestChainTrains(t *testing.T) {
	net, other := nettest.Small(t, "wrn28_10"), nettest.Small(t, "wrn28_10")
	step := func(net unravel.Network) {
		unravel.Forward(net, autograd.NewTape(1).Input(nettest.Images(6, 4, 24, 24, 3)))
	}
	c := chain(t, net)
	step(c)
	step(other)
	got := map[string]*tensor.Tensor{}
	for name, b := range nn.Buffers(c) {
		got[name] = b
	}
	for name, b := range nn.Buffers(other) {
		require.Equal(t, b.Data(), got[name].Data(), name)
	}
}

func TestNoChain(t *testing.T) {
	_, err := trace(t, nettest.Small(t, "vgg11_bn")).Chain()
	require.EqualError(t, err, "graph: Chain: no residual block: there is one path")

	relu := func(b *graph.Builder, n *graph.Node) *graph.Node { return add(t, b, "", graph.ReLU, n) }
	for want, build := range map[string]func(b *graph.Builder, x *graph.Node) *graph.Node{
		`no residual block: paths meet in concat: Concat [N 4 4 6]`: func(b *graph.Builder, x *graph.Node) *graph.Node { // Inception
			return add(t, b, "", graph.Concat{Axis: 3}, conv(t, b, x), conv(t, b, x))
		},
		`no residual block: paths meet in concat_2: Concat [N 4 4 9]`: func(b *graph.Builder, x *graph.Node) *graph.Node { // DenseNet
			y := add(t, b, "", graph.Concat{Axis: 3}, x, conv(t, b, x))
			return add(t, b, "", graph.Concat{Axis: 3}, x, add(t, b, "", graph.SliceAxis{Axis: 3, Lo: 0, Hi: 6}, y))
		},
		`add: Add [N 4 4 3]: both summands are 1 layers behind input: Input [N 4 4 3]: which is the skip?`: func(b *graph.Builder, x *graph.Node) *graph.Node {
			return add(t, b, "", graph.Add, conv(t, b, x), conv(t, b, x))
		},
		`add: Add [N 4 4 3]: both summands depend on relu: ReLU [N 4 4 3]`: func(b *graph.Builder, x *graph.Node) *graph.Node {
			y := relu(b, x)
			return add(t, b, "", graph.Add, conv(t, b, y), add(t, b, "", graph.Maximum, x, y))
		},
		`add: Add [N 4 4 3]: it lies on one of several paths from input: Input [N 4 4 3] to concat: Concat [N 4 4 6]`: func(b *graph.Builder, x *graph.Node) *graph.Node { // U-Net
			return add(t, b, "", graph.Concat{Axis: 3}, add(t, b, "", graph.Add, x, conv(t, b, x)), x)
		},
		`no residual block: paths meet in mul: Mul [N 4 4 3]`: func(b *graph.Builder, x *graph.Node) *graph.Node {
			return add(t, b, "", graph.Mul, x, add(t, b, "", graph.Sigmoid, conv(t, b, x)))
		},
		`no residual block: paths meet in add: Add [N 4 4 3]`: func(b *graph.Builder, x *graph.Node) *graph.Node { // no layer
			return add(t, b, "", graph.Add, x, relu(b, x))
		},
	} {
		b := graph.NewBuilder(4, 4, 3)
		g, err := b.Graph(build(b, b.Input()))
		require.NoError(t, err)
		c, err := g.Chain()
		require.EqualError(t, err, "graph: Chain: "+want)
		require.Nil(t, c)
	}
}

func add(t *testing.T, b *graph.Builder, name string, op graph.Op, in ...*graph.Node) *graph.Node {
	n, err := b.Add(name, op, in...)
	require.NoError(t, err)
	return n
}

// conv adds a convolution of 3 channels whose weights have no name that says where it is.
func conv(t *testing.T, b *graph.Builder, x *graph.Node) *graph.Node {
	w := add(t, b, "", graph.Param{Param: autograd.NewParam(nettest.Images(7, 1, 1, 3, 3))})
	return add(t, b, "", graph.Conv2D{}, x, w)
}

// What lies between blocks belongs to the block behind it; functions of each element belong to the sum, and blocks whose
// layers say nothing are named after it. Attention between blocks, a nested sum and a sum of three are no obstacle.
func TestChainOfAnotherNet(t *testing.T) {
	b := graph.NewBuilder(4, 4, 3)
	x := b.Input()
	y := add(t, b, "first", graph.Add, x, add(t, b, "", graph.Add, conv(t, b, x), conv(t, b, conv(t, b, x))))
	y = add(t, b, "clip", graph.Clip{Lo: -1, Hi: 1}, y)
	y = add(t, b, "gate", graph.Mul, y, add(t, b, "", graph.Sigmoid, conv(t, b, y)))
	z := add(t, b, "", graph.Add, y, conv(t, b, y))
	y = add(t, b, "second", graph.Add, add(t, b, "", graph.Add, z, conv(t, b, z)), y)
	g, err := b.Graph(add(t, b, "", graph.GlobalAvgPool{}, y))
	require.NoError(t, err)
	c, err := g.Chain()
	require.NoError(t, err)
	require.Equal(t, "first second", fmt.Sprint(c.BlockName(0), " ", c.BlockName(1)))
	v := autograd.Const(nettest.Images(8, 2, 4, 4, 3))
	require.Equal(t, g.Forward(v).Value().Data(), unravel.Forward(c, v).Value().Data())
	require.Same(t, v, c.Stem(v))
	clipped := c.Join(0, v, autograd.Scale(v, 3))
	require.Equal(t, autograd.Clip(autograd.Scale(v, 4), -1, 1).Value().Data(), clipped.Value().Data())
	require.NotEqual(t, clipped.Value().Data(), c.Skip(1, clipped).Value().Data(), "the gate")
}

// A name that the layers of two blocks begin with is neither's.
func TestBlocksOfOneName(t *testing.T) {
	b := graph.NewBuilder(4, 4, 3)
	y := b.Input()
	for i := range 3 {
		w := add(t, b, []string{"body.0.weight", "body.1.weight", "tail.weight"}[i], graph.Param{Param: autograd.NewParam(nettest.Images(9, 1, 1, 3, 3))})
		inner := add(t, b, "", graph.Conv2D{}, y, w)
		bias := add(t, b, []string{"body.2.bias", "body.3.bias", "tail.bias"}[i], graph.Param{Param: autograd.NewParam(nettest.Images(9, 3))})
		y = add(t, b, "", graph.Add, add(t, b, "", graph.Add, inner, bias), y)
	}
	g, err := b.Graph(y)
	require.NoError(t, err)
	c, err := g.Chain()
	require.NoError(t, err)
	require.Equal(t, "add_2 add_4 tail", fmt.Sprint(c.BlockName(0), " ", c.BlockName(1), " ", c.BlockName(2)))
}
