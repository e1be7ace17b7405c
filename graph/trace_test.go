package graph_test

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/graph"
	"github.com/residuum-go/residuum/internal/nettest"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/tensor"
)

func trace(t *testing.T, net *resnet.Net) *graph.Graph {
	s := net.Config().Image
	g, err := graph.Trace(net, s.Height, s.Width, s.Channels)
	require.NoError(t, err)
	return g
}

func TestEveryNetIsTracedToTheBit(t *testing.T) {
	ofFew, ofAll := map[string]bool{}, map[string]bool{}
	for _, name := range nettest.Names(t) {
		net := nettest.Small(t, name)
		g := trace(t, net)
		for _, n := range g.Nodes {
			op := reflect.TypeOf(n.Op).Name()
			ofAll[op], ofFew[op] = true, ofFew[op] || slices.Contains(nettest.Few, name)
		}
		t.Run(name, func(t *testing.T) {
			s := net.Config().Image
			x := autograd.Const(nettest.Images(3, 2, s.Height, s.Width, s.Channels))
			require.Equal(t, net.Forward(x).Value().Data(), g.Forward(x).Value().Data())

			want, got := maps.Collect(nn.State(net)), maps.Collect(nn.State(g))
			require.Equal(t, slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got)))
			for name := range want {
				require.Same(t, want[name], got[name], name)
			}
			require.Equal(t, net.MultiplyAdds(), work(g))
			require.Contains(t, g.String(), "total")
			require.Equal(t, 1, strings.Count(g.DOT(), "Input"))
		})
	}
	require.Equal(t, ofAll, ofFew)
}

func work(g *graph.Graph) (sum int64) {
	for _, n := range g.Nodes {
		sum += n.MultiplyAdds()
	}
	return sum
}

// Gradients and running statistics of a training step are the net's, up to rounding: a fused backward pass sums otherwise.
func TestGraphTrains(t *testing.T) {
	net, other := nettest.Small(t, "cifar_resnet20"), nettest.Small(t, "cifar_resnet20")
	g := trace(t, net)
	x := nettest.Images(4, 4, 24, 24, 3)
	step := func(m nn.Module) []float32 {
		tape := autograd.NewTape(1)
		y := m.Forward(tape.Input(x))
		tape.Backward(autograd.CrossEntropy(y, []int{1, 2, 3, 4}, 0))
		return y.Value().Data()
	}
	require.Equal(t, step(other), step(g))
	params, buffers := maps.Collect(nn.Params(g)), maps.Collect(nn.Buffers(g))
	for name, p := range nn.Params(other) {
		require.InDeltaSlice(t, p.Grad.Data(), params[name].Grad.Data(), 1e-5, name)
	}
	for name, b := range nn.Buffers(other) {
		require.Equal(t, b.Data(), buffers[name].Data(), name)
	}
}

func TestFrozenParametersKeepTheirNames(t *testing.T) {
	net := nettest.Small(t, "ecaresnet50d")
	nn.Freeze(net)
	names := maps.Collect(nn.State(trace(t, net)))
	require.Contains(t, names, "layer1.0.se.conv.weight")
	require.Contains(t, names, "fc.bias")
}

// module is a function as a module.
type module func(x *autograd.Var) *autograd.Var

func (f module) Forward(x *autograd.Var) *autograd.Var { return f(x) }
func (module) Parts() []nn.Part                        { return nil }

func TestTraceRefuses(t *testing.T) {
	one := autograd.Const(tensor.New(1, 4, 4, 3))
	hidden := autograd.NewParam(tensor.New(3))
	for want, f := range map[string]module{
		"no graph has this op":                func(x *autograd.Var) *autograd.Var { return autograd.Gather(x, []int{0}) },
		"Detach":                              func(x *autograd.Var) *autograd.Var { return autograd.Add(x, autograd.Detach(x)) },
		"Scale: 1 in a batch of 1, Scale 0.5": func(x *autograd.Var) *autograd.Var { return autograd.Scale(x, 1/float32(x.Shape()[0])) },
		"another one in another batch": func(x *autograd.Var) *autograd.Var {
			return autograd.Add(x, autograd.Const(tensor.Full(x.Value().Data()[0], 1)))
		},
		"a constant that is another one in another batch": func(x *autograd.Var) *autograd.Var { // of what is not computed
			y := autograd.MatMul(x, autograd.Const(tensor.Full(1, 3, 2)), tensor.NN)
			return autograd.Add(y, autograd.Const(tensor.MeanKeep(nil, y.Value(), 0, 1, 2)))
		},
		"does not list":                     func(x *autograd.Var) *autograd.Var { return autograd.Add(x, hidden.On(x)) },
		"axis 0 has length 2 in a batch of": func(x *autograd.Var) *autograd.Var { return autograd.Concat(0, x, one) },
	} {
		_, err := graph.Trace(f, 4, 4, 3)
		require.ErrorContains(t, err, want)
	}
}

// Every op that a graph has is traced to itself.
func TestOpsAreTraced(t *testing.T) {
	a := autograd.Const(nettest.Images(5, 2, 3))
	f := module(func(x *autograd.Var) *autograd.Var {
		y := autograd.Concat(3, autograd.Sigmoid(x), autograd.Tanh(x), autograd.SiLU(x))
		y = autograd.Maximum(autograd.Abs(y), autograd.Exp(autograd.Neg(y)))
		y = autograd.Div(autograd.Log(autograd.AddScalar(y, 2)), autograd.Sqrt(autograd.Square(autograd.AddScalar(y, 3))))
		y = autograd.Clip(autograd.SliceAxis(y, -1, 1, 4), 0.1, 0.9)
		y = autograd.Softmax(autograd.Resize(y, tensor.Both(5), tensor.Bilinear), 1)
		y = autograd.Sub(y, autograd.MaxKeep(y, 1))
		y = autograd.AvgPool2D(autograd.LogSoftmax(y, 3), tensor.PoolSpec{Size: tensor.Both(2)})
		y = autograd.MaxPool2D(autograd.SubsampleHW(y, 1), tensor.PoolSpec{Size: tensor.Both(2)})
		y = autograd.Add(autograd.Sum(y, 1, 2), autograd.Mean(autograd.BroadcastTo(y, y.Shape()[0], 2, 2, 3), -2, 1))
		y = autograd.MatMul(autograd.AddReLU(y, autograd.Scale(y, -0.5)), a, tensor.NT)
		return autograd.PadAxis(autograd.Reshape(y, 1, -1, 2), -1, 1, 0)
	})
	g, err := graph.Trace(f, 4, 4, 3)
	require.NoError(t, err)
	require.Equal(t, []int{1, -1, 3}, g.Output.Shape)
	for _, n := range []int{1, 5} {
		x := autograd.Const(nettest.Images(6, n, 4, 4, 3))
		require.Equal(t, f(x).Value(), g.Forward(x).Value())
	}
}
