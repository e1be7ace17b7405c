package autograd

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/internal/kernel/kerneltest"
	"github.com/residuum-go/residuum/tensor"
)

// TestMSEOfLargeNumbers: squares or sums that float32 does not hold, for a mean that it does.
func TestMSEOfLargeNumbers(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		for _, n := range []int{1, 4, 64, 1000} {
			a := NewParam(tensor.New(n))
			b := Const(tensor.New(n))
			for _, c := range []struct{ first, rest, want float64 }{
				{1e19, 1e19, 1e38},
				{1e19 * math.Sqrt(float64(n)), 0, 1e38},
				{-1e19, 1e19, 1e38},
				{1e20 * math.Sqrt(float64(n)), 0, math.Inf(1)}, // 1e40
			} {
				a.Value.Fill(float32(c.rest))
				a.Value.Data()[0] = float32(c.first)
				tape := NewTape(1)
				loss := MSE(a.On(tape.Input(tensor.New(1))), b)
				require.InDelta(t, 0, kerneltest.ULPs(loss.Value().Item(), c.want), 4)
				ZeroGrad([]*Param{a})
				tape.Backward(loss)
				require.InEpsilon(t, 2*c.first/float64(n), a.Grad.Data()[0], 1e-6)
			}
		}
	})
}

func TestMeanOfLargeNumbers(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		a := NewParam(tensor.Full(3e38, 2, 3))
		tape := NewTape(1)
		m := Mean(a.On(tape.Input(tensor.New(1))))
		require.Equal(t, float32(3e38), m.Value().Item())
		tape.Backward(m)
		require.InEpsilon(t, 1./6, a.Grad.At(1, 2), 1e-6)
	})
}
