package train_test

import (
	"context"
	"maps"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/nn/optim"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/train"
)

// net is a small classifier with all that a checkpoint must keep: weights, running statistics, and
// random numbers drawn in the forward pass. In some steps its branch is not used at all.
type net struct {
	conv, branch *nn.Conv2D
	bn           *nn.BatchNorm2D
	fc           *nn.Linear
}

func newNet() *net {
	rng := rand.New(rand.NewPCG(5, 5))
	return &net{
		conv:   nn.NewConv2D(1, 4, tensor.Both(3), tensor.ConvSpec{Pad: tensor.Both(1)}, rng),
		bn:     nn.NewBatchNorm2D(4),
		branch: nn.NewConv2D(4, 4, tensor.Both(1), tensor.ConvSpec{}, rng),
		fc:     nn.NewLinear(4, 3, rng),
	}
}

func (n *net) Forward(x *autograd.Var) *autograd.Var {
	y := nn.Sequential{n.conv, n.bn, nn.ReLU{}}.Forward(x)
	if t := x.Tape(); t == nil || t.Rand().IntN(4) > 0 {
		y = autograd.Add(y, n.branch.Forward(y))
	}
	return n.fc.Forward(autograd.Dropout(autograd.GlobalAvgPool(y), 0.2))
}

func (n *net) Parts() []nn.Part {
	return []nn.Part{{Name: "conv1", Module: n.conv}, {Name: "bn1", Module: n.bn}, {Name: "branch", Module: n.branch}, {Name: "fc", Module: n.fc}}
}

// stripes is a dataset that the net can learn: columns, rows and noise.
func stripes(n int) *data.Dataset {
	rng := rand.New(rand.NewPCG(1, 2))
	d := &data.Dataset{Height: 6, Width: 6, Channels: 1, Classes: 3}
	for i := range n {
		for y := range 6 {
			for x := range 6 {
				at := [3]int{x, y, rng.IntN(6)}[i%3]
				d.Pixels = append(d.Pixels, uint8(200*(at%2)+rng.IntN(50)))
			}
		}
		d.Labels = append(d.Labels, i%3)
	}
	return d
}

const images = 43 // in batches of 8: 6 a epoch, the last one of 3

// trainer is what a train.Trainer is made of. The first Run or Resume makes it: until then a test may change all of it,
// and afterwards what is to be done after each step.
type trainer struct {
	Model     nn.Module
	Loader    *data.Loader
	Optimizer optim.Optimizer
	train.Config
	Each func(train.Step)
	made *train.Trainer
}

func (t *trainer) make() (err error) {
	if t.made != nil {
		return nil
	}
	c := t.Config
	c.OnStep = func(s train.Step) error {
		if t.Each != nil {
			t.Each(s)
		}
		if t.OnStep != nil {
			return t.OnStep(s)
		}
		return nil
	}
	t.made, err = train.New(t.Model, t.Loader, t.Optimizer, c)
	return err
}

func (t *trainer) Run(ctx context.Context) ([]train.Epoch, error) {
	if err := t.make(); err != nil {
		return nil, err
	}
	return t.made.Run(ctx)
}

func (t *trainer) Resume() error {
	if err := t.make(); err != nil {
		return err
	}
	return t.made.Resume()
}

// falling is the rate of a run of four epochs, whatever Epochs is, so that a resumed run may have more.
func falling(step, _ int) float64 { return optim.Cosine{Peak: 0.1, Warmup: 5. / 24}.Rate(step, 24) }

// newTrainer is always the same trainer; a checkpoint is all that passes from one to the next.
func newTrainer(optimizer string, path string) *trainer {
	model, set := newNet(), stripes(images)
	t := &trainer{
		Model: model,
		Loader: newLoader(set, data.LoaderConfig{
			Batch: 8, Shuffle: true, Norm: set.Norm(), Augment: data.Augment{Pad: 1, Flip: true}, Seed: 7, Workers: 2,
		}),
		Config: train.Config{Schedule: optim.ScheduleFunc(falling), Epochs: 4, Seed: 11, Valid: stripes(20), Checkpoint: path},
	}
	switch optimizer {
	case "sgd":
		t.Optimizer = sgd(model, optim.SGDConfig{Momentum: 0.9, Nesterov: true, WeightDecay: 1e-3})
	case "adamw":
		t.Optimizer = must(optim.NewAdamW(nn.Params(model), optim.AdamConfig{WeightDecay: 1e-2}))
	}
	return t
}

// newLoader is data.NewLoader for what it takes.
func newLoader(set data.Source, c data.LoaderConfig) *data.Loader {
	return must(data.NewLoader(set, c))
}

func sgd(m nn.Module, c optim.SGDConfig) *optim.SGD { return must(optim.NewSGD(nn.Params(m), c)) }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func requireSameState(t *testing.T, want, got nn.Module) {
	t.Helper()
	state := maps.Collect(nn.State(got))
	for name, x := range nn.State(want) {
		require.True(t, tensor.Equal(x, state[name]), name)
	}
}
