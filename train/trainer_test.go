package train_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/boost"
	"github.com/residuum-go/residuum/nn/optim"
	"github.com/residuum-go/residuum/train"
	"github.com/residuum-go/residuum/weights"
)

func TestRunLearns(t *testing.T) {
	tr := newTrainer("sgd", "")
	tr.Epochs = 30
	tr.Schedule = optim.Cosine{Peak: 0.1, Warmup: 5. / 180}
	var steps int
	tr.Progress = func(p train.Progress) {
		steps++
		require.Equal(t, (steps-1)/6+1, p.Epoch)
		require.Equal(t, (steps-1)%6+1, p.Batch)
		require.Equal(t, []int{30, 6}, []int{p.Epochs, p.Batches})
		require.Equal(t, tr.Schedule.Rate(steps-1, 180), p.Rate)
		require.Positive(t, p.ImagesPerSecond)
		require.Equal(t, steps == 180, p.Left == 0)
	}
	history, err := tr.Run(t.Context())
	require.NoError(t, err)
	require.Len(t, history, 30)
	require.Equal(t, 180, steps)
	require.Greater(t, history[0].Loss(), 2*history[29].Loss())

	set := stripes(images)
	m, err := train.Evaluate(t.Context(), tr.Model, set, set.Norm(), 10)
	require.NoError(t, err)
	require.Greater(t, m.Accuracy(), 0.95)
	whole, err := train.Evaluate(t.Context(), tr.Model, set, set.Norm(), images)
	require.NoError(t, err)
	require.InDelta(t, whole.Loss(), m.Loss(), 1e-6)
	require.Equal(t, whole.Accuracy(), m.Accuracy())

	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errCause)
	_, err = train.Evaluate(ctx, tr.Model, set, set.Norm(), 10)
	require.ErrorIs(t, err, errCause)
	require.ErrorIs(t, err, context.Canceled)
}

// A run may have no end in sight: it has more images left than an int holds.
func TestEndlessRun(t *testing.T) {
	tr := newTrainer("sgd", "")
	tr.Epochs = math.MaxInt
	ctx, stop := context.WithCancel(t.Context())
	tr.Progress = func(p train.Progress) {
		require.Positive(t, p.Left)
		stop()
	}
	_, err := tr.Run(ctx)
	require.ErrorIs(t, err, context.Canceled)
}

// A run that is stopped after any number of steps, and continued by new objects from the checkpoint,
// ends with the same checkpoint, byte for byte, as one that was not.
func TestResumeIsExact(t *testing.T) {
	for _, optimizer := range []string{"sgd", "adamw"} {
		straight := filepath.Join(t.TempDir(), "net.safetensors")
		whole := newTrainer(optimizer, straight)
		history, err := whole.Run(t.Context())
		require.NoError(t, err)
		want, err := os.ReadFile(straight)
		require.NoError(t, err)
		for _, stops := range [][]int{{1}, {6}, {15}, {3, 4, 11, 18, 23}} {
			t.Run(fmt.Sprintf("%s/stops=%v", optimizer, stops), func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "net.safetensors")
				for i, stop := range stops {
					tr := newTrainer(optimizer, path)
					if i > 0 {
						require.NoError(t, tr.Resume())
					}
					runUntil(t, tr, stop)
				}
				last := newTrainer(optimizer, path)
				require.NoError(t, last.Resume())
				got, err := last.Run(t.Context())
				require.NoError(t, err)
				require.Equal(t, history, got)
				requireSameState(t, whole.Model, last.Model)
				b, err := os.ReadFile(path)
				require.NoError(t, err)
				require.True(t, string(want) == string(b), "checkpoints differ")
			})
		}
	}
}

// runUntil cancels the run when it has done the given number of steps, counted from the beginning.
func runUntil(t testing.TB, tr *train.Trainer, step int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	tr.Progress = func(p train.Progress) {
		if (p.Epoch-1)*p.Batches+p.Batch == step {
			cancel()
		}
	}
	_, err := tr.Run(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, fmt.Sprintf("train: stopped in epoch %d of 4 after %d of 43 images", step/6+1, step%6*8))
}

// Without a last checkpoint, as after a power cut, the steps since the one before are done again.
func TestResumeFromAnOlderCheckpointIsExact(t *testing.T) {
	path := filepath.Join(t.TempDir(), "net.safetensors")
	var old []byte
	first := newTrainer("sgd", path)
	first.SaveEvery = 4
	first.Progress = func(p train.Progress) {
		if p.Epoch == 2 && p.Batch == 4 { // step 10, saved at 8
			var err error
			old, err = os.ReadFile(path)
			require.NoError(t, err)
		}
	}
	want, err := first.Run(t.Context())
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, old, 0o600))
	second := newTrainer("sgd", path)
	require.NoError(t, second.Resume())
	steps := 0
	second.Progress = func(train.Progress) { steps++ }
	got, err := second.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, 24-8, steps)
	require.Equal(t, want, got)
	requireSameState(t, first.Model, second.Model)
}

func TestRunGoesOnWhenEpochsIsRaised(t *testing.T) {
	whole, parts := newTrainer("sgd", ""), newTrainer("sgd", "")
	want, err := whole.Run(t.Context())
	require.NoError(t, err)
	for parts.Epochs = 1; ; parts.Epochs++ {
		got, err := parts.Run(t.Context())
		require.NoError(t, err)
		require.Equal(t, want[:parts.Epochs], got)
		if parts.Epochs == 4 {
			break
		}
	}
	requireSameState(t, whole.Model, parts.Model)
}

func TestLossThatIsNotFiniteStopsAndKeepsTheCheckpoint(t *testing.T) {
	path := filepath.Join(t.TempDir(), "net.safetensors")
	tr := newTrainer("sgd", path)
	var before []byte
	tr.Progress = func(p train.Progress) {
		if p.Epoch == 2 && p.Batch == 3 {
			before, _ = os.ReadFile(path)
			tr.Model.(*net).fc.Bias.Value.Data()[1] = float32(math.NaN())
		}
	}
	history, err := tr.Run(t.Context())
	var diverged *train.DivergedError
	require.ErrorAs(t, err, &diverged)
	require.Equal(t, []int{2, 4}, []int{diverged.Epoch, diverged.Step})
	require.EqualError(t, err, "train: epoch 2, step 4: loss is NaN, after a step at learning rate 0.094")
	require.Len(t, history, 1)
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, before, after)
}

// The loss does not show it yet when the last step of an epoch has gone too far.
func TestWeightsThatAreNotFiniteAreNotSaved(t *testing.T) {
	for _, last := range []int{6, 12} {
		path := filepath.Join(t.TempDir(), "net.safetensors")
		tr := newTrainer("sgd", path)
		tr.Progress = func(p train.Progress) {
			if (p.Epoch-1)*6+p.Batch == last {
				tr.Model.(*net).fc.Bias.Value.Data()[1] = float32(math.Inf(1))
			}
		}
		for range 2 { // the second Run cannot make it good
			history, err := tr.Run(t.Context())
			require.Len(t, history, last/6)
			var diverged *train.DivergedError
			require.ErrorAs(t, err, &diverged)
			require.EqualError(t, err, fmt.Sprintf("train: epoch %d, step 6: fc.bias is +Inf, after a step at learning rate %.3g", last/6, falling(last-1, 0)))
		}
		err := tr.Resume()
		if last == 6 {
			require.ErrorIs(t, err, fs.ErrNotExist)
			continue
		}
		require.NoError(t, err)
		tr.Progress = nil
		_, err = tr.Run(t.Context())
		require.NoError(t, err)
	}
}

func TestWeightsThatAreNotFiniteAreAnErrorWithoutACheckpoint(t *testing.T) {
	tr := newTrainer("sgd", "")
	tr.Progress = func(p train.Progress) {
		if p.Epoch == 4 && p.Batch == 6 {
			tr.Model.(*net).bn.RunningVar.Data()[2] = float32(math.NaN())
		}
	}
	_, err := tr.Run(t.Context())
	require.EqualError(t, err, "train: epoch 4, step 6: bn1.running_var is NaN, after a step at learning rate 0.000682")
}

// A checkpoint is not replaced by a run that has done nothing.
func TestRunThatIsStoppedAtOnceSavesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "net.safetensors")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := newTrainer("sgd", path).Run(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.NoFileExists(t, path)
}

func TestResumeRefusesWhatDoesNotFitAndChangesNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "net.safetensors")
	tr := newTrainer("sgd", path)
	runUntil(t, tr, 9)
	edit := func(f func(*weights.File)) string {
		file, err := weights.Load(path)
		require.NoError(t, err)
		f(file)
		edited := filepath.Join(dir, "edited.safetensors")
		require.NoError(t, weights.Save(edited, file))
		return edited
	}
	meta := func(text string) func(*weights.File) {
		return func(f *weights.File) { f.Meta["residuum.train"] = text }
	}
	for _, c := range []struct {
		name, reason string
		edit         func(*weights.File)
	}{
		{"weights only", "not a checkpoint", func(f *weights.File) { f.Meta = nil }},
		{"bad JSON", "metadata: ", meta("{")},
		{"other version", "version 3, can read versions 1 and 2", meta(`{"version":3}`)},
		{"no step", "do not agree", meta(`{"version":2,"step":3}`)},
		{"other dataset", "loader state of 44 images", meta(`{"version":2,"rand":"cGNnOgAAAAAAAAAAAAAAAAAAAAA=","sampler":{"len":44,"batch":8}}`)},
		{"no random state", "random state", meta(`{"version":1,"sampler":{"len":43,"batch":8}}`)},
		{"more right than seen", "do not agree", meta(`{"version":2,"sampler":{"len":43,"batch":8},"seen":{"correct":1}}`)},
		{"NaN weight", "tensor fc.bias holds NaN", func(f *weights.File) { f.Tensors["fc.bias"].Data()[2] = float32(math.NaN()) }},
		{"infinite momentum", "tensor optimizer/fc.bias.momentum_buffer holds -Inf", func(f *weights.File) {
			f.Tensors["optimizer/fc.bias.momentum_buffer"].Data()[0] = float32(math.Inf(-1))
		}},
		{"missing weight", "missing: fc.bias", func(f *weights.File) { delete(f.Tensors, "fc.bias") }},
		{"missing momentum", "optim: state does not fit", func(f *weights.File) { delete(f.Tensors, "optimizer/fc.bias.momentum_buffer") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := edit(c.edit)
			fresh := newTrainer("sgd", path)
			err := fresh.Resume()
			require.ErrorContains(t, err, c.reason)
			require.ErrorContains(t, err, path)
			requireSameState(t, newNet(), fresh.Model)
			require.Equal(t, newTrainer("sgd", "").Loader.State(), fresh.Loader.State())
		})
	}

	require.ErrorIs(t, newTrainer("adamw", path).Resume(), optim.ErrState)
	torn := filepath.Join(dir, "torn.safetensors")
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(torn, b[:len(b)-1], 0o600))
	require.ErrorIs(t, newTrainer("sgd", torn).Resume(), weights.ErrFormat)
	require.ErrorIs(t, newTrainer("sgd", filepath.Join(dir, "none")).Resume(), fs.ErrNotExist)
}

// Version 1 held means of past epochs where version 2 holds sums.
func TestResumeReadsVersion1(t *testing.T) {
	path := filepath.Join(t.TempDir(), "net.safetensors")
	first := newTrainer("sgd", path)
	runUntil(t, first, 15)
	want := newTrainer("sgd", path)
	require.NoError(t, want.Resume())
	history, err := want.Run(t.Context())
	require.NoError(t, err)

	runUntil(t, newTrainer("sgd", path), 15)
	file, err := weights.Load(path)
	require.NoError(t, err)
	var meta map[string]any
	require.NoError(t, json.Unmarshal([]byte(file.Meta["residuum.train"]), &meta))
	meta["version"] = 1
	seen := meta["seen"].(map[string]any)
	meta["seen"] = map[string]any{"images": seen["examples"], "correct": seen["correct"], "loss": seen["loss_sum"]}
	var means []map[string]float64
	for _, s := range history[:2] {
		means = append(means, map[string]float64{"loss": s.Loss(), "accuracy": s.Accuracy()})
	}
	meta["history"] = means
	text, err := json.Marshal(meta)
	require.NoError(t, err)
	file.Meta["residuum.train"] = string(text)
	require.NoError(t, weights.Save(path, file))

	second := newTrainer("sgd", path)
	require.NoError(t, second.Resume())
	got, err := second.Run(t.Context())
	require.NoError(t, err)
	for i := range history {
		require.InDelta(t, history[i].LossSum, got[i].LossSum, 1e-12)
		got[i].LossSum = history[i].LossSum
	}
	require.Equal(t, history, got)
	requireSameState(t, want.Model, second.Model)
}

func TestLoadModel(t *testing.T) {
	path := filepath.Join(t.TempDir(), "net.safetensors")
	tr := newTrainer("sgd", path)
	runUntil(t, tr, 9)
	model := newNet()
	require.NoError(t, train.LoadModel(path, model))
	requireSameState(t, tr.Model, model)

	whole := read(t, path)
	for _, c := range []struct {
		name, reason string
		edit         func(*weights.File)
	}{
		{"missing", "missing: fc.bias", func(f *weights.File) { delete(f.Tensors, "fc.bias") }},
		{"NaN", "tensor bn1.running_var holds NaN", func(f *weights.File) { f.Tensors["bn1.running_var"].Data()[1] = float32(math.NaN()) }},
		{"infinite", "tensor fc.weight holds +Inf", func(f *weights.File) { f.Tensors["fc.weight"].Data()[5] = float32(math.Inf(1)) }},
	} {
		file, err := weights.Load(path)
		require.NoError(t, err)
		c.edit(file)
		edited := filepath.Join(t.TempDir(), "edited.safetensors")
		require.NoError(t, weights.Save(edited, file))
		err = train.LoadModel(edited, model)
		require.ErrorContains(t, err, c.reason)
		require.ErrorContains(t, err, edited)
		requireSameState(t, tr.Model, model)
	}
	torn := filepath.Join(t.TempDir(), "torn.safetensors")
	require.NoError(t, os.WriteFile(torn, []byte(whole[:len(whole)-1]), 0o600))
	require.ErrorIs(t, train.LoadModel(torn, model), weights.ErrFormat)
	requireSameState(t, tr.Model, model)

	require.EqualError(t, train.LoadModel(path, nil), "train: LoadModel: the model is nil")
	require.ErrorContains(t, train.LoadModel(path, &boost.Ensemble{}), "the model has none: it has not been built, or the ensemble not fitted")
}
