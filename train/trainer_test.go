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
	tr.Each = func(p train.Step) {
		steps++
		require.Equal(t, (steps-1)/6+1, p.Epoch)
		require.Equal(t, (steps-1)%6+1, p.Batch)
		require.Equal(t, []int{steps, 180}, []int{p.Done, p.Total})
		require.Equal(t, tr.Schedule.Rate(steps-1, 180), p.Rate)
		require.Equal(t, min(p.Batch*8, images), p.Score.Examples)
		require.Zero(t, p.GradNorm)
	}
	history, err := tr.Run(t.Context())
	require.NoError(t, err)
	require.Len(t, history, 30)
	require.Equal(t, 180, steps)
	require.Greater(t, history[0].Train.Loss(), 2*history[29].Train.Loss())

	set := stripes(images)
	m, err := train.Evaluate(t.Context(), tr.Model, set.Batches(set.Norm(), 10))
	require.NoError(t, err)
	require.Greater(t, m.Accuracy(), 0.95)
	whole, err := train.Evaluate(t.Context(), tr.Model, set.Batches(set.Norm(), images))
	require.NoError(t, err)
	require.InDelta(t, whole.Loss(), m.Loss(), 1e-6)
	require.Equal(t, whole.Accuracy(), m.Accuracy())

	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errCause)
	_, err = train.Evaluate(ctx, tr.Model, set.Batches(set.Norm(), 10))
	require.ErrorIs(t, err, errCause)
	require.ErrorIs(t, err, context.Canceled)
}

// A run that is stopped after any number of steps, by its context or by a hook, and continued by new objects from the
// checkpoint, ends with the same checkpoints, byte for byte, as one that was not. Step 6, 18 and 24 are followed by an
// evaluation, which is then left to the next run.
func TestResumeIsExact(t *testing.T) {
	for _, optimizer := range []string{"sgd", "adamw"} {
		straight := filepath.Join(t.TempDir(), "net.safetensors")
		whole := newTrainer(optimizer, straight)
		whole.Best = straight + ".best"
		history, err := whole.Run(t.Context())
		require.NoError(t, err)
		for _, stops := range [][]int{{1}, {6}, {15}, {24}, {3, 4, 6, 11, 18, 23}} {
			t.Run(fmt.Sprintf("%s/stops=%v", optimizer, stops), func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "net.safetensors")
				for i, stop := range stops {
					tr := newTrainer(optimizer, path)
					tr.Best = path + ".best"
					if i > 0 {
						require.NoError(t, tr.Resume())
					}
					if i%2 == 0 {
						runUntil(t, tr, stop)
					} else {
						failAt(t, tr, stop)
					}
				}
				last := newTrainer(optimizer, path)
				last.Best = path + ".best"
				require.NoError(t, last.Resume())
				got, err := last.Run(t.Context())
				require.NoError(t, err)
				require.Equal(t, history, got)
				requireSameState(t, whole.Model, last.Model)
				require.True(t, read(t, straight) == read(t, path), "checkpoints differ")
				require.True(t, read(t, straight+".best") == read(t, path+".best"), "best checkpoints differ")
			})
		}
	}
}

// runUntil cancels the run when it has done the given number of steps, counted from the beginning.
func runUntil(t testing.TB, tr *trainer, step int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	tr.Each = func(p train.Step) {
		if p.Done == step {
			cancel()
		}
	}
	_, err := tr.Run(ctx)
	require.ErrorIs(t, err, context.Canceled)
	requireStopped(t, err, step)
}

// failAt has the hook fail after the given number of steps.
func failAt(t testing.TB, tr *trainer, step int) {
	t.Helper()
	tr.OnStep = func(s train.Step) error {
		if s.Done == step {
			return errCause
		}
		return nil
	}
	_, err := tr.Run(t.Context())
	require.ErrorIs(t, err, errCause)
	requireStopped(t, err, step)
}

func requireStopped(t testing.TB, err error, step int) {
	t.Helper()
	require.ErrorContains(t, err, fmt.Sprintf("train: stopped in epoch %d of 4 after %d of 43 images", (step-1)/6+1, min((step-1)%6*8+8, images)))
}

// Without a last checkpoint, as after a power cut, the steps since the one before are done again.
func TestResumeFromAnOlderCheckpointIsExact(t *testing.T) {
	path := filepath.Join(t.TempDir(), "net.safetensors")
	var old []byte
	first := newTrainer("sgd", path)
	first.SaveEvery = 4
	first.Each = func(p train.Step) {
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
	second.Each = func(train.Step) { steps++ }
	got, err := second.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, 24-8, steps)
	require.Equal(t, want, got)
	requireSameState(t, first.Model, second.Model)
}

func TestResumeWithMoreEpochs(t *testing.T) {
	steady := func(epochs int, path string) *trainer {
		tr := newTrainer("sgd", path)
		tr.Schedule, tr.Epochs = optim.Constant(0.05), epochs
		return tr
	}
	whole := steady(4, "")
	want, err := whole.Run(t.Context())
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "net.safetensors")
	for epochs := 1; epochs <= 4; epochs++ {
		tr := steady(epochs, path)
		if epochs > 1 {
			require.NoError(t, tr.Resume())
		}
		got, err := tr.Run(t.Context())
		require.NoError(t, err)
		require.Equal(t, want[:epochs], got)
		if epochs == 4 {
			requireSameState(t, whole.Model, tr.Model)
		}
	}
}

func TestLossThatIsNotFiniteStopsAndKeepsTheCheckpoint(t *testing.T) {
	path := filepath.Join(t.TempDir(), "net.safetensors")
	tr := newTrainer("sgd", path)
	var before []byte
	tr.Each = func(p train.Step) {
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
		tr.Each = func(p train.Step) {
			if p.Done == last {
				tr.Model.(*net).fc.Bias.Value.Data()[1] = float32(math.Inf(1))
			}
		}
		for range 2 { // the second Run cannot make it good
			history, err := tr.Run(t.Context())
			require.Len(t, history, last/6-1)
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
		tr.Each = nil
		_, err = tr.Run(t.Context())
		require.NoError(t, err)
	}
}

func TestWeightsThatAreNotFiniteAreAnErrorWithoutACheckpoint(t *testing.T) {
	tr := newTrainer("sgd", "")
	tr.Each = func(p train.Step) {
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
		{"other dataset", "it is of a run on 44 images in batches of 8, now there are 43 in batches of 8", meta(`{"version":2,"rand":"cGNnOgAAAAAAAAAAAAAAAAAAAAA=","sampler":{"len":44,"batch":8}}`)},
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
		means = append(means, map[string]float64{"loss": s.Train.Loss(), "accuracy": s.Train.Accuracy()})
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
		require.InDelta(t, history[i].Train.LossSum, got[i].Train.LossSum, 1e-12)
		got[i].Train.LossSum = history[i].Train.LossSum
		if i < 2 { // without validation then
			require.Zero(t, got[i].Valid)
			got[i].Valid = history[i].Valid
		}
		got[i].Best = history[i].Best // as of what is known
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
