package boost_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum"
	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/boost"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/infer"
	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/nn/optim"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/train"
	"github.com/residuum-go/residuum/unravel"
)

var (
	_ boost.ResNet    = (*resnet.Net)(nil)
	_ unravel.Network = (*boost.Representation)(nil)
)

// quadrants returns n 8x8 images of noise with a bright quadrant, of the first so many, which is the class.
func quadrants(t *testing.T, n, classes int, seed uint64) *data.Dataset {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 0))
	d := data.Dataset{Height: 8, Width: 8, Channels: 1, Classes: classes}
	for range n {
		label := rng.IntN(classes)
		for p := range 64 {
			v := 90 + 60*rng.NormFloat64()
			if p/8/4 == label/2 && p%8/4 == label%2 {
				v += 60
			}
			d.Pixels = append(d.Pixels, uint8(min(max(v, 0), 255)))
		}
		d.Labels = append(d.Labels, label)
	}
	set, err := data.New(d)
	require.NoError(t, err)
	return set
}

func examplesOf(t *testing.T, d *data.Dataset) boost.Data {
	t.Helper()
	all, err := boost.DataOf(d.Batch(d.Norm(), 0, d.Len()), d.Classes)
	require.NoError(t, err)
	return all
}

// small returns a net of four blocks in two stages.
func small(t *testing.T, kind resnet.Kind, classes int) *resnet.Net {
	t.Helper()
	net, err := resnet.New(resnet.Config{Kind: kind, Blocks: []int{2, 2}, Width: 4, Classes: classes, Image: resnet.Shape{Height: 8, Width: 8, Channels: 1}},
		rand.New(rand.NewPCG(1, 0)))
	require.NoError(t, err)
	return net
}

func quick() boost.BoostResNetConfig {
	return boost.BoostResNetConfig{Training: boost.Training{Epochs: 12, Batch: 16, Rate: 0.02}, Seed: 1}
}

// The theorem, on nets of both kinds: where its condition holds, the training error is below the bound after every
// module; the exponential loss is above the error anyway.
func TestTrainingErrorIsBelowItsBound(t *testing.T) {
	held := 0
	for _, kind := range []resnet.Kind{resnet.PreActivation, resnet.Original} {
		for _, classes := range []int{2, 4} {
			net, set := small(t, kind, classes), quadrants(t, 300, classes, 1)
			c := quick()
			var names []string
			c.OnModule = func(m boost.WeakModule) error { names = append(names, m.Name); return nil }
			modules, err := boost.BoostResNet(context.Background(), net, examplesOf(t, set), c)
			require.NoError(t, err)
			require.Equal(t, []string{"stem", "layer1.0", "layer1.1", "layer2.0", "layer2.1"}, names)
			sum := 0.0
			for i, m := range modules {
				require.Equal(t, i+1, m.Module)
				require.LessOrEqual(t, m.Train.Error(), m.Exponential+1e-9, m)
				sum += math.Copysign(m.Gamma*m.Gamma, m.Gamma)
				require.InDelta(t, float64(classes-1)*math.Exp(-sum/2), m.Bound, 1e-9)
				if m.Holds {
					held++
					require.LessOrEqual(t, m.Exponential, m.Bound+1e-9, m)
					require.LessOrEqual(t, m.Train.Error(), m.Bound, m)
				}
			}
			last := modules[len(modules)-1]
			require.Greater(t, last.Train.Accuracy(), 0.9, last)
			if classes == 2 {
				require.Less(t, last.Bound, 0.9, "of two classes it says something: 1 says nothing")
			}
			// What is left is the net: nothing else is needed for its logits.
			score, err := train.Evaluate(context.Background(), net, set.Batches(set.Norm(), 50))
			require.NoError(t, err)
			require.Equal(t, last.Train.Correct, score.Correct)
			require.InDelta(t, last.Train.LossSum, score.LossSum, 1e-3)
		}
	}
	require.Greater(t, held, 12, "of 20 modules")
}

// Training a module leaves alone what the modules before it and behind it are made of.
func TestOneModuleIsTrainedAtATime(t *testing.T) {
	net := small(t, resnet.PreActivation, 4)
	state := func() map[string][]float32 {
		out := map[string][]float32{}
		for name, v := range nn.State(net) {
			out[name] = slices.Clone(v.Data())
		}
		return out
	}
	before := state()
	of := map[string][]string{ // what a module may change, by the beginning of its names
		"stem": {"conv1.", "bn1."}, "layer1.0": {"layer1.0."}, "layer1.1": {"layer1.1."}, "layer2.0": {"layer2.0."}, "layer2.1": {"layer2.1.", "bn.", "fc."},
	}
	c := quick()
	c.Training.Epochs = 1
	c.OnModule = func(m boost.WeakModule) error {
		now := state()
		changed := 0
		for name, v := range now {
			mine := slices.ContainsFunc(of[m.Name], func(prefix string) bool { return len(name) > len(prefix) && name[:len(prefix)] == prefix })
			if !slices.Equal(v, before[name]) {
				require.True(t, mine, "%s changes %s", m.Name, name)
				changed++
			} else {
				require.False(t, mine, "%s leaves %s as it was", m.Name, name)
			}
		}
		require.Positive(t, changed)
		before = now
		return nil
	}
	_, err := boost.BoostResNet(context.Background(), net, examplesOf(t, quadrants(t, 100, 4, 1)), c)
	require.NoError(t, err)
}

// A boosted net is a resnet.Net like any other.
func TestBoostedResNetIsAnOrdinaryNet(t *testing.T) {
	ctx := context.Background()
	net, set, test := small(t, resnet.PreActivation, 4), quadrants(t, 300, 4, 1), quadrants(t, 200, 4, 2)
	c := quick()
	c.Training.Epochs = 2
	modules, err := boost.BoostResNet(ctx, net, examplesOf(t, set), c)
	require.NoError(t, err)

	// trained end to end
	loader, err := data.NewLoader(set, data.LoaderConfig{Batch: 20, Seed: 1})
	require.NoError(t, err)
	sgd, err := optim.NewSGD(nn.Params(net), optim.SGDConfig{Momentum: 0.9})
	require.NoError(t, err)
	trainer, err := train.New(net, loader, sgd, train.Config{Schedule: optim.Cosine{Peak: 0.02}, Epochs: 3})
	require.NoError(t, err)
	epochs, err := trainer.Run(ctx)
	require.NoError(t, err)
	require.Less(t, epochs[2].Train.Loss(), modules[len(modules)-1].Train.Loss())

	// saved and loaded
	path := filepath.Join(t.TempDir(), "boosted.safetensors")
	require.NoError(t, net.Save(path, data.Card{Classes: []string{"a", "b", "c", "d"}, Norm: set.Norm()}))
	loaded, _, err := resnet.Load(path)
	require.NoError(t, err)
	x := test.Batch(set.Norm(), 0, test.Len()).X
	want := net.Forward(autograd.Const(x)).Value()
	require.True(t, tensor.Equal(want, loaded.Forward(autograd.Const(x)).Value()))

	// compiled
	program, err := infer.Compile(net, x.Shape()...)
	require.NoError(t, err)
	compiled, err := program.Run(ctx, nil, x)
	require.NoError(t, err)
	require.True(t, tensor.AllClose(want, compiled, 1e-4, 1e-4))

	// taken apart
	study, err := unravel.NewStudy(net, slices.Collect(test.Batches(set.Norm(), 50)), unravel.Options{})
	require.NoError(t, err)
	scores, err := study.Evaluate(ctx, append(unravel.DeleteEach(net), unravel.Whole(net)))
	require.NoError(t, err)
	require.Len(t, scores, 5)
	require.Equal(t, data.ScoreOf(want, test.Labels).Correct, scores[4].Correct)
}

func TestBoostResNetHasTheSameBits(t *testing.T) {
	set := quadrants(t, 100, 4, 1)
	logits := func(workers int, seed uint64) *tensor.Tensor {
		defer parallel.SetWorkers(workers)()
		net, c := small(t, resnet.PreActivation, 4), quick()
		c.Training.Epochs, c.Seed = 1, seed
		_, err := boost.BoostResNet(context.Background(), net, examplesOf(t, set), c)
		require.NoError(t, err)
		return net.Forward(autograd.Const(examplesOf(t, set).X)).Value()
	}
	want := logits(1, 1)
	require.True(t, tensor.Equal(want, logits(2, 1)))
	require.True(t, tensor.Equal(want, logits(5, 1)))
	require.False(t, tensor.Equal(want, logits(2, 2)), "another seed")
}

// Weights count by their ratios, and rows without any are as if they were not there.
func TestBoostResNetWithWeights(t *testing.T) {
	set := quadrants(t, 100, 4, 1)
	all := examplesOf(t, set)
	all.Weight = tensor.New(100)
	for i := range 80 {
		all.Weight.Set(1e20, i)
	}
	some := all
	some.X, some.Y, some.Weight = all.X.Slice(0, 80), all.Y.Slice(0, 80), tensor.Full(1, 80)
	logits := func(d boost.Data) *tensor.Tensor {
		net, c := small(t, resnet.PreActivation, 4), quick()
		c.Training.Epochs = 1
		_, err := boost.BoostResNet(context.Background(), net, d, c)
		require.NoError(t, err)
		return net.Forward(autograd.Const(all.X)).Value()
	}
	require.True(t, tensor.Equal(logits(some), logits(all)))
}

func TestBoostResNetEnds(t *testing.T) {
	net, d := small(t, resnet.PreActivation, 4), examplesOf(t, quadrants(t, 100, 4, 1))
	c := quick()
	c.Training.Epochs = 1

	ctx, cancel := context.WithCancelCause(context.Background())
	lunch := errors.New("lunch")
	c.Progress = func(done, total int) {
		require.Equal(t, 5, total)
		if done == 2 {
			cancel(lunch)
		}
	}
	modules, err := boost.BoostResNet(ctx, net, d, c)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, lunch)
	require.ErrorContains(t, err, "boost: BoostResNet: layer1.1")
	require.Len(t, modules, 2)

	c.Progress, c.OnModule = nil, func(boost.WeakModule) error { return lunch }
	modules, err = boost.BoostResNet(context.Background(), net, d, c)
	require.ErrorIs(t, err, lunch)
	require.Len(t, modules, 1)
}

func TestBoostResNetRefuses(t *testing.T) {
	net, d := small(t, resnet.PreActivation, 4), examplesOf(t, quadrants(t, 20, 4, 1))
	refuse := func(net boost.ResNet, d boost.Data, c boost.BoostResNetConfig) error {
		t.Helper()
		modules, err := boost.BoostResNet(context.Background(), net, d, c)
		require.Error(t, err)
		require.Empty(t, modules)
		return err
	}
	var fault *residuum.ConfigError
	require.ErrorAs(t, refuse(small(t, resnet.Plain, 4), d, quick()), &fault)
	require.Equal(t, "net", fault.Field)
	c := quick()
	c.Training.Rate = -1
	require.ErrorAs(t, refuse(net, d, c), &fault)
	require.Equal(t, "Rate", fault.Field)

	soft := d
	soft.Y = tensor.Full(0.25, 20, 4)
	require.ErrorIs(t, refuse(net, soft, quick()), boost.ErrData)
	odd := d
	odd.X = d.X.Clone()
	odd.X.Set(float32(math.NaN()), 3, 0, 0, 0)
	require.ErrorIs(t, refuse(net, odd, quick()), boost.ErrData)
	c = quick()
	c.Valid = &boost.Data{X: d.X.Reshape(20, 64), Y: d.Y}
	require.ErrorIs(t, refuse(net, d, c), boost.ErrData)
}
