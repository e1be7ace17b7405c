package boost

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/residuum-go/residuum"
	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/tensor"
)

// line is a learner of affine maps fitted exactly by weighted least squares; it keeps what it was
// asked to fit.
type line struct{ fitted *[]*lineLearner }

type lineLearner struct {
	coefficients      *tensor.Tensor // [d+1, K], the last row is the intercept
	x, target, weight *tensor.Tensor
}

func (f line) New(in Input, outputs int, _ *rand.Rand) (Hypothesis, error) {
	l := &lineLearner{coefficients: tensor.New(in.Width()+1, outputs)}
	if f.fitted != nil {
		*f.fitted = append(*f.fitted, l)
	}
	return l, nil
}

func (l *lineLearner) Fit(_ context.Context, x, target, weight *tensor.Tensor) error {
	l.x, l.target = x, target.Clone()
	if weight != nil {
		l.weight = weight.Clone()
	}
	n, d, k := x.Dim(0), x.Dim(1), target.Dim(1)
	for j := range k {
		a, b := mat.NewDense(n, d+1, nil), mat.NewVecDense(n, nil)
		for i := range n {
			w := 1.0
			if weight != nil {
				w = math.Sqrt(float64(weight.At(i, j)))
			}
			for c := range d {
				a.Set(i, c, w*float64(x.At(i, c)))
			}
			a.Set(i, d, w)
			b.SetVec(i, w*float64(target.At(i, j)))
		}
		var solution mat.VecDense
		if err := solution.SolveVec(a, b); err != nil {
			return err
		}
		for c := range d + 1 {
			l.coefficients.Set(float32(solution.AtVec(c)), c, j)
		}
	}
	return nil
}

func (l *lineLearner) Forward(x *autograd.Var) *autograd.Var {
	d := l.coefficients.Dim(0) - 1
	slope := autograd.Const(l.coefficients.Slice(0, d))
	return autograd.Add(autograd.MatMul(x, slope, tensor.NN), autograd.Const(l.coefficients.Slice(d, d+1)))
}

// blobs returns n points of each of the given number of classes, spread around points of a circle.
func blobs(t testing.TB, n, classes int, seed uint64) Data {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 1))
	x, labels := tensor.New(n*classes, 2), make([]int, n*classes)
	for i := range labels {
		labels[i] = i % classes
		angle := 2 * math.Pi * float64(labels[i]) / float64(classes)
		x.Set(float32(math.Cos(angle)+0.5*rng.NormFloat64()), i, 0)
		x.Set(float32(math.Sin(angle)+0.5*rng.NormFloat64()), i, 1)
	}
	d, err := DataOf(data.Batch{X: x, Labels: labels}, classes)
	require.NoError(t, err)
	return d
}

// images returns n 8x8 images of noise with one bright quadrant, which is the class.
func images(t testing.TB, n int, seed uint64) Data {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 2))
	x, labels := tensor.New(n, 8, 8, 1), make([]int, n)
	for i := range labels {
		labels[i] = rng.IntN(4)
		for p := range 64 {
			v := rng.NormFloat64()
			if row, column := p/8, p%8; row/4 == labels[i]/2 && column/4 == labels[i]%2 {
				v++
			}
			x.Data()[i*64+p] = float32(v)
		}
	}
	d, err := DataOf(data.Batch{X: x, Labels: labels}, 4)
	require.NoError(t, err)
	return d
}

func random(seed uint64, shape ...int) *tensor.Tensor {
	rng := rand.New(rand.NewPCG(seed, 3))
	t := tensor.New(shape...)
	for i := range t.Data() {
		t.Data()[i] = float32(rng.NormFloat64())
	}
	return t
}

func requireClose(t *testing.T, want, got *tensor.Tensor, tolerance float64) {
	t.Helper()
	require.Equal(t, want.Shape(), got.Shape())
	require.True(t, tensor.AllClose(got, want, tolerance, tolerance), "want %v\ngot %v", want, got)
}

// poisson is a loss that offers nothing beyond the two methods: l(y, F) = exp F - y F.
type poisson struct{}

func (poisson) Check(*tensor.Tensor) error { return nil }

func (poisson) Rows(f *autograd.Var, y *tensor.Tensor) *autograd.Var {
	return autograd.Sum(autograd.Sub(autograd.Exp(f), autograd.Mul(autograd.Const(y), f)), 1)
}

// lossCases are losses with targets they accept, [12, K].
func lossCases(t *testing.T) map[string]struct {
	loss Loss
	y    *tensor.Tensor
} {
	t.Helper()
	labels := make([]int, 12)
	for i := range labels {
		labels[i] = []int{0, 1, 1, 2}[i%4]
	}
	classes, err := DataOf(data.Batch{X: tensor.New(12, 1), Labels: labels}, 3)
	require.NoError(t, err)
	return map[string]struct {
		loss Loss
		y    *tensor.Tensor
	}{
		"squared":  {SquaredError{}, random(1, 12, 2)},
		"softmax":  {Softmax{}, classes.Y},
		"logistic": {Logistic{}, tensor.Softmax(nil, random(2, 12, 2))},
		"poisson":  {poisson{}, tensor.Abs(nil, random(3, 12, 2))},
	}
}

// chain runs x through the blocks of e in the given order, leaving out those in without.
func chain(e *Ensemble, x *tensor.Tensor, order []int, without ...int) *tensor.Tensor {
	y := e.Stem(autograd.Const(x))
	for _, m := range order {
		if slices.Contains(without, m) {
			y = e.Join(m, e.Skip(m, y), nil)
		} else {
			y = e.Join(m, e.Skip(m, y), e.Branch(m, y))
		}
	}
	return e.Head(y).Value()
}

func ascending(n int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	return order
}

// withMissing returns rows of so many columns, in which nil is NaN.
func withMissing(values []*float32, columns int) *tensor.Tensor {
	x := tensor.Full(float32(math.NaN()), len(values)/columns, columns)
	for i, v := range values {
		if v != nil {
			x.Data()[i] = *v
		}
	}
	return x
}

// requireRefused asks Fit for what each change makes of a configuration, which it is to refuse with an error that says so.
func requireRefused(t *testing.T, d Data, c Config, changes map[string]func(c *Config)) {
	t.Helper()
	for want, change := range changes {
		bad := c
		change(&bad)
		_, err := Fit(t.Context(), d, bad)
		var config *residuum.ConfigError
		require.ErrorAs(t, err, &config)
		require.ErrorContains(t, err, want)
	}
}
