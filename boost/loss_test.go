package boost

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/tensor"
)

// truth holds the losses and their first two derivatives by one score in float64, written out
// independently of autograd.
var truth = map[string]func(f, y []float64, k int) (value, first, second float64){
	"squared": func(f, y []float64, k int) (v, d1, d2 float64) {
		for j := range f {
			v += (f[j] - y[j]) * (f[j] - y[j]) / 2
		}
		return v, f[k] - y[k], 1
	},
	"softmax": func(f, y []float64, k int) (v, d1, d2 float64) {
		z := 0.0
		for _, s := range f {
			z += math.Exp(s)
		}
		for j := range f {
			v -= y[j] * (f[j] - math.Log(z))
		}
		p := math.Exp(f[k]) / z
		return v, p - y[k], p * (1 - p)
	},
	"logistic": func(f, y []float64, k int) (v, d1, d2 float64) {
		for j := range f {
			v += math.Log1p(math.Exp(f[j])) - y[j]*f[j]
		}
		p := 1 / (1 + math.Exp(-f[k]))
		return v, p - y[k], p * (1 - p)
	},
	"poisson": func(f, y []float64, k int) (v, d1, d2 float64) {
		for j := range f {
			v += math.Exp(f[j]) - y[j]*f[j]
		}
		return v, math.Exp(f[k]) - y[k], math.Exp(f[k])
	},
}

func TestLossDerivatives(t *testing.T) {
	for name, c := range lossCases(t) {
		n, k := c.y.Dim(0), c.y.Dim(1)
		scores := map[string]*tensor.Tensor{
			"random": random(4, n, k),
			"zero":   tensor.New(n, k), // where a careless softplus has the wrong slope
			"large":  tensor.Scale(nil, random(5, n, k), 8),
		}
		for where, f := range scores {
			t.Run("loss="+name+"/scores="+where, func(t *testing.T) {
				require.NoError(t, c.loss.Check(c.y))
				value := c.loss.Rows(autograd.Const(f), c.y).Value()
				require.Equal(t, []int{n}, value.Shape())
				g, h, hh := gradient(nil, c.loss, f, Data{Y: c.y}), hessian(nil, c.loss, f, Data{Y: c.y}), hessianByAutograd(c.loss, f, c.y)
				for i := range n {
					fi, yi := wide(f.Slice(i, i+1)), wide(c.y.Slice(i, i+1))
					for j := range k {
						v, d1, d2 := truth[name](fi, yi, j)
						require.InDelta(t, v, value.At(i), 1e-5*(1+math.Abs(v)))
						require.InDelta(t, d1, g.At(i, j), 1e-5*(1+math.Abs(d1)))
						require.InDelta(t, d2, h.At(i, j), 1e-5*(1+math.Abs(d2)))
						require.InDelta(t, d2, hh.At(i, j), 1e-5*(1+math.Abs(d2)))
					}
				}
			})
		}
	}
}

func TestScoresThatAreNotFiniteAreNeverRight(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	f := tensor.From([]float32{nan, 0, nan, nan, 0, nan, 2, 1, 1, 2, inf, 0}, 6, 2)
	y := tensor.From([]float32{1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0}, 6, 2)
	require.Equal(t, []bool{false, false, false, true, false, false}, Softmax{}.Correct(f, y))
	f = tensor.From([]float32{nan, -1, nan, 1, -1, -1, inf, 1}, 4, 2)
	y = tensor.From([]float32{0, 0, 1, 1, 0, 0, 1, 1}, 4, 2)
	require.Equal(t, []bool{false, false, true, false}, Logistic{}.Correct(f, y))
}

func wide(t *tensor.Tensor) []float64 {
	out := make([]float64, t.Len())
	for i, v := range t.Data() {
		out[i] = float64(v)
	}
	return out
}

func TestStartIsStationary(t *testing.T) {
	weight := tensor.New(12)
	for i := range weight.Data() {
		weight.Data()[i] = float32(i%3) + 0.5
	}
	for name, c := range lossCases(t) {
		t.Run("loss="+name, func(t *testing.T) {
			d := Data{X: tensor.New(12, 1), Y: c.y, Weight: weight}
			f0, err := start(c.loss, d)
			require.NoError(t, err)
			g := gradient(nil, c.loss, tensor.BroadcastTo(nil, f0, c.y.Shape()...), Data{Y: c.y})
			for _, v := range columnMeans(Data{X: d.X, Y: g, Weight: weight}) {
				require.InDelta(t, 0, v, 1e-3)
			}
			byNewton, byLoss := minimiseConstant(c.loss, d), wide(f0)
			shift := byNewton[0] - byLoss[0]
			if name != "softmax" { // which leaves a shift free
				require.InDelta(t, 0, shift, 2e-3)
			}
			for j := range byLoss {
				require.InDelta(t, byLoss[j]+shift, byNewton[j], 2e-3)
			}
		})
	}
}

func TestStartWithAbsentClass(t *testing.T) {
	d, err := DataOf(data.Batch{X: tensor.New(3, 1), Labels: []int{0, 1, 1}}, 3)
	require.NoError(t, err)
	f0, err := start(Softmax{}, d)
	require.NoError(t, err)
	require.NoError(t, finite("start", f0.Reshape(1, 3), ErrData))
	require.Less(t, f0.At(2), f0.At(0))
}

func TestLineSearch(t *testing.T) {
	for name, c := range lossCases(t) {
		t.Run("loss="+name, func(t *testing.T) {
			weight := tensor.Abs(nil, random(6, 12))
			d := Data{X: tensor.New(12, 1), Y: c.y, Weight: weight}
			f := random(7, c.y.Shape()...)
			descent := tensor.Scale(nil, gradient(nil, c.loss, f, Data{Y: c.y}), -0.3)
			h := tensor.AddScaled(nil, descent, 0.2, random(8, f.Shape()...)) // off course, so that a minimum exists
			phi := func(rho float64) float64 {
				return meanLoss(c.loss, tensor.AddScaled(nil, f, float32(rho), h), d)
			}
			rho := lineSearch(c.loss, d, f, h)
			require.Positive(t, rho)
			require.Less(t, phi(rho), phi(0))
			require.LessOrEqual(t, phi(rho), phi(rho*0.95)+1e-6)
			require.LessOrEqual(t, phi(rho), phi(rho*1.05)+1e-6)
			require.Zero(t, lineSearch(c.loss, d, f, tensor.Neg(nil, descent)), "uphill")
			require.Zero(t, lineSearch(c.loss, d, f, tensor.New(h.Shape()...)), "flat")
		})
	}
	t.Run("squared error has a closed form", func(t *testing.T) {
		y, f, h := random(1, 30, 2), random(2, 30, 2), random(3, 30, 2)
		r := tensor.Sub(nil, y, f)
		tensor.AddScaled(h, h, 1, r)
		want := tensor.Dot(r, h) / tensor.Dot(h, h)
		require.InDelta(t, want, lineSearch(SquaredError{}, Data{X: y, Y: y}, f, h), 1e-4)
	})
	t.Run("separated classes stay bounded", func(t *testing.T) {
		d := blobs(t, 5, 2, 1)
		h := tensor.AddScalar(nil, d.Y, -0.5)
		rho := lineSearch(Softmax{}, d, tensor.Scale(nil, h, 4), h)
		require.Greater(t, rho, 10.0)
		require.LessOrEqual(t, rho, float64(maxRho))
	})
}
