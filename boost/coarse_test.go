package boost

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/tensor"
)

// uneven is rows enough for coarse sums, with weights over eight orders of magnitude, and a step at a column's 0.25 which
// missing values are above, too.
func uneven(n int) Data {
	d := Data{X: random(1, n, 3), Y: random(2, n, 1), Weight: tensor.New(n)}
	for i := range n {
		d.Weight.Data()[i] = float32(math.Pow(10, -8*float64(i%97)/96))
		if i%11 == 0 {
			d.X.Set(float32(math.NaN()), i, 1)
		}
		if !(d.X.At(i, 1) < 0.25) {
			d.Y.Data()[i] += 5
		}
	}
	return d
}

// Splits of coarse sums are where they should be, and leaves have the weighted means of their rows, however little these
// weigh; the same bits for any number of workers.
func TestCoarseSumsFindSplitsAndLeavesAreExact(t *testing.T) {
	d := uneven(coarseRows + 5000)
	fit := func() *Ensemble {
		e, err := Fit(t.Context(), d, Config{Loss: SquaredError{}, Learner: Tree{Depth: 4}, Stages: 1, Rate: 1, Newton: true, Seed: 3})
		require.NoError(t, err)
		return e
	}
	e := fit()
	nodes := e.stages[0].learner.(*trees).roots[0]
	require.Equal(t, 1, nodes[0].column)
	require.InDelta(t, 0.25, nodes[0].cut, 0.02)
	require.False(t, nodes[0].missingLeft)
	sums, weights := map[*node]float64{}, map[*node]float64{}
	for i := range d.Y.Dim(0) {
		leaf := leafOf(nodes, d.X.Slice(i, i+1).Data())
		sums[leaf] += d.rowWeight(i) * (float64(d.Y.At(i, 0)) - float64(e.start.At(0)))
		weights[leaf] += d.rowWeight(i)
	}
	require.Len(t, sums, 16)
	for leaf, s := range sums {
		require.InEpsilon(t, s/weights[leaf], leaf.value, 1e-5)
	}
	for _, workers := range []int{1, 2, 5} {
		restore := parallel.SetWorkers(workers)
		require.True(t, tensor.Equal(e.Predict(d.X), fit().Predict(d.X)))
		restore()
	}
}

// Numbers that are rounded by chance have the right mean, also where they are far below a unit, and sums stay apart.
func TestCoarseNumbersAreRightInTheMean(t *testing.T) {
	const n = 1 << 16
	target, weight := tensor.New(n, 1), tensor.New(n, 1)
	for i := range n {
		weight.Data()[i], target.Data()[i] = 1, float32(1-i%2*2)
		if i >= n/2 {
			weight.Data()[i], target.Data()[i] = 1e-5, -3
		}
	}
	g := grower{Tree: &Tree{}, bins: &bins{n: n}, seed: 5}
	total := g.take(target, weight, 0)
	require.True(t, g.coarse)
	var small pair
	for _, v := range g.rowNumbers[n/2:] {
		s := g.cell([]int64{v}, 0)
		require.Contains(t, []int64{0, 1}, s.weight)
		small = small.plus(s)
	}
	require.InEpsilon(t, 1e-5*n/2, g.sums(small).weight, 0.1)
	require.InEpsilon(t, -3e-5*n/2, g.sums(small).target, 0.1)
	require.InEpsilon(t, n/2, g.sums(total).weight, 1e-3)
	all := int64(0)
	for _, v := range g.rowNumbers {
		all += v
	}
	require.Equal(t, total, g.cell([]int64{all}, 0))
}
