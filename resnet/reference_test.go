package resnet_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/nn/optim"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/tensor"
)

// study is one network in testdata/reference.json, which reference.py beside it explains.
type study struct {
	Config  resnet.Config
	Names   []string
	Eval    []float64 // logits at the start, in evaluation mode
	Train   []float64 // logits in training mode
	Loss    float64
	Grads   []vector
	Running map[string][]float64 // statistics after that one pass
	After   []float64            // logits in evaluation mode after one step of SGD
}

func pytorch(t *testing.T) map[string]*study {
	t.Helper()
	text, err := os.ReadFile("testdata/reference.json")
	require.NoError(t, err)
	var studies map[string]*study
	require.NoError(t, json.Unmarshal(text, &studies))
	return studies
}

// uniform is the hash of reference.py: n numbers in [-1/2, 1/2).
func uniform(name string, n int) []float64 {
	seed := uint32(2166136261)
	for _, b := range []byte(name) {
		seed = (seed ^ uint32(b)) * 16777619
	}
	u := make([]float64, n)
	for i := range u {
		x := uint32(i)*2654435761 + seed
		x ^= x >> 16
		x *= 0x45d9f3b
		x ^= x >> 16
		u[i] = float64(x)/(1<<32) - 0.5
	}
	return u
}

// pytorchShape is the shape that PyTorch gives to a weight: OIHW for HWIO.
func pytorchShape(s []int) []int {
	if len(s) == 4 {
		return []int{s[3], s[2], s[0], s[1]}
	}
	return s
}

// ours brings values in PyTorch's order into the order of a tensor of this shape.
func ours(values []float64, shape []int) *tensor.Tensor {
	data := make([]float32, len(values))
	for i, v := range values {
		data[i] = float32(v)
	}
	t := tensor.From(data, pytorchShape(shape)...)
	if len(shape) == 4 {
		t = tensor.Transpose(nil, t, 2, 3, 1, 0)
	}
	return t
}

func fill(net *resnet.Net) {
	for name, x := range nn.State(net) {
		tensor.Copy(x, ours(filling(name, x), x.Shape()))
	}
}

func filling(name string, x *tensor.Tensor) []float64 {
	shape := pytorchShape(x.Shape())
	u := uniform(name, x.Len())
	fan := 1.0
	for _, d := range shape[1:] {
		fan *= float64(d)
	}
	for i := range u {
		switch {
		case len(shape) > 1:
			u[i] *= math.Sqrt(24 / fan)
		case strings.HasSuffix(name, "running_var"):
			u[i]++
		case strings.HasSuffix(name, "weight"):
			u[i] = 1 + u[i]/2
		default:
			u[i] /= 2
		}
	}
	return u
}

var labels = []int{0, 3, 1, 4}

// images are the reference's, n of them.
func images(n int, s resnet.Shape) *tensor.Tensor {
	u := uniform("images", n*s.Height*s.Width*s.Channels)
	data := make([]float32, len(u))
	for i := range u {
		data[i] = float32(4 * u[i])
	}
	x := tensor.From(data, n, s.Channels, s.Height, s.Width)
	return tensor.Transpose(nil, x, 0, 2, 3, 1)
}

func newRand() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

func mustNew(t *testing.T, c resnet.Config) *resnet.Net {
	t.Helper()
	net, err := resnet.New(c, newRand())
	require.NoError(t, err)
	return net
}

// requireClose asks for equality within a tolerance that scales with the largest number of the row, as
// float32's rounding does.
func requireClose(t *testing.T, want []float64, got []float32, tol float64, what string) {
	t.Helper()
	require.Len(t, got, len(want), what)
	size := 1e-3
	for _, v := range want {
		size = max(size, math.Abs(v))
	}
	for i := range want {
		require.InDelta(t, want[i], got[i], tol*size, "%s [%d]", what, i)
	}
}

func TestNetsEqualPyTorchs(t *testing.T) {
	studies := pytorch(t)
	require.Len(t, studies, 18)
	for name, s := range studies {
		t.Run("net="+name, func(t *testing.T) {
			net := mustNew(t, s.Config)
			require.Equal(t, s.Names, names(net))
			fill(net)
			x := images(len(labels), s.Config.Image)
			requireClose(t, s.Eval, evaluate(net, x).Data(), 2e-5, "logits in evaluation")

			tape := autograd.NewTape(1)
			logits := net.Forward(tape.Input(x))
			loss := autograd.CrossEntropy(logits, labels, 0)
			tape.Backward(loss)
			requireClose(t, s.Train, logits.Value().Data(), 5e-5, "logits in training")
			require.InEpsilon(t, s.Loss, loss.Value().Item(), 1e-5)
			requireGradients(t, s, net)
			requireStatistics(t, s, net)

			sgd, err := optim.NewSGD(nn.Params(net), optim.SGDConfig{Momentum: 0.9, Nesterov: true, WeightDecay: 0.01})
			require.NoError(t, err)
			sgd.Step(0.1)
			requireClose(t, s.After, evaluate(net, x).Data(), 2e-4, "logits after a step")
		})
	}
}

func names(net *resnet.Net) (out []string) {
	for name := range nn.State(net) {
		out = append(out, name)
	}
	return out
}

func evaluate(net *resnet.Net, x *tensor.Tensor) *tensor.Tensor {
	return net.Forward(autograd.Const(x)).Value()
}

func requireGradients(t *testing.T, s *study, net *resnet.Net) {
	t.Helper()
	i := 0
	for name, p := range nn.Params(net) {
		want := s.Grads[i]
		i++
		require.Equal(t, want.Name, name)
		want.equal(t, p.Grad, 1e-4)
	}
	require.Len(t, s.Grads, i)
}

func requireStatistics(t *testing.T, s *study, net *resnet.Net) {
	t.Helper()
	n := 0
	for name, x := range nn.Buffers(net) {
		n++
		requireClose(t, s.Running[name], x.Data(), 1e-5, name)
	}
	require.Len(t, s.Running, n)
}
