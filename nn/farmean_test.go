package nn_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/internal/kernel/kerneltest"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
)

// farFromZero are batches of one channel whose mean is far larger than their spread, or whose sums leave the range
// of float32 on the way, and what batch norm makes of the first value.
var farFromZero = []struct {
	name  string
	x     []float32
	first float64
}{
	{"all 1e4", []float32{1e4, 1e4, 1e4, 1e4}, 0},
	{"1e4 + i/1000", ramp(16), -1.3313},
	{"2e7 and 2e7+2", []float32{2e7, 2e7 + 2}, -1},
	{"±1e19", []float32{1e19, -1e19, -1e19, 1e19, 1e19, -1e19, -1e19, 1e19}, 1},
}

func ramp(n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(1e4 + float64(i)/1000)
	}
	return x
}

// standardised is batch norm by definition, in float64, and its gradient by gamma for the gradient g of the result.
func standardised(x []float32, eps float64) (xhat []float64, mean, variance float64) {
	for _, v := range x {
		mean += float64(v) / float64(len(x))
	}
	for _, v := range x {
		variance += (float64(v) - mean) * (float64(v) - mean) / float64(len(x))
	}
	for _, v := range x {
		xhat = append(xhat, (float64(v)-mean)/math.Sqrt(variance+eps))
	}
	return xhat, mean, variance
}

// Every form of batch norm, in training and with the batch's statistics as running ones, keeps the digits of such
// batches, and so do its gradients.
func TestBatchNormFarFromZero(t *testing.T) {
	const gamma, beta = 0.75, 0.25
	for _, batch := range farFromZero {
		t.Run(batch.name, func(t *testing.T) {
			kerneltest.EachLevel(t, func(t *testing.T) {
				xhat, mean, variance := standardised(batch.x, 1e-5)
				require.InDelta(t, batch.first, xhat[0], 1e-4)
				n := len(batch.x)
				layer := func() *nn.BatchNorm2D {
					b := nn.NewBatchNorm2D(1)
					b.Weight.Value.Data()[0], b.Bias.Value.Data()[0] = gamma, beta
					b.RunningMean.Data()[0], b.RunningVar.Data()[0] = float32(mean), float32(variance)
					return b
				}
				x := tensor.From(batch.x, n, 1, 1, 1)
				residual := tensor.Full(0.125, n, 1, 1, 1)
				g := tensor.New(n, 1, 1, 1)
				for i := range g.Data() {
					g.Data()[i] = float32(i%3) - 0.5
				}
				relu := func(v float64) float64 { return max(v, 0) }
				for name, form := range map[string]struct {
					run  func(b *nn.BatchNorm2D, x *autograd.Var) *autograd.Var
					want func(y float64) float64
				}{
					"plain": {func(b *nn.BatchNorm2D, x *autograd.Var) *autograd.Var { return b.Forward(x) },
						func(y float64) float64 { return y }},
					"ReLU": {func(b *nn.BatchNorm2D, x *autograd.Var) *autograd.Var { return nn.Sequential{b, nn.ReLU{}}.Forward(x) }, relu},
					"add, ReLU": {func(b *nn.BatchNorm2D, x *autograd.Var) *autograd.Var {
						return nn.AddReLU(given{autograd.Const(residual)}, b, x)
					}, func(y float64) float64 { return relu(y + 0.125) }},
					"add norm, ReLU": {func(b *nn.BatchNorm2D, x *autograd.Var) *autograd.Var {
						return nn.AddReLU(layer(), b, x)
					}, func(y float64) float64 { return relu(2 * y) }},
				} {
					b, tape := layer(), autograd.NewTape(1)
					y := form.run(b, tape.Input(x))
					var gammaGrad float64
					for i, v := range xhat {
						want := form.want(gamma*v + beta)
						require.InDelta(t, want, y.Value().Data()[i], 2e-6, "%s in training, element %d", name, i)
						if name == "plain" || want > 0 {
							gammaGrad += float64(g.Data()[i]) * v
						}
					}
					tape.Backward(autograd.Sum(autograd.Mul(y, autograd.Const(g))))
					require.InDelta(t, gammaGrad, b.Weight.Grad.Data()[0], 1e-5, "%s: gradient of gamma", name)

					running := layer()
					y = form.run(running, autograd.Const(x))
					slip := (mean - float64(float32(mean))) / math.Sqrt(variance+1e-5) // running statistics are float32
					for i, v := range xhat {
						want := form.want(gamma*(v+slip) + beta)
						require.InDelta(t, want, y.Value().Data()[i], 2e-6, "%s in evaluation, element %d", name, i)
					}
				}
			})
		})
	}
}
