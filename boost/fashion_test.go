package boost_test

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/boost"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/data/fashion"
)

// A known-good result on real images: three stages on a fifth of the embedded subset.
func TestFashionMNIST(t *testing.T) {
	split := fashion.Embedded()
	small, err := split.Train.Subset(200, rand.New(rand.NewPCG(1, 0)))
	require.NoError(t, err)
	norm := small.Norm()
	examples := func(d *data.Dataset) boost.Data {
		all, err := boost.DataOf(d.Batch(norm, 0, d.Len()), d.Classes)
		require.NoError(t, err)
		return all
	}
	test := examples(split.Test)
	soft := boost.SoftTrees{Trees: 16, Depth: 4, Training: boost.Training{Rate: 0.02}}
	for _, c := range []boost.Config{
		{Learner: boost.MLP{Hidden: 16}}, {Learner: boost.MLP{Hidden: 16}, Newton: true}, {Learner: soft}, {Learner: boost.Linear{L2: 0.1}},
	} {
		var last boost.Report
		c.Loss, c.Stages, c.Rate, c.Valid = boost.Softmax{}, 3, 0.5, &test
		c.OnStage = func(r boost.Report) error { last = r; return nil }
		_, err = boost.Fit(context.Background(), examples(small), c)
		require.NoError(t, err)
		t.Logf("%T, Newton %v: %v", c.Learner, c.Newton, last)
		require.Greater(t, last.Valid.Accuracy(), 0.72)
	}
}
