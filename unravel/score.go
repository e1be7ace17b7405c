package unravel

import (
	"fmt"
	"math"
	"slices"

	"github.com/residuum-go/residuum/tensor"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Score is how well a plan classifies. It holds sums, so scores of disjoint examples add up.
type Score struct {
	Examples  int     `json:"examples"`
	Correct   int     `json:"correct"`
	LossSum   float64 `json:"loss_sum"`             // cross-entropy in nats, over the finite examples
	NonFinite int     `json:"non_finite,omitempty"` // examples with a NaN or infinite logit: errors without a loss
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

// ScoreOf scores logits [N, classes] against N labels by [tensor.Predictions]: an example with a NaN or
// infinite logit is an error, and has no loss.
func ScoreOf(logits *tensor.Tensor, labels []int) Score {
	if logits.Rank() != 2 || logits.Dim(0) != len(labels) {
		panic(fmt.Sprintf("unravel: ScoreOf: logits %v for %d labels", logits.Shape(), len(labels)))
	}
	s := Score{Examples: len(labels)}
	classes, predicted := logits.Dim(1), tensor.Predictions(nil, logits)
	for i, label := range labels {
		if label < 0 || label >= classes {
			panic(fmt.Sprintf("unravel: ScoreOf: label %d of %d classes", label, classes))
		}
		if predicted[i] < 0 {
			s.NonFinite++
			continue
		}
		s.LossSum += crossEntropy(logits.Data()[i*classes:(i+1)*classes], label)
		if predicted[i] == label {
			s.Correct++
		}
	}
	return s
}

// crossEntropy returns log sum_c exp(row[c]) - row[label] for finite logits.
func crossEntropy(row []float32, label int) float64 {
	top := float64(slices.Max(row))
	var sum float64
	for _, v := range row {
		sum += math.Exp(float64(v) - top)
	}
	return math.Log(sum) + top - float64(row[label])
}

// Spread describes the values of repeated draws.
type Spread struct {
	Draws  int     `json:"draws"`
	Mean   float64 `json:"mean"`
	Std    float64 `json:"std"` // sample standard deviation, 0 for a single draw
	Min    float64 `json:"min"`
	Median float64 `json:"median"`
	Max    float64 `json:"max"`
	Low    float64 `json:"low"`  // 95 % confidence interval of the mean, Student's t;
	High   float64 `json:"high"` // Low = High = Mean for a single draw
}

// SpreadOf summarises values. It panics if there are none.
func SpreadOf(values []float64) Spread {
	if len(values) == 0 {
		panic("unravel: SpreadOf: no values")
	}
	v := slices.Sorted(slices.Values(values))
	s := Spread{Draws: len(v), Min: v[0], Max: v[len(v)-1], Mean: stat.Mean(v, nil)}
	s.Median = (v[(len(v)-1)/2] + v[len(v)/2]) / 2
	s.Low, s.High = s.Mean, s.Mean
	if len(v) > 1 {
		s.Std = stat.StdDev(v, nil)
		half := studentQuantile(0.95, len(v)) * s.Std / math.Sqrt(float64(len(v)))
		s.Low, s.High = s.Mean-half, s.Mean+half
	}
	return s
}

// studentQuantile returns how many standard errors around the mean of n draws hold the true mean
// with the given probability.
func studentQuantile(level float64, n int) float64 {
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(n - 1)}.Quantile((1 + level) / 2)
}

// meanInterval returns a confidence interval for the mean of what the values were drawn from, by Student's t
// after the cubic transformation that removes its skewness (Hall 1992, "On the Removal of Skewness by
// Transformation"). Norms of gradients are so skewed that without it 30 draws hold the mean nine times in
// ten instead of nineteen in twenty. It needs two values.
func meanInterval(values []float64, level float64) (low, high float64) {
	n := float64(len(values))
	mean, std := stat.MeanStdDev(values, nil)
	var squares, cubes float64
	for _, v := range values {
		d := v - mean
		squares += d * d
		cubes += d * d * d
	}
	skew := cubes / n / math.Pow(squares/n, 1.5)
	at := func(t float64) float64 {
		t /= math.Sqrt(n)
		if !(math.Abs(skew) > 1e-6) { // also if all values are the same
			return t
		}
		return 3 / skew * (math.Cbrt(1+skew*(t-skew/(6*n))) - 1)
	}
	t := studentQuantile(level, len(values))
	return mean - std*at(t), mean - std*at(-t)
}
