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
	cases := map[string]func(c *Config){
		"no loss":             func(c *Config) { c.Loss = nil },
		"no learner":          func(c *Config) { c.Learner = nil },
		"no stages":           func(c *Config) { c.Stages = 0 },
		"rate 0":              func(c *Config) { c.Rate = 0 },
		"rate above 1":        func(c *Config) { c.Rate = 1.1 },
		"rate NaN":            func(c *Config) { c.Rate = math.NaN() },
		"subsample":           func(c *Config) { c.Subsample = 2 },
		"patience":            func(c *Config) { c.Patience = -1 },
		"patience, no set":    func(c *Config) { c.Patience = 1 },
		"no hidden units":     func(c *Config) { c.Learner = MLP{} },
		"negative epochs":     func(c *Config) { c.Learner = MLP{Hidden: 4, Training: Training{Epochs: -1}} },
		"infinite rate":       func(c *Config) { c.Learner = MLP{Hidden: 4, Training: Training{Rate: math.Inf(1)}} },
		"rate over float32":   func(c *Config) { c.Learner = MLP{Hidden: 4, Training: Training{Rate: 1e39}} },
		"infinite decay":      func(c *Config) { c.Learner = MLP{Hidden: 4, Training: Training{WeightDecay: math.Inf(1)}} },
		"conv on flat rows":   func(c *Config) { c.Learner = Conv{Channels: 2, Hidden: 4} },
		"conv of no channels": func(c *Config) { c.Learner = Conv{Hidden: 4} },
		"no features":         func(c *Config) { c.Learner, c.Chained = line{}, true },
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
		})
	}
}
