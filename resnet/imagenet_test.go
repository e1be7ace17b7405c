package resnet_test

import (
	"encoding/json"
	"maps"
	"math"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/tensor"
)

// vector stands for a vector: its Euclidean norm, and its product with a given one.
type vector struct {
	Name        string
	Norm, Along float64
}

func (v vector) equal(t *testing.T, got *tensor.Tensor, tol float64) {
	t.Helper()
	require.InEpsilon(t, v.Norm, tensor.Norm(got), tol, v.Name)
	along := ours(uniform("along "+v.Name, got.Len()), got.Shape())
	require.InDelta(t, v.Along, tensor.Dot(got, along), tol*v.Norm*tensor.Norm(along), v.Name)
}

// published is one network in testdata/torchvision.json, which torchvision_reference.py beside it explains.
type published struct {
	Names                 []string
	Shapes                [][]int // for 1000 classes
	Images, Side, Classes int
	Labels                []int
	Eval, Train           []float64 // logits
	Loss                  float64
	Grads, Running        []vector
}

func torchvision(t *testing.T) map[string]published {
	t.Helper()
	text, err := os.ReadFile("testdata/torchvision.json")
	require.NoError(t, err)
	var nets map[string]published
	require.NoError(t, json.Unmarshal(text, &nets))
	return nets
}

var imageNets = map[string]struct {
	// For 1000 classes, as torchvision's documentation gives them: "params" and "GFLOPS".
	parameters int
	billions   float64
}{
	"resnet18":        {11_689_512, 1.814},
	"resnet50":        {25_557_032, 4.089},
	"resnext50_32x4d": {25_028_904, 4.230},
	"wide_resnet50_2": {68_883_240, 11.398},
}

func named(t *testing.T, name string, classes int) resnet.Config {
	t.Helper()
	config, err := resnet.Named(name, classes)
	require.NoError(t, err)
	return config
}

func TestParametersAreTorchvisions(t *testing.T) {
	for name, p := range torchvision(t) {
		if testing.Short() && imageNets[name].parameters > 30e6 {
			continue
		}
		t.Run("net="+name, func(t *testing.T) {
			net := mustNew(t, named(t, name, 1000))
			require.Equal(t, imageNets[name].parameters, nn.Count(net))
			require.InDelta(t, imageNets[name].billions, float64(net.MultiplyAdds())/1e9, 0.0005)
			require.Equal(t, p.Names, names(net))
			i := 0
			for name, x := range nn.State(net) {
				require.Equal(t, p.Shapes[i], pytorchShape(x.Shape()), name)
				i++
			}
			require.Equal(t, resnet.Shape{Height: 56, Width: 56, Channels: 64}, net.Block(0).In)
			last := net.Block(net.Len() - 1).Out
			require.Equal(t, resnet.Shape{Height: 7, Width: 7, Channels: p.Shapes[i-2][1]}, last)
		})
	}
}

// Gradients have a wide margin: where a sum rounds to the other side of zero, a ReLU passes what it should
// not. PyTorch in float32 is 5e-4 away from itself in float64, the portable loops, which add one by one, 6e-3.
// The small nets of reference.json have a narrow one.
func TestImageNetsEqualTorchvisions(t *testing.T) {
	if testing.Short() {
		t.Skip("more than a minute in portable Go")
	}
	for name, p := range torchvision(t) {
		t.Run("net="+name, func(t *testing.T) {
			config := named(t, name, p.Classes)
			config.Image = resnet.Shape{Height: p.Side, Width: p.Side, Channels: 3}
			net := mustNew(t, config)
			fill(net)
			equalsReference(t, net, p)
		})
	}
}

// The deep bottleneck nets for small images of He et al. 2016b, table 4: 1.7 and 10.2 million parameters.
func TestBottlenecksForSmallImages(t *testing.T) {
	for depth, millions := range map[int]float64{164: 1.7, 1001: 10.2} {
		net := mustNew(t, resnet.Config{Depth: depth, Bottleneck: true, Shortcut: resnet.OptionB, Classes: 10})
		require.Equal(t, (depth-2)/3, net.Len())
		require.InEpsilon(t, millions, float64(nn.Count(net))/1e6, 0.02, "%d", depth)
		require.Equal(t, resnet.Shape{Height: 8, Width: 8, Channels: 256}, net.Block(net.Len()-1).Out)
	}
}

// One image through an 8-layer net of width 1 for images of 4x4x1: the stem 9*16, stages of 2*9*16, 9*(1+2)*2*4
// and 9*(2+4)*4, the last layer 4*3.
func TestMultiplyAdds(t *testing.T) {
	net := mustNew(t, resnet.Config{Depth: 8, Width: 1, Classes: 3, Image: resnet.Shape{Height: 4, Width: 4, Channels: 1}})
	require.EqualValues(t, 9*16+2*9*16+9*(1+2)*2*4+9*(2+4)*4+4*3, net.MultiplyAdds())
}

// Option C has a projection in every block, whatever its shape.
func TestOptionC(t *testing.T) {
	for _, kind := range []resnet.Kind{resnet.PreActivation, resnet.Original} {
		net := mustNew(t, resnet.Config{Kind: kind, Blocks: []int{2, 1}, Width: 4, Shortcut: resnet.OptionC, Classes: 2})
		for i := range net.Len() {
			require.Contains(t, names(net), net.Block(i).Name+".downsample.0.weight")
		}
		x := autograd.Const(randomImages(newRand(), 1, net.Block(1).In))
		skip := net.Skip(1, x)
		require.Equal(t, x.Shape(), skip.Shape())
		norm := tensor.Norm(skip.Value()) / math.Sqrt(float64(skip.Value().Len()))
		require.Greater(t, norm, 0.1)
		require.False(t, tensor.Equal(x.Value(), skip.Value()))
	}
}

// equalsReference compares what a net computes of the reference's images, in evaluation and in training, with a reference.
// One without running statistics has its gradients from evaluation.
func equalsReference(t *testing.T, net *resnet.Net, p published) {
	t.Helper()
	x := images(p.Images, net.Config().Image)
	requireClose(t, p.Eval, evaluate(net, x).Data(), 2e-5, "logits in evaluation")

	tape := autograd.NewTape(1)
	tape.SetTraining(len(p.Running) > 0)
	logits := net.Forward(tape.Input(x))
	loss := autograd.CrossEntropy(logits, p.Labels, 0)
	tape.Backward(loss)
	requireClose(t, p.Train, logits.Value().Data(), 1e-4, "logits in training")
	require.InEpsilon(t, p.Loss, loss.Value().Item(), 1e-4)
	running, params := maps.Collect(nn.Buffers(net)), maps.Collect(nn.Params(net))
	if tape.Training() {
		require.Len(t, running, len(p.Running))
	}
	for _, v := range p.Running {
		require.Contains(t, running, v.Name)
		v.equal(t, running[v.Name], 1e-5)
	}
	require.Len(t, params, len(p.Grads))
	for _, v := range p.Grads {
		require.Contains(t, params, v.Name)
		v.equal(t, params[v.Name].Grad, 1e-2)
	}
}
