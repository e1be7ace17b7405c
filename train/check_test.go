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

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/nn/optim"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/train"
)

// requireNoStep requires that Run fails before the first step with an error that says so, and that it changes nothing.
func requireNoStep(t *testing.T, tr *train.Trainer, says string) {
	t.Helper()
	tr.Progress = func(train.Progress) { t.Error("a step was done") }
	_, err := tr.Run(t.Context())
	require.ErrorContains(t, err, says)
	if n, ok := tr.Model.(*net); ok {
		requireSameState(t, newNet(), n)
	}
}

func TestFieldsThatMakeNoSenseAreNamed(t *testing.T) {
	for says, spoil := range map[string]func(*train.Trainer){
		"train: Trainer.Model is not set":                               func(tr *train.Trainer) { tr.Model = nil },
		"train: Trainer.Loader is not set":                              func(tr *train.Trainer) { tr.Loader = nil },
		"train: Trainer.Optimizer is not set":                           func(tr *train.Trainer) { tr.Optimizer = nil },
		"train: Trainer.Schedule is not set":                            func(tr *train.Trainer) { tr.Schedule = nil },
		"train: Trainer.Epochs is 0, want":                              func(tr *train.Trainer) { tr.Epochs = 0 },
		"train: Trainer.Epochs is -3, want":                             func(tr *train.Trainer) { tr.Epochs = -3 },
		"train: Trainer.SaveEvery is -1, want":                          func(tr *train.Trainer) { tr.SaveEvery = -1 },
		`train: Trainer.Model: two tensors are named "fc.weight": give`: func(tr *train.Trainer) { tr.Model = twins{newNet()} },
		`train: Trainer.Optimizer: its parameter 0, of shape [3 3 1 4], is not one of the model's`: func(tr *train.Trainer) {
			tr.Optimizer = sgd(newNet(), optim.SGDConfig{})
		},
		"train: Trainer.Optimizer: it has no parameters": func(tr *train.Trainer) { tr.Optimizer = &optim.SGD{} },
	} {
		t.Run(says, func(t *testing.T) {
			tr := newTrainer("sgd", "")
			spoil(tr)
			requireNoStep(t, tr, says)
		})
	}
	for says, spoil := range map[string]func(*train.Trainer){
		"train: Trainer.Model is not set":     func(tr *train.Trainer) { tr.Model = nil },
		"train: Trainer.Loader is not set":    func(tr *train.Trainer) { tr.Loader = nil },
		"train: Trainer.Optimizer is not set": func(tr *train.Trainer) { tr.Optimizer = nil },
		"Trainer.Checkpoint is not set":       func(*train.Trainer) {},
	} {
		tr := newTrainer("sgd", "")
		spoil(tr)
		require.ErrorContains(t, tr.Resume(), says)
	}
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

// What a trainer tries before the first step leaves no trace: it is a loop over batches, to the bit.
func TestRunIsThePlainLoop(t *testing.T) {
	tr, by := newTrainer("sgd", ""), newTrainer("sgd", "")
	_, err := tr.Run(t.Context())
	require.NoError(t, err)

	tape, step := autograd.NewTape(by.Seed), 0
	for range by.Epochs {
		for batch := range by.Loader.Epoch(t.Context()) {
			tape.Reset()
			for _, p := range nn.Params(by.Model) {
				p.Grad = tensor.New(p.Value.Shape()...)
			}
			tape.Backward(autograd.CrossEntropy(by.Model.Forward(tape.Input(batch.X)), batch.Labels, 0))
			by.Optimizer.Step(by.Schedule.Rate(step, 24))
			step++
		}
	}
	requireSameState(t, by.Model, tr.Model)
}

func TestLabelsWithoutALogit(t *testing.T) {
	set := stripes(images)
	set.Classes, set.Labels[17] = 4, 3
	tr := newTrainer("sgd", "")
	tr.Loader = newLoader(set, data.LoaderConfig{Batch: 8})
	says := "image 17 has the label 3, the model has logits for the classes 0 to 2"
	requireNoStep(t, tr, "train: Trainer.Loader: "+says)
	_, err := train.Evaluate(t.Context(), newNet(), set, data.Norm{}, 10)
	require.EqualError(t, err, "train: Evaluate: "+says)

	set.Labels[17] = -1 // as only a program can do it
	_, err = train.Evaluate(t.Context(), newNet(), set, data.Norm{}, 10)
	require.EqualError(t, err, "train: Evaluate: image 17 has the label -1, the model has logits for the classes 0 to 2")
}

func TestModelThatReturnsNoLogits(t *testing.T) {
	n := newNet()
	tr := newTrainer("sgd", "")
	tr.Model, tr.Optimizer = nn.Sequential{n.conv}, sgd(n.conv, optim.SGDConfig{})
	requireNoStep(t, tr, "it returns [2 6 6 4] for 2 images, want logits [2, classes]")
	_, err := train.Evaluate(t.Context(), tr.Model, stripes(4), data.Norm{}, 3)
	require.ErrorContains(t, err, "it returns [3 6 6 4] for 3 images, want logits [3, classes]")
}

// Images come from outside the program: that the model does not take them is an error, before the first step.
func TestModelForOtherImages(t *testing.T) {
	set := stripes(images)
	set.Channels, set.Height = 3, 2
	tr := newTrainer("sgd", "")
	tr.Loader = newLoader(set, data.LoaderConfig{Batch: 8})
	tr.Progress = func(train.Progress) { t.Error("a step was done") }
	_, err := tr.Run(t.Context())
	require.ErrorContains(t, err, "train: Trainer.Model does not take the images of Trainer.Loader: nn: Conv2D")
	_, err = train.Evaluate(t.Context(), tr.Model, set, data.Norm{}, 8)
	require.ErrorContains(t, err, "train: Evaluate: the model does not take these images: nn: Conv2D")

	tr.Model = broken{tr.Model}
	require.Panics(t, func() { _, _ = train.Evaluate(t.Context(), tr.Model, set, data.Norm{}, 8) }, "a fault of the program")
}

// broken has a fault of its own.
type broken struct{ nn.Module }

func (broken) Forward(x *autograd.Var) *autograd.Var { return (*nn.Linear)(nil).Forward(x) }

// onePixel has a batch norm that sees one value of each image and channel.
func onePixel() nn.Module {
	rng := rand.New(rand.NewPCG(5, 5))
	return nn.Sequential{nn.NewConv2D(1, 4, 6, tensor.ConvSpec{}, rng), nn.NewBatchNorm2D(4), nn.ReLU{}, nn.Flatten{}, nn.NewLinear(4, 3, rng)}
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
			requireNoStep(t, tr, fmt.Sprintf("train: %d images in batches of %d leave one for the last, on which the model cannot be trained: choose",
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
	requireNoStep(t, second, "train: Trainer.Loader stands after 4 epochs and 0 images, the trainer after 0 and 0: give")

	third := newTrainer("sgd", "")
	for range third.Loader.Epoch(t.Context()) {
		break
	}
	requireNoStep(t, third, "train: Trainer.Loader stands after 0 epochs and 8 images")
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
	tr.Progress = func(p train.Progress) {
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
			tr.Progress = func(train.Progress) {
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
	_, err = train.Evaluate(late, newNet(), stripes(3), data.Norm{}, 3)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorIs(t, err, errCause)
}

var errCause = errors.New("cause")

func TestEvaluateRefusesNonsense(t *testing.T) {
	set := stripes(images)
	for says, call := range map[string]func() (data.Score, error){
		"train: Evaluate: batches of 0 images, want at least 1": func() (data.Score, error) {
			return train.Evaluate(t.Context(), newNet(), set, set.Norm(), 0)
		},
		"train: Evaluate: batches of -5 images, want at least 1": func() (data.Score, error) {
			return train.Evaluate(t.Context(), newNet(), set, set.Norm(), -5)
		},
		"train: Evaluate: the dataset holds no images": func() (data.Score, error) {
			return train.Evaluate(t.Context(), newNet(), stripes(0), set.Norm(), 10)
		},
		"train: Evaluate: the model is nil": func() (data.Score, error) {
			return train.Evaluate(t.Context(), nil, set, set.Norm(), 10)
		},
	} {
		m, err := call()
		require.EqualError(t, err, says)
		require.Zero(t, m)
	}
	_, err := train.Evaluate(t.Context(), newNet(), nil, set.Norm(), 10)
	require.EqualError(t, err, "train: Evaluate: the dataset holds no images")
}
