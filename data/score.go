package data

import (
	"fmt"

	"github.com/residuum-go/residuum/tensor"
)

// Score is how well something classifies. It holds sums, so scores of disjoint examples add up.
type Score struct {
	Examples  int     `json:"examples"`
	Correct   int     `json:"correct"`
	LossSum   float64 `json:"loss_sum"`             // cross-entropy in nats, over the finite examples
	NonFinite int     `json:"non_finite,omitempty"` // examples with a NaN or infinite logit: errors without a loss
}

// ScoreOf scores logits [N, classes] against N labels by [tensor.Predictions]: an example with a NaN or
// infinite logit is an error, and has no loss.
func ScoreOf(logits *tensor.Tensor, labels []int) Score {
	if logits.Rank() != 2 || logits.Dim(0) != len(labels) {
		panic(fmt.Sprintf("data: ScoreOf: logits %v for %d labels", logits.Shape(), len(labels)))
	}
	s := Score{Examples: len(labels)}
	var memory [256]int // a batch of so many allocates nothing
	predicted := tensor.Predictions(memory[:0], logits)
	for i, p := range predicted {
		switch {
		case p < 0:
			s.NonFinite++
		case p == labels[i]:
			s.Correct++
		}
	}
	if s.NonFinite > 0 {
		logits, labels = finiteRows(logits, labels, predicted)
	}
	if n := len(labels); n > 0 {
		s.LossSum = float64(n) * tensor.CrossEntropy(logits, labels, 0)
	}
	return s
}

// finiteRows returns the rows that predict something, and their labels.
func finiteRows(logits *tensor.Tensor, labels, predicted []int) (*tensor.Tensor, []int) {
	var rows, kept []int
	for i, p := range predicted {
		if p >= 0 {
			rows, kept = append(rows, i), append(kept, labels[i])
		}
	}
	return tensor.Gather(nil, logits, rows), kept
}

// Accuracy returns the share of examples classified correctly.
func (s Score) Accuracy() float64 { return float64(s.Correct) / float64(max(s.Examples, 1)) }

// Error returns 1 - Accuracy.
func (s Score) Error() float64 { return 1 - s.Accuracy() }

// Loss returns the mean cross-entropy in nats over the examples with finite logits.
func (s Score) Loss() float64 { return s.LossSum / float64(max(s.Examples-s.NonFinite, 1)) }

// Plus returns the score of the examples of s and o together.
func (s Score) Plus(o Score) Score {
	return Score{s.Examples + o.Examples, s.Correct + o.Correct, s.LossSum + o.LossSum, s.NonFinite + o.NonFinite}
}

// String returns a line such as "91.3 % of 10000 right, loss 0.2412".
func (s Score) String() string {
	line := fmt.Sprintf("%.1f %% of %d right, loss %.4f", 100*s.Accuracy(), s.Examples, s.Loss())
	if s.NonFinite > 0 {
		line += fmt.Sprintf(" without %d that are not finite", s.NonFinite)
	}
	return line
}
