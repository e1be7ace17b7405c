package train_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
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

// Progress, then OnStep, and at the end of an epoch OnEpoch, whose scores are those of the model at that moment.
func TestHooks(t *testing.T) {
	tr := newTrainer("sgd", "")
	var said []string
	var seen data.Score
	tr.Progress = func(done, total int) { said = append(said, fmt.Sprint(done, "/", total)) }
	tr.Each = func(s train.Step) {
		said = append(said, fmt.Sprint(s.Done, s.Total, s.Epoch, s.Batch))
		seen = s.Score
	}
	var epochs []train.Epoch
	tr.OnEpoch = func(e train.Epoch) error {
		said = append(said, fmt.Sprint("end of ", e.Number))
		require.Equal(t, seen, e.Train)
		valid, err := train.Evaluate(t.Context(), tr.Model, data.Batches(tr.Valid, tr.Loader.Norm(), 8))
		require.NoError(t, err)
		require.Equal(t, valid, e.Valid)
		epochs = append(epochs, e)
		return nil
	}
	history, err := tr.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, epochs, history)
	var want []string
	for i := range 24 {
		want = append(want, fmt.Sprint(i+1, "/", 24), fmt.Sprint(i+1, 24, i/6+1, i%6+1))
		if i%6 == 5 {
			want = append(want, fmt.Sprint("end of ", i/6+1))
		}
	}
	require.Equal(t, want, said)
}

// An error of OnEpoch ends the run with that epoch as done and saved.
func TestOnEpochThatFails(t *testing.T) {
	straight := newTrainer("sgd", "")
	want, err := straight.Run(t.Context())
	require.NoError(t, err)
	for fails := 1; fails <= 4; fails++ {
		path := filepath.Join(t.TempDir(), "net.safetensors")
		tr := newTrainer("sgd", path)
		tr.OnEpoch = func(e train.Epoch) error {
			if e.Number == fails {
				return errCause
			}
			return nil
		}
		history, err := tr.Run(t.Context())
		require.ErrorIs(t, err, errCause)
		require.EqualError(t, err, fmt.Sprintf("train: stopped after epoch %d of 4: cause", fails))
		require.Equal(t, want[:fails], history)

		next := newTrainer("sgd", path)
		next.OnEpoch = func(e train.Epoch) error {
			require.Greater(t, e.Number, fails)
			return nil
		}
		require.NoError(t, next.Resume())
		history, err = next.Run(t.Context())
		require.NoError(t, err)
		require.Equal(t, want, history)
		requireSameState(t, straight.Model, next.Model)
	}
}

// The best checkpoint is the whole state after the epoch with most images of Valid right.
func TestBestCheckpoint(t *testing.T) {
	dir := t.TempDir()
	last, best := filepath.Join(dir, "net.safetensors"), filepath.Join(dir, "best", "net.safetensors")
	tr := newTrainer("sgd", last)
	tr.Best, tr.Epochs, tr.Schedule = best, 12, optim.Constant(0.5) // so that it is not always the last
	tr.OnEpoch = func(e train.Epoch) error {                        // what it keeps is to be there when the epoch is saved as done
		if e.Number == 1 {
			require.NoFileExists(t, last)
			require.NoFileExists(t, best)
		}
		return nil
	}
	after := map[int]string{}
	tr.Each = func(s train.Step) {
		if s.Batch == 1 && s.Epoch > 1 {
			after[s.Epoch-1] = read(t, last)
		}
	}
	history, err := tr.Run(t.Context())
	require.NoError(t, err)
	after[12] = read(t, last)
	chosen := 0
	for i, e := range history {
		b := history[chosen]
		better := i == 0 || e.Valid.Correct > b.Valid.Correct || e.Valid.Correct == b.Valid.Correct && e.Valid.Loss() < b.Valid.Loss()
		require.Equal(t, better, e.Best, "%v", e)
		if better {
			chosen = i
		}
	}
	require.NotEqual(t, 11, chosen, "the last epoch is the best: the test shows nothing")
	require.True(t, after[chosen+1] == read(t, best))

	model := newNet()
	require.NoError(t, train.LoadModel(best, model))
	score, err := train.Evaluate(t.Context(), model, data.Batches(tr.Valid, tr.Loader.Norm(), 8))
	require.NoError(t, err)
	require.Equal(t, history[chosen].Valid, score)
}

// Of equals the first is the best.
func TestEpochsThatAreAllTheSame(t *testing.T) {
	tr := newTrainer("sgd", "")
	tr.Model = nn.Sequential{nn.Flatten{}, nn.NewLinear(36, 3, rand.New(rand.NewPCG(1, 1)))}
	tr.Optimizer = sgd(tr.Model, optim.SGDConfig{})
	tr.Schedule = optim.ScheduleFunc(func(int, int) float64 { return 0 })
	history, err := tr.Run(t.Context())
	require.NoError(t, err)
	for i, e := range history {
		require.Equal(t, history[0].Valid, e.Valid)
		require.Equal(t, i == 0, e.Best)
	}
}

// The best checkpoint is written before the last one, which would otherwise keep a resumed run from writing it.
func TestBestCheckpointThatCannotBeSaved(t *testing.T) {
	dir := t.TempDir()
	last, best := filepath.Join(dir, "net.safetensors"), filepath.Join(dir, "best.safetensors")
	straight := newTrainer("sgd", filepath.Join(dir, "straight.safetensors"))
	straight.Best = filepath.Join(dir, "straight.best")
	_, err := straight.Run(t.Context())
	require.NoError(t, err)
	tr := newTrainer("sgd", last)
	tr.Best = best
	tr.Each = func(s train.Step) {
		if s.Done == 5 {
			require.NoError(t, os.Mkdir(best, 0o700))
		}
	}
	for range 2 {
		history, err := tr.Run(t.Context())
		require.ErrorContains(t, err, best)
		require.Len(t, history, 1)
		require.NoFileExists(t, last)
	}
	require.NoError(t, os.Remove(best))
	_, err = tr.Run(t.Context())
	require.NoError(t, err)
	require.True(t, read(t, straight.Checkpoint) == read(t, last))
	require.True(t, read(t, straight.Best) == read(t, best))
}

// plainLoop is a training of newTrainer("sgd") by hand.
func plainLoop(t *testing.T, by *trainer, loss func(*autograd.Var, *data.Batch) *autograd.Var, between func()) {
	tape, step := autograd.NewTape(by.Seed), 0
	for range by.Epochs {
		for batch := range by.Loader.Epoch(t.Context()) {
			tape.Reset()
			for _, p := range nn.Params(by.Model) {
				p.Grad = tensor.New(p.Value.Shape()...)
			}
			tape.Backward(loss(by.Model.Forward(tape.Input(batch.X)), batch))
			between()
			by.Optimizer.Step(by.Schedule.Rate(step, 24))
			step++
		}
	}
}

func crossEntropy(logits *autograd.Var, b *data.Batch) *autograd.Var {
	return autograd.CrossEntropy(logits, b.Labels, 0)
}

// What a trainer tries before the first step leaves no trace: it is a loop over batches, to the bit.
func TestRunIsThePlainLoop(t *testing.T) {
	tr, by := newTrainer("sgd", ""), newTrainer("sgd", "")
	_, err := tr.Run(t.Context())
	require.NoError(t, err)
	plainLoop(t, by, crossEntropy, func() {})
	requireSameState(t, by.Model, tr.Model)
}

func TestLossOfItsOwn(t *testing.T) {
	smoothed := func(logits *autograd.Var, b *data.Batch) *autograd.Var {
		return autograd.CrossEntropy(logits, b.Labels, 0.1)
	}
	tr, by, plain := newTrainer("sgd", ""), newTrainer("sgd", ""), newTrainer("sgd", "")
	tr.Loss = smoothed
	var steps []train.Step
	tr.Each = func(s train.Step) { steps = append(steps, s) }
	_, err := tr.Run(t.Context())
	require.NoError(t, err)
	var losses []float64
	plainLoop(t, by, func(logits *autograd.Var, b *data.Batch) *autograd.Var {
		loss := smoothed(logits, b)
		losses = append(losses, float64(loss.Value().Item()))
		return loss
	}, func() {})
	requireSameState(t, by.Model, tr.Model)
	for i, s := range steps {
		require.Equal(t, losses[i], s.Loss)
	}
	_, err = plain.Run(t.Context())
	require.NoError(t, err)
	require.False(t, tensor.Equal(plain.Model.(*net).fc.Weight.Value, tr.Model.(*net).fc.Weight.Value))
}

func TestClipNorm(t *testing.T) {
	const limit = 0.5
	tr, by := newTrainer("sgd", ""), newTrainer("sgd", "")
	tr.ClipNorm = limit
	var steps []train.Step
	tr.Each = func(s train.Step) { steps = append(steps, s) }
	_, err := tr.Run(t.Context())
	require.NoError(t, err)
	var norms []float64
	plainLoop(t, by, crossEntropy, func() {
		norms = append(norms, optim.ClipNorm(by.Optimizer.Params(), limit))
	})
	requireSameState(t, by.Model, tr.Model)
	for i, s := range steps {
		require.Equal(t, norms[i], s.GradNorm)
	}
	require.Greater(t, slices.Max(norms), limit)
	require.Less(t, slices.Min(norms), limit, "not all are clipped")
}

// A gradient may be infinite where the loss is not.
func TestGradientsWithoutANorm(t *testing.T) {
	tr := newTrainer("sgd", "")
	tr.ClipNorm = 1
	step := 0
	tr.Loss = func(logits *autograd.Var, b *data.Batch) *autograd.Var {
		loss := crossEntropy(logits, b)
		if step++; step > 10 { // New has asked once
			return autograd.Add(loss, autograd.Sqrt(autograd.Scale(loss, 0)))
		}
		return loss
	}
	_, err := tr.Run(t.Context())
	var diverged *train.DivergedError
	require.ErrorAs(t, err, &diverged)
	require.True(t, math.IsNaN(diverged.Value) || math.IsInf(diverged.Value, 0))
	diverged.Value = 0
	require.Equal(t, train.DivergedError{Epoch: 2, Step: 4, What: "norm of the gradients", Rate: falling(8, 0)}, *diverged)
}

func TestReportsAsText(t *testing.T) {
	s := train.Step{Done: 13, Total: 24, Epoch: 3, Batch: 1, Rate: 0.05, Loss: 0.43125}
	require.Equal(t, "epoch 3, batch 1: loss 0.4313 at rate 0.05", s.String())
	e := train.Epoch{Number: 2, Train: data.Score{Examples: 40, Correct: 30, LossSum: 20}}
	require.Equal(t, "epoch 2: 75.0 % of 40 right, loss 0.5000", e.String())
	e.Valid, e.Best = data.Score{Examples: 20, Correct: 10, LossSum: 20}, true
	require.Equal(t, "epoch 2: 75.0 % of 40 right, loss 0.5000; validation 50.0 % of 20 right, loss 1.0000, the best so far", e.String())
}
