package boost

import (
	"context"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/internal/cancelled"
	"github.com/residuum-go/residuum/internal/demand"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/nn/optim"
	"github.com/residuum-go/residuum/tensor"
)

// Training says how a neural learner is fitted: Adam on batches in a new random order each epoch,
// the rate falling along half a cosine. Zero fields mean the value in brackets, which suits images of
// 28x28 pixels; on rows of few numbers a rate of 0.01 is better.
type Training struct {
	Epochs      int     // passes over the rows of the stage [10]
	Batch       int     // rows per step [128]
	Rate        float64 // initial learning rate, at most 1 [0.002]
	WeightDecay float64 // decoupled, as in AdamW [0]
}

func (t Training) withDefaults() (Training, error) {
	if t.Epochs == 0 {
		t.Epochs = 10
	}
	if t.Batch == 0 {
		t.Batch = 128
	}
	if t.Rate == 0 {
		t.Rate = 0.002
	}
	decays := t.WeightDecay >= 0 && t.WeightDecay <= math.MaxFloat32 && t.Rate*t.WeightDecay <= 1
	return t, demand.All("boost.Training",
		demand.That(t.Epochs > 0, "Epochs", t.Epochs, "want at least 1, or 0 for 10"),
		demand.That(t.Batch > 0, "Batch", t.Batch, "want at least 1, or 0 for 128"),
		demand.That(t.Rate > 0 && t.Rate <= 1, "Rate", t.Rate, "want a learning rate in (0, 1], or 0 for 0.002"),
		demand.That(decays, "WeightDecay", t.WeightDecay, "want at least 0 and at most 1/Rate"),
	)
}

// net is a neural hypothesis: a body that computes features and a linear output layer.
type net struct {
	body     nn.Module // [N, ...] to [N, f]
	output   *nn.Linear
	training Training
	seed     uint64 // of the order of batches
}

func newNet(body nn.Module, features, outputs int, t Training, rng *rand.Rand) *net {
	return &net{
		body:     body,
		output:   nn.NewLinear(features, outputs, rng),
		training: t,
		seed:     rng.Uint64(),
	}
}

// Forward implements Hypothesis.
func (l *net) Forward(x *autograd.Var) *autograd.Var { return l.Output(l.Features(x)) }

// Features implements Featured.
func (l *net) Features(x *autograd.Var) *autograd.Var { return l.body.Forward(x) }

// Output implements Featured.
func (l *net) Output(features *autograd.Var) *autograd.Var { return l.output.Forward(features) }

// width returns that of the features.
func (l *net) width() int { return l.output.Weight.Value.Dim(1) }

// Parts implements nn.Module.
func (l *net) Parts() []nn.Part {
	return []nn.Part{{Name: "body", Module: l.body}, {Name: "output", Module: l.output}}
}

// Fit implements Hypothesis. Targets shrink as an ensemble gets better, so they are scaled to unit size
// for the time of the training and the output layer is scaled back after it: one learning rate then
// suits all stages.
func (l *net) Fit(ctx context.Context, x, target, weight *tensor.Tensor) error {
	weight = normalised(weight)
	size := rms(target, weight)
	if !(size > 0) {
		l.scaleOutput(0) // nothing to learn
		return nil
	}
	target = target.Clone()
	for i, v := range target.Data() {
		target.Data()[i] = float32(float64(v) / size) // 1/size may leave the range of float32
	}
	if err := l.train(ctx, x, target, weight); err != nil {
		return err
	}
	l.scaleOutput(float32(size))
	return nil
}

// normalised returns weights of mean one, so that the step size does not depend on their scale. Nil stays nil.
func normalised(weight *tensor.Tensor) *tensor.Tensor {
	if weight == nil {
		return nil
	}
	sum := 0.0
	for _, w := range weight.Data() {
		sum += float64(w)
	}
	return tensor.Scale(nil, weight, float32(float64(weight.Len())/sum))
}

func (l *net) scaleOutput(s float32) {
	for _, p := range nn.Params(l.output) {
		tensor.Scale(p.Value, p.Value, s)
	}
}

// train minimises the mean over rows of 1/2 sum_k w_k (target_k - h_k(x))^2.
func (l *net) train(ctx context.Context, x, target, weight *tensor.Tensor) error {
	b := newBatch(l.training.size(x.Dim(0)), x, target, weight)
	return l.training.descend(ctx, nn.Params(l), x.Dim(0), l.seed, func(tape *autograd.Tape, rows []int) *autograd.Var {
		return b.load(rows).loss(tape, l)
	})
}

// size returns how many of n rows make a step.
func (t Training) size(n int) int { return min(t.Batch, n) }

// descend trains parameters on n rows: loss returns the loss of some of them, a scalar.
func (t Training) descend(ctx context.Context, params iter.Seq2[string, *autograd.Param], n int, seed uint64,
	loss func(tape *autograd.Tape, rows []int) *autograd.Var) error {
	size := t.size(n)
	perEpoch := n / size // the rows left over wait for the next epoch's order
	rate, steps := optim.Cosine{Peak: t.Rate}, perEpoch*t.Epochs
	adam, err := optim.NewAdamW(params, optim.AdamConfig{WeightDecay: t.WeightDecay})
	if err != nil {
		return err
	}
	tape := autograd.NewTape(seed)
	for epoch := range t.Epochs {
		order := tape.Rand().Perm(n)
		total := 0.0
		for i := range perEpoch {
			if err := cancelled.Err(ctx); err != nil {
				return err
			}
			tape.Reset()
			l := loss(tape, order[i*size:(i+1)*size])
			tape.Backward(l)
			adam.Step(rate.Rate(epoch*perEpoch+i, steps))
			autograd.ZeroGrad(adam.Params())
			total += float64(l.Value().Item())
		}
		if total-total != 0 {
			return fmt.Errorf("loss of the learner is %v in epoch %d: %w", total, epoch+1, ErrDiverged)
		}
	}
	return nil
}

// batch is the memory of one step's rows.
type batch struct {
	allX, allTarget, allWeight *tensor.Tensor
	x, target, weight          *tensor.Tensor // weights are nil if all are one
}

func newBatch(size int, x, target, weight *tensor.Tensor) *batch {
	rows := func(t *tensor.Tensor) *tensor.Tensor {
		return tensor.New(append([]int{size}, t.Shape()[1:]...)...)
	}
	b := &batch{allX: x, allTarget: target, allWeight: weight, x: rows(x), target: rows(target)}
	if weight != nil {
		b.weight = rows(weight)
	}
	return b
}

func (b *batch) load(rows []int) *batch {
	tensor.Gather(b.x, b.allX, rows)
	tensor.Gather(b.target, b.allTarget, rows)
	if b.weight != nil {
		tensor.Gather(b.weight, b.allWeight, rows)
	}
	return b
}

func (b *batch) loss(tape *autograd.Tape, l Hypothesis) *autograd.Var {
	d := autograd.Square(autograd.Sub(l.Forward(tape.Input(b.x)), autograd.Const(b.target)))
	if b.weight != nil {
		d = autograd.Mul(d, autograd.Const(b.weight))
	}
	return autograd.Scale(autograd.Sum(d), 0.5/float32(b.x.Dim(0)))
}
