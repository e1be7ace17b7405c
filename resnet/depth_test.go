package resnet_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/tensor"
)

func TestSurvivalFallsLinearly(t *testing.T) {
	net := mustNew(t, resnet.Config{Depth: 110, Width: 1, Classes: 10, Survival: 0.5})
	total := 0.0
	for i := range net.Len() {
		require.InDelta(t, 1-float64(i+1)/108, net.Block(i).Survival, 1e-12)
		total += net.Block(i).Survival
	}
	require.InDelta(t, 40.25, total, 1e-9, "the expected depth, about 40 of 54 (Huang et al. 2016, section 3)")
}

// positive returns a net of two blocks whose numbers are all positive, so that no ReLU does anything and
// the logits are linear in the weight of each branch.
func positive(t *testing.T, survival float64) *resnet.Net {
	t.Helper()
	net := mustNew(t, resnet.Config{Blocks: []int{2}, Width: 2, Classes: 3, Survival: survival,
		Image: resnet.Shape{Height: 2, Width: 2, Channels: 1}, WithoutBatchNorm: true})
	for _, p := range nn.Params(net) {
		tensor.Abs(p.Value, p.Value)
	}
	return net
}

func onePixelEach() *tensor.Tensor { return tensor.From([]float32{1, 2, 3, 4}, 1, 2, 2, 1) }

// In expectation a training step computes what evaluation computes. Each pair of survivors must come
// up as often as independent draws with probabilities 3/4 and 1/2 say.
func TestStochasticDepthExpectation(t *testing.T) {
	net, x := positive(t, 0.5), onePixelEach()
	outcomes := map[[2]bool]*tensor.Tensor{}
	for _, a := range []bool{false, true} {
		for _, b := range []bool{false, true} {
			w := []float64{0, 0}
			if a {
				w[0] = 1 / 0.75
			}
			if b {
				w[1] = 1 / 0.5
			}
			outcomes[[2]bool{a, b}] = net.ForwardWeighted(autograd.Const(x), w).Value()
		}
	}
	const draws = 4000
	mean, count := tensor.New(1, 3), map[[2]bool]float64{}
	tape := autograd.NewTape(3)
	for range draws {
		tape.Reset()
		got := net.Forward(tape.Input(x)).Value()
		tensor.AddScaled(mean, mean, 1.0/draws, got)
		for survivors, want := range outcomes {
			if tensor.Equal(want, got) {
				count[survivors] += 1.0 / draws
			}
		}
	}
	for survivors, p := range map[[2]bool]float64{
		{false, false}: 0.125, {true, false}: 0.375, {false, true}: 0.125, {true, true}: 0.375,
	} {
		require.InDelta(t, p, count[survivors], 0.03, "%v", survivors)
	}
	want := evaluate(net, x)
	for i, v := range want.Data() {
		require.InEpsilon(t, v, mean.Data()[i], 0.03)
	}
}

func TestEvaluationDropsNothing(t *testing.T) {
	net, x, tape := positive(t, 0.01), onePixelEach(), autograd.NewTape(1)
	tape.SetTraining(false)
	require.True(t, tensor.Equal(evaluate(net, x), net.Forward(tape.Input(x)).Value()))
}

func TestSameSeedSameSurvivors(t *testing.T) {
	net, x := positive(t, 0.5), onePixelEach()
	a, b := autograd.NewTape(5), autograd.NewTape(5)
	for range 20 {
		require.True(t, tensor.Equal(net.Forward(a.Input(x)).Value(), net.Forward(b.Input(x)).Value()))
	}
}

// A branch of weight zero is not computed: it gets no gradient.
func TestDroppedBranchesCostNothing(t *testing.T) {
	net := positive(t, 1)
	tape := autograd.NewTape(1)
	y := net.ForwardWeighted(tape.Input(onePixelEach()), []float64{0, 2})
	tape.Backward(autograd.CrossEntropy(y, []int{1}, 0))
	for name, p := range nn.Params(net) {
		dropped := strings.HasPrefix(name, net.Block(0).Name)
		require.Equal(t, dropped, p.Grad == nil, name)
	}
}
