package train_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/train"
)

// answers is a model that gives every image the logits that its first pixel names.
type answers [][]float32

func (a answers) Forward(x *autograd.Var) *autograd.Var {
	n := x.Shape()[0]
	var logits []float32
	for _, image := range x.Value().Reshape(n, -1).Data() {
		logits = append(logits, a[int(math.Round(255*float64(image)))]...)
	}
	return autograd.Const(tensor.From(logits, n, len(a[0])))
}

func (answers) Parts() []nn.Part { return nil }

// ask is a dataset of one image for each answer, with the labels given.
func ask(labels ...int) *data.Dataset {
	d := &data.Dataset{Height: 1, Width: 1, Channels: 1, Classes: 2, Labels: labels}
	for i := range labels {
		d.Pixels = append(d.Pixels, uint8(i))
	}
	return d
}

func TestEvaluateSaysWhatIsNotFinite(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	model := answers{{2, 1}, {0, 3}, {nan, nan}, {nan, 0}, {0, nan}, {inf, 0}, {0, -inf}, {1, 1}}
	for _, batch := range []int{1, 3, 100} {
		m, err := train.Evaluate(t.Context(), model, ask(0, 1, 0, 0, 0, 0, 0, 0).Batches(data.Norm{}, batch))
		var e *train.NonFiniteError
		require.ErrorAs(t, err, &e)
		require.Equal(t, train.NonFiniteError{NonFinite: 5, Examples: 8}, *e)
		require.EqualError(t, err, "train: the logits of 5 of 8 examples are NaN or infinite; they count as misclassified")
		require.Equal(t, 3./8, m.Accuracy())
		require.InDelta(t, (math.Log(1+math.Exp(-1))+math.Log(1+math.Exp(-3))+math.Ln2)/3, m.Loss(), 1e-6)
	}
	m, err := train.Evaluate(t.Context(), model, ask(0, 0).Batches(data.Norm{}, 2))
	require.NoError(t, err)
	require.Equal(t, 0.5, m.Accuracy())
	require.InDelta(t, (math.Log(1+math.Exp(-1))+math.Log(1+math.Exp(3)))/2, m.Loss(), 1e-6)
}
