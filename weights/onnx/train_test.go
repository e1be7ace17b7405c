package onnx_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/weights"
	"github.com/residuum-go/residuum/weights/onnx"
)

// The parameters of a file are named as in PyTorch, get gradients, and its batch norms train.
func TestNetOfAFileTrains(t *testing.T) {
	net, err := onnx.Load("testdata/tiny_old.onnx")
	require.NoError(t, err)
	before := map[string]*tensor.Tensor{}
	for name, b := range nn.Buffers(net) {
		before[name] = tensor.From(append([]float32{}, b.Data()...), b.Shape()...)
	}
	require.Contains(t, before, "layer1.bn2.running_mean")

	x := tensor.New(4, 16, 16, 3)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range x.Data() {
		x.Data()[i] = float32(rng.NormFloat64())
	}
	tape := autograd.NewTape(1)
	logits := net.Forward(tape.Input(x))
	tape.Backward(autograd.CrossEntropy(logits, []int{0, 1, 2, 3}, 0))
	names := map[string]bool{}
	for name, p := range nn.Params(net) {
		names[name] = true
		require.NotNil(t, p.Grad, name)
		require.Positive(t, tensor.Max(nil, tensor.Abs(nil, p.Grad)).Data()[0], name)
	}
	require.Len(t, names, 7+2*7+2, "convolutions, norms and the linear layer")
	require.True(t, names["layer2.downsample.0.weight"])
	for name, b := range nn.Buffers(net) {
		require.NotEqual(t, before[name].Data(), b.Data(), name)
	}
}

// What a net of a file holds is saved and loaded as that of any other module, kernels in PyTorch's order.
func TestStateOfANetIsThatOfPyTorch(t *testing.T) {
	old, err := onnx.Load("testdata/tiny_old.onnx")
	require.NoError(t, err)
	state := weights.FromState(nn.State(old))
	require.Equal(t, []int{4, 3, 3, 3}, state["conv1.weight"].Shape())
	again, err := onnx.Load("testdata/tiny_old.onnx")
	require.NoError(t, err)
	for _, p := range nn.Params(again) {
		p.Value.Zero()
	}
	require.NoError(t, weights.Assign(nn.State(again), &weights.File{Tensors: state}))
	x := tensor.Full(0.5, 1, 16, 16, 3)
	require.Equal(t, old.Forward(autograd.Const(x)).Value().Data(), again.Forward(autograd.Const(x)).Value().Data())
}
