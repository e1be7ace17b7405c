package boost

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/tensor"
)

func fitSquares(t *testing.T, d Data, stages int, tree Tree) *Ensemble {
	t.Helper()
	e, err := Fit(t.Context(), d, Config{Loss: SquaredError{}, Learner: tree, Stages: stages, Rate: 0.5, Newton: true})
	require.NoError(t, err)
	return e
}

// One split of six categories and missing values is the best of all ways to part them, tried one by one.
func TestCategoricalSplitsAreTheBestOfAll(t *testing.T) {
	for seed := range uint64(30) {
		rng := rand.New(rand.NewPCG(seed, 5))
		x, y := tensor.New(60, 1), tensor.New(60, 1)
		for i := range 60 {
			c := rng.IntN(7)
			x.Data()[i] = float32(c)
			if c == 6 {
				x.Data()[i] = float32(math.NaN())
			}
			y.Data()[i] = float32(c*5%7) + float32(rng.NormFloat64())
		}
		d := Data{X: x, Y: y}
		e := fitSquares(t, d, 1, Tree{Depth: 1, Categorical: []int{0}})
		best, mean := 0.0, columnMeans(d)[0]
		for set := range 1 << 7 {
			var sums [2][2]float64
			for i, v := range x.Data() {
				c := 6
				if v == v {
					c = int(v)
				}
				side := set >> c & 1
				sums[side][0] += float64(y.Data()[i]) - mean
				sums[side][1]++
			}
			if sums[0][1] > 0 && sums[1][1] > 0 {
				best = max(best, sums[0][0]*sums[0][0]/sums[0][1]+sums[1][0]*sums[1][0]/sums[1][1])
			}
		}
		require.InEpsilon(t, best, e.Importance().Gain[0], 1e-4)
	}
}

func TestCategoriesThatWereNotThereAreMissing(t *testing.T) {
	nan := float32(math.NaN())
	d := Data{X: tensor.From([]float32{3, 3, 8, 8, nan, 1 << 23}, 6, 1), Y: tensor.From([]float32{1, 1, 5, 5, 9, 9}, 6, 1)}
	e := fitSquares(t, d, 40, Tree{Depth: 3, Categorical: []int{0}})
	unseen := tensor.From([]float32{3, 8, nan, 4, -1, 0.5, 1 << 24, 1 << 23}, 8, 1)
	got := e.Predict(unseen)
	requireClose(t, tensor.From([]float32{1, 5, 9, 9, 9, 9, 9, 9}, 8, 1), got, 1e-3)

	many := Data{X: tensor.New(100_000, 1), Y: tensor.New(100_000, 1)} // the frequent ones keep bins of their own
	for i := range 100_000 {
		c := i
		if i%2 == 0 {
			c = i % 200
		}
		many.X.Data()[i], many.Y.Data()[i] = float32(c), float32(c%4)
	}
	e = fitSquares(t, many, 12, Tree{Depth: 4, Categorical: []int{0}})
	for c := 0; c < 200; c += 2 {
		require.InDelta(t, c%4, e.Predict(tensor.From([]float32{float32(c)}, 1, 1)).Item(), 0.1)
	}
}

func TestMonotoneTreesRiseAndFall(t *testing.T) {
	x, y := random(1, 500, 3), random(2, 500, 1)
	for i := range 500 {
		y.Data()[i] += x.At(i, 0)*x.At(i, 2) - x.At(i, 1)
	}
	for _, leaves := range []int{0, 9} {
		tree := Tree{Depth: 6, Leaves: leaves, L2: 1, Rising: []int{0}, Falling: []int{1}}
		e := fitSquares(t, Data{X: x, Y: y}, 30, tree)
		free := fitSquares(t, Data{X: x, Y: y}, 30, Tree{Depth: 6, Leaves: leaves, L2: 1})
		broken := 0
		for column, sign := range []float32{1, -1} {
			for i := range 50 {
				path := tensor.New(60, 3)
				for j := range 60 {
					copy(path.Data()[3*j:], x.Data()[3*i:3*i+3])
					path.Set(float32(j)/10-3, j, column)
				}
				along, unbound := e.Predict(path), free.Predict(path)
				for j := 1; j < 60; j++ {
					require.GreaterOrEqual(t, sign*(along.At(j, 0)-along.At(j-1, 0)), float32(-1e-6))
					if sign*(unbound.At(j, 0)-unbound.At(j-1, 0)) < -1e-3 {
						broken++
					}
				}
			}
		}
		require.Positive(t, broken, "without constraints they do not")
		require.Less(t, meanLoss(SquaredError{}, e.Predict(x), Data{Y: y}), 0.8*meanLoss(SquaredError{}, tensor.New(500, 1), Data{Y: y}))
	}
}

func TestColumnsOfAPathShareAGroup(t *testing.T) {
	x, y := random(1, 400, 4), tensor.New(400, 1)
	for i := range 400 {
		y.Data()[i] = x.At(i, 0)*x.At(i, 1) + x.At(i, 1)*x.At(i, 2) + x.At(i, 2)*x.At(i, 3)
	}
	groups := [][]int{{0, 1}, {1, 2}}
	e := fitSquares(t, Data{X: x, Y: y}, 10, Tree{Depth: 5, Interactions: groups})
	pairs := map[[2]int]bool{}
	for _, s := range e.stages {
		var walk func(at int, path map[int]bool)
		nodes := s.learner.(*trees).roots[0]
		walk = func(at int, path map[int]bool) {
			if nodes[at].left == 0 {
				for a := range path {
					for b := range path {
						pairs[[2]int{a, b}] = true
					}
				}
				return
			}
			with := map[int]bool{nodes[at].column: true}
			for c := range path {
				with[c] = true
			}
			walk(nodes[at].left, with)
			walk(nodes[at].left+1, with)
		}
		walk(0, map[int]bool{})
	}
	require.True(t, pairs[[2]int{0, 1}] && pairs[[2]int{1, 2}])
	require.False(t, pairs[[2]int{0, 2}] || pairs[[2]int{2, 3}] || pairs[[2]int{0, 3}] || pairs[[2]int{1, 3}])
}

// The value of a leaf is where the penalised loss is least, and its score is what that takes off, in bounds or not.
func TestValuesAndScoresOfLeaves(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		tree := &Tree{L1: rng.Float64(), L2: rng.Float64()}
		s, b := sums{3 * rng.NormFloat64(), rng.Float64() + 0.1}, unbounded
		if rng.IntN(2) == 0 {
			b = bounds{-rng.Float64(), rng.Float64()}
		}
		loss := func(v float64) float64 {
			return -s.target*v + (s.weight+tree.L2)*v*v/2 + tree.L1*math.Abs(v)
		}
		v := tree.value(s, b)
		require.InDelta(t, -2*loss(v), tree.score(s, v), 1e-9)
		for step := -1000; step <= 1000; step++ {
			if other := v + float64(step)/100; other >= b.low && other <= b.high {
				require.LessOrEqual(t, loss(v), loss(other)+1e-12)
			}
		}
	}
	require.Zero(t, (&Tree{}).value(sums{1, 0}, unbounded))
}

// Where all targets of a leaf are the same, no split gains, whatever rounding makes of the sums.
func TestRoundingIsNoGain(t *testing.T) {
	d := Data{X: random(1, 300, 4), Y: tensor.New(300, 1)}
	for i := range 300 {
		d.Y.Data()[i] = 0.7
		if d.X.At(i, 0) > 0 {
			d.Y.Data()[i] = 0.1
		}
	}
	e := fitSquares(t, d, 10, Tree{Depth: 6, L2: 0})
	require.Equal(t, []int{10, 0, 0, 0}, e.Importance().Splits)
}
