package boost

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum"
	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
)

// listNet is a loss of lists as a user writes one (Cao et al. 2007, "Learning to rank: from pairwise approach to listwise
// approach"): of each group the cross-entropy of softmax(F) with softmax(y), in equal parts on its rows.
type listNet struct{}

func (listNet) Check(*tensor.Tensor) error { return nil }

func (l listNet) Rows(f *autograd.Var, y *tensor.Tensor) *autograd.Var {
	return l.Of(Data{Y: y, Group: make([]int, y.Dim(0))}).Rows(f, y)
}

func (listNet) Of(d Data) Loss { return boundListNet{listNet{}, d} }

type boundListNet struct {
	listNet
	d Data
}

func (b boundListNet) Rows(f *autograd.Var, y *tensor.Tensor) *autograd.Var {
	var parts []*autograd.Var
	place := make([]int, y.Dim(0)) // of each row among the parts
	done := 0
	for _, rows := range b.d.groups() {
		n := len(rows)
		target := tensor.Softmax(nil, tensor.Gather(nil, y, rows).Reshape(1, n))
		loss := autograd.SoftCrossEntropy(autograd.Reshape(autograd.Gather(f, rows), 1, n), target)
		parts = append(parts, autograd.BroadcastTo(autograd.Scale(loss, 1/float32(n)), n))
		for _, i := range rows {
			place[i], done = done, done+1
		}
	}
	return autograd.Gather(autograd.Concat(0, parts...), place)
}

func TestOwnLossOfLists(t *testing.T) {
	train, test := queries(100, 1), queries(60, 2)
	for _, learner := range []Learner{Tree{Depth: 4}, MLP{Hidden: 16, Training: Training{Rate: 0.01}}} {
		before := math.Inf(1)
		c := Config{Loss: listNet{}, Learner: learner, Stages: 15, Rate: 0.3, Valid: &test, Metric: NDCG(5)}
		c.OnStage = func(r Report) error {
			require.Less(t, r.Train.Loss(), before)
			before = r.Train.Loss()
			return nil
		}
		e, err := Fit(t.Context(), train, c)
		require.NoError(t, err)
		require.Greater(t, NDCG(5).Of(e.Predict(test.X), test), NDCG(5).Of(tensor.New(test.Y.Len(), 1), test)+0.2)

		c.Newton = true
		_, err = Fit(t.Context(), train, c)
		var config *residuum.ConfigError
		require.ErrorAs(t, err, &config)
		require.ErrorContains(t, err, "boost: Config.Newton is true: rows of a boost.listNet depend on each other")
	}
}

// Where a pair is sure and wrong, its curvature is nearly nothing, and its step without end; trees alone sum both.
func TestNewtonStepsOfRankingsAreBounded(t *testing.T) {
	var fitted []*lineLearner
	c := Config{Loss: LambdaRank{}, Learner: line{&fitted}, Stages: 8, Rate: 1, Newton: true}
	_, err := Fit(t.Context(), queries(40, 1), c)
	require.NoError(t, err)
	most := float32(0)
	for _, l := range fitted {
		for _, v := range l.target.Data() {
			most = max(most, v, -v)
		}
	}
	require.Equal(t, float32(zMax), most)
}
