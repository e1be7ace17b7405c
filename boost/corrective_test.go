package boost

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum"
	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/tensor"
)

func growNet() Config {
	return Config{
		Loss: Softmax{}, Learner: MLP{Hidden: 8, Training: Training{Epochs: 2, Batch: 32, Rate: 0.01}}, Stages: 4, Rate: 0.5,
		Newton: true, Chained: true, Corrective: &Training{Epochs: 2, Batch: 32, Rate: 0.003}, Seed: 1,
	}
}

func TestTheCorrectiveStepLowersTheLoss(t *testing.T) {
	train := images(t, 400, 1)
	loss := func(c Config) float64 {
		e, err := Fit(context.Background(), train, c)
		require.NoError(t, err)
		return meanLoss(c.Loss, e.Predict(train.X), train)
	}
	c := growNet()
	corrected := loss(c)
	c.Corrective = nil
	require.Less(t, corrected, 0.8*loss(c))
}

// Boost rates are learned, each by itself.
func TestBoostRatesAreLearned(t *testing.T) {
	e, err := Fit(context.Background(), images(t, 400, 1), growNet())
	require.NoError(t, err)
	seen := map[float64]bool{}
	for m := range e.Len() {
		seen[e.Scale(m)] = true
		require.InDelta(t, 0.5, e.Scale(m), 0.3)
	}
	require.Len(t, seen, e.Len())
	require.NotContains(t, seen, 0.5)
}

// What the corrective step follows is the gradient of the ensemble's loss by all factors and weights: its forward pass is
// the ensemble's, and a small step along the gradient changes the loss by the gradient's square.
func TestGradientOfTheCorrectiveStep(t *testing.T) {
	for _, learner := range learners() {
		for _, chained := range []bool{false, true} {
			d, c := images(t, 50, 1), growNet()
			c.Learner, c.Chained, c.Corrective = learner, chained, nil
			e, err := Fit(context.Background(), d, c)
			require.NoError(t, err)
			var scales []*autograd.Param
			for _, s := range e.stages {
				scales = append(scales, autograd.NewParam(s.scale))
			}
			flat := d.X.Reshape(50, 64)
			requireClose(t, e.Predict(d.X), e.scores(autograd.Const(flat), scales).Value(), 1e-4)
			value := func() float64 { return meanLoss(c.Loss, e.Predict(d.X), d) }
			tape := autograd.NewTape(1)
			tape.Backward(autograd.Mean(c.Loss.Rows(e.scores(tape.Input(flat), scales), d.Y)))
			slope, moved := 0.0, 0
			move := func(by float32) {
				for _, p := range e.trainable(scales) {
					if p.Grad != nil {
						tensor.AddScaled(p.Value, p.Value, by, p.Grad)
					}
				}
			}
			for _, p := range e.trainable(scales) {
				if p.Grad != nil {
					slope += tensor.Norm(p.Grad) * tensor.Norm(p.Grad)
					moved++
				}
			}
			require.Greater(t, moved, 2*len(scales))
			h := float32(0.005 / slope)
			move(h)
			up := value()
			move(-2 * h)
			require.InEpsilon(t, slope, (up-value())/(2*float64(h)), 0.05, "%T chained=%v", learner, chained)
		}
	}
}

func TestCorrectedEnsemblesHaveTheSameBits(t *testing.T) {
	train := images(t, 200, 1)
	predict := func(workers int, seed uint64) *tensor.Tensor {
		defer parallel.SetWorkers(workers)()
		c := growNet()
		c.Seed = seed
		e, err := Fit(context.Background(), train, c)
		require.NoError(t, err)
		return e.Predict(train.X)
	}
	want := predict(1, 1)
	require.True(t, tensor.Equal(want, predict(5, 1)))
	require.False(t, tensor.Equal(want, predict(1, 2)))
}

// A corrective step changes stages that are there already. Whatever way a fit ends, the ensemble is what the last report,
// or with Patience the best one, was about.
func TestEndsOfACorrectedFit(t *testing.T) {
	train, valid := images(t, 300, 1), images(t, 100, 2)
	var reports []Report
	c := growNet()
	c.Valid = &valid
	c.OnStage = func(r Report) error { reports = append(reports, r); return nil }
	check := func(e *Ensemble, r Report) {
		t.Helper()
		require.Equal(t, r.Stage, e.Len())
		require.InDelta(t, r.Valid.Loss(), meanLoss(c.Loss, e.Predict(valid.X), valid), 1e-6)
	}

	ctx, cancel := context.WithCancel(context.Background())
	during := c
	during.Learner = cancelling{MLP{Hidden: 8, Training: Training{Epochs: 2, Batch: 32, Rate: 0.01}}, new(int), cancel}
	e, err := Fit(ctx, train, during)
	require.ErrorIs(t, err, context.Canceled)
	require.Len(t, reports, 2)
	check(e, reports[1])

	c.Patience, c.Stages, c.Corrective.Rate, c.Corrective.Epochs = 2, 20, 0.05, 10 // soon too much
	reports = nil
	e, err = Fit(context.Background(), train, c)
	require.NoError(t, err)
	best := reports[0]
	for _, r := range reports {
		if r.Valid.Loss() < best.Valid.Loss() {
			best = r
		}
	}
	require.Less(t, best.Stage, len(reports))
	check(e, best)
}

// cancelling is an MLP that cancels a context when the third hypothesis has been fitted, before its corrective step.
type cancelling struct {
	MLP
	fitted *int
	cancel func()
}

func (c cancelling) New(in Input, outputs int, rng *rand.Rand) (Hypothesis, error) {
	h, err := c.MLP.New(in, outputs, rng)
	if err != nil {
		return nil, err
	}
	return &cancellingNet{h.(*net), c}, nil
}

type cancellingNet struct {
	*net
	of cancelling
}

func (c *cancellingNet) Fit(ctx context.Context, x, target, weight *tensor.Tensor) error {
	err := c.net.Fit(ctx, x, target, weight)
	if *c.of.fitted++; *c.of.fitted == 3 {
		c.of.cancel()
	}
	return err
}

func TestCorrectiveNeedsModules(t *testing.T) {
	d := images(t, 50, 1)
	c := growNet()
	c.Chained, c.Learner = false, line{}
	var fault *residuum.ConfigError
	_, err := Fit(context.Background(), Data{X: d.X.Reshape(50, 64), Y: d.Y}, c)
	require.ErrorAs(t, err, &fault)
	require.Equal(t, "Learner", fault.Field)
	c = growNet()
	c.Corrective.Rate = 2
	_, err = Fit(context.Background(), d, c)
	require.ErrorAs(t, err, &fault)
	require.Equal(t, "boost.Training", fault.Struct)
}
