package tensor_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/tensor"
)

func TestDropoutMask(t *testing.T) {
	for _, n := range []int{0, 1, 10001} {
		mask, again := tensor.New(n), tensor.Full(5, n)
		tensor.DropoutMask(mask, 0.25, rand.New(rand.NewPCG(1, 2)))
		tensor.DropoutMask(again, 0.25, rand.New(rand.NewPCG(1, 2)))
		require.True(t, tensor.Equal(mask, again))
		kept := 0
		for _, v := range mask.Data() {
			require.True(t, v == 0 || v == 1)
			kept += int(v)
		}
		if n > 100 {
			require.InDelta(t, 0.75, float64(kept)/float64(n), 0.02) // more than four standard deviations
		}
	}
}
