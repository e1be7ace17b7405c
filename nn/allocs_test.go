package nn_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/internal/kernel/kerneltest"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/nn/optim"
	"github.com/residuum-go/residuum/tensor"
)

// From the second step on training allocates nothing, also where layers are computed together.
func TestStepsAllocateNothing(t *testing.T) {
	three := tensor.ConvSpec{Pad: tensor.Both(1)}
	conv := func(in, out int) nn.Module { return nn.NewConv2D(in, out, tensor.Both(3), three, newRand()) }
	stem := nn.Sequential{conv(3, 16), nn.NewBatchNorm2D(16), nn.ReLU{}, nn.MaxPool2D{Size: tensor.Both(2)}}
	var branch, skip nn.Module = nn.Sequential{conv(16, 16), nn.NewBatchNorm2D(16), nn.ReLU{}, conv(16, 32), nn.NewBatchNorm2D(32)},
		nn.Sequential{conv(16, 32), nn.NewBatchNorm2D(32)}
	head := nn.Sequential{nn.GlobalAvgPool{}, nn.NewLinear(32, 4, newRand())}
	sgd, err := optim.NewSGD(nn.Params(nn.Sequential{stem, branch, skip, head}), optim.SGDConfig{Momentum: 0.9})
	require.NoError(t, err)
	x, labels, tape := tensor.Full(1, 2, 8, 8, 3), []int{1, 3}, autograd.NewTape(1)
	step := func() {
		tape.Reset()
		y := head.Forward(nn.AddReLU(skip, branch, stem.Forward(tape.Input(x))))
		loss := autograd.CrossEntropy(y, labels, 0)
		autograd.ZeroGrad(sgd.Params())
		tape.Backward(loss)
		sgd.Step(1e-3)
	}
	step()
	kerneltest.NoAllocs(t, step)
}

func TestAPoolingThatCannotBeIsNotPassedOver(t *testing.T) {
	x := autograd.NewTape(1).Input(tensor.New(2, 4, 4, 3))
	require.Panics(t, func() { nn.Sequential{nn.NewBatchNorm2D(3), nn.ReLU{}, nn.MaxPool2D{}}.Forward(x) })
}
