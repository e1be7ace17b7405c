package train_test

import (
	"errors"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/tensor"
)

// files is a source that reads, and may fail to.
type files struct {
	*data.Dataset
	bad int // an image that cannot be read, or -1
}

var errRead = errors.New("cat/1.jpg: no picture")

func (f *files) Read(i int, _ *rand.Rand) ([]uint8, error) {
	if i == f.bad {
		return nil, errRead
	}
	return f.Image(i), nil
}

// Where images come from makes no difference. A run that ends at one that cannot be read goes on when it can, with the
// bits of a run that was never stopped.
func TestTrainingFromFiles(t *testing.T) {
	whole := newTrainer("sgd", "")
	want, err := whole.Run(t.Context())
	require.NoError(t, err)

	path := filepath.Join(t.TempDir(), "net.safetensors")
	set, valid := &files{stripes(images), 17}, &files{stripes(20), -1}
	make := func() *trainer {
		tr := newTrainer("sgd", path)
		tr.Loader = newLoader(set, data.LoaderConfig{
			Batch: 8, Shuffle: true, Norm: set.Norm(), Augment: data.Augment{Pad: 1, Flip: true}, Seed: 7, Workers: 2,
		})
		tr.Valid = valid
		return tr
	}
	stopped := make()
	_, err = stopped.Run(t.Context())
	require.ErrorIs(t, err, errRead)
	require.ErrorContains(t, err, "train: stopped in epoch 1 of 4 after ")

	set.bad, valid.bad = -1, 3
	resumed := make()
	require.NoError(t, resumed.Resume())
	_, err = resumed.Run(t.Context())
	require.ErrorContains(t, err, "train: stopped in epoch 1 of 4 after 43 of 43 images: train: Evaluate: cat/1.jpg")

	valid.bad = -1
	again := make()
	require.NoError(t, again.Resume())
	got, err := again.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, want, got)
	requireSameState(t, whole.Model, again.Model)
}

// A mixed batch is trained on its shares.
func TestTrainingOnMixedImages(t *testing.T) {
	set := stripes(images)
	config := data.LoaderConfig{Batch: 8, Shuffle: true, Norm: set.Norm(), Seed: 7, Workers: 2, Mix: data.Mix{MixUp: 0.2, CutMix: 1}}
	run := func(loss func(*autograd.Var, *data.Batch) *autograd.Var) *trainer {
		tr := newTrainer("sgd", "")
		tr.Loader, tr.Loss = newLoader(set, config), loss
		_, err := tr.Run(t.Context())
		require.NoError(t, err)
		return tr
	}
	ours := run(nil)
	byHand := run(func(logits *autograd.Var, b *data.Batch) *autograd.Var {
		return autograd.Mean(autograd.SoftCrossEntropy(logits, b.Targets))
	})
	requireSameState(t, byHand.Model, ours.Model)
	hard := run(func(logits *autograd.Var, b *data.Batch) *autograd.Var {
		return autograd.CrossEntropy(logits, b.Labels, 0)
	})
	require.False(t, tensor.Equal(hard.Model.(*net).fc.Weight.Value, ours.Model.(*net).fc.Weight.Value))

	more := stripes(images)
	more.Classes = 2
	for i := range more.Labels {
		more.Labels[i] %= 2
	}
	tr := newTrainer("sgd", "")
	tr.Loader = newLoader(more, config)
	requireRefused(t, tr, "train: New.loader is *data.Loader: it mixes images of 2 classes, the model has logits for 3")
}
