package boost

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/tensor"
)

// squareSum is a metric of the scores alone.
var squareSum = Metric{Name: "squares", Of: func(f *tensor.Tensor, _ Data) float64 {
	sum := 0.0
	for _, v := range f.Data() {
		sum += float64(v) * float64(v)
	}
	return sum
}}

// Reports say of every set that is watched what the ensemble of so many stages does on it, and the ensemble is the same as
// without; also after corrective steps, which change all stages.
func TestWatchedSets(t *testing.T) {
	train, valid := Data{X: random(1, 60, 3), Y: random(2, 60, 1)}, Data{X: random(3, 20, 3), Y: random(4, 20, 1)}
	other := Data{X: random(5, 30, 3), Y: random(6, 30, 1), Weight: tensor.Full(2, 30)}
	corrective := Training{Epochs: 2, Batch: 20, Rate: 0.01}
	for name, c := range map[string]Config{
		"trees":   {Learner: Tree{Depth: 3}, Patience: 2, Valid: &valid},
		"no set":  {Learner: Tree{Depth: 3}},
		"GrowNet": {Learner: MLP{Hidden: 4, Training: corrective}, Chained: true, Corrective: &corrective, Valid: &valid},
	} {
		t.Run(name, func(t *testing.T) {
			c.Loss, c.Newton, c.Stages, c.Rate, c.Metric = SquaredError{}, true, 8, 0.5, squareSum
			c.Watch = []Data{other, train}
			var last Report
			stop := errors.New("enough")
			c.OnStage = func(r Report) error {
				if last = r; r.Stage == 3 {
					return stop
				}
				return nil
			}
			unstopped := c
			unstopped.Patience = 0
			e, err := Fit(t.Context(), train, unstopped)
			require.ErrorIs(t, err, stop)
			require.Len(t, last.Watched, 2)
			for i, d := range c.Watch {
				scores := e.Predict(d.X)
				require.InDelta(t, scoreOf(c.Loss, scores, d).Loss(), last.Watched[i].Score.Loss(), 1e-5)
				require.InEpsilon(t, squareSum.Of(scores, d), last.Watched[i].Metric, 1e-4)
			}
			require.Contains(t, last.String(), "; set 1 loss ")
			require.Regexp(t, `; set 2 loss \d+\.\d+, squares \d+\.\d+$`, last.String())
			c.OnStage = nil
			watching, err := Fit(t.Context(), train, c)
			require.NoError(t, err)
			c.Watch = nil
			if c.Valid == nil {
				c.Metric = Metric{}
			}
			alone, err := Fit(t.Context(), train, c)
			require.NoError(t, err)
			require.Equal(t, alone.Len(), watching.Len())
			require.Equal(t, alone.Predict(train.X), watching.Predict(train.X))
		})
	}
}

func TestWatchedSetsThatCannotBeUsed(t *testing.T) {
	train := Data{X: random(1, 60, 3), Y: random(2, 60, 1)}
	for text, d := range map[string]Data{
		"set 2 to watch: no inputs or no targets": {},
		"set 2 to watch: inputs [0 3], want":      {X: tensor.New(0, 3), Y: tensor.New(0, 1)},
		"set 2 to watch [5 2], [5 1] and":         {X: random(1, 5, 2), Y: random(2, 5, 1)},
	} {
		c := Config{Loss: SquaredError{}, Learner: Tree{}, Stages: 2, Rate: 0.5, Watch: []Data{train, d}}
		_, err := Fit(t.Context(), train, c)
		require.ErrorIs(t, err, ErrData)
		require.ErrorContains(t, err, text)
	}
}
