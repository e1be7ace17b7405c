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
	for _, newton := range []bool{false, true} {
		var last boost.Report
		_, err = boost.Fit(context.Background(), examples(small), boost.Config{
			Loss:    boost.Softmax{},
			Learner: boost.MLP{Hidden: 16},
			Stages:  3,
			Rate:    0.5,
			Newton:  newton,
			Valid:   &test,
			OnStage: func(r boost.Report) error { last = r; return nil },
		})
		require.NoError(t, err)
		t.Logf("newton=%v: %v", newton, last)
		require.Greater(t, last.Valid.Accuracy(), 0.72)
	}
}
