package nn_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/stat"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
)

func names(m nn.Module) (out []string) {
	for name := range nn.State(m) {
		out = append(out, name)
	}
	return out
}

// inside is a module inside another, which names it.
type inside struct {
	name string
	nn.Module
}

func (i inside) Parts() []nn.Part { return []nn.Part{{Name: i.name, Module: i.Module}} }

func TestNamesAreStateDictNames(t *testing.T) {
	rng := newRand()
	m := inside{"layer1", nn.Sequential{
		nn.NewConv2D(3, 4, tensor.Both(3), tensor.ConvSpec{Pad: tensor.Both(1)}, rng),
		nn.NewBatchNorm2D(4),
		nn.ReLU{},
		nn.Sequential{nn.Flatten{}, nn.NewLinear(36, 2, rng)},
		nn.NewConv2D(1, 1, tensor.Both(1), tensor.ConvSpec{}, rng).WithBias(),
	}}
	require.Equal(t, []string{
		"layer1.0.weight",
		"layer1.1.weight", "layer1.1.bias", "layer1.1.running_mean", "layer1.1.running_var",
		"layer1.3.1.weight", "layer1.3.1.bias",
		"layer1.4.weight", "layer1.4.bias",
	}, names(m))
	require.Equal(t, 3*4*9+2*4+36*2+2+2, nn.Count(m), "running statistics do not count")
}

func TestSequentialAppliesInOrder(t *testing.T) {
	x := tensor.From([]float32{-1, 2}, 1, 2)
	double := nn.NewLinear(2, 2, newRand())
	tensor.Copy(double.Weight.Value, tensor.From([]float32{2, 0, 0, 2}, 2, 2))
	tensor.Copy(double.Bias.Value, tensor.From([]float32{1, -5}, 2))
	y := nn.Sequential{nn.Identity{}, nn.ReLU{}, double}.Forward(autograd.Const(x))
	require.Equal(t, []float32{1, -1}, y.Value().Data())
	require.Same(t, y, nn.Sequential{}.Forward(y))
}

func TestModulesWithoutParameters(t *testing.T) {
	for _, m := range []nn.Module{nn.ReLU{}, nn.Tanh{}, nn.Sigmoid{}, nn.Dropout{}, nn.Identity{}, nn.Flatten{},
		nn.GlobalAvgPool{}, nn.MaxPool2D{}, nn.AvgPool2D{}, nn.Sequential{}} {
		require.Empty(t, names(m), "%T", m)
	}
}

func TestLinearWithoutBias(t *testing.T) {
	l := nn.NewLinear(3, 2, newRand())
	l.Bias = nil
	require.Equal(t, []string{"weight"}, names(l))
	y := l.Forward(autograd.Const(tensor.New(1, 3)))
	require.Equal(t, []float32{0, 0}, y.Value().Data())
}

func TestFlattenKeepsTheBatch(t *testing.T) {
	y := nn.Flatten{}.Forward(autograd.Const(tensor.New(5, 2, 3, 4)))
	require.Equal(t, []int{5, 24}, y.Shape())
}

func TestDropout(t *testing.T) {
	x := tensor.Full(1, 100, 100)
	d := nn.NewDropout(0.25)
	require.True(t, tensor.Equal(x, d.Forward(autograd.Const(x)).Value()), "evaluation changes nothing")

	got := d.Forward(autograd.NewTape(1).Input(x)).Value()
	zeros := 0
	for _, v := range got.Data() {
		if v == 0 {
			zeros++
		} else {
			require.InDelta(t, 1/0.75, v, 1e-6)
		}
	}
	require.InDelta(t, 2500, zeros, 200)
	require.True(t, tensor.Equal(got, d.Forward(autograd.NewTape(1).Input(x)).Value()), "the tape's seed decides")
}

// Moments of what the initialisers draw, within five standard errors of their definitions.
func TestInitialisers(t *testing.T) {
	const n = 40000
	draw := func(f func(w *tensor.Tensor)) []float64 {
		w := tensor.New(200, 200)
		f(w)
		out := make([]float64, n)
		for i, v := range w.Data() {
			out[i] = float64(v)
		}
		return out
	}
	rng := newRand()
	uniform := func(bound float64) float64 { return bound / math.Sqrt(3) }
	for name, c := range map[string]struct {
		draw []float64
		std  float64
	}{
		"kaiming": {draw(func(w *tensor.Tensor) { nn.KaimingNormal(w, 18, rng) }), 1.0 / 3},
		"xavier":  {draw(func(w *tensor.Tensor) { nn.XavierUniform(w, 10, 14, rng) }), uniform(0.5)},
		"uniform": {draw(func(w *tensor.Tensor) { nn.Uniform(w, 2, rng) }), uniform(2)},
	} {
		t.Run("init="+name, func(t *testing.T) {
			mean, std := stat.MeanStdDev(c.draw, nil)
			require.InDelta(t, 0, mean, 5*c.std/math.Sqrt(n))
			require.InEpsilon(t, c.std, std, 5/math.Sqrt(2*n))
			if name == "kaiming" {
				require.InDelta(t, 0, stat.ExKurtosis(c.draw, nil), 0.15, "normal")
			} else {
				require.InDelta(t, -1.2, stat.ExKurtosis(c.draw, nil), 0.05, "uniform")
			}
		})
	}
}

// As torch.nn.init._calculate_fan_in_and_fan_out counts for the same layers.
func TestFans(t *testing.T) {
	rng := newRand()
	in, out := nn.NewConv2D(16, 32, tensor.Both(3), tensor.ConvSpec{Groups: 4}, rng).Fans()
	require.Equal(t, [2]int{36, 288}, [2]int{in, out})
	in, out = nn.NewLinear(7, 3, rng).Fans()
	require.Equal(t, [2]int{7, 3}, [2]int{in, out})
}

func TestConv2DGroupsMustDivide(t *testing.T) {
	require.PanicsWithValue(t, "nn: NewConv2D: 4 to 6 channels in 4 groups: not divisible", func() {
		nn.NewConv2D(4, 6, tensor.Both(3), tensor.ConvSpec{Groups: 4}, newRand())
	})
}

func TestBatchNormNeedsTwoValues(t *testing.T) {
	bn := nn.NewBatchNorm2D(3)
	x := tensor.New(1, 1, 1, 3)
	require.PanicsWithValue(t, "nn: BatchNorm2D of 3 channels: [1 1 1 3]: training needs at least two values per channel: more images in a batch, or larger ones", func() {
		bn.Forward(autograd.NewTape(1).Input(x))
	})
	require.NotPanics(t, func() { bn.Forward(autograd.Const(x)) })
}

// Running statistics converge to the mean and unbiased variance of the data.
func TestRunningStatisticsConverge(t *testing.T) {
	bn := nn.NewBatchNorm2D(2)
	x := tensor.From([]float32{1, 10, 2, 20, 3, 30, 6, 60}, 4, 1, 1, 2)
	tape := autograd.NewTape(1)
	for range 200 {
		tape.Reset()
		bn.Forward(tape.Input(x))
	}
	require.InDeltaSlice(t, []float32{3, 30}, bn.RunningMean.Data(), 1e-4)
	require.InDeltaSlice(t, []float32{14.0 / 3, 1400.0 / 3}, bn.RunningVar.Data(), 1e-3)
}

// insides returns the state of a module and the gradients of its parameters.
func insides(m nn.Module) (all [][]float32) {
	for _, x := range nn.State(m) {
		all = append(all, x.Data())
	}
	for _, p := range nn.Params(m) {
		all = append(all, p.Grad.Data())
	}
	return all
}

func randomImage(t *testing.T, seed uint64) *tensor.Tensor {
	t.Helper()
	rng, x := rand.New(rand.NewPCG(seed, 1)), tensor.New(3, 4, 4, 5)
	for i := range x.Data() {
		x.Data()[i] = float32(rng.NormFloat64())
	}
	return x
}
