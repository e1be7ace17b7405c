package boost

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/tensor"
)

func TestOneHot(t *testing.T) {
	y, err := OneHot([]int{2, 0}, 3)
	require.NoError(t, err)
	require.Equal(t, []float32{0, 0, 1, 1, 0, 0}, y.Data())
	for _, label := range []int{-1, 3} {
		_, err := OneHot([]int{0, label}, 3)
		require.ErrorIs(t, err, ErrData)
		require.ErrorContains(t, err, "row 1")
	}
	_, err = OneHot(nil, 0)
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
			e, err := Fit(context.Background(), c, d, nil)
			require.ErrorIs(t, err, ErrData)
			require.ErrorContains(t, err, "training data")
			require.Nil(t, e)
		})
		t.Run("validation/"+name, func(t *testing.T) {
			_, err := Fit(context.Background(), c, good, &d)
			require.ErrorIs(t, err, ErrData)
			require.ErrorContains(t, err, "validation data")
		})
	}
	t.Run("validation/other width", func(t *testing.T) {
		_, err := Fit(context.Background(), c, good, &Data{X: tensor.New(12, 5), Y: good.Y})
		require.ErrorIs(t, err, ErrData)
	})
	t.Run("row is named", func(t *testing.T) {
		_, err := Fit(context.Background(), c, cases["NaN target"], nil)
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
		"Config.Loss is nil":                func(c *Config) { c.Loss = nil },
		"Config.Learner is nil":             func(c *Config) { c.Learner = nil },
		"Config.Stages is 0":                func(c *Config) { c.Stages = 0 },
		"Config.Rate is 0":                  func(c *Config) { c.Rate = 0 },
		"Config.Rate is 1.1":                func(c *Config) { c.Rate = 1.1 },
		"Config.Rate is NaN":                func(c *Config) { c.Rate = math.NaN() },
		"Config.Subsample is 2":             func(c *Config) { c.Subsample = 2 },
		"Config.Patience is -1":             func(c *Config) { c.Patience = -1 },
		"Config.Patience is 1":              func(c *Config) { c.Patience = 1 },
		"MLP.Hidden is 0":                   func(c *Config) { c.Learner = MLP{} },
		"Training.Epochs is -1":             trained(Training{Epochs: -1}),
		"Training.Batch is -1":              trained(Training{Batch: -1}),
		"Training.Rate is NaN":              trained(Training{Rate: math.NaN()}),
		"Training.Rate is 1e+15":            trained(Training{Rate: 1e15}),
		"Training.Rate is +Inf":             trained(Training{Rate: math.Inf(1)}),
		"Training.WeightDecay is 501":       trained(Training{WeightDecay: 501}),
		"Training.WeightDecay is 1e+39":     trained(Training{Rate: 1e-50, WeightDecay: 1e39}),
		"Training.WeightDecay is +Inf":      trained(Training{WeightDecay: math.Inf(1)}),
		"Training.WeightDecay is NaN":       trained(Training{WeightDecay: math.NaN()}),
		"Conv needs rows [H, W, C]":         func(c *Config) { c.Learner = Conv{Channels: 2, Hidden: 4} },
		"Conv.Channels is 0":                func(c *Config) { c.Learner = Conv{Hidden: 4} },
		"Conv.Hidden is 0":                  func(c *Config) { c.Learner = Conv{Channels: 4} },
		"*boost.lineLearner has no feature": func(c *Config) { c.Learner, c.Chained = line{}, true },
	}
	d := blobs(t, 4, 3, 1)
	_, err := Fit(context.Background(), good, d, nil)
	require.NoError(t, err)
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			c := good
			change(&c)
			_, err := Fit(context.Background(), c, d, nil)
			require.ErrorIs(t, err, ErrConfig)
			require.False(t, errors.Is(err, ErrData))
			require.ErrorContains(t, err, name)
			require.NotContains(t, err.Error(), "\n")
		})
	}
	_, err = MLP{Hidden: 4}.New(Input{Row: []int{0}}, 3, 1)
	require.ErrorIs(t, err, ErrConfig)
	_, err = Conv{Channels: 1, Hidden: 4}.New(Input{Row: []int{4, 4, 1}}, 0, 1)
	require.ErrorIs(t, err, ErrConfig)
}
