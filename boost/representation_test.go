package boost

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/residuum-go/residuum"
	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
)

// rings returns n points of two classes, alternating rings around the origin: no line separates any of them.
func rings(t testing.TB, n int, seed uint64) Data {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 5))
	d := Data{X: tensor.New(n, 2), Y: tensor.New(n, 2)}
	for i := range n {
		ring := i % 3
		radius, angle := 0.5+0.7*float64(ring)+0.1*rng.NormFloat64(), 2*math.Pi*rng.Float64()
		d.X.Set(float32(radius*math.Cos(angle)), i, 0)
		d.X.Set(float32(radius*math.Sin(angle)), i, 1)
		d.Y.Set(1, i, ring%2)
	}
	return d
}

func representations() map[string]RepresentationConfig {
	mlp := MLP{Hidden: 32, Training: Training{Epochs: 20, Batch: 32, Rate: 0.01}}
	return map[string]RepresentationConfig{
		"ResFGB":          {Loss: Softmax{}, Learner: mlp, Layers: 6, Rate: 0.5, L2: 1e-3},
		"RFRBoost":        {Loss: Softmax{}, Learner: RandomFeatures{Width: 64, Scale: 2, L2: 1e-4}, Layers: 6, Rate: 0.5, L2: 1e-3},
		"RFRBoost greedy": {Loss: SquaredError{}, Learner: RandomFeatures{Width: 64, Scale: 2, L2: 1e-4}, Layers: 6, Rate: 0.5, L2: 1e-3},
	}
}

// A line gets half of the rings right at best; each layer makes the representation easier for it.
func TestRepresentationsBecomeLinearlySeparable(t *testing.T) {
	train, test := rings(t, 600, 1), rings(t, 300, 2)
	for name, c := range representations() {
		t.Run(name, func(t *testing.T) {
			before := math.Inf(1)
			c.Valid = &test
			var last Report
			c.OnLayer = func(r Report) error {
				require.Less(t, r.Train.Loss(), before)
				before, last = r.Train.Loss(), r
				return nil
			}
			r, err := FitRepresentation(context.Background(), train, c)
			require.NoError(t, err)
			require.Equal(t, 6, r.Len())
			right := 0
			for i, k := range tensor.ArgMax(r.Forward(autograd.Const(test.X)).Value()) {
				if test.Y.At(i, k) == 1 {
					right++
				}
			}
			require.Greater(t, right, 285, "of 300")
			require.InDelta(t, meanLoss(c.Loss, r.Forward(autograd.Const(test.X)).Value(), test), last.Valid.Loss(), 1e-5)
			names := stateOf(r)
			require.Contains(t, names, "layers.5.scale")
			require.Contains(t, names, "layers.5.output.weight")
			require.Contains(t, names, "head.bias")
		})
	}
}

func stateOf(m nn.Module) (names []string) {
	for name := range nn.State(m) {
		names = append(names, name)
	}
	return names
}

// sandwich is what leastSquares.through minimises, by its definition.
func sandwich(features, target, weight *tensor.Tensor, w, b *mat.Dense, l2 float64) float64 {
	n, p, k := features.Dim(0), features.Dim(1), target.Dim(1)
	mean := func(t *tensor.Tensor, j int) (m float64) {
		total := 0.0
		for i := range n {
			m += float64(weight.At(i) * t.At(i, j))
			total += float64(weight.At(i))
		}
		return m / total
	}
	sum, total := 0.0, 0.0
	for i := range n {
		f := mat.NewVecDense(p, nil)
		for j := range p {
			f.SetVec(j, float64(features.At(i, j))-mean(features, j))
		}
		var h, s mat.VecDense
		h.MulVec(b.T(), f)
		s.MulVec(w, &h)
		for j := range k {
			r := float64(target.At(i, j)) - mean(target, j) - s.AtVec(j)
			sum += float64(weight.At(i)) * r * r
		}
		total += float64(weight.At(i))
	}
	return sum/total + l2*mat.Norm(b, 2)*mat.Norm(b, 2)
}

func TestClosedFormsAreMinima(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	features, target, weight := random(1, 40, 5), random(2, 40, 3), tensor.Full(1, 40)
	for i := range 20 {
		weight.Set(float32(i%4), i)
	}
	s := newLeastSquares(features, target, weight)
	eye := mat.NewDense(3, 3, []float64{1, 0, 0, 0, 1, 0, 0, 0, 1})
	wide := mat.NewDense(3, 4, nil) // a head that reads four
	wide.Apply(func(int, int, float64) float64 { return rng.NormFloat64() }, wide)
	for _, c := range []struct{ w, b *mat.Dense }{{eye, s.ridge(0.1)}, {wide, s.through(wide, 0.1)}} {
		least := sandwich(features, target, weight, c.w, c.b, 0.1)
		rows, cols := c.b.Dims()
		for i := range rows {
			for j := range cols {
				for _, by := range []float64{-1e-2, 1e-2} {
					moved := mat.DenseCopyOf(c.b)
					moved.Set(i, j, moved.At(i, j)+by)
					require.Greater(t, sandwich(features, target, weight, c.w, moved, 0.1), least)
				}
			}
		}
	}
	require.InDelta(t, 0, mat.Norm(subtract(s.through(eye, 0.1), s.ridge(0.1)), 2), 1e-6, "through the identity it is ridge regression")
}

func subtract(a, b *mat.Dense) *mat.Dense {
	var d mat.Dense
	d.Sub(a, b)
	return &d
}

func TestRandomFeaturesFitByWeights(t *testing.T) {
	x, y, w := random(1, 60, 3), random(2, 60, 2), tensor.New(60, 2)
	for i := range 60 {
		w.Set(float32(i%2), i, 0) // odd rows alone
		w.Set(float32(1-i%2), i, 1)
	}
	fit := func(x, y, w *tensor.Tensor) *tensor.Tensor {
		h, err := RandomFeatures{Width: 8}.New(Input{Row: []int{3}}, 2, rand.New(rand.NewPCG(1, 0)))
		require.NoError(t, err)
		require.NoError(t, h.Fit(context.Background(), x, y, w))
		return h.Forward(autograd.Const(x)).Value()
	}
	both := fit(x, y, w)
	var odd []int
	for i := range 30 {
		odd = append(odd, 2*i+1)
	}
	alone := fit(tensor.Gather(nil, x, odd), tensor.Gather(nil, y, odd), nil)
	for j, i := range odd {
		require.InDelta(t, alone.At(j, 0), both.At(i, 0), 1e-4)
	}
}

// The head is where the gradient of its convex problem is zero, and that gradient is what finite differences say.
func TestHeadOfARepresentation(t *testing.T) {
	d := blobs(t, 40, 3, 1)
	d.Weight = tensor.New(120)
	for i := range 120 {
		d.Weight.Set(float32(1+i%3)/2, i)
	}
	b := &representer{RepresentationConfig: RepresentationConfig{Loss: Softmax{}, L2: 1e-2}, train: represented{d.weighted(), d.X}}
	b.r = &Representation{width: 2, head: nn.NewLinear(2, 3, rand.New(rand.NewPCG(1, 0)))}
	x := b.headPoint()
	gradient := make([]float64, len(x))
	b.headGradient(gradient, x)
	for i := range x {
		moved := append([]float64(nil), x...)
		moved[i] += 1e-2
		up := b.headLoss(moved)
		moved[i] -= 2e-2
		require.InDelta(t, (up-b.headLoss(moved))/2e-2, gradient[i], 1e-4)
	}
	require.NoError(t, b.fitHead(context.Background()))
	b.headGradient(gradient, b.headPoint())
	for _, g := range gradient {
		require.InDelta(t, 0, g, 1e-3)
	}
}

func TestRepresentationsHaveTheSameBits(t *testing.T) {
	d := rings(t, 200, 1)
	for name, c := range representations() {
		scores := func(workers int, seed uint64) *tensor.Tensor {
			defer parallel.SetWorkers(workers)()
			c.Seed, c.Layers = seed, 2
			r, err := FitRepresentation(context.Background(), d, c)
			require.NoError(t, err)
			return r.Forward(autograd.Const(d.X)).Value()
		}
		want := scores(1, 1)
		require.True(t, tensor.Equal(want, scores(5, 1)), name)
		require.False(t, tensor.Equal(want, scores(1, 2)), name)
	}
}

// Weights of any scale count by their ratios, and rows without any not at all.
func TestRepresentationsWithWeights(t *testing.T) {
	all := rings(t, 200, 1)
	all.Weight = tensor.New(200)
	for i := range 150 {
		all.Weight.Set(1e-20, i)
	}
	some := Data{X: all.X.Slice(0, 150), Y: all.Y.Slice(0, 150), Weight: tensor.Full(1, 150)}
	for name, c := range representations() {
		c.Layers = 2
		a, err := FitRepresentation(context.Background(), all, c)
		require.NoError(t, err)
		b, err := FitRepresentation(context.Background(), some, c)
		require.NoError(t, err)
		require.True(t, tensor.Equal(a.Forward(autograd.Const(all.X)).Value(), b.Forward(autograd.Const(all.X)).Value()), name)
	}
}

func TestEndsOfARepresentation(t *testing.T) {
	d, lunch := rings(t, 100, 1), errors.New("lunch")
	for name, c := range representations() {
		ctx, cancel := context.WithCancelCause(context.Background())
		c.Progress = func(done, total int) {
			require.Equal(t, 6, total)
			if done == 2 {
				cancel(lunch)
			}
		}
		r, err := FitRepresentation(ctx, d, c)
		require.ErrorIs(t, err, context.Canceled, name)
		require.ErrorIs(t, err, lunch, name)
		require.Equal(t, 2, r.Len())
		var want float64
		c.Progress, c.OnLayer = nil, func(r Report) error { want = r.Train.Loss(); return lunch }
		r, err = FitRepresentation(context.Background(), d, c)
		require.ErrorIs(t, err, lunch)
		require.Equal(t, 1, r.Len())
		require.InDelta(t, want, meanLoss(c.Loss, r.Forward(autograd.Const(d.X)).Value(), d), 1e-6)
	}
}

// The layers up to the best on a validation set remain, with their head, however the fit ends: none where the targets say
// nothing, some where few rows say something.
func TestPatienceOfARepresentation(t *testing.T) {
	none, noneHeld := noise()
	few, fewHeld := rings(t, 60, 1), rings(t, 300, 2)
	for name, c := range map[string]RepresentationConfig{
		"noise": {Loss: SquaredError{}, Learner: RandomFeatures{Width: 20}, Valid: &noneHeld},
		"few":   {Loss: Softmax{}, Learner: RandomFeatures{Width: 40, Scale: 2, L2: 1e-4}, Valid: &fewHeld},
	} {
		t.Run(name, func(t *testing.T) {
			train, valid := none, *c.Valid
			if name == "few" {
				train = few
			}
			c.Layers, c.Rate, c.Patience = 30, 0.5, 3
			losses := []float64{}
			c.OnLayer = func(r Report) error { losses = append(losses, r.Valid.Loss()); return nil }
			r, err := FitRepresentation(t.Context(), train, c)
			require.NoError(t, err)
			loss := func(r *Representation) float64 {
				return meanLoss(c.Loss, r.Forward(autograd.Const(valid.X)).Value(), valid)
			}
			require.Len(t, losses, r.Len()+3)
			require.Equal(t, name == "few", r.Len() > 0)
			if name == "few" {
				require.InDelta(t, losses[r.Len()-1], loss(r), 1e-6)
			}
			for _, l := range losses {
				require.GreaterOrEqual(t, l, loss(r)-1e-6)
			}
			enough := errors.New("enough")
			c.Patience, c.OnLayer = 30, func(at Report) error {
				if at.Stage == r.Len()+2 {
					return enough
				}
				return nil
			}
			stopped, err := FitRepresentation(t.Context(), train, c)
			require.ErrorIs(t, err, enough)
			require.Equal(t, r.Forward(autograd.Const(valid.X)).Value(), stopped.Forward(autograd.Const(valid.X)).Value())
		})
	}
}

func TestRepresentationsRefuse(t *testing.T) {
	d := rings(t, 30, 1)
	good := representations()["RFRBoost"]
	for field, vary := range map[string]func(*RepresentationConfig){
		"Loss": func(c *RepresentationConfig) { c.Loss = nil }, "Learner": func(c *RepresentationConfig) { c.Learner = nil },
		"Layers": func(c *RepresentationConfig) { c.Layers = 0 }, "Rate": func(c *RepresentationConfig) { c.Rate = 2 },
		"Patience": func(c *RepresentationConfig) { c.Patience = 2 },
		"L2":       func(c *RepresentationConfig) { c.L2 = -1 }, "Width": func(c *RepresentationConfig) { c.Learner = RandomFeatures{} },
		"Scale": func(c *RepresentationConfig) { c.Learner = RandomFeatures{Width: 1, Scale: math.NaN()} },
	} {
		c := good
		vary(&c)
		_, err := FitRepresentation(context.Background(), d, c)
		var fault *residuum.ConfigError
		require.ErrorAs(t, err, &fault, field)
		require.Equal(t, field, fault.Field)
	}
	odd := d
	odd.X = d.X.Clone()
	odd.X.Set(float32(math.Inf(1)), 3, 1)
	_, err := FitRepresentation(context.Background(), odd, good)
	require.ErrorIs(t, err, ErrData)
	good.Valid = &Data{X: tensor.New(5, 3), Y: d.Y.Slice(0, 5)}
	_, err = FitRepresentation(context.Background(), d, good)
	require.ErrorIs(t, err, ErrData)
}
