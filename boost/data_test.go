package boost

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/tensor"
)

func TestDataOf(t *testing.T) {
	x := tensor.New(2, 5)
	d, err := DataOf(data.Batch{X: x, Labels: []int{2, 0}}, 3)
	require.NoError(t, err)
	require.Equal(t, []float32{0, 0, 1, 1, 0, 0}, d.Y.Data())
	require.Same(t, x, d.X)
	for _, label := range []int{-1, 3} {
		_, err := DataOf(data.Batch{X: x, Labels: []int{0, label}}, 3)
		require.ErrorIs(t, err, ErrData)
		require.ErrorContains(t, err, "row 1")
	}
	for _, b := range []data.Batch{{}, {X: tensor.New()}, {X: x}, {Labels: []int{0, 0}}} {
		_, err = DataOf(b, 3)
		require.ErrorIs(t, err, ErrData)
	}
	_, err = DataOf(data.Batch{X: x, Labels: []int{0, 0}}, 0)
	require.ErrorIs(t, err, ErrData)
}

// set returns t with one element replaced.
func set(t *tensor.Tensor, v float64, index ...int) *tensor.Tensor {
	t = t.Clone()
	t.Set(float32(v), index...)
	return t
}

func TestFitRejectsBadData(t *testing.T) {
	good := blobs(t, 4, 3, 1)
	weight := tensor.Full(1, 12)
	nan, inf := math.NaN(), math.Inf(1)
	cases := map[string]Data{
		"no inputs":           {Y: good.Y},
		"no targets":          {X: good.X},
		"inputs of rank 1":    {X: tensor.New(12), Y: good.Y},
		"no rows":             {X: tensor.New(0, 2), Y: tensor.New(0, 3)},
		"no columns":          {X: tensor.New(12, 0), Y: good.Y},
		"fewer targets":       {X: good.X, Y: good.Y.Slice(0, 11)},
		"targets of rank 1":   {X: good.X, Y: tensor.New(12)},
		"no target columns":   {X: good.X, Y: tensor.New(12, 0)},
		"fewer weights":       {X: good.X, Y: good.Y, Weight: weight.Slice(0, 3)},
		"NaN input":           {X: set(good.X, nan, 7, 1), Y: good.Y},
		"infinite input":      {X: set(good.X, inf, 7, 1), Y: good.Y},
		"NaN target":          {X: good.X, Y: set(good.Y, nan, 7, 1)},
		"target not in range": {X: good.X, Y: set(good.Y, -1, 7, 1)},
		"target row sum":      {X: good.X, Y: set(good.Y, 0.5, 7, 1)},
		"one class":           {X: good.X, Y: tensor.Full(1, 12, 1)},
		"NaN weight":          {X: good.X, Y: good.Y, Weight: set(weight, nan, 7)},
		"negative weight":     {X: good.X, Y: good.Y, Weight: set(weight, -1, 7)},
		"zero weights":        {X: good.X, Y: good.Y, Weight: tensor.New(12)},
	}
	c := Config{Loss: Softmax{}, Learner: line{}, Stages: 1, Rate: 1}
	for name, d := range cases {
		t.Run("training/"+name, func(t *testing.T) {
			e, err := Fit(context.Background(), d, c)
			require.ErrorIs(t, err, ErrData)
			require.ErrorContains(t, err, "training data")
			require.Nil(t, e)
		})
		t.Run("validation/"+name, func(t *testing.T) {
			c := c
			c.Valid = &d
			_, err := Fit(context.Background(), good, c)
			require.ErrorIs(t, err, ErrData)
			require.ErrorContains(t, err, "validation data")
		})
	}
	t.Run("validation/other width", func(t *testing.T) {
		c := c
		c.Valid = &Data{X: tensor.New(12, 5), Y: good.Y}
		_, err := Fit(context.Background(), good, c)
		require.ErrorIs(t, err, ErrData)
	})
	t.Run("row is named", func(t *testing.T) {
		_, err := Fit(context.Background(), cases["NaN target"], c)
		require.ErrorContains(t, err, "row 7")
	})
	t.Run("logistic", func(t *testing.T) {
		require.ErrorIs(t, Logistic{}.Check(set(good.Y, 1.5, 7, 1)), ErrData)
	})
}

func TestFitRejectsBadConfig(t *testing.T) {
	good := Config{Loss: Softmax{}, Learner: MLP{Hidden: 4}, Stages: 1, Rate: 0.5}
	trained := func(t Training) func(c *Config) { return func(c *Config) { c.Learner = MLP{Hidden: 4, Training: t} } }
	cases := map[string]func(c *Config){
		"boost: Config.Loss is <nil>: want":                                       func(c *Config) { c.Loss = nil },
		"boost: Config.Learner is <nil>: want":                                    func(c *Config) { c.Learner = nil },
		"boost: Config.Stages is 0: want":                                         func(c *Config) { c.Stages = 0 },
		"boost: Config.Rate is 0: want":                                           func(c *Config) { c.Rate = 0 },
		"boost: Config.Rate is 1.1: want":                                         func(c *Config) { c.Rate = 1.1 },
		"boost: Config.Rate is NaN: want":                                         func(c *Config) { c.Rate = math.NaN() },
		"boost: Config.Subsample is 2: want":                                      func(c *Config) { c.Subsample = 2 },
		"boost: Config.Patience is -1: want":                                      func(c *Config) { c.Patience = -1 },
		"boost: Config.Patience is 1: there is no":                                func(c *Config) { c.Patience = 1 },
		"boost: MLP.Hidden is 0: want":                                            func(c *Config) { c.Learner = MLP{} },
		"boost: Training.Epochs is -1: want":                                      trained(Training{Epochs: -1}),
		"boost: Training.Batch is -1: want":                                       trained(Training{Batch: -1}),
		"boost: Training.Rate is NaN: want":                                       trained(Training{Rate: math.NaN()}),
		"boost: Training.Rate is 1e+15: want":                                     trained(Training{Rate: 1e15}),
		"boost: Training.Rate is +Inf: want":                                      trained(Training{Rate: math.Inf(1)}),
		"boost: Training.WeightDecay is 501: want":                                trained(Training{WeightDecay: 501}),
		"boost: Training.WeightDecay is 1e+39: want":                              trained(Training{Rate: 1e-50, WeightDecay: 1e39}),
		"boost: Training.WeightDecay is +Inf: want":                               trained(Training{WeightDecay: math.Inf(1)}),
		"boost: Training.WeightDecay is NaN: want":                                trained(Training{WeightDecay: math.NaN()}),
		"boost: Input.Row is [2]: Conv wants rows [H, W, C]":                      func(c *Config) { c.Learner = Conv{Channels: 2, Hidden: 4} },
		"boost: Conv.Channels is 0: want":                                         func(c *Config) { c.Learner = Conv{Hidden: 4} },
		"boost: Conv.Hidden is 0: want":                                           func(c *Config) { c.Learner = Conv{Channels: 4} },
		"boost: Config.Learner is boost.line: *boost.lineLearner has no features": func(c *Config) { c.Learner, c.Chained = line{}, true },
	}
	d := blobs(t, 4, 3, 1)
	_, err := Fit(context.Background(), d, good)
	require.NoError(t, err)
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			c := good
			change(&c)
			_, err := Fit(context.Background(), d, c)
			var config *residuum.ConfigError
			require.ErrorAs(t, err, &config)
			require.False(t, errors.Is(err, ErrData))
			require.ErrorContains(t, err, name)
			require.NotContains(t, err.Error(), "\n")
		})
	}
}
