package boost

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/tensor"
)

// With squared error and exact lines every stage finds the residual of the one line through the
// data, so F_m = mean + (1 - (1-nu)^m) (line - mean) and rho = 1.
func TestSquaredErrorByHand(t *testing.T) {
	d := Data{
		X:      tensor.From([]float32{0, 1, 2, 3}, 4, 1),
		Y:      tensor.From([]float32{1, 3, 2, 6}, 4, 1),
		Weight: tensor.From([]float32{1, 2, 1, 1}, 4),
	}
	// Weighted: sum w = 5, mean x = 7/5, mean y = 3, slope = sum w (x-7/5)(y-3) / sum w (x-7/5)^2 = 7/5.2.
	mean, meanX, slope := 3.0, 1.4, 7/5.2
	for _, newton := range []bool{false, true} {
		const nu = 0.4
		var reports []Report
		c := Config{Loss: SquaredError{}, Learner: line{}, Stages: 5, Rate: nu, Newton: newton,
			OnStage: func(r Report) error { reports = append(reports, r); return nil }}
		e, err := Fit(context.Background(), d, c)
		require.NoError(t, err)
		require.Equal(t, 5, e.Len())
		for m, f := range e.Staged(d.X) {
			share := 1 - math.Pow(1-nu, float64(m))
			loss := 0.0
			for i := range 4 {
				x := float64(d.X.At(i, 0))
				want := mean + share*slope*(x-meanX)
				require.InDelta(t, want, f.At(i, 0), 1e-5, "stage %d row %d", m, i)
				loss += float64(d.Weight.At(i)) / 5 * math.Pow(want-float64(d.Y.At(i, 0)), 2) / 2
			}
			if m > 0 {
				r := reports[m-1]
				require.Equal(t, []int{m, 5, 4}, []int{r.Stage, r.Stages, r.Rows})
				require.InDelta(t, 1, r.Rho, 1e-4)
				require.InDelta(t, loss, r.Train.Loss(), 1e-5)
				require.Equal(t, data.Score{Examples: 4, LossSum: r.Train.LossSum}, r.Train)
				require.Zero(t, r.Valid)
			}
		}
	}
}

func TestTargetsAreNegativeGradients(t *testing.T) {
	d := blobs(t, 20, 3, 1)
	for _, newton := range []bool{false, true} {
		var fitted []*lineLearner
		c := Config{Loss: Softmax{}, Learner: line{&fitted}, Stages: 6, Rate: 0.2, Newton: newton}
		e, err := Fit(context.Background(), d, c)
		require.NoError(t, err)
		for m, f := range e.Staged(d.X) {
			if m == e.Len() {
				break
			}
			// Softmax by hand: -g = y - p, H = p (1 - p).
			p := tensor.Softmax(nil, f)
			residual := tensor.Sub(nil, d.Y, p)
			requireClose(t, tensor.Neg(nil, gradient(nil, Softmax{}, f, d)), residual, 1e-5)
			if !newton {
				require.Nil(t, fitted[m].weight)
				requireClose(t, residual, fitted[m].target, 1e-5)
				continue
			}
			h := tensor.Mul(nil, p, tensor.AddScalar(nil, tensor.Neg(nil, p), 1))
			requireClose(t, h, fitted[m].weight, 1e-4)
			step := tensor.Div(nil, residual, h)
			for i, v := range step.Data() {
				step.Data()[i] = min(max(v, -zMax), zMax)
			}
			requireClose(t, step, fitted[m].target, 1e-4)
		}
	}
}

func TestTrainingLossFalls(t *testing.T) {
	ctx := context.Background()
	for name, c := range lossCases(t) {
		for _, newton := range []bool{false, true} {
			k := c.y.Dim(1)
			d := Data{X: random(8, 12, 3), Y: c.y, Weight: tensor.Abs(nil, random(9, 12))}
			f0, err := start(c.loss, d)
			require.NoError(t, err)
			last := meanLoss(c.loss, tensor.BroadcastTo(nil, f0, 12, k), d)
			first := last
			_, err = Fit(ctx, d, Config{
				Loss: c.loss, Learner: line{}, Stages: 10, Rate: 0.1, Newton: newton,
				OnStage: func(r Report) error {
					require.LessOrEqual(t, r.Train.Loss(), last+1e-6, "%s stage %d", name, r.Stage)
					last = r.Train.Loss()
					return nil
				},
			})
			require.NoError(t, err)
			require.Less(t, last, first, name)
		}
	}
}

func TestSubsample(t *testing.T) {
	d := blobs(t, 50, 2, 1)
	var fitted []*lineLearner
	c := Config{Loss: Softmax{}, Learner: line{&fitted}, Stages: 3, Rate: 0.5, Subsample: 0.3, Seed: 4}
	_, err := Fit(context.Background(), d, c)
	require.NoError(t, err)
	for _, l := range fitted {
		require.Equal(t, []int{30, 2}, l.x.Shape())
	}
	require.False(t, tensor.Equal(fitted[0].x, fitted[1].x), "drawn anew")
	for i := range 30 { // every row is one of the data, with its own target
		row, found := fitted[0].x.Slice(i, i+1), false
		for j := range 100 {
			same := tensor.Equal(row, d.X.Slice(j, j+1))
			found = found || same && (d.Y.At(j, 0) == 1) == (fitted[0].target.At(i, 0) > 0)
		}
		require.True(t, found)
	}
}

func TestWeightsCountRows(t *testing.T) {
	// A row of weight two is the same as two rows.
	d := blobs(t, 10, 2, 1)
	weight := tensor.Full(1, 20)
	rows := make([]int, 0, 30)
	for i := range 20 {
		rows = append(rows, i)
		if i%2 == 0 {
			weight.Data()[i] = 2
			rows = append(rows, i)
		}
	}
	double := Data{X: tensor.Gather(nil, d.X, rows), Y: tensor.Gather(nil, d.Y, rows)}
	for _, newton := range []bool{false, true} {
		c := Config{Loss: Softmax{}, Learner: line{}, Stages: 4, Rate: 0.5, Newton: newton}
		a, err := Fit(context.Background(), Data{X: d.X, Y: d.Y, Weight: weight}, c)
		require.NoError(t, err)
		b, err := Fit(context.Background(), double, c)
		require.NoError(t, err)
		requireClose(t, a.Predict(d.X), b.Predict(d.X), 1e-3)
	}
}

func TestSameBits(t *testing.T) {
	train, test := images(t, 200, 1), images(t, 50, 2)
	for _, c := range []Config{
		{Loss: Softmax{}, Learner: MLP{Hidden: 8}, Stages: 3, Rate: 0.5, Subsample: 0.8, Chained: true, Seed: 1},
		{Loss: Softmax{}, Learner: Conv{Channels: 4, Hidden: 8}, Stages: 2, Rate: 0.5, Newton: true, Seed: 1},
	} {
		var want *tensor.Tensor
		for _, workers := range []int{1, 2, 5} {
			restore := parallel.SetWorkers(workers)
			e, err := Fit(context.Background(), train, c)
			require.NoError(t, err)
			got := e.Predict(test.X)
			restore()
			if want == nil {
				want = got
			}
			require.True(t, tensor.Equal(want, got), "workers=%d", workers)
		}
		c.Seed++
		e, err := Fit(context.Background(), train, c)
		require.NoError(t, err)
		require.False(t, tensor.Equal(want, e.Predict(test.X)), "another seed")
	}
}

func TestCancel(t *testing.T) {
	d := blobs(t, 30, 3, 1)
	ctx, cancel := context.WithCancel(context.Background())
	c := Config{Loss: Softmax{}, Learner: MLP{Hidden: 4}, Stages: 5, Rate: 0.5,
		Progress: func(done, total int) {
			require.Equal(t, 5, total)
			if done == 2 {
				cancel()
			}
		}}
	e, err := Fit(ctx, d, c)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "stage 3 of 5")
	require.Equal(t, 2, e.Len())
	require.Equal(t, []int{90, 3}, e.Predict(d.X).Shape())

	l, err := MLP{Hidden: 4}.New(Input{Row: []int{2}}, 3, rand.New(rand.NewPCG(1, 0)))
	require.NoError(t, err)
	require.ErrorIs(t, l.Fit(ctx, d.X, d.Y, nil), context.Canceled, "within a stage")
}

// An error of OnStage ends the fit with that stage, and with Patience as any other end does.
func TestHookThatFails(t *testing.T) {
	train, valid := noise()
	stop := errors.New("enough")
	c := Config{Loss: SquaredError{}, Learner: line{}, Stages: 30, Rate: 0.5, Valid: &valid}
	var last Report
	c.OnStage = func(r Report) error {
		if last = r; r.Stage == 12 {
			return stop
		}
		return nil
	}
	e, err := Fit(context.Background(), train, c)
	require.ErrorIs(t, err, stop)
	require.EqualError(t, err, "boost: Fit: after stage 12 of 30: enough")
	require.Equal(t, 12, e.Len())
	require.InDelta(t, scoreOf(c.Loss, e.Predict(valid.X), valid).Loss(), last.Valid.Loss(), 1e-6)
	c.Patience = 25
	best, err := Fit(context.Background(), train, c)
	require.ErrorIs(t, err, stop)
	require.Less(t, best.Len(), 12)
}

func TestReportAsText(t *testing.T) {
	r := Report{Stage: 3, Stages: 27, Train: data.Score{Examples: 40, Correct: 30, LossSum: 20}, classes: true}
	require.Equal(t, "stage 3 of 27: 75.0 % of 40 right, loss 0.5000", r.String())
	r.Valid = data.Score{Examples: 20, Correct: 10, LossSum: 20}
	require.Equal(t, "stage 3 of 27: 75.0 % of 40 right, loss 0.5000; validation 50.0 % of 20 right, loss 1.0000", r.String())
	r.classes = false
	require.Equal(t, "stage 3 of 27: loss 0.5000; validation loss 1.0000", r.String())
}

func TestDivergence(t *testing.T) {
	d := blobs(t, 200, 3, 1)
	tensor.Scale(d.X, d.X, 1e30)
	c := Config{Loss: Softmax{}, Learner: MLP{Hidden: 4}, Stages: 5, Rate: 0.5}
	e, err := Fit(context.Background(), d, c)
	require.ErrorIs(t, err, ErrDiverged)
	require.False(t, errors.Is(err, ErrData))
	require.Zero(t, e.Len())
}

func TestPatience(t *testing.T) {
	train, valid := noise()
	var losses []float64
	c := Config{Loss: SquaredError{}, Learner: line{}, Stages: 30, Rate: 0.5, Patience: 3, Valid: &valid,
		OnStage: func(r Report) error { losses = append(losses, r.Valid.Loss()); return nil }}
	e, err := Fit(context.Background(), train, c)
	require.NoError(t, err)
	require.Len(t, losses, e.Len()+3)
	best := scoreOf(SquaredError{}, e.Predict(valid.X), valid).Loss()
	for _, l := range losses[e.Len():] {
		require.GreaterOrEqual(t, l, best)
	}
}

// noise is data whose targets say nothing about x: the validation loss rises as soon as it is learnt.
func noise() (train, valid Data) {
	return Data{X: random(1, 40, 10), Y: random(2, 40, 1)}, Data{X: random(3, 40, 10), Y: random(4, 40, 1)}
}

// interrupted is line, but something happens before learner number at is fitted.
type interrupted struct {
	at    int
	event func() (float32, error) // what is added to the learner's outputs, or why it fails
	made  *int
}

type interruptedHypothesis struct {
	Hypothesis
	event func() (float32, error)
	add   float32
}

func (f interrupted) New(in Input, outputs int, rng *rand.Rand) (Hypothesis, error) {
	l, err := line{}.New(in, outputs, rng)
	*f.made++
	if *f.made == f.at {
		return &interruptedHypothesis{l, f.event, 0}, err
	}
	return l, err
}

func (l *interruptedHypothesis) Fit(ctx context.Context, x, target, weight *tensor.Tensor) (err error) {
	if l.add, err = l.event(); err != nil {
		return err
	}
	return l.Hypothesis.Fit(ctx, x, target, weight)
}

func (l *interruptedHypothesis) Forward(x *autograd.Var) *autograd.Var {
	return autograd.AddScalar(l.Hypothesis.Forward(x), l.add)
}

func TestPatienceHoweverTheFitEnds(t *testing.T) {
	train, valid := noise()
	c := Config{Loss: SquaredError{}, Learner: line{}, Stages: 30, Rate: 0.5, Patience: 25, Valid: &valid}
	full, err := Fit(context.Background(), train, c)
	require.NoError(t, err)
	best := full.Len()
	require.Less(t, best, 10)

	cause := errors.New("the user closed the window")
	failed := errors.New("no such device")
	ctx, cancel := context.WithCancelCause(context.Background())
	for name, end := range map[string]struct {
		event func() (float32, error)
		want  []error
	}{
		"cancelled, the learner says its cause": {
			func() (float32, error) { cancel(cause); return 0, context.Cause(ctx) }, []error{context.Canceled, cause}},
		"cancelled, the learner says no more": {
			func() (float32, error) { cancel(cause); return 0, ctx.Err() }, []error{context.Canceled, cause}},
		"cancelled, the learner goes on": {
			func() (float32, error) { cancel(cause); return 0, nil }, []error{context.Canceled, cause}},
		"diverged": {
			func() (float32, error) { return float32(math.NaN()), nil }, []error{ErrDiverged}},
		"failed": {
			func() (float32, error) { return 0, failed }, []error{failed}},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel = context.WithCancelCause(context.Background())
			defer cancel(nil)
			c.Learner = interrupted{best + 5, end.event, new(int)}
			e, err := Fit(ctx, train, c)
			for _, want := range end.want {
				require.ErrorIs(t, err, want)
			}
			require.Equal(t, best, e.Len())
			require.True(t, tensor.Equal(full.Predict(valid.X), e.Predict(valid.X)))
		})
	}
}

func TestValidationThatDiverges(t *testing.T) {
	train, valid := noise()
	valid.X = set(valid.X, 3e38, 5, 0)
	e, err := Fit(context.Background(), train, Config{Loss: SquaredError{}, Learner: line{}, Stages: 3, Rate: 0.5, Valid: &valid})
	require.ErrorIs(t, err, ErrDiverged)
	require.ErrorContains(t, err, "stage 1 of 3: validation loss is +Inf")
	require.Zero(t, e.Len())
}

func TestLossThatIsNotFiniteFromTheStart(t *testing.T) {
	d := Data{X: random(1, 4, 2), Y: tensor.From([]float32{3e38, -3e38, 3e38, -3e38}, 4, 1)}
	e, err := Fit(context.Background(), d, Config{Loss: SquaredError{}, Learner: line{}, Stages: 2, Rate: 1})
	require.ErrorIs(t, err, ErrDiverged)
	require.ErrorContains(t, err, "before the first stage: training loss is +Inf")
	require.Zero(t, e.Len())
}

func TestCauseOfACancelledFit(t *testing.T) {
	cause := errors.New("the user closed the window")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(cause)
	d := blobs(t, 30, 3, 1)
	_, err := Fit(ctx, d, Config{Loss: Softmax{}, Learner: MLP{Hidden: 4}, Stages: 5, Rate: 0.5})
	l, newErr := MLP{Hidden: 4}.New(Input{Row: []int{2}}, 3, rand.New(rand.NewPCG(1, 0)))
	require.NoError(t, newErr)
	for _, err := range []error{err, l.Fit(ctx, d.X, d.Y, nil)} {
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, cause)
	}
}

func TestUserLoss(t *testing.T) {
	// Counts whose logarithm is linear in x: the two methods of a Loss are enough to fit them.
	x, y := tensor.New(50, 1), tensor.New(50, 1)
	for i := range 50 {
		x.Data()[i] = float32(i)/25 - 1
		y.Data()[i] = float32(math.Exp(0.5 + 1.5*float64(x.Data()[i])))
	}
	for _, newton := range []bool{false, true} {
		c := Config{Loss: poisson{}, Learner: line{}, Stages: 60, Rate: 0.5, Newton: newton}
		e, err := Fit(context.Background(), Data{X: x, Y: y}, c)
		require.NoError(t, err)
		got := e.Forward(autograd.Const(x)).Value()
		requireClose(t, tensor.Log(nil, y), got, 0.02)
	}
}

// growing makes learners whose features get wider, or whose outputs are no numbers.
type growing struct {
	width  *int
	output float32
}

func (f growing) New(in Input, outputs int, rng *rand.Rand) (Hypothesis, error) {
	*f.width++
	l, err := MLP{Hidden: *f.width}.New(in, outputs, rng)
	if err == nil && f.output != 0 {
		return constant{l.(Featured), f.output}, nil
	}
	return l, err
}

type constant struct {
	Featured
	value float32
}

func (c constant) Forward(x *autograd.Var) *autograd.Var { return c.Output(c.Features(x)) }

func (c constant) Output(features *autograd.Var) *autograd.Var {
	return autograd.AddScalar(c.Featured.Output(features), c.value)
}

func TestBadLearners(t *testing.T) {
	d := blobs(t, 10, 2, 1)
	fit := func(output float32, chained bool) error {
		f := growing{new(int), output}
		_, err := Fit(context.Background(), d, Config{Loss: Softmax{}, Learner: f, Stages: 2, Rate: 1, Chained: chained})
		return err
	}
	require.NoError(t, fit(0, false))
	require.ErrorContains(t, fit(0, true), "boost: Config.Learner is boost.growing: it makes a hypothesis with 2 features, those before it have 1")
	require.ErrorIs(t, fit(float32(math.Inf(1)), false), ErrDiverged)
	require.ErrorIs(t, fit(float32(math.NaN()), true), ErrDiverged)
}
