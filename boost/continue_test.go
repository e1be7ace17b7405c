package boost

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/tensor"
)

// A fit that goes on from its first stages is the fit that never stopped, to the bit.
func TestAFitGoesOnFromAnEnsemble(t *testing.T) {
	d, valid := blobs(t, 40, 3, 1), blobs(t, 20, 3, 2)
	mlp := MLP{Hidden: 4, Training: Training{Epochs: 2}}
	for name, c := range map[string]Config{
		"trees":       {Learner: Tree{Depth: 3, Columns: 0.5}, Newton: true, Subsample: 0.7},
		"all rows":    {Learner: Tree{Depth: 3}, Newton: true},
		"line search": {Learner: Tree{Depth: 2}},
		"mlp":         {Learner: mlp},
		"chained":     {Learner: mlp, Chained: true},
		"soft":        {Learner: SoftTrees{Trees: 2, Depth: 2, Training: Training{Epochs: 2}}, Chained: true},
		"linear":      {Learner: Linear{}, Newton: true},
		"line":        {Learner: line{}},
	} {
		t.Run(name, func(t *testing.T) {
			c.Loss, c.Stages, c.Rate, c.Valid, c.Seed = Softmax{}, 6, 0.5, &valid, 7
			reports := [2][]Report{}
			hook := func(i int) func(Report) error {
				return func(r Report) error { r.Stages = 6; reports[i] = append(reports[i], r); return nil }
			}
			c.OnStage = hook(0)
			want, err := Fit(t.Context(), d, c)
			require.NoError(t, err)
			c.OnStage, c.Stages = hook(1), 3
			half, err := Fit(t.Context(), d, c)
			require.NoError(t, err)
			before := half.Predict(d.X)
			c.Stages, c.From = 6, half
			got, err := Fit(t.Context(), d, c)
			require.NoError(t, err)
			require.Equal(t, want.Predict(d.X), got.Predict(d.X))
			require.Equal(t, reports[0], reports[1])
			require.Equal(t, 3, half.Len())
			require.Equal(t, before, half.Predict(d.X))
			require.Equal(t, before, got.First(3).Predict(d.X))
		})
	}
}

func TestFirstStages(t *testing.T) {
	for name, c := range ensembles(t) {
		t.Run(name, func(t *testing.T) {
			for m, want := range c.e.Staged(c.d.X) {
				first := c.e.First(m)
				require.Equal(t, m, first.Len())
				requireClose(t, want, first.Predict(c.d.X), 1e-6)
			}
		})
		require.PanicsWithValue(t, "boost: First: 6 of 5 stages", func() { c.e.First(6) })
	}
}

// Patience keeps at least the stages that there were, however bad.
func TestGoingOnWithPatience(t *testing.T) {
	train, valid := noise()
	c := Config{Loss: SquaredError{}, Learner: line{}, Stages: 12, Rate: 0.5}
	from, err := Fit(t.Context(), train, c)
	require.NoError(t, err)
	c.Stages, c.From, c.Valid, c.Patience = 30, from, &valid, 3
	stages := 0
	c.OnStage = func(r Report) error { stages++; require.Equal(t, 12+stages, r.Stage); return nil }
	e, err := Fit(t.Context(), train, c)
	require.NoError(t, err)
	require.Equal(t, 12, e.Len())
	require.Equal(t, 3, stages)
}

func TestWhatCannotGoOn(t *testing.T) {
	d := blobs(t, 10, 2, 1)
	c := Config{Loss: Softmax{}, Learner: MLP{Hidden: 3, Training: Training{Epochs: 1}}, Stages: 2, Rate: 1}
	from, err := Fit(t.Context(), d, c)
	require.NoError(t, err)
	c.From, c.Stages = from, 3
	requireRefused(t, d, c, map[string]func(c *Config){
		"boost: Config.From is boost.MLP: want an ensemble of learners like Learner": func(c *Config) { c.Learner = Tree{} },
		"boost: Config.From is boost.MLP: want":                                      func(c *Config) { c.Learner = MLP{Hidden: 4} },
		"boost: Config.Chained is true: want that of From":                           func(c *Config) { c.Chained = true },
		"boost: Config.Stages is 1: From has more":                                   func(c *Config) { c.Stages = 1 },
		"its steps would change the stages of From":                                  func(c *Config) { c.Corrective = &Training{} },
	})
	d.X = tensor.New(20, 5)
	_, err = Fit(t.Context(), d, c)
	require.ErrorIs(t, err, ErrData)
	require.ErrorContains(t, err, "From was fitted on rows of shape [2] for 2 scores")
}
