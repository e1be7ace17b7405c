package boost

import (
	"context"
	"errors"
	"math/bits"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/tensor"
)

// known returns the mean of a tree when only the columns of a set are known.
func known(nodes []node, at int, row []float32, set int) float64 {
	n := nodes[at]
	if n.left == 0 {
		return float64(n.value)
	}
	if set>>n.column&1 == 1 {
		if n.goesRight(row[n.column]) {
			return known(nodes, n.left+1, row, set)
		}
		return known(nodes, n.left, row, set)
	}
	l, r := float64(nodes[n.left].cover), float64(nodes[n.left+1].cover)
	return (l*known(nodes, n.left, row, set) + r*known(nodes, n.left+1, row, set)) / (l + r)
}

// The values of TreeSHAP are those of Shapley's formula (1953), a mean over all sets of the other columns.
func TestSHAPEqualsShapleysFormula(t *testing.T) {
	d := mixed(200)
	factorial := func(n int) float64 {
		out := 1.0
		for i := 2; i <= n; i++ {
			out *= float64(i)
		}
		return out
	}
	for _, tree := range []Tree{{Depth: 4}, {Depth: 7, Leaves: 12, L2: 1}, {Depth: 4, Categorical: []int{1}}} {
		e := fitSquares(t, d, 3, tree)
		got, err := e.SHAP(t.Context(), d.X)
		require.NoError(t, err)
		require.Equal(t, []int{200, 6, 2}, got.Shape())
		scores := e.Predict(d.X)
		for i := range 200 {
			for k := range 2 {
				sum := 0.0
				for f := range 6 {
					sum += float64(got.At(i, f, k))
				}
				require.InDelta(t, scores.At(i, k), sum, 1e-5, "local accuracy")
			}
		}
		for i := range 12 {
			row := d.X.Slice(i, i+1).Data()
			for k := range 2 {
				value := func(set int) float64 {
					sum := float64(e.start.At(k))
					for m, s := range e.stages {
						sum += e.Scale(m) * known(s.learner.(*trees).roots[k], 0, row, set)
					}
					return sum
				}
				require.InDelta(t, value(0), got.At(i, 5, k), 1e-5)
				for f := range 5 {
					want := 0.0
					for set := range 1 << 5 {
						if size := bits.OnesCount(uint(set)); set>>f&1 == 0 {
							want += factorial(size) * factorial(4-size) / factorial(5) * (value(set|1<<f) - value(set))
						}
					}
					require.InDelta(t, want, got.At(i, f, k), 1e-5, "row %d, column %d, score %d", i, f, k)
				}
			}
		}
	}
}

func TestSHAPIsOfTrees(t *testing.T) {
	d := blobs(t, 10, 2, 1)
	e, err := Fit(t.Context(), d, Config{Loss: Softmax{}, Learner: line{}, Stages: 1, Rate: 1})
	require.NoError(t, err)
	_, err = e.SHAP(t.Context(), d.X)
	require.ErrorContains(t, err, "stage 0")
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	cancel(why)
	_, err = fitTrees(t, d, Tree{}).SHAP(ctx, d.X)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, why)
	_, err = fitTrees(t, d, Tree{}).PermutationImportance(ctx, Softmax{}, d, nil)
	require.ErrorIs(t, err, why)
}

func TestPermutationImportanceIsTheLossThatAColumnSaves(t *testing.T) {
	x, y := random(1, 2000, 3), tensor.New(2000, 1)
	for i := range 2000 {
		y.Data()[i] = 2*x.At(i, 0) + x.At(i, 2)
	}
	d := Data{X: x, Y: y}
	got, err := fitSquares(t, d, 60, Tree{Depth: 4}).PermutationImportance(t.Context(), SquaredError{}, d, rand.New(rand.NewPCG(3, 0)))
	require.NoError(t, err)
	require.InEpsilon(t, 4, got[0], 0.1) // half the mean square of 2 (x - x'), twice the variance
	require.InDelta(t, 0, got[1], 0.01)
	require.InEpsilon(t, 1, got[2], 0.1)
	d.Y = tensor.New(3, 1)
	_, err = fitSquares(t, Data{X: x, Y: y}, 1, Tree{}).PermutationImportance(t.Context(), SquaredError{}, d, rand.New(rand.NewPCG(3, 0)))
	require.ErrorIs(t, err, ErrData)
}
