package resnet_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/nn/optim"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/tensor"
)

// fit takes steps of SGD on one batch, each on the tape that next returns, and returns the losses.
func fit(net *resnet.Net, steps int, next func() *autograd.Tape) []float32 {
	x := randomImages(newRand(), 8, net.Config().Image)
	sgd, err := optim.NewSGD(nn.Params(net), optim.SGDConfig{Momentum: 0.9})
	if err != nil {
		panic(err)
	}
	var losses []float32
	for range steps {
		tape := next()
		autograd.ZeroGrad(sgd.Params())
		loss := autograd.CrossEntropy(net.Forward(tape.Input(x)), []int{0, 1, 2, 3, 4, 0, 1, 2}, 0)
		losses = append(losses, loss.Value().Item())
		tape.Backward(loss)
		sgd.Step(0.03)
	}
	return losses
}

// Every kind of network learns eight random images by heart, and one tape whose recycled memory is
// filled with NaN gives the bits that a fresh tape for every step gives.
func TestTrainingOnARecycledTape(t *testing.T) {
	for name, config := range tiny() {
		t.Run("net="+name, func(t *testing.T) {
			const steps = 20
			fresh, recycled := mustNew(t, config), mustNew(t, config)
			want := fit(fresh, steps, func() *autograd.Tape { return autograd.NewTape(1) })
			tape := autograd.NewTape(1)
			tape.Poison()
			got := fit(recycled, steps, func() *autograd.Tape { tape.Reset(); return tape })
			require.Equal(t, want, got)
			require.Less(t, slices.Min(want), 0.6*want[0], "%v", want)
			state := maps.Collect(nn.State(recycled))
			for name, x := range nn.State(fresh) {
				require.True(t, tensor.Equal(x, state[name]), name)
			}
		})
	}
}
