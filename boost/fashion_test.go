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
		y, err := boost.OneHot(d.Labels, d.Classes)
		require.NoError(t, err)
		return boost.Data{X: d.Batch(norm, 0, d.Len()).X, Y: y}
	}
	test := examples(split.Test)
	for _, newton := range []bool{false, true} {
		var last boost.Report
		_, err = boost.Fit(context.Background(), boost.Config{
			Loss:     boost.Softmax{},
			Learner:  boost.MLP{Hidden: 16},
			Stages:   3,
			Rate:     0.5,
			Newton:   newton,
			Progress: func(r boost.Report) { last = r },
		}, examples(small), &test)
		require.NoError(t, err)
		t.Logf("newton=%v: accuracy %.3f in training, %.3f on the test images", newton, last.TrainAccuracy, last.ValidAccuracy)
		require.Greater(t, last.ValidAccuracy, 0.72)
	}
}
