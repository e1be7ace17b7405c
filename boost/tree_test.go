package boost

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"sort"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum"
	"github.com/residuum-go/residuum/internal/kernel/kerneltest"
	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/tensor"
)

// Every value has a bin of its own here, so XGBoost looks at the same splits. It computes in float32,
// which shows beyond the fifth digit alone.
func TestTreesPredictWhatXGBoostDoes(t *testing.T) {
	var reference struct {
		X, Y, YMissing []float32
		Missing        []bool
		Cases          []struct {
			Kind      string
			Tree      Tree
			Rounds    int
			Predicted []float32
		}
	}
	text, err := os.ReadFile("testdata/trees.json") // of testdata/xgboost_trees.py
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &reference))
	n := len(reference.Y)
	whole := Data{X: tensor.From(reference.X, n, 3), Y: tensor.From(reference.Y, n, 1)}
	gaps := Data{X: whole.X.Clone(), Y: tensor.From(reference.YMissing, n, 1)}
	for i, missing := range reference.Missing {
		if missing {
			gaps.X.Data()[i] = float32(math.NaN())
		}
	}
	above := Data{X: whole.X, Y: tensor.New(n, 1)}
	for i, y := range reference.Y {
		if y > 0.7 {
			above.Y.Data()[i] = 1
		}
	}
	require.Len(t, reference.Cases, 18)
	for _, c := range reference.Cases {
		train := map[string]Data{"squared": whole, "gaps": gaps, "logistic": above}[c.Kind]
		var loss Loss = SquaredError{}
		if c.Kind == "logistic" {
			loss = Logistic{}
		}
		e, err := Fit(t.Context(), train, Config{Loss: loss, Learner: c.Tree, Stages: c.Rounds, Rate: 0.3, Newton: true})
		require.NoError(t, err)
		requireClose(t, tensor.From(c.Predicted, n, 1), e.Predict(train.X), 1e-5)
	}
}

func fitTrees(t *testing.T, d Data, tree Tree) *Ensemble {
	t.Helper()
	e, err := Fit(t.Context(), d, Config{Loss: Softmax{}, Learner: tree, Stages: 8, Rate: 0.3, Newton: true, Subsample: 0.7})
	require.NoError(t, err)
	return e
}

func TestTreesHaveTheSameBitsForAnyNumberOfWorkersAndScaleOfWeights(t *testing.T) {
	d := blobs(t, 300, 3, 5)
	d.Weight = tensor.New(900)
	for i := range 900 {
		d.Weight.Data()[i] = float32(i % 4)
	}
	tree := Tree{Depth: 4, L2: 1, Columns: 0.5}
	want := fitTrees(t, d, tree).Predict(d.X)
	for _, workers := range []int{1, 2, 5} {
		restore := parallel.SetWorkers(workers)
		got := fitTrees(t, d, tree).Predict(d.X)
		restore()
		require.True(t, tensor.Equal(want, got), "%d workers", workers)
	}
	for _, scale := range []float32{0x1p-99, 0x1p99} {
		scaled := d
		scaled.Weight = tensor.Scale(nil, d.Weight, scale)
		require.True(t, tensor.Equal(want, fitTrees(t, scaled, tree).Predict(d.X)), "weights times %v", scale)
	}
}

func TestTreesLearnToClassify(t *testing.T) {
	held := blobs(t, 300, 3, 6)
	e := fitTrees(t, blobs(t, 300, 3, 5), Tree{Depth: 3, L2: 1})
	require.Greater(t, scoreOf(Softmax{}, e.Predict(held.X), held).Accuracy(), 0.88) // the best possible is about 0.92
}

func TestImportanceIsOfTheColumnThatMatters(t *testing.T) {
	x, y := tensor.New(400, 3), tensor.New(400, 1)
	noise := random(1, 400, 2)
	for i := range 400 {
		x.Set(noise.At(i, 0), i, 0)
		x.Set(7, i, 1) // a constant
		x.Set(noise.At(i, 1), i, 2)
		y.Set(float32(math.Sin(float64(noise.At(i, 1)))), i, 0)
	}
	c := Config{Loss: SquaredError{}, Learner: Tree{Depth: 3, Leaves: 5}, Stages: 4, Rate: 0.5, Newton: true}
	e, err := Fit(t.Context(), Data{X: x, Y: y}, c)
	require.NoError(t, err)
	got := e.Importance()
	require.Zero(t, got.Splits[1])
	require.Zero(t, got.Gain[1])
	require.Equal(t, 16, got.Splits[0]+got.Splits[2]) // four splits make five leaves
	require.Greater(t, got.Gain[2], 100*got.Gain[0])
}

func TestMissingValuesAreOfTreesAloneAndInfiniteOnesOfNone(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	c := Config{Loss: SquaredError{}, Learner: Tree{}, Stages: 1, Rate: 1, Newton: true}
	d := Data{X: tensor.From([]float32{nan, nan, nan, 1, nan, 2}, 3, 2), Y: tensor.From([]float32{0.8, 0.1, 0.2}, 3, 1)}
	e, err := Fit(t.Context(), d, c) // the first column has no value, and in the second the missing one is apart
	require.NoError(t, err)
	requireClose(t, d.Y, e.Predict(d.X), 1e-6)
	c.Learner = MLP{Hidden: 2}
	_, err = Fit(t.Context(), d, c)
	require.ErrorIs(t, err, ErrData)
	c.Learner = Tree{}
	d.X.Set(inf, 1, 1)
	_, err = Fit(t.Context(), d, c)
	require.ErrorIs(t, err, ErrData)
}

func TestTreesOfConstantColumnsAreLeaves(t *testing.T) {
	d := Data{X: tensor.Full(3, 20, 2), Y: random(2, 20, 1)}
	e, err := Fit(t.Context(), d, Config{Loss: SquaredError{}, Learner: Tree{}, Stages: 2, Rate: 1, Newton: true})
	require.NoError(t, err)
	requireClose(t, tensor.Full(float32(columnMeans(d)[0]), 20, 1), e.Predict(d.X), 1e-6)
}

func TestTreesThatCannotBe(t *testing.T) {
	for field, tree := range map[string]Tree{
		"Categorical": {Categorical: []int{0, 0}}, "Rising": {Rising: []int{1}, Categorical: []int{1}}, "Interactions": {Interactions: [][]int{{2}}},
		"L1": {L1: -1}, "Depth": {Depth: 31}, "Leaves": {Leaves: 1}, "L2": {L2: math.NaN()}, "MinGain": {MinGain: -1},
		"MinWeight": {MinWeight: math.Inf(1)}, "Columns": {Columns: 1.5},
	} {
		_, err := Fit(t.Context(), blobs(t, 4, 2, 1), Config{Loss: Softmax{}, Learner: tree, Stages: 1, Rate: 1})
		var bad *residuum.ConfigError
		require.ErrorAs(t, err, &bad)
		require.Equal(t, field, bad.Field)
	}
}

func TestCutsSeparateDistinctValuesOrAreQuantiles(t *testing.T) {
	next, nan := math.Nextafter32(1, 2), float32(math.NaN())
	keys := func(values ...float32) []uint32 { return sorted(values, make([]uint32, 2*len(values))) }
	require.Equal(t, []float32{-1.5, -0.5, 0.5, next}, cuts(keys(0, nan, 1, 0, next, -1, -2, nan)))
	require.Empty(t, cuts(keys(nan)))
	many := make([]float32, 4096)
	for i := range many {
		many[i] = float32((i * 1237) % 4096)
	}
	got := cuts(keys(many...))
	require.Len(t, got, missingBin-1)
	require.Equal(t, []float32{16, 32}, got[:2])
}

// Bins of columns of all kinds, against their definition.
func TestBinsAreAsDefined(t *testing.T) {
	const n, d = 3000, 11 // a whole group and a part of one
	rng := rand.New(rand.NewPCG(1, 2))
	x := tensor.New(n, d)
	for i := range n {
		for f, v := range []float64{
			0, rng.NormFloat64(), math.Exp(20 * rng.NormFloat64()), -math.Exp(9 * rng.NormFloat64()), math.Floor(20 * rng.Float64()),
			math.Floor(300 * rng.Float64() * rng.Float64()), math.NaN(), math.Copysign(0, rng.Float64()-0.5), 1e-40 * rng.NormFloat64(),
			rng.Float64(), 1e38 * rng.NormFloat64(),
		} {
			if rng.Float64() < 0.1 {
				v = math.NaN()
			}
			x.Set(float32(v), i, f)
		}
	}
	x.Set(0.5, 3, 5)
	x.Set(-1, 4, 5)
	x.Set(1<<24, 5, 5)
	b := newBins(x, []bool{4: true, 5: true, 10: false})
	require.Len(t, b.columns[5].categories, missingBin)
	require.Empty(t, b.columns[7].cuts)
	for f, c := range b.columns {
		require.True(t, slices.IsSorted(c.cuts) && slices.IsSorted(c.categories))
		for i := range n {
			v, want := x.At(i, f), missingBin
			switch {
			case v != v:
			case c.categorical:
				if at := slices.Index(c.categories, int32(v)); at >= 0 && v == float32(int32(v)) {
					want = at
				}
			default:
				want = sort.Search(len(c.cuts), func(j int) bool { return c.cuts[j] > v })
			}
			g, k := b.layout.Place(f)
			require.Equal(t, uint8(want), uint8(b.words[g*n+i]>>(8*k)), "row %d, column %d: %v", i, f, v)
		}
	}
}

// Many rows are taken, summed and divided in parts, which the others are too few for; where weights differ, cells have two
// numbers.
func TestTreesOfManyRowsHaveTheSameBitsEverywhere(t *testing.T) {
	n := 50_000
	x, y, noise := random(1, n, 9), tensor.New(n, 1), random(2, n, 1)
	for i := range n {
		y.Data()[i] = x.At(i, 0)*x.At(i, 1) + float32(math.Sin(float64(3*x.At(i, 8)))) + noise.At(i, 0)
		if i%7 == 0 {
			x.Set(float32(math.NaN()), i, 3)
		}
	}
	weights := tensor.New(n)
	for i := range n {
		weights.Data()[i] = float32(i % 3)
	}
	for _, d := range []Data{{X: x, Y: y}, {X: x, Y: y, Weight: weights}} {
		for _, tree := range []Tree{{Depth: 5, L2: 1}, {Depth: 9, Leaves: 20, MinWeight: 30}} {
			var want *tensor.Tensor
			kerneltest.EachLevel(t, func(t *testing.T) {
				for _, workers := range []int{1, 2, 5} {
					restore := parallel.SetWorkers(workers)
					got := fitSquares(t, d, 3, tree).Predict(x)
					restore()
					if want == nil {
						want = got
					}
					require.True(t, tensor.Equal(want, got), "%d workers", workers)
				}
			})
		}
	}
}
