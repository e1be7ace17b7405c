package train_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum"
	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/nn/optim"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/train"
)

// requireNoStep requires that Run fails before the first step with an error that says so, and that it changes nothing.
func requireNoStep(t *testing.T, tr *trainer, says string) {
	t.Helper()
	tr.Each = func(train.Step) { t.Error("a step was done") }
	_, err := tr.Run(t.Context())
	require.ErrorContains(t, err, says)
	if n, ok := tr.Model.(*net); ok {
		requireSameState(t, newNet(), n)
	}
}

// requireRefused requires that New fails with an error about the given field, and that it changes nothing.
func requireRefused(t *testing.T, tr *trainer, says string) {
	t.Helper()
	requireNoStep(t, tr, says)
	require.Nil(t, tr.made)
	_, err := train.New(tr.Model, tr.Loader, tr.Optimizer, tr.Config)
	var config *residuum.ConfigError
	require.ErrorAs(t, err, &config)
}

func TestFaultsAreNamedBeforeTraining(t *testing.T) {
	mean := func(logits *autograd.Var, _ *data.Batch) *autograd.Var { return autograd.Mean(logits, 1) }
	other := func(edit func(*data.Dataset)) *data.Dataset {
		d := stripes(4)
		edit(d)
		return d
	}
	for says, spoil := range map[string]func(*trainer){
		"train: New.model is <nil>: want one":                                           func(tr *trainer) { tr.Model = nil },
		"train: New.loader is <nil>: want one":                                          func(tr *trainer) { tr.Loader = nil },
		"train: New.optimizer is <nil>: want one":                                       func(tr *trainer) { tr.Optimizer = nil },
		`train: New.model is train_test.twins: two tensors are named "fc.weight": give`: func(tr *trainer) { tr.Model = twins{newNet()} },
		"train: New.optimizer is *optim.SGD: its parameter 0, of shape [3 3 1 4], is not one of the model's": func(tr *trainer) {
			tr.Optimizer = sgd(newNet(), optim.SGDConfig{})
		},
		"train: New.optimizer is *optim.SGD: it has no parameters":                             func(tr *trainer) { tr.Optimizer = &optim.SGD{} },
		"train: Config.Schedule is <nil>: want the learning rate of each step":                 func(tr *trainer) { tr.Schedule = nil },
		"train: Config.Schedule is 0: optim: Constant.Rate is 0: want":                         func(tr *trainer) { tr.Schedule = optim.Constant(0) },
		"train: Config.Epochs is 0: want at least 1":                                           func(tr *trainer) { tr.Epochs = 0 },
		"train: Config.Epochs is -3: want at least 1":                                          func(tr *trainer) { tr.Epochs = -3 },
		fmt.Sprintf("train: Config.Epochs is %d: want at most %d", math.MaxInt, math.MaxInt/6): func(tr *trainer) { tr.Epochs = math.MaxInt },
		"train: Config.SaveEvery is -1: want a number of steps":                                func(tr *trainer) { tr.SaveEvery = -1 },
		"train: Config.ClipNorm is -1: want a norm":                                            func(tr *trainer) { tr.ClipNorm = -1 },
		"train: Config.ClipNorm is NaN: want a norm":                                           func(tr *trainer) { tr.ClipNorm = math.NaN() },
		"train: Config.Best is b: there is no Valid":                                           func(tr *trainer) { tr.Best, tr.Valid = "b", nil },
		"train: Config.Best is b: want another file than Checkpoint":                           func(tr *trainer) { tr.Best, tr.Checkpoint = "b", "b" },
		"train: Config.Loss is [2] for logits [2 3]: want a scalar":                            func(tr *trainer) { tr.Loss = mean },
		"train: Config.Valid is 0 images of 6x6x1: want some of 6x6x1":                         func(tr *trainer) { tr.Valid = stripes(0) },
		"train: Config.Valid is 4 images of 3x12x1: want some of 6x6x1":                        func(tr *trainer) { tr.Valid = other(func(d *data.Dataset) { d.Height, d.Width = 3, 12 }) },
		"train: Config.Valid is 4 images: data: Dataset.Pixels is 143 bytes: want 144":         func(tr *trainer) { tr.Valid = other(func(d *data.Dataset) { d.Pixels = d.Pixels[1:] }) },
		"train: Config.Valid is 4 images: image 2 has the label 3, the model has logits":       func(tr *trainer) { tr.Valid = other(func(d *data.Dataset) { d.Classes, d.Labels[2] = 4, 3 }) },
	} {
		t.Run(says, func(t *testing.T) {
			tr := newTrainer("sgd", "")
			spoil(tr)
			requireRefused(t, tr, says)
		})
	}
	require.EqualError(t, newTrainer("sgd", "").Resume(), "train: Resume: Config.Checkpoint is not set: file does not exist")
}

// An optimiser may train a part of the model, such as a new head.
func TestOptimizerOfSomeParameters(t *testing.T) {
	tr := newTrainer("sgd", filepath.Join(t.TempDir(), "net.safetensors"))
	n := tr.Model.(*net)
	tr.Optimizer = sgd(n.fc, optim.SGDConfig{})
	_, err := tr.Run(t.Context())
	require.NoError(t, err)
	require.True(t, tensor.Equal(newNet().conv.Weight.Value, n.conv.Weight.Value))
	require.False(t, tensor.Equal(newNet().fc.Weight.Value, n.fc.Weight.Value))
}

func TestLabelsWithoutALogit(t *testing.T) {
	set := stripes(images)
	set.Classes, set.Labels[17] = 4, 3
	tr := newTrainer("sgd", "")
	tr.Loader = newLoader(set, data.LoaderConfig{Batch: 8})
	says := "image 17 has the label 3, the model has logits for the classes 0 to 2"
	requireRefused(t, tr, "train: New.loader is *data.Loader: "+says)
	_, err := train.Evaluate(t.Context(), newNet(), set.Batches(data.Norm{}, 10))
	require.EqualError(t, err, "train: Evaluate: "+says)

	set.Labels[17] = -1 // as only a program can do it
	_, err = train.Evaluate(t.Context(), newNet(), set.Batches(data.Norm{}, 10))
	require.EqualError(t, err, "train: Evaluate: image 17 has the label -1, the model has logits for the classes 0 to 2")
}

func TestModelThatReturnsNoLogits(t *testing.T) {
	n := newNet()
	tr := newTrainer("sgd", "")
	tr.Model, tr.Optimizer = nn.Sequential{n.conv}, sgd(n.conv, optim.SGDConfig{})
	requireRefused(t, tr, "it returns [2 6 6 4] for 2 images, want logits [2, classes]")
	_, err := train.Evaluate(t.Context(), tr.Model, stripes(4).Batches(data.Norm{}, 3))
	require.ErrorContains(t, err, "it returns [3 6 6 4] for 3 images, want logits [3, classes]")
}

// Images come from outside the program: that the model does not take them is an error, before the first step.
func TestModelForOtherImages(t *testing.T) {
	set := stripes(images)
	set.Channels, set.Height = 3, 2
	tr := newTrainer("sgd", "")
	tr.Loader = newLoader(set, data.LoaderConfig{Batch: 8})
	requireRefused(t, tr, "train: New.model is *train_test.net: it does not take the images of the loader: nn: Conv2D")
	_, err := train.Evaluate(t.Context(), tr.Model, set.Batches(data.Norm{}, 8))
	require.ErrorContains(t, err, "train: Evaluate: the model does not take examples [8 2 6 3]: nn: Conv2D")

	tr.Model = broken{tr.Model}
	require.Panics(t, func() { _, _ = train.Evaluate(t.Context(), tr.Model, set.Batches(data.Norm{}, 8)) }, "a fault of the program")
}

// broken has a fault of its own.
type broken struct{ nn.Module }

func (broken) Forward(x *autograd.Var) *autograd.Var { return (*nn.Linear)(nil).Forward(x) }

// onePixel has a batch norm that sees one value of each image and channel.
func onePixel() nn.Module {
	rng := rand.New(rand.NewPCG(5, 5))
	return nn.Sequential{nn.NewConv2D(1, 4, tensor.Both(6), tensor.ConvSpec{}, rng), nn.NewBatchNorm2D(4), nn.ReLU{}, nn.Flatten{}, nn.NewLinear(4, 3, rng)}
}

// The last batch of an epoch may be of one image, of which a batch norm over one pixel has no variance.
func TestLastBatchOfOneImage(t *testing.T) {
	for _, c := range []struct {
		images, batch int
		ok            bool
	}{{43, 6, false}, {43, 42, false}, {43, 1, false}, {1, 8, false}, {43, 8, true}, {42, 6, true}, {2, 2, true}} {
		t.Run(fmt.Sprintf("images=%d/batch=%d", c.images, c.batch), func(t *testing.T) {
			tr := newTrainer("sgd", filepath.Join(t.TempDir(), "net.safetensors"))
			tr.Model = onePixel()
			tr.Optimizer = sgd(tr.Model, optim.SGDConfig{})
			tr.Loader = newLoader(stripes(c.images), data.LoaderConfig{Batch: c.batch})
			if c.ok {
				_, err := tr.Run(t.Context())
				require.NoError(t, err)
				return
			}
			requireRefused(t, tr, fmt.Sprintf("train: New.loader is *data.Loader: %d images in batches of %d leave one for the last, on which the model cannot be trained: choose",
				c.images, min(c.batch, c.images)))
			requireSameState(t, onePixel(), tr.Model)
		})
	}
	// Over several pixels one image is enough.
	tr := newTrainer("sgd", "")
	tr.Loader = newLoader(stripes(images), data.LoaderConfig{Batch: 6})
	_, err := tr.Run(t.Context())
	require.NoError(t, err)
}

func TestLoaderThatStandsElsewhere(t *testing.T) {
	first := newTrainer("sgd", "")
	_, err := first.Run(t.Context())
	require.NoError(t, err)
	second := newTrainer("sgd", "")
	second.Loader = first.Loader
	requireNoStep(t, second, "train: the loader stands after 4 epochs and 0 images, the trainer after 0 and 0: give")

	third := newTrainer("sgd", "")
	for range third.Loader.Epoch(t.Context()) {
		break
	}
	requireNoStep(t, third, "train: the loader stands after 0 epochs and 8 images")
}

// A rate that is no number stops before it does harm, and what was done until then is saved.
func TestScheduleThatMakesNoSense(t *testing.T) {
	whole := newTrainer("sgd", "")
	want, err := whole.Run(t.Context())
	require.NoError(t, err)
	for _, rate := range []float64{math.NaN(), -1e-9, math.Inf(1), math.Inf(-1), 1e39} {
		path := filepath.Join(t.TempDir(), "net.safetensors")
		tr := newTrainer("sgd", path)
		tr.Schedule = optim.ScheduleFunc(func(step, total int) float64 {
			require.Equal(t, 24, total)
			if step == 23 {
				return rate
			}
			return whole.Schedule.Rate(step, total)
		})
		for range 2 {
			_, err = tr.Run(t.Context())
			require.EqualError(t, err, fmt.Sprint("train: stopped in epoch 4 of 4 after 40 of 43 images: "+
				"the learning rate that Schedule gives for step 23 is ", rate))
		}
		resumed := newTrainer("sgd", path)
		require.NoError(t, resumed.Resume())
		got, err := resumed.Run(t.Context())
		require.NoError(t, err)
		require.Equal(t, want, got)
		requireSameState(t, whole.Model, resumed.Model)
	}
}

// A parameter that is set free in the middle of a run trains from then on, and one that is frozen no longer.
func TestFrozenMayChange(t *testing.T) {
	tr := newTrainer("sgd", "")
	n := tr.Model.(*net)
	n.conv.Weight.Frozen = true
	start, frozen := n.conv.Weight.Value.Clone(), (*tensor.Tensor)(nil)
	tr.Each = func(p train.Step) {
		if p.Epoch == 2 && p.Batch == 3 {
			require.True(t, tensor.Equal(start, n.conv.Weight.Value))
			n.conv.Weight.Frozen, n.fc.Weight.Frozen = false, true
			frozen = n.fc.Weight.Value.Clone()
		}
	}
	_, err := tr.Run(t.Context())
	require.NoError(t, err)
	require.NotZero(t, tensor.Norm(n.conv.Weight.Grad))
	require.False(t, tensor.Equal(start, n.conv.Weight.Value))
	require.True(t, tensor.Equal(frozen, n.fc.Weight.Value))
}

// twins is a net whose last layer occurs twice under one name.
type twins struct{ *net }

func (t twins) Parts() []nn.Part {
	return append(t.net.Parts(), nn.Part{Name: "fc", Module: nn.NewLinear(4, 3, rand.New(rand.NewPCG(1, 1)))})
}

// follower is an optimiser that looks at Frozen in every step, and leaves alone what never had a gradient.
type follower struct{ params []*autograd.Param }

func (f follower) Step(lr float64) {
	for _, p := range f.params {
		if p.Grad == nil || p.Frozen {
			continue
		}
		for i := range p.Value.Data() {
			p.Value.Data()[i] -= float32(lr) * (p.Grad.Data()[i] + 0.1*p.Value.Data()[i])
		}
	}
}

func (f follower) Params() []*autograd.Param { return f.params }

func (follower) State() map[string]*tensor.Tensor { return nil }

func (follower) LoadState(map[string]*tensor.Tensor) error { return nil }

// A parameter that is set free in the middle of a run has a gradient from then on, also in steps that do not use it, so
// that it does not matter whether the run is resumed.
func TestParameterThatIsSetFree(t *testing.T) {
	for free := 1; free <= 8; free++ {
		path := filepath.Join(t.TempDir(), "net.safetensors")
		run := func(stop int) *net {
			tr := newTrainer("", path)
			tr.Valid = nil // an evaluation would notice that the context is done
			n := tr.Model.(*net)
			tr.Optimizer = follower{sgd(n, optim.SGDConfig{}).Params()}
			step := 0
			if stop == 0 {
				require.NoError(t, tr.Resume())
				step = free
			}
			if step < free {
				nn.Freeze(n.branch)
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			tr.Each = func(train.Step) {
				if step++; step == free {
					nn.Unfreeze(n.branch)
				}
				if step == stop {
					cancel()
				}
			}
			_, err := tr.Run(ctx)
			if stop < 24 && stop > 0 {
				require.ErrorIs(t, err, context.Canceled)
			} else {
				require.NoError(t, err)
			}
			return n
		}
		whole := run(24)
		run(free)
		requireSameState(t, whole, run(0))
	}
}

func TestHistoryIsACopy(t *testing.T) {
	tr := newTrainer("sgd", "")
	first, err := tr.Run(t.Context())
	require.NoError(t, err)
	want := slices.Clone(first)
	clear(first)
	second, err := tr.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, want, second)
}

// The context's error is found whether or not it has a cause, and so is the cause.
func TestErrorOfAContextWithACause(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errCause)
	_, err := newTrainer("sgd", "").Run(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, errCause)

	cause := fmt.Errorf("no time left: %w", context.Canceled)
	ctx, cancel = context.WithCancelCause(t.Context())
	cancel(cause)
	_, err = newTrainer("sgd", "").Run(ctx)
	require.ErrorIs(t, err, cause)
	require.EqualError(t, err, "train: stopped in epoch 1 of 4 after 0 of 43 images: no time left: context canceled")

	late, cancelLate := context.WithTimeoutCause(t.Context(), 0, errCause)
	defer cancelLate()
	_, err = train.Evaluate(late, newNet(), stripes(3).Batches(data.Norm{}, 3))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorIs(t, err, errCause)
}

var errCause = errors.New("cause")

func TestEvaluateRefusesNonsense(t *testing.T) {
	for says, call := range map[string]func() (data.Score, error){
		"train: Evaluate: there are no examples": func() (data.Score, error) {
			return train.Evaluate(t.Context(), newNet(), stripes(0).Batches(data.Norm{}, 10))
		},
		"train: Evaluate: the model is nil": func() (data.Score, error) {
			return train.Evaluate(t.Context(), nil, stripes(3).Batches(data.Norm{}, 10))
		},
	} {
		score, err := call()
		require.EqualError(t, err, says)
		require.Zero(t, score)
	}
}
