package tensor_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/internal/kernel/kerneltest"
	"github.com/residuum-go/residuum/tensor"
)

var normShapes = [][]int{{1, 1}, {5}, {7, 3}, {2, 3, 4, 16}, {33, 35}, {3, 5, 5, 130}, {700, 64}, {4, 0}}

// columns calls f with every column of a, as float64.
func columns(a *tensor.Tensor, f func(c int, column []float64)) {
	width := a.Dim(-1)
	for c := range width {
		var column []float64
		for i := c; i < a.Len(); i += width {
			column = append(column, float64(a.Data()[i]))
		}
		f(c, column)
	}
}

func moments(v []float64) (mean, variance float64) {
	for _, x := range v {
		mean += x / float64(len(v))
	}
	for _, x := range v {
		variance += (x - mean) * (x - mean) / float64(len(v))
	}
	return mean, variance
}

func TestBatchNormStats(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		r := source(t)
		for _, shape := range normShapes {
			for _, offset := range []float32{0, -3, 1000} {
				x := tensor.AddScalar(nil, normal(r, shape...), offset)
				var mean, variance []float64
				columns(x, func(_ int, v []float64) {
					m, s := moments(v)
					mean, variance = append(mean, m), append(variance, s)
				})
				m := tensor.BatchNormStats(tensor.Moments{}, x, 1e-3)
				requireNear(t, mean, m.Mean, 1e-6, shape, offset)
				requireNear(t, variance, m.Variance, 1e-5, shape, offset)
				c := shape[len(shape)-1]
				var low, invstd []float64
				for i := range c {
					low = append(low, mean[i]-float64(m.Mean.Data()[i]))
					invstd = append(invstd, 1/math.Sqrt(variance[i]+1e-3))
				}
				requireNear(t, low, m.MeanLow, 1e-6, shape, offset)
				requireNear(t, invstd, m.InvStd, 1e-5, shape, offset)
				require.True(t, tensor.AllClose(m.InvStd, tensor.InvStd(garbage(c), m.Variance, 1e-3), 1e-6, 0))
				given := tensor.Moments{Mean: garbage(c), MeanLow: garbage(c), Variance: garbage(c), InvStd: garbage(c)}
				again := tensor.BatchNormStats(given, x, 1e-3)
				require.True(t, tensor.Equal(m.Mean, again.Mean) && tensor.Equal(m.MeanLow, again.MeanLow))
				require.True(t, tensor.Equal(m.Variance, again.Variance) && tensor.Equal(m.InvStd, again.InvStd))
				require.Same(t, given.Variance, again.Variance)
			}
		}
	})
}

func TestBatchNormStatsOfNothing(t *testing.T) {
	m := tensor.BatchNormStats(tensor.Moments{}, tensor.New(0, 2), 1e-5)
	nan := []float64{math.NaN(), math.NaN()}
	requireNear(t, nan, m.Mean, 0)
	requireNear(t, nan, m.InvStd, 0)
	requireNear(t, nan, m.Variance, 0)
}

func TestScaleShift(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		r := source(t)
		for _, shape := range normShapes {
			c := shape[len(shape)-1]
			x, center, scale, shift := normal(r, shape...), normal(r, c), normal(r, c), normal(r, c)
			add, by := normal(r, shape...), tensor.Affine{Center: center, Scale: scale, Shift: shift}
			var plain, clipped, added, addedAndClipped []float64
			for i, v := range x.Data() {
				y := (float64(v)-float64(center.Data()[i%c]))*float64(scale.Data()[i%c]) + float64(shift.Data()[i%c])
				plain, clipped = append(plain, y), append(clipped, max(y, 0))
				y += float64(add.Data()[i])
				added, addedAndClipped = append(added, y), append(addedAndClipped, max(y, 0))
			}
			requireNear(t, plain, tensor.ScaleShift(nil, x, by, tensor.Then{}), 1e-6, shape)
			requireNear(t, clipped, tensor.ScaleShift(garbage(shape...), x, by, tensor.Then{ReLU: true}), 1e-6, shape)
			requireNear(t, added, tensor.ScaleShift(nil, x, by, tensor.Then{Add: add}), 1e-6, shape)
			requireNear(t, addedAndClipped, tensor.ScaleShift(add, x, by, tensor.Then{Add: add, ReLU: true}), 1e-6, shape, "in place")
			requireNear(t, clipped, tensor.ScaleShift(x, x, by, tensor.Then{ReLU: true}), 1e-6, shape, "in place")
		}
	})
}

func TestBatchNormGradients(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		r := source(t)
		for _, shape := range normShapes {
			c := shape[len(shape)-1]
			x, g := normal(r, shape...), normal(r, shape...)
			mean, low, invstd, gamma := normal(r, c), tensor.Scale(nil, normal(r, c), 1e-3), tensor.Abs(nil, normal(r, c)), normal(r, c)
			m := tensor.Moments{Mean: mean, MeanLow: low, InvStd: invstd}
			n := float64(x.Len()) / float64(max(c, 1))
			sum := make([]float64, 2*c)
			xhat := func(i int) float64 {
				return (float64(x.Data()[i]) - float64(mean.Data()[i%c]) - float64(low.Data()[i%c])) * float64(invstd.Data()[i%c])
			}
			for i, v := range g.Data() {
				sum[i%c] += float64(v)
				sum[c+i%c] += float64(v) * xhat(i)
			}
			var dx []float64
			for i, v := range g.Data() {
				j := i % c
				dx = append(dx, float64(gamma.Data()[j])*float64(invstd.Data()[j])*
					(float64(v)-sum[j]/n-xhat(i)*sum[c+j]/n))
			}
			sums := tensor.BatchNormGradSums(garbage(2, c), x, m, g)
			requireNear(t, sum, sums, 2e-5, shape)
			got := tensor.BatchNormInputGrad(garbage(shape...), x, m, gamma, g, sums)
			requireNear(t, dx, got, 2e-5, shape)
			require.True(t, tensor.Equal(got, tensor.BatchNormInputGrad(g, x, m, gamma, g, sums)), "in place")
		}
	})
}

func TestSoftmax(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		r := source(t)
		for _, shape := range [][]int{{1}, {10}, {3, 7}, {2, 3, 35}, {0, 4}, {4, 0}, {3000, 10}} {
			for _, scale := range []float32{1, 100} { // e**100 overflows float32
				x := tensor.Scale(nil, normal(r, shape...), scale)
				c := shape[len(shape)-1]
				var want, wantLog []float64
				for lo := 0; lo < x.Len(); lo += c {
					row := x.Data()[lo : lo+c]
					top, sum := math.Inf(-1), 0.0
					for _, v := range row {
						top = max(top, float64(v))
					}
					for _, v := range row {
						sum += math.Exp(float64(v) - top)
					}
					for _, v := range row {
						l := float64(v) - top - math.Log(sum)
						wantLog, want = append(wantLog, l), append(want, math.Exp(l))
					}
				}
				requireNear(t, want, tensor.Softmax(nil, x), 1e-6, shape)
				requireNear(t, wantLog, tensor.LogSoftmax(garbage(shape...), x), 1e-6, shape)
				requireNear(t, want, tensor.Softmax(x.Clone(), x), 1e-6, shape)
				requireNear(t, wantLog, tensor.LogSoftmax(x, x), 1e-6, shape, "in place")
			}
		}
	})
}

func TestSoftmaxOfSpecialRows(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	kerneltest.EachLevel(t, func(t *testing.T) {
		x := tensor.From([]float32{
			float32(-inf), 0, float32(-inf),
			float32(-inf), float32(-inf), float32(-inf),
			0, float32(nan), 0,
			1, float32(inf), 1,
		}, 4, 3)
		requireNear(t, []float64{0, 1, 0, nan, nan, nan, nan, nan, nan, nan, nan, nan}, tensor.Softmax(nil, x), 1e-6)
		requireNear(t, []float64{-inf, 0, -inf, nan, nan, nan, nan, nan, nan, nan, nan, nan}, tensor.LogSoftmax(nil, x), 1e-6)
	})
}
