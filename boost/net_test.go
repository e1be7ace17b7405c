package boost

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/tensor"
)

func learners() map[string]Learner {
	t := Training{Epochs: 10, Batch: 32, Rate: 0.01}
	return map[string]Learner{
		"mlp":             MLP{Hidden: 16, Training: t},
		"conv":            Conv{Channels: 4, Hidden: 16, Training: t},
		"random features": RandomFeatures{Width: 64, L2: 1e-4},
	}
}

func TestNetsLearn(t *testing.T) {
	train, test := images(t, 600, 1), images(t, 300, 2)
	for name, learner := range learners() {
		for _, chained := range []bool{false, true} {
			for _, newton := range []bool{false, true} {
				var last Report
				c := Config{Loss: Softmax{}, Learner: learner, Stages: 4, Rate: 0.5, Newton: newton, Chained: chained,
					Valid: &test, OnStage: func(r Report) error { last = r; return nil }}
				e, err := Fit(context.Background(), train, c)
				require.NoError(t, err)
				require.Greater(t, last.Valid.Accuracy(), 0.9, "%s chained=%v newton=%v", name, chained, newton)
				// Of classes it is the score that a network has.
				score := data.ScoreOf(e.Predict(test.X), tensor.ArgMax(test.Y))
				require.InDelta(t, last.Valid.LossSum, score.LossSum, 1e-5*300)
				score.LossSum = last.Valid.LossSum
				require.Equal(t, last.Valid, score)
			}
		}
	}
}

// Scaling the targets scales what is learnt, so one rate suits the large targets of the first stage and
// the small ones of the last; scaling weights, which have mean one by contract, is not in question.
func TestNetFitIsScaleFree(t *testing.T) {
	d := images(t, 200, 1)
	for name, learner := range learners() {
		t.Run(name, func(t *testing.T) {
			var out []*tensor.Tensor
			for _, scale := range []float32{1, 1.0 / 1024} { // a power of two: the same bits
				l, err := learner.New(Input{Row: []int{8, 8, 1}}, 4, rand.New(rand.NewPCG(1, 0)))
				require.NoError(t, err)
				require.NoError(t, l.Fit(context.Background(), d.X, tensor.Scale(nil, d.Y, scale), nil))
				out = append(out, tensor.Scale(nil, l.Forward(autograd.Const(d.X)).Value(), 1/scale))
			}
			requireClose(t, out[0], out[1], 1e-4)
		})
	}
}

func TestNetWeights(t *testing.T) {
	// Two groups of rows with opposite targets for the same x: the weights decide.
	n := 128
	x, y, w := random(1, n, 3), tensor.New(n, 1), tensor.New(n, 1)
	for i := range n {
		copy(x.Data()[3*i:], x.Data()[3*(i/2):3*(i/2)+3])
		y.Data()[i] = float32(2*(i%2) - 1)
		w.Data()[i] = []float32{0.2, 1.8}[i%2]
	}
	l, err := MLP{Hidden: 8, Training: Training{Epochs: 60, Batch: 32, Rate: 0.01}}.New(Input{Row: []int{3}}, 1, rand.New(rand.NewPCG(1, 0)))
	require.NoError(t, err)
	require.NoError(t, l.Fit(context.Background(), x, y, w))
	mean := tensor.Mean(nil, l.Forward(autograd.Const(x)).Value()).Item()
	require.InDelta(t, 0.8, mean, 0.15) // (1.8 - 0.2) / 2
}

func TestNetFitsZeroTargets(t *testing.T) {
	l, err := MLP{Hidden: 8}.New(Input{Row: []int{3}}, 2, rand.New(rand.NewPCG(1, 0)))
	require.NoError(t, err)
	x := random(1, 10, 3)
	require.NoError(t, l.Fit(context.Background(), x, tensor.New(10, 2), nil))
	require.Zero(t, tensor.Norm(l.Forward(autograd.Const(x)).Value()))
}

func TestFewerRowsThanABatch(t *testing.T) {
	l, err := MLP{Hidden: 8}.New(Input{Row: []int{3}}, 2, rand.New(rand.NewPCG(1, 0)))
	require.NoError(t, err)
	require.NoError(t, l.Fit(context.Background(), random(1, 5, 3), random(2, 5, 2), tensor.Full(1, 5, 2)))
}
