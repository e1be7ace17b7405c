package boost_test

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/boost"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/weights"
)

func smallImages() boost.Data {
	rng := rand.New(rand.NewPCG(3, 4))
	x, y := tensor.New(24, 6, 5, 1), tensor.New(24, 2)
	for i := range x.Data() {
		x.Data()[i] = float32(rng.NormFloat64())
	}
	for i := range 24 {
		y.Set(1, i, i%2)
	}
	return boost.Data{X: x, Y: y}
}

func TestAnEnsembleComesBackFromItsFile(t *testing.T) {
	quick := boost.Training{Epochs: 1, Batch: 8}
	train := smallImages()
	card := data.Card{Classes: []string{"no", "yes"}, Norm: data.Norm{Mean: []float32{0.5}, Std: []float32{0.25}}}
	for _, c := range []boost.Config{
		{Learner: boost.MLP{Hidden: 5, Training: quick}},
		{Learner: boost.MLP{Hidden: 5, Training: quick}, Chained: true},
		{Learner: boost.Conv{Channels: 2, Hidden: 4, Training: quick}},
		{Learner: boost.Conv{Channels: 2, Hidden: 4, Training: quick}, Chained: true},
		{Learner: boost.RandomFeatures{Width: 4}},
		{Learner: boost.RandomFeatures{Width: 4}, Chained: true},
		{Learner: boost.Linear{L2: 0.1}},
		{Learner: boost.SoftTrees{Trees: 2, Depth: 3, Training: quick}},
		{Learner: boost.SoftTrees{Trees: 2, Training: quick}, Chained: true, Newton: true},
		{Learner: boost.MLP{Hidden: 5, Training: quick}, Chained: true, Corrective: &quick},
		{Learner: boost.Tree{Depth: 3, L2: 1}, Newton: true},
		{Learner: boost.Tree{Depth: 3, Categorical: []int{1}, Rising: []int{0}}, Newton: true},
	} {
		c.Loss, c.Stages, c.Rate = boost.Softmax{}, 3, 0.5
		e, err := boost.Fit(t.Context(), train, c)
		require.NoError(t, err)
		path := filepath.Join(t.TempDir(), "ensemble.safetensors")
		require.NoError(t, e.Save(path, card))
		got, gotCard, err := boost.Load(path)
		require.NoError(t, err)
		require.Equal(t, card, gotCard)
		require.Equal(t, 3, got.Len())
		require.True(t, tensor.Equal(e.Predict(train.X), got.Predict(train.X)))
		require.Equal(t, e.Importance(), got.Importance())
		require.True(t, tensor.Equal(e.Forward(autograd.Const(train.X)).Value(), got.Forward(autograd.Const(train.X)).Value()))
		again := filepath.Join(t.TempDir(), "again.safetensors")
		require.NoError(t, got.Save(again, card))
	}
}

// ownLearner makes constants.
type ownLearner struct{}

func (ownLearner) New(_ boost.Input, outputs int, _ *rand.Rand) (boost.Hypothesis, error) {
	return ownConstant(outputs), nil
}

type ownConstant int

func (ownConstant) Fit(context.Context, *tensor.Tensor, *tensor.Tensor, *tensor.Tensor) error {
	return nil
}
func (c ownConstant) Forward(x *autograd.Var) *autograd.Var {
	return autograd.Const(tensor.Full(0.1, x.Shape()[0], int(c)))
}

func TestFilesThatAreNotOfAnEnsemble(t *testing.T) {
	train := smallImages()
	own, err := boost.Fit(t.Context(), train, boost.Config{Loss: boost.Softmax{}, Learner: ownLearner{}, Stages: 1, Rate: 1})
	require.NoError(t, err)
	require.ErrorContains(t, own.Save(filepath.Join(t.TempDir(), "x"), data.Card{}), "learners of a boost_test.ownLearner")

	e, err := boost.Fit(t.Context(), train, boost.Config{Loss: boost.Softmax{}, Learner: boost.MLP{Hidden: 5, Training: boost.Training{Epochs: 1}}, Stages: 2, Rate: 1})
	require.NoError(t, err)
	require.ErrorContains(t, e.Save(filepath.Join(t.TempDir(), "x"), data.Card{Classes: []string{"one"}}), "names of 1 classes for 2 outputs")
	type object = map[string]any
	mlp := object{"Hidden": 5}
	for says, config := range map[string]object{
		"names 0 kinds of learners":                 {"row": []int{6, 5, 1}, "outputs": 2, "stages": 2},
		"rows of shape [1000000000 1000000000]":     {"row": []int{1e9, 1e9}, "outputs": 2, "stages": 2, "mlp": mlp},
		"names 2 kinds of learners":                 {"row": []int{6, 5, 1}, "outputs": 2, "stages": 2, "mlp": mlp, "tree": object{}},
		"chains trees":                              {"row": []int{6, 5, 1}, "outputs": 2, "stages": 2, "chained": true, "tree": object{}},
		"boost: Tree.Leaves is 1":                   {"row": []int{6, 5, 1}, "outputs": 2, "stages": 2, "tree": object{"Leaves": 1}},
		"no tensor stages.0.tree.0":                 {"row": []int{6, 5, 1}, "outputs": 2, "stages": 2, "tree": object{}},
		"0 outputs":                                 {"row": []int{6, 5, 1}, "outputs": 0, "stages": 2, "mlp": mlp},
		"1000000 stages":                            {"row": []int{6, 5, 1}, "outputs": 2, "stages": 1_000_000, "mlp": mlp},
		"more elements than the file has":           {"row": []int{6, 5, 1}, "outputs": 2, "stages": 2, "mlp": object{"Hidden": 300}},
		"missing: stages.2.scale":                   {"row": []int{6, 5, 1}, "outputs": 2, "stages": 3, "mlp": object{"Hidden": 1}},
		"unexpected: stages.1":                      {"row": []int{6, 5, 1}, "outputs": 2, "stages": 1, "mlp": mlp},
		"boost: Training.Epochs is -1":              {"row": []int{6, 5, 1}, "outputs": 2, "stages": 2, "mlp": object{"Hidden": 5, "Training": object{"Epochs": -1}}},
		"boost: Input.Row is [30]: Conv wants rows": {"row": []int{30}, "outputs": 2, "stages": 2, "conv": object{"Hidden": 5, "Channels": 1}},
	} {
		meta, err := data.Card{}.Describe("boost", config)
		require.NoError(t, err)
		path := filepath.Join(t.TempDir(), "ensemble.safetensors")
		require.NoError(t, weights.Save(path, &weights.File{Tensors: weights.FromState(nn.State(e)), Meta: meta}))
		got, _, err := boost.Load(path)
		require.ErrorContains(t, err, says)
		require.ErrorContains(t, err, path)
		require.Nil(t, got)
	}
}
