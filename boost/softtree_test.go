package boost

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum"
	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
)

func softTree(t *testing.T, s SoftTrees, width, outputs int) *softTrees {
	t.Helper()
	h, err := s.New(Input{Row: []int{width}}, outputs, rand.New(rand.NewPCG(1, 2)))
	require.NoError(t, err)
	return h.(*softTrees)
}

// entmax15 is 1.5-entmax in float64, its threshold found by bisection.
func entmax15(z []float64) (p []float64) {
	lo, hi := math.Inf(-1), math.Inf(-1)
	for _, v := range z {
		lo, hi = math.Max(lo, v/2-1), math.Max(hi, v/2)
	}
	for range 100 {
		tau, sum := (lo+hi)/2, 0.0
		p = p[:0]
		for _, v := range z {
			p = append(p, math.Pow(math.Max(v/2-tau, 0), 2))
			sum += p[len(p)-1]
		}
		if sum > 1 {
			lo = tau
		} else {
			hi = tau
		}
	}
	return p
}

// What is computed is the sum over leaves of the definition, each with the product of the shares on its path.
func TestSoftTreesByTheirDefinition(t *testing.T) {
	const width, outputs = 5, 3
	for _, s := range []SoftTrees{{Trees: 1, Depth: 1}, {Trees: 3, Depth: 4}} {
		l, x := softTree(t, s, width, outputs), random(3, 20, width)
		tensor.Copy(l.output.Weight.Value, random(4, l.output.Weight.Value.Shape()...))
		l.splits.place(x, rand.New(rand.NewPCG(5, 0)))
		tensor.Scale(l.splits.choice.Value, l.splits.choice.Value, 8) // so that some columns have no part
		got := l.Forward(autograd.Const(x)).Value()
		for i := range 20 {
			var share []float64 // of each node to the right
			zeros := 0
			for node := range s.Trees * s.Depth {
				z := wide(l.splits.choice.Value.Slice(node, node+1))
				f := 0.0
				for j, p := range entmax15(z) {
					f += p * float64(x.At(i, j))
					if p < 1e-20 {
						zeros++
					}
				}
				a := (f - float64(l.splits.threshold.Value.At(node))) / math.Exp(float64(l.splits.logScale.Value.At(node)))
				share = append(share, entmax15([]float64{a, 0})[0])
			}
			require.Positive(t, zeros)
			for k := range outputs {
				want := float64(l.output.Bias.Value.At(k))
				for tree := range s.Trees {
					for leaf := range 1 << s.Depth {
						p := 1.0
						for depth := range s.Depth {
							c := share[tree*s.Depth+depth]
							if leaf>>(s.Depth-1-depth)&1 == 0 {
								c = 1 - c
							}
							p *= c
						}
						want += p * float64(l.output.Weight.Value.At(k, tree<<s.Depth+leaf))
					}
				}
				require.InDelta(t, want, got.At(i, k), 1e-5)
			}
		}
		sums := tensor.Sum(nil, l.Features(autograd.Const(x)).Value(), 1)
		requireClose(t, tensor.Full(float32(s.Trees), 20), sums, 1e-5)
	}
}

// Every row is where a split has a slope, whatever the units of the columns; a column that is constant does no harm.
func TestSoftSplitsBeginAmongTheRows(t *testing.T) {
	x := random(1, 3000, 3)
	for i := range 3000 {
		x.Set(1e6*x.At(i, 0)+1e7, i, 0)
		x.Set(3, i, 2)
	}
	l := softTree(t, SoftTrees{Trees: 4, Depth: 3}, 3, 1)
	l.splits.place(x, rand.New(rand.NewPCG(5, 0)))
	f := l.splits.mixtures(autograd.Const(x)).Value()
	for j := range 12 {
		inside := 0
		for i := range 3000 {
			a := float64(f.At(i, j)-l.splits.threshold.Value.At(j)) / math.Exp(float64(l.splits.logScale.Value.At(j)))
			if math.Abs(a) <= 1 {
				inside++
			}
		}
		require.Greater(t, inside, 2950, "of 3000, by 1024 of them")
	}
	constant := Data{X: tensor.Full(3, 20, 2), Y: random(2, 20, 1)}
	e, err := Fit(t.Context(), constant, Config{Loss: SquaredError{}, Learner: SoftTrees{Trees: 2}, Stages: 2, Rate: 1})
	require.NoError(t, err)
	requireClose(t, tensor.Full(float32(columnMeans(constant)[0]), 20, 1), e.Predict(constant.X), 0.1)
}

// A soft tree finds the column that matters, and becomes nearly hard where the target has a step.
func TestSoftTreesLearnASplit(t *testing.T) {
	x, y := random(1, 1000, 6), tensor.New(1000, 1)
	for i := range 1000 {
		if x.At(i, 4) > 0.3 {
			y.Data()[i] = 1
		}
	}
	l := softTree(t, SoftTrees{Trees: 1, Depth: 1, Training: Training{Epochs: 60, Batch: 100, Rate: 0.05}}, 6, 1)
	require.NoError(t, l.Fit(t.Context(), x, y, nil))
	p := entmax15(wide(l.splits.choice.Value))
	require.Greater(t, p[4], 0.9)
	h := l.Forward(autograd.Const(x)).Value()
	require.Less(t, meanLoss(SquaredError{}, h, Data{Y: y}), 0.02) // the mean has 0.12
}

func TestSoftTreesThatCannotBe(t *testing.T) {
	for field, s := range map[string]SoftTrees{
		"Trees": {}, "Depth": {Trees: 1, Depth: 13}, "Epochs": {Trees: 1, Training: Training{Epochs: -1}},
	} {
		_, err := Fit(t.Context(), blobs(t, 4, 2, 1), Config{Loss: Softmax{}, Learner: s, Stages: 1, Rate: 1})
		var bad *residuum.ConfigError
		require.ErrorAs(t, err, &bad)
		require.Equal(t, field, bad.Field)
	}
}
