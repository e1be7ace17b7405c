package data_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/tensor"
)

func TestScoreOf(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	s := data.ScoreOf(tensor.From([]float32{2, 1, 0, 3, 1, 1, nan, 9, inf, 0}, 5, 2), []int{0, 0, 0, 1, 0})
	require.Equal(t, 5, s.Examples)
	require.Equal(t, 2, s.Correct) // ties go to the first class
	require.Equal(t, 2, s.NonFinite)
	want := math.Log(1+math.Exp(-1)) + math.Log(1+math.Exp(3)) + math.Ln2
	require.InDelta(t, want, s.LossSum, 1e-12)
	require.InDelta(t, want/3, s.Loss(), 1e-12)
	require.InDelta(t, 0.6, s.Error(), 1e-12)

	// A lesion may leave nothing but NaN: whatever the label, that is an error without a loss.
	all := data.ScoreOf(tensor.Full(nan, 2, 2), []int{0, 1})
	require.Equal(t, data.Score{Examples: 2, NonFinite: 2}, all)
	require.Equal(t, data.Score{Examples: 1, NonFinite: 1}, data.ScoreOf(tensor.From([]float32{0, -inf}, 1, 2), []int{0}))
	text, err := json.Marshal(all)
	require.NoError(t, err)
	require.JSONEq(t, `{"examples":2,"correct":0,"loss_sum":0,"non_finite":2}`, string(text))
}

func TestScoresAddUp(t *testing.T) {
	logits, labels := tensor.New(300, 3), make([]int, 300) // more than fit on the stack
	for i := range labels {
		labels[i] = i % 3
		logits.Set(float32(i%7), i, i%2)
	}
	logits.Set(float32(math.Inf(-1)), 299, 2)
	whole := data.ScoreOf(logits, labels)
	parts := data.ScoreOf(logits.Slice(0, 100), labels[:100]).Plus(data.ScoreOf(logits.Slice(100, 300), labels[100:]))
	require.InDelta(t, whole.LossSum, parts.LossSum, 1e-9)
	parts.LossSum = whole.LossSum
	require.Equal(t, whole, parts)
	require.Equal(t, data.Score{}, data.ScoreOf(tensor.New(0, 3), nil))
	require.Equal(t, 0.0, data.Score{}.Loss())
	require.PanicsWithValue(t, "data: ScoreOf: logits [300 3] for 2 labels", func() { data.ScoreOf(logits, labels[:2]) })
}

func TestScoreAsText(t *testing.T) {
	s := data.Score{Examples: 400, Correct: 365, LossSum: 100}
	require.Equal(t, "91.2 % of 400 right, loss 0.2500", s.String())
	s.NonFinite = 200
	require.Equal(t, "91.2 % of 400 right, loss 0.5000 without 200 that are not finite", s.String())
}
